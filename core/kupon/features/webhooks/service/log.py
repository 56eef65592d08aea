"""What was sent to a receiver: looking at it, sending it again, and trying the receiver out.

Source: spec events-webhooks-data, sections 3.7 and 3.8.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from kupon.features.webhooks import schemas
from kupon.features.webhooks.service import endpoints, queueing
from kupon.features.webhooks.service.opening import open_endpoint
from kupon.features.webhooks.service.queueing import WEBHOOK
from kupon.hooks.contained import hand_over
from kupon.hooks.errors import Misconfigured
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import EventEnvelope
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import send_outs
from kupon.storage.uow import UnitOfWork

_NOBODY = "0" * 18
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def list_deliveries(
    uow: UnitOfWork, webhook_id: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of what was sent to a receiver, or is to be.

    Raises:  not_found for the receiver.
    """
    endpoints.find(uow, uow.project_id, webhook_id, WEBHOOK)
    page = send_outs.list_send_outs(uow, webhook_id, request, tz)
    rows = [schemas.dump_delivery(row) for row in page.rows]
    return list_body("deliveries", rows, total=page.total)


def get_delivery(uow: UnitOfWork, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    """One delivery with all that it tells.

    Raises:  not_found.
    """
    endpoints.find(uow, uow.project_id, webhook_id, WEBHOOK)
    return schemas.dump_whole_delivery(send_outs.get_send_out(uow, webhook_id, delivery_id))


def resend(uow: UnitOfWork, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    """Have a delivery sent now, with the id and the body that it had.

    Raises:  not_found; invalid_payload while the receiver is not active, or where what it told was
        erased.
    """
    endpoint = endpoints.find(uow, uow.project_id, webhook_id, WEBHOOK)
    row = send_outs.get_send_out(uow, webhook_id, delivery_id)
    if not endpoint.is_active:
        raise invalid_payload(f"Webhook {webhook_id} is not active")
    if not row.envelope:
        raise invalid_payload(f"What delivery {delivery_id} told was erased")
    send_outs.send_again(uow, row)
    queueing.wake(uow, webhook_id)
    return schemas.dump_delivery(row)


def send_test(uow: UnitOfWork, tenants: Tenancy, webhook_id: str) -> dict[str, Any]:
    """Send a made-up event at once, signed like others; whatever comes of it changes nothing.

    Raises:  not_found; service_unavailable where the receiver can't be opened.
    """
    row = endpoints.find(uow, uow.project_id, webhook_id, WEBHOOK)
    try:
        sink, endpoint = open_endpoint(uow, tenants, row, is_test=True)
    except Misconfigured as error:
        raise KuponError("service_unavailable", str(error)) from None
    [sent] = hand_over(sink, endpoint, [_made_up(uow.project_id)], tenants.http(row.id))
    return schemas.dump_test(sent)


def _made_up(project_id: str) -> EventEnvelope:
    entity_id = f"cust_{_NOBODY}"
    return EventEnvelope(
        id=f"evcus_{_NOBODY}",
        type="customer.created",
        project_id=project_id,
        entity_id=entity_id,
        customer_id=entity_id,
        group_id=f"v-{_NOBODY}",
        occurred_at=_LONG_AGO,
        data={"customer": {"id": entity_id, "name": "Test", "object": "customer"}},
        source={"channel": "INTERNAL"},
        delivery_id=f"whs_{_NOBODY}",
        queued_at=_LONG_AGO,
    )
