"""Statements on redemptions and rollbacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import ScalarSelect, Text, and_, exists, not_, null, or_, select, true, update
from sqlalchemy.orm import aliased

from kupon.engine.access import Scope
from kupon.kit.errors import RaceLost, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, Test, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import check_access, is_usable
from kupon.storage.tables.customers import Customer
from kupon.storage.tables.redemptions import Redemption
from kupon.storage.uow import UnitOfWork

# The related object's type of a stack's parent, which is its own related object.
STACKED = "redemption"

COLUMNS = tuple(
    (attribute.key, str(attribute.columns[0].name))
    for attribute in Redemption.__mapper__.column_attrs
)


def as_row(redemption: Redemption) -> dict[str, Any]:
    """A redemption by its columns' names."""
    return {name: getattr(redemption, key) for key, name in COLUMNS}


def get_redemption(uow: UnitOfWork, redemption_id: str) -> dict[str, Any]:
    """A redemption or rollback by id.

    Raises:  not_found; forbidden for a restricted key that may not use its campaigns.
    """
    row = uow.session.get(Redemption, (uow.project_id, redemption_id))
    if row is None:
        raise not_found("redemption", redemption_id)
    return _accessible(uow, row)


def _accessible(uow: UnitOfWork, row: Redemption) -> dict[str, Any]:
    found = as_row(row)
    if uow.scope is not None:
        is_stacked = row.related_object_type == STACKED
        # The parent belongs to no campaign: its children tell, for it is rolled back with them.
        for each in list_children(uow, [row.related_object_id]) if is_stacked else [found]:
            check_access(uow, each["campaign_id"], otherwise=("redemption", each["id"]))
    return found


def find_redemptions(uow: UnitOfWork, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those of the given redemptions that exist."""
    if not ids:
        return []
    rows = uow.session.scalars(
        select(Redemption).where(Redemption.project_id == uow.project_id, Redemption.id.in_(ids))
    )
    return [as_row(row) for row in rows]


def lock_redemption(uow: UnitOfWork, redemption_id: str) -> dict[str, Any] | None:
    """A redemption for a change, None where there is none of that id.

    Raises:  forbidden for a restricted key that may not use its campaigns.
    Locks:  the redemption's row.
    """
    row = uow.session.scalar(
        select(Redemption)
        .where(
            Redemption.project_id == uow.project_id,
            Redemption.id == redemption_id,
            Redemption.object == "redemption",
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return None if row is None else _accessible(uow, row)


def list_children(uow: UnitOfWork, parent_ids: Iterable[str]) -> list[dict[str, Any]]:
    """The children of several parents, in the order in which they were applied."""
    rows = uow.session.scalars(
        select(Redemption)
        .where(Redemption.project_id == uow.project_id, Redemption.parent_id.in_(parent_ids))
        .order_by(Redemption.id)
    )
    return [as_row(row) for row in rows]


def list_rollbacks(uow: UnitOfWork, redemption_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The rollbacks that took the given redemptions back."""
    rows = uow.session.scalars(
        select(Redemption).where(
            Redemption.project_id == uow.project_id,
            Redemption.redemption_id.in_(redemption_ids),
            Redemption.object == "redemption_rollback",
            Redemption.result == "SUCCESS",
        )
    )
    return [as_row(row) for row in rows]


def mark_rolled_back(uow: UnitOfWork, redemption_ids: Sequence[str]) -> None:
    """Set the redemptions' status, once.

    Raises:  RaceLost when one of them is no longer as it succeeded.
    """
    changed = uow.session.scalars(
        update(Redemption)
        .where(
            Redemption.project_id == uow.project_id,
            Redemption.id.in_(redemption_ids),
            Redemption.status == "SUCCEEDED",
        )
        .values(status="ROLLED_BACK")
        .returning(Redemption.id)
        .execution_options(synchronize_session=False)
    ).all()
    if len(changed) != len(redemption_ids):
        raise RaceLost


def insert_redemptions(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rollbacks or failures, given by their columns' names."""
    keys = {name: key for key, name in COLUMNS}
    uow.session.add_all(
        Redemption(**{keys[name]: value for name, value in row.items()}) for row in rows
    )
    uow.session.flush()


LISTING = Listing(
    Redemption,
    fields={
        "id": TextField(Redemption.id),
        "created_at": MomentField(Redemption.created_at),
        "object": TextField(Redemption.object),
        "result": TextField(Redemption.result),
        "failure_code": TextField(Redemption.failure_code),
        "voucher_code": TextField(Redemption.voucher_code),
        "tracking_id": TextField(Redemption.tracking_id),
        "customer_id": TextField(Redemption.customer_id),
        "campaign_name": TextField(Redemption.campaign_name),
        "related_object_id": TextField(Redemption.related_object_id),
        "related_object_parent_id": TextField(Redemption.campaign_id),
        "parent_redemption_id": TextField(Redemption.parent_id),
        # No redemption is made by a dashboard user yet; the reference filters by it all the same.
        "user_login": TextField(null().cast(Text)),
    },
    metadata=Redemption.redemption_metadata,
    shortcuts={
        "campaign": lambda name: Redemption.campaign_name == name,
        "customer": lambda name: Redemption.customer_id.in_([name, _customer_id(name)]),
    },
)


def _customer_id(source_id: str) -> ScalarSelect[str]:
    return (
        select(Customer.id)
        .where(Customer.project_id == Redemption.project_id, Customer.source_id == source_id)
        .scalar_subquery()
    )


def list_redemptions(
    uow: UnitOfWork, request: PageRequest, timezone: tzinfo
) -> Page[dict[str, Any]]:
    """A page of redemptions and rollbacks."""
    listing = LISTING
    if uow.scope is not None:
        listing = replace(LISTING, where=(_is_visible(uow, uow.scope),))
    page = fetch_page(uow, listing, request, tz=timezone)
    return Page([as_row(row) for row in page.rows], page.total, page.has_more)


def _is_visible(uow: UnitOfWork, scope: Scope) -> Test:
    """Of a campaign that a scope may use; the parent of a stack by all its children."""
    child = aliased(Redemption)
    hidden = exists().where(
        child.project_id == Redemption.project_id,
        child.parent_id == Redemption.related_object_id,
        is_usable(uow, scope, child.campaign_id).is_not(true()),
    )
    is_stacked = Redemption.related_object_type == STACKED
    return or_(
        is_usable(uow, scope, Redemption.campaign_id),
        and_(is_stacked, not_(hidden.correlate(Redemption))),
    )


def list_of_voucher(uow: UnitOfWork, voucher_id: str) -> list[dict[str, Any]]:
    """All redemptions and rollbacks of one code, the newest first."""
    rows = uow.session.scalars(
        select(Redemption)
        .where(Redemption.project_id == uow.project_id, Redemption.voucher_id == voucher_id)
        .order_by(Redemption.created_at.desc(), Redemption.id.desc())
    )
    return [as_row(row) for row in rows]
