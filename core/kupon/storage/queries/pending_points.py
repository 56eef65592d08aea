"""Statements on pending points. A card's sum of them moves with them, under the card's lock.

Source: spec campaigns-loyalty-referral-gift, section 7.5; invariant L8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, tzinfo

from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, Test, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.points import forget_rows
from kupon.storage.tables.loyalties import PendingPoints
from kupon.storage.uow import UnitOfWork

PENDING = "PENDING"
ACTIVATED = "ACTIVATED"
CANCELED = "CANCELED"


def list_of_voucher(
    uow: UnitOfWork, voucher_id: str, request: PageRequest, tz: tzinfo
) -> Page[PendingPoints]:
    """One page of what is pending on a card."""
    return _list(uow, PendingPoints.voucher_id == voucher_id, request, tz)


def list_of_campaign(
    uow: UnitOfWork, campaign_id: str, request: PageRequest, tz: tzinfo
) -> Page[PendingPoints]:
    """One page of what is pending on the cards of a programme."""
    return _list(uow, PendingPoints.campaign_id == campaign_id, request, tz)


def _list(uow: UnitOfWork, owner: Test, request: PageRequest, tz: tzinfo) -> Page[PendingPoints]:
    listing = Listing(
        PendingPoints,
        fields={
            "id": TextField(PendingPoints.id),
            "created_at": MomentField(PendingPoints.created_at),
        },
        where=(owner, PendingPoints.status == PENDING),
        is_walked=True,
    )
    return fetch_page(uow, listing, request, tz=tz, is_counted=False)


def get_pending(uow: UnitOfWork, voucher_id: str, pending_id: str) -> PendingPoints:
    """Points of a card that are or were pending.

    Raises:  not_found.
    Locks:   the card must be locked, so that what is read stays so.
    """
    row = uow.session.scalar(
        select(PendingPoints)
        .where(
            PendingPoints.project_id == uow.project_id,
            PendingPoints.voucher_id == voucher_id,
            PendingPoints.id == pending_id,
        )
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise not_found("pending_points", pending_id)
    return row


def find_due(uow: UnitOfWork, voucher_ids: Sequence[str], today: date) -> Sequence[PendingPoints]:
    """What may be used from today on, or longer already; of each card the oldest first.

    Locks:   the cards must be locked.
    """
    return uow.session.scalars(
        select(PendingPoints)
        .where(
            PendingPoints.project_id == uow.project_id,
            among(PendingPoints.voucher_id, [*voucher_ids]),
            PendingPoints.status == PENDING,
            PendingPoints.activates_on <= today,
        )
        .order_by(PendingPoints.voucher_id, PendingPoints.activates_on, PendingPoints.id)
        .execution_options(populate_existing=True)
    ).all()


def insert_pending(uow: UnitOfWork, rows: Sequence[PendingPoints]) -> None:
    """Store pending points and add them to their cards' sums.

    Locks:   the cards must be locked.
    """
    uow.session.add_all(rows)
    _add_to_sums(uow, [(row.voucher_id, row.points) for row in rows])
    _tell(uow, "ADDED", [(row.campaign_id, row.points) for row in rows])


def change_points(uow: UnitOfWork, row: PendingPoints, points: int) -> None:
    """Have so many points pending in place of what was.

    Locks:   the card must be locked.
    """
    _add_to_sums(uow, [(row.voucher_id, points - row.points)])
    type = "ADDED" if points > row.points else "SUBTRACTED"
    _tell(uow, type, [(row.campaign_id, abs(points - row.points))])
    row.points = points
    row.updated_at = uow.now
    uow.session.flush()


def finish(uow: UnitOfWork, rows: Iterable[PendingPoints], status: str) -> None:
    """Have points be no longer pending.

    Shapes:  status is ACTIVATED or CANCELED.
    Locks:   the cards must be locked.
    """
    ended = list(rows)
    for row in ended:
        row.status = status
        row.updated_at = uow.now
    _add_to_sums(uow, [(row.voucher_id, -row.points) for row in ended])
    if status == CANCELED:
        _tell(uow, CANCELED, [(row.campaign_id, row.points) for row in ended])


def _add_to_sums(uow: UnitOfWork, changes: Sequence[tuple[str, int]]) -> None:
    uow.session.flush()
    uow.driver.execute(
        "UPDATE vouchers v SET pending_points = v.pending_points + c.points"
        " FROM (SELECT id, sum(points)::bigint AS points"
        " FROM unnest(%s::text[], %s::bigint[]) AS c(id, points) GROUP BY id) AS c"
        " WHERE v.project_id = %s AND v.id = c.id",
        ([id for id, _ in changes], [points for _, points in changes], uow.project_id),
    )
    forget_rows(uow, {id for id, _ in changes})


def _tell(uow: UnitOfWork, type: str, moved: Sequence[tuple[str, int]]) -> None:
    """Write down what the summaries of programmes count."""
    uow.driver.execute(
        "INSERT INTO pending_points_movements (project_id, campaign_id, type, points, created_at)"
        " SELECT %s, m.campaign_id, %s, m.points, %s"
        " FROM unnest(%s::text[], %s::bigint[]) AS m(campaign_id, points)",
        (uow.project_id, type, uow.now, [id for id, _ in moved], [points for _, points in moved]),
    )
