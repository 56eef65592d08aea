"""Statements on which codes platforms have been told of.

Source: spec adapters-marketing, section 1.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kupon.storage.queries.outbound_items import CODES, RENEW, wake
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Code:
    """A code that a platform was told of."""

    voucher_id: str
    campaign_id: str | None
    code: str


def note_told(uow: UnitOfWork, connection_id: str, codes: Sequence[Code]) -> None:
    """Remember codes that a connection's platform was told of."""
    if codes:
        uow.driver.execute(
            "INSERT INTO told_codes (project_id, connection_id, voucher_id, campaign_id, code)"
            " SELECT %(project)s, %(connection)s, t.id, t.campaign, t.code FROM unnest("
            "  %(ids)s::text[], %(campaigns)s::text[], %(codes)s::text[]) AS t(id, campaign, code)"
            " ORDER BY t.id ON CONFLICT (project_id, connection_id, voucher_id) DO NOTHING",
            {
                "project": uow.project_id,
                "connection": connection_id,
                "ids": [each.voucher_id for each in codes],
                "campaigns": [each.campaign_id for each in codes],
                "codes": [each.code for each in codes],
            },
        )


def forget(uow: UnitOfWork, connection_id: str, voucher_ids: Sequence[str]) -> None:
    """Forget codes that are gone, and of which the platform was told that."""
    if voucher_ids:
        uow.driver.execute(
            "DELETE FROM told_codes WHERE project_id = %s AND connection_id = %s"
            " AND voucher_id = ANY(%s)",
            (uow.project_id, connection_id, list(voucher_ids)),
        )


_TELL_AGAIN = (
    "WITH part AS (SELECT voucher_id, code FROM told_codes WHERE project_id = %(project)s"
    "  AND connection_id = %(connection)s AND campaign_id = %(campaign)s"
    "  AND voucher_id > %(after)s ORDER BY voucher_id LIMIT %(count)s),"
    " told AS (INSERT INTO outbound_items (project_id, connection_id, kind, item_id, payload,"
    "  available_at, created_at) SELECT %(project)s, %(connection)s, %(kind)s, voucher_id,"
    "   jsonb_build_object('code', code), %(now)s, %(now)s FROM part ORDER BY voucher_id"
    "  ON CONFLICT (project_id, connection_id, kind, item_id) DO " + RENEW + " RETURNING 1)"
    " SELECT max(voucher_id) FROM part"
)


def tell_again(
    uow: UnitOfWork, connection_id: str, campaign_id: str, after: str, count: int
) -> str | None:
    """Have a platform told anew of so many of a campaign's codes that it knows, behind one by id.

    Shapes:  the last of them, None at the end.
    Locks:   the items of these codes, as `insert_items` renews them.
    """
    values = {
        "project": uow.project_id,
        "connection": connection_id,
        "campaign": campaign_id,
        "kind": CODES,
        "after": after,
        "count": count,
        "now": uow.now,
    }
    row = uow.driver.execute(_TELL_AGAIN, values).fetchone()
    last: str | None = None if row is None else row[0]
    if last is not None:
        wake(uow, connection_id)
    return last
