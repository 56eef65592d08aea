"""A campaign in short, as events about its codes carry it."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.campaigns import Campaign


def dump_campaign_summary(row: Campaign) -> dict[str, Any]:
    """The wire's SimpleCampaign; what is unset is left out."""
    template = row.voucher
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "campaign_type": row.campaign_type,
        "type": row.type,
        "is_referral_code": False,
        "voucher": {
            "type": template["type"],
            "discount": template["discount"],
            "redemption": {**template["redemption"], "redeemed_quantity": 0},
            "code_config": template["code_config"],
        },
        "auto_join": row.auto_join,
        "join_once": row.join_once,
        "active": row.is_active,
        "category_id": row.category_id,
        "metadata": row.campaign_metadata,
        "created_at": format_moment(row.created_at),
        "object": "campaign",
    }
    if row.description is not None:
        body["description"] = row.description
    for name in ("start_date", "expiration_date", "updated_at"):
        moment = getattr(row, name)
        if moment is not None:
            body[name] = format_moment(moment)
    return body
