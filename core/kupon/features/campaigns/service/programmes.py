"""What referral and loyalty programmes say of themselves beside what their codes do.

Source: spec campaigns-loyalty-referral-gift, sections 1.1, 6.1 and 7.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.loyalty.policies import parse_policy
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.storage.queries import campaigns, custom_event_schemas
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM, REFERRAL_PROGRAM
from kupon.storage.uow import UnitOfWork

CONVERSIONS = ("redemption", "custom_event")
# By the type of card that referees are rewarded on that of the campaign which has such cards.
REWARDING = {"LOYALTY_CARD": LOYALTY_PROGRAM, "GIFT_VOUCHER": "GIFT_VOUCHERS"}


def read_programme(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a new campaign that only its type has.

    Raises:  invalid_campaign, invalid_payload; not_found for an event or a campaign.
    """
    if body["campaign_type"] == LOYALTY_PROGRAM:
        return {"loyalty_tiers_expiration": read_tiers_expiration(body)}
    if body["campaign_type"] == REFERRAL_PROGRAM:
        return {"referral_program": read_referral_program(uow, body, {})}
    return {}


def read_tiers_expiration(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """How tiers are reached and kept, as it is stored and answered; None where nothing is said.

    Raises:  invalid_payload.
    """
    policy = body.get("loyalty_tiers_expiration")
    if not policy:
        return None
    try:
        parse_policy(policy, ".loyalty_tiers_expiration")
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    return _said(policy)


def _said(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition without its nulls."""
    return {
        name: _said(value) if isinstance(value, Mapping) else value
        for name, value in definition.items()
        if value is not None
    }


def read_referral_program(
    uow: UnitOfWork, body: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """What makes a referral count, as it is stored and answered; what is not said stays.

    Raises:  invalid_campaign, invalid_payload; not_found for an event or a campaign.
    """
    sent = body.get("referral_program") or {}
    program = {**known, **sent}
    conversion = program.get("conversion_event_type")
    if conversion is None:
        raise KuponError(
            "invalid_campaign",
            "Property 'referral_program.conversion_event_type' is required for REFERRAL_PROGRAM"
            " campaign",
        )
    if conversion not in CONVERSIONS:
        raise invalid_payload(
            "Property .referral_program.conversion_event_type must be equal to one of the allowed"
            f" values: {', '.join(CONVERSIONS)}"
        )
    read: dict[str, Any] = {"conversion_event_type": conversion}
    if conversion == "custom_event":
        read["custom_event"] = _read_event(uow, program.get("custom_event") or {})
    if program.get("referee_reward") is not None:
        read["referee_reward"] = _read_reward(uow, program["referee_reward"])
    return read


def _read_event(uow: UnitOfWork, event: Mapping[str, Any]) -> dict[str, Any]:
    named = event.get("id") or event.get("name")
    if not named:
        raise KuponError(
            "invalid_campaign",
            "Property 'referral_program.custom_event' is required for conversion by custom_event",
        )
    for schema in custom_event_schemas.list_event_schemas(uow, uow.project_id):
        if schema.id == event.get("id") or (not event.get("id") and schema.name == named):
            return {"id": schema.id, "name": schema.name}
    raise not_found("event_schema", named)


def _read_reward(uow: UnitOfWork, reward: Mapping[str, Any]) -> dict[str, Any]:
    path = ".referral_program.referee_reward"
    parent = reward.get("related_object_parent") or {}
    type, amount = reward.get("type"), reward.get("amount")
    if type not in REWARDING:
        allowed = ", ".join(REWARDING)
        raise invalid_payload(
            f"Property {path}.type must be equal to one of the allowed values: {allowed}"
        )
    if amount is None or int(amount) < 1:
        raise invalid_payload(f"Property {path}.amount must be >= 1")
    name = parent.get("id") or parent.get("name")
    if not name:
        raise invalid_payload(f"Property {path}.related_object_parent.id is required")
    campaign = campaigns.get_campaign(uow, name).campaign
    if campaign.campaign_type != REWARDING[type]:
        raise invalid_payload(f"Property {path}.type must be that of the campaign's vouchers")
    owner = {"id": campaign.id, "name": campaign.name, "object": "CAMPAIGN"}
    return {"related_object_parent": owner, "type": type, "amount": amount}
