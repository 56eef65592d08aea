"""Refuses the redemptions of customers whom a project wants to redeem nothing."""

from __future__ import annotations

from marshmallow import Schema

from kupon.hooks import hookimpl
from kupon.hooks.types import RedemptionFacts, Refusal
from kupon_blocklist.config import BlocklistSettings


@hookimpl
def register_settings() -> type[Schema]:
    """Who is blocked."""
    return BlocklistSettings


@hookimpl
def decide_redemption(redemption: RedemptionFacts) -> Refusal | None:
    """Refuse where the customer, or the domain of the e-mail address, is on the list."""
    customer, settings = redemption.customer, redemption.settings
    if customer is None:
        return None
    domain = (customer.get("email") or "").rpartition("@")[2].casefold()
    is_blocked = (
        customer.get("source_id") in settings["source_ids"] or domain in settings["email_domains"]
    )
    if not is_blocked:
        return None
    return Refusal("customer_rules_violated", custom=settings["message"])
