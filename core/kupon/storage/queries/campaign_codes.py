"""The codes of one campaign, changed or removed slice by slice.

Source: spec campaigns-loyalty-referral-gift, sections 1.7 and 1.8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last code of a slice; the next slice begins after it."""

    created_at: datetime
    id: str


START = Cursor(datetime.min.replace(tzinfo=UTC), "")


@dataclass(frozen=True, slots=True)
class Slice:
    """What became of one slice: how many codes were changed, and where it ended.

    Shapes: end is None when no code was left.
    """

    changed: int
    end: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChanges:
    """What to write into codes.

    Shapes: columns of vouchers, written where the code was neither published nor redeemed;
        metadata to merge and metadata keys to remove, everywhere.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    unset: Sequence[str] = ()


_TYPES = {
    "category_id": "text",
    "discount": "jsonb",
    "gift_effect": "text",
    "start_date": "timestamptz",
    "expiration_date": "timestamptz",
    "validity_timeframe": "jsonb",
    "validity_day_of_week": "jsonb",
    "validity_hours": "jsonb",
}
# UNCERTAIN: a code whose redemptions were all rolled back counts as unused (section 1.7).
_IS_UNUSED = "(v.redeemed_quantity = 0 AND v.publish_count = 0)"

_SLICE = (
    "WITH page AS (SELECT created_at, id FROM vouchers WHERE project_id = %(project_id)s"
    " AND campaign_id = %(campaign_id)s AND (created_at, id) > (%(after_at)s, %(after_id)s)"
    " ORDER BY created_at, id LIMIT %(limit)s),"
    " slice AS (SELECT v.id FROM vouchers v JOIN page ON page.id = v.id"
    " WHERE v.project_id = %(project_id)s ORDER BY v.id FOR UPDATE OF v),"
    " done AS ({write} RETURNING 1){detach}"
    " SELECT (SELECT count(*) FROM done), created_at, id FROM page"
    " ORDER BY created_at DESC, id DESC LIMIT 1"
)
_CHANGE = "UPDATE vouchers v SET {sets}, updated_at = %(now)s FROM slice"
_BIN = "UPDATE vouchers v SET binned_at = %(now)s FROM slice"
_DELETE = "DELETE FROM vouchers v USING slice"
_DETACH = (
    ", detached AS (DELETE FROM validation_rule_assignments a USING slice"
    " WHERE a.project_id = %(project_id)s AND a.related_object_type = 'voucher'"
    " AND a.related_object_id = slice.id)"
)
_NOT_BINNED = " AND v.binned_at IS NULL"
_OF_SLICE = " WHERE v.project_id = %(project_id)s AND v.id = slice.id"


def change_codes(
    uow: UnitOfWork, campaign_id: str, changes: CodeChanges, after: Cursor, limit: int
) -> Slice:
    """Write changes into the next codes of a campaign.

    Locks:  the codes of the slice, by id.
    """
    sets = [
        f"{name} = CASE WHEN {_IS_UNUSED} THEN %({name})s::{_TYPES[name]} ELSE v.{name} END"
        for name in changes.columns
    ]
    condition = _NOT_BINNED
    if changes.metadata or changes.unset:
        sets.append("metadata = (v.metadata || %(metadata)s) - %(unset)s::text[]")
    else:
        condition += f" AND {_IS_UNUSED}"
    values = {
        name: Jsonb(value) if _TYPES[name] == "jsonb" and value is not None else value
        for name, value in changes.columns.items()
    }
    values |= {"metadata": Jsonb(changes.metadata), "unset": list(changes.unset)}
    write = _CHANGE.format(sets=", ".join(sets)) + _OF_SLICE + condition
    return _run(uow, write, campaign_id, after, limit, values)


def bin_codes(uow: UnitOfWork, campaign_id: str, after: Cursor, limit: int) -> Slice:
    """Put the next codes of a campaign into the bin, without their rules.

    Locks:  the codes of the slice, by id.
    """
    return _run(uow, _BIN + _OF_SLICE + _NOT_BINNED, campaign_id, after, limit, detach=_DETACH)


def delete_codes(uow: UnitOfWork, campaign_id: str, after: Cursor, limit: int) -> Slice:
    """Remove the next codes of a campaign for good, binned ones too.

    Locks:  the codes of the slice, by id.
    """
    return _run(uow, _DELETE + _OF_SLICE, campaign_id, after, limit, detach=_DETACH)


def _run(
    uow: UnitOfWork,
    write: str,
    campaign_id: str,
    after: Cursor,
    limit: int,
    values: Mapping[str, Any] | None = None,
    *,
    detach: str = "",
) -> Slice:
    row = uow.driver.execute(
        _SLICE.format(write=write, detach=detach),
        {
            "project_id": uow.project_id,
            "campaign_id": campaign_id,
            "after_at": after.created_at,
            "after_id": after.id,
            "limit": limit,
            "now": uow.now,
            **(values or {}),
        },
    ).fetchone()
    return Slice(0, None) if row is None else Slice(row[0], Cursor(row[1], row[2]))
