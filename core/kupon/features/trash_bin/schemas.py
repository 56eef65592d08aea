"""Wire shapes of the bin."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.trash_bin import BinEntry as BinEntryRow
from kupon.web.fields import CountedList, Many, Moment, PagedList, Part, Text, WireSchema, one_of
from kupon.web.query import ListQuery

TYPES = ("campaign", "product", "sku", "voucher")


class BinQuery(ListQuery):
    """Which entries to list."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at")

    ORDER = ("id",)


class BinEntry(WireSchema):
    """A deleted resource."""

    id = Text(required=True)
    created_at = Moment(required=True)
    deleted_by_user_id = Text(required=True, allow_none=True)
    resource_id = Text(required=True)
    resource_type = Text(required=True, validate=one_of(*TYPES))
    resource_name = Text(required=True)
    resource_parent_id = Text(required=True, allow_none=True)
    object = Text(required=True, validate=one_of(*TYPES))


class BinEntryList(CountedList, PagedList):
    """One page of the bin; `total` counts its entries only."""

    data = Many(Part(BinEntry), required=True)


def dump_entry(row: BinEntryRow) -> dict[str, Any]:
    """The wire's entry. Users have no accounts here: what deletes is a key."""
    return {
        "id": row.id,
        "created_at": format_moment(row.created_at),
        "deleted_by_user_id": None,
        "resource_id": row.resource_id,
        "resource_type": row.resource_type,
        "resource_name": row.resource_name,
        "resource_parent_id": row.resource_parent_id,
        "object": row.resource_type,
    }
