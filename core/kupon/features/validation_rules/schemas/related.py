"""Campaigns, codes and tiers in short, as events about them carry them.

Source: spec events-webhooks-data, section 4.1 (SK, SV and SP).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.points import LOYALTY_CARD
from kupon.kit.timestamps import format_moment
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM, Campaign
from kupon.storage.tables.loyalties import EarningRule
from kupon.storage.tables.promotions import PromotionTier


def dump_campaign_summary(row: Campaign) -> dict[str, Any]:
    """The wire's SimpleCampaign; what is unset is left out."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "campaign_type": row.campaign_type,
        "type": row.type,
        "is_referral_code": row.campaign_type == REFERRAL_PROGRAM,
        "auto_join": row.auto_join,
        "join_once": row.join_once,
        "active": row.is_active,
        "category_id": row.category_id,
        "metadata": row.campaign_metadata,
        "created_at": format_moment(row.created_at),
        "object": "campaign",
    }
    if row.voucher:
        body["voucher"] = _dump_template(row.voucher)
    if row.description is not None:
        body["description"] = row.description
    for name in ("start_date", "expiration_date", "updated_at"):
        moment = getattr(row, name)
        if moment is not None:
            body[name] = format_moment(moment)
    return body


def _dump_template(template: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": template["type"],
        **{
            name: template[name]
            for name in ("discount", "gift", "loyalty_card")
            if name in template
        },
        "redemption": {**template["redemption"], "redeemed_quantity": 0},
        "code_config": template["code_config"],
    }


def dump_voucher_summary(row: VoucherFacts) -> dict[str, Any]:
    """The wire's SimpleVoucher; what is unset is left out."""
    body: dict[str, Any] = {
        "id": row.id,
        "code": row.code,
        "type": row.type,
        "is_referral_code": row.campaign_type == REFERRAL_PROGRAM,
        "active": row.is_active,
        "redemption": {
            "quantity": row.redemption_quantity,
            "redeemed_quantity": row.redeemed_quantity,
        },
        "category_id": row.category_id,
        "metadata": row.voucher_metadata,
        "created_at": format_moment(row.created_at),
        "object": "voucher",
    }
    if row.campaign_id is not None:
        body |= {"campaign_id": row.campaign_id, "campaign": row.campaign_name}
    if row.type == GIFT_VOUCHER:
        balance = row.balance
        body["gift"] = {
            "amount": balance.income,
            "balance": balance.left,
            "effect": row.gift_effect,
        }
    if row.type == LOYALTY_CARD:
        body["loyalty_card"] = {"points": row.balance.income, "balance": row.balance.left}
    for name in ("discount", "holder_id"):
        if getattr(row, name) is not None:
            body[name] = getattr(row, name)
    for name in ("start_date", "expiration_date", "updated_at"):
        moment = getattr(row, name)
        if moment is not None:
            body[name] = format_moment(moment)
    return body


def dump_tier_summary(row: PromotionTier) -> dict[str, Any]:
    """The wire's SimplePromotionTier."""
    return {
        "id": row.id,
        "name": row.name,
        "banner": row.banner,
        "campaign": {"id": row.campaign_id},
        "metadata": row.tier_metadata,
    }


def dump_earning_rule_summary(row: EarningRule) -> dict[str, Any]:
    """The wire's SimpleEarningRule; what is unset is left out."""
    source = {"object_id": row.campaign_id, "object_type": "campaign"}
    body: dict[str, Any] = {
        "id": row.id,
        "campaign_id": row.campaign_id,
        "automation_id": row.automation_id,
        "event": row.event,
        "active": row.is_active,
        "loyalty": row.loyalty,
        "source": source if row.banner is None else {"banner": row.banner, **source},
        "metadata": row.rule_metadata,
    }
    if row.segment_id is not None:
        body["segment"] = {"id": row.segment_id}
    if row.custom_event_schema_id is not None:
        body["custom_event"] = {"schema_id": row.custom_event_schema_id}
    if row.loyalty_tier_id is not None:
        body["loyalty_tier"] = row.loyalty_tier_id
    return body
