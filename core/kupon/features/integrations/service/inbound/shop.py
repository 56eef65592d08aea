"""What adapters that answer at once may ask: the API's own calls, on the connection's project.

Source: spec adapters-marketing, section 1.9; adapters-commerce, section 1.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from kupon.features.customers import service as customers
from kupon.features.integrations.schemas import bodies
from kupon.features.integrations.service.inbound.storable import plain, whole
from kupon.features.integrations.service.scene import Scene
from kupon.features.publications import service as publications
from kupon.features.qualifications import service as qualifications
from kupon.features.validations import service as validations
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.storage.deadlines import Overdue, limited_to
from kupon.storage.queries import session_locks
from kupon.storage.queries.customer_merging import find_alias
from kupon.storage.savepoints import savepoint
from kupon.storage.uow import UnitOfWork

T = TypeVar("T")


class ProjectShop:
    """The shop of one request; each call is all or nothing, and refuses as the API does.

    Shapes:  ends_at is when the platform stops waiting, by the monotonic clock; a shop that is not
        open refuses everything. What is asked may hold whatever the platform has sent.
    """

    def __init__(
        self, uow: UnitOfWork, scene: Scene, *, ends_at: float | None, is_open: bool
    ) -> None:
        self._uow = uow
        self._scene = scene
        self._ends_at = ends_at
        self._is_open = is_open

    def validate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        loaded = bodies.read_stackable(whole(body))
        scene = self._scene
        return self._ask(
            lambda: validations.validate(self._uow, scene.project, scene.api_key, loaded)
        )

    def qualify(self, body: Mapping[str, Any]) -> dict[str, Any]:
        loaded = bodies.read_qualification(whole(body))
        scene = self._scene
        return self._ask(
            lambda: qualifications.qualify(self._uow, scene.project, scene.api_key, loaded)
        )

    def publish(self, body: Mapping[str, Any]) -> dict[str, Any]:
        loaded = bodies.read_publication(whole(body)) | {"join_once": bool(body.get("join_once"))}
        outcome = self._ask(lambda: publications.publish(self._uow, self._scene.project, loaded))
        if isinstance(outcome, publications.Declined):
            # The attempt has been recorded.
            raise outcome.error
        return outcome

    def find_voucher(self, code: str) -> dict[str, Any]:
        name = plain(code)
        return self._ask(lambda: vouchers.get_voucher(self._uow, self._scene.project, name))

    def find_customer(self, source_id: str) -> dict[str, Any]:
        name = plain(source_id)
        return self._ask(lambda: customers.get_customer(self._uow, find_alias(self._uow, name)))

    def list_redeemables(self, source_id: str) -> dict[str, Any]:
        tz = ZoneInfo(self._scene.project.timezone)
        page, name = bodies.first_page(), plain(source_id)
        return self._ask(
            lambda: customers.list_redeemables(self._uow, find_alias(self._uow, name), page, tz)
        )

    def release(self, session_key: str, code: str | None = None) -> None:
        session = plain(session_key)

        def free() -> None:
            if code is None:
                session_locks.release_all(self._uow, session)
            else:
                vouchers.release_session(self._uow, self._scene.project, plain(code), session)

        self._ask(free)

    def _ask(self, call: Callable[[], T]) -> T:
        if not self._is_open:
            raise KuponError("service_unavailable", "The connection is paused")
        if self._ends_at is None:
            with savepoint(self._uow):
                return call()
        left_s = self._ends_at - clock.monotonic_s()
        try:
            with savepoint(self._uow), limited_to(self._uow, left_s):
                return call()
        except Overdue:
            raise KuponError("service_unavailable", "The time to answer is over") from None
