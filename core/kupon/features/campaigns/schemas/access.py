"""Who may use a campaign: areas and stores."""

from __future__ import annotations

from typing import Any

from kupon.engine.access import Level
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.areas import CampaignAccess
from kupon.web.fields import CountedList, Flag, Many, Moment, Part, Text, WireSchema


class StoreAccess(WireSchema):
    """Areas and stores by id."""

    areas_ids = Many(Text())
    area_stores_ids = Many(Text())
    area_all_stores_ids = Many(Text())


class AccessSettings(WireSchema):
    """Which areas and stores may use a campaign."""

    assign = Part(StoreAccess)
    unassign = Part(StoreAccess)


class AccessAssignment(WireSchema):
    """An area or a store that may use a campaign."""

    id = Text(required=True)
    area_id = Text(required=True)
    area_store_id = Text()
    all_stores = Flag()
    created_at = Moment(required=True)
    object = Text(required=True)


class AccessAssignments(CountedList):
    """The areas and stores that may use a campaign."""

    data = Many(Part(AccessAssignment), required=True)


class AccessFilter(WireSchema):
    """Campaigns by the areas and stores that may use them."""

    filter = Part(StoreAccess)


def dump_access(row: CampaignAccess) -> dict[str, Any]:
    assignment = {
        "id": row.id,
        "area_id": row.area_id,
        "all_stores": row.level == Level.ALL_STORES,
        "created_at": format_moment(row.created_at),
        "object": "area_store_campaign_assignment",
    }
    return assignment if row.store_id is None else assignment | {"area_store_id": row.store_id}
