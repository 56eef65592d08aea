"""What the payloads of events have otherwise than the interface's answers, whose shapes they reuse.

Source: the reference's schemas of events; spec events-webhooks-data, section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from kupon.engine.codes import ALPHANUMERIC, DEFAULT_LENGTH

Wire = Mapping[str, Any]

# Stands for one character of a code.
_SLOT: Final = "#"
# They tell of one code of a publication, beside it.
_OF_ONE_CODE: Final = frozenset({"publication.succeeded", "voucher.published"})
_PARTS_OF_REWARDS: Final = {
    "product": ("id", "source_id", "name"),
    "sku": ("id", "source_id", "sku"),
}
_MORE_THAN_SIMPLE: Final = frozenset(
    {
        "additional_info",
        "assets",
        "publish",
        "validation_rules_assignments",
        "validity_day_of_week",
        "validity_hours",
        "validity_timeframe",
    }
)
# What is the project's own may have members of any name.
_OWN: Final = frozenset({"metadata", "attributes", "additional_info", "rules", "bundle_rules"})


def exact(type: str, data: Wire) -> dict[str, Any]:
    """The payload of a type as its schema has it."""
    told = {name: _fix(name, value) for name, value in data.items()}
    if type == "customer.rewarded":
        told.pop("source", None)
        if told.get("redemption") is not None:
            told["redemption"] = _internal(data["redemption"])
    if type.startswith("customer.reward_redemptions."):
        told |= _paid(told.get("balance"))
    if type in _OF_ONE_CODE:
        told["publication"] = _without(told["publication"], ("voucher", "vouchers"))
    balance = told.get("balance")
    if ".gift." in type and balance is not None:
        # The schema knows nothing else here; how it came about is told with the transaction.
        told["balance"] = {**balance, "operation_type": "MANUAL"}
    return told


def _paid(balance: Wire | None) -> Wire:
    """What was paid for a reward, points too, has one name in its events."""
    if balance is None or "points" not in balance:
        return {}
    return {"balance": {"amount": balance["points"]}}


def _fix(name: str, value: Any) -> Any:
    if name in _OWN:
        return value
    if isinstance(value, Mapping):
        fixed = {member: _fix(member, each) for member, each in value.items()}
        fix = _FIXES.get(name)
        return fixed if fix is None else fix(fixed)
    if isinstance(value, list):
        return [_fix("", each) for each in value]
    return value


def _code_config(config: Wire) -> Wire:
    """Nothing is left to defaults."""
    pattern = config.get("pattern") or _SLOT * int(config.get("length") or DEFAULT_LENGTH)
    length = pattern.count(_SLOT)
    defaults = {"prefix": "", "postfix": "", "length": length, "charset": ALPHANUMERIC}
    return {**defaults, "pattern": pattern, **_without_nulls(config)}


def _gift(gift: Wire) -> Wire:
    return {name: value for name, value in gift.items() if name != "subtracted_amount"}


def _assignments(listed: Wire) -> Wire:
    # What would break a rule was refused when it was written.
    verdict = {"validation_status": "VALID", "validation_omitted_rules": []}
    return {**listed, "data": [{**each, **verdict} for each in listed["data"]]}


def _earning_rule(rule: Wire) -> Wire:
    # What projects have named themselves has one name here; which event it is tells the schema.
    return {**rule, "event": "custom_event"} if rule.get("custom_event") else rule


def _reward(reward: Wire) -> Wire:
    """A reward that somebody has got; what rewards are has a stock."""
    if "stock" in reward:
        return reward
    parts = {
        name: _only(reward[name], members)
        for name, members in _PARTS_OF_REWARDS.items()
        if reward.get(name) is not None
    }
    if reward.get("voucher") is not None:
        parts["voucher"] = _simple_voucher(reward["voucher"])
    return _without_nulls({**reward, **parts})


def _simple_voucher(voucher: Wire) -> Wire:
    uses = voucher.get("redemption") or {}
    redemption = {name: uses.get(name) for name in ("quantity", "redeemed_quantity")}
    return {**_without(voucher, _MORE_THAN_SIMPLE), "redemption": redemption}


def _internal(redemption: Wire) -> Wire:
    """A redemption under the names that it has in one event only; its reward is told whole.

    Source:  the reference's RedemptionInternal, whose reward requires members that are null.
    """
    channel = redemption.get("channel") or {}
    is_by_user = channel.get("channel_type") == "USER"
    named = {
        "created_at": redemption["date"],
        "channel_id": channel.get("channel_id"),
        "channel_type": "USER" if is_by_user else "API",
    }
    kept = _without_nulls(_without(redemption, ("date", "channel", "loyalty_card", "gift")))
    return {**kept, **named, "customer_id": redemption.get("customer_id")}


def _only(body: Wire, members: Collection[str]) -> Wire:
    return {name: value for name, value in body.items() if name in members}


def _without(body: Wire, members: Collection[str]) -> Wire:
    return {name: value for name, value in body.items() if name not in members}


def _without_nulls(body: Wire) -> Wire:
    return {name: value for name, value in body.items() if value is not None}


_FIXES: Final[Mapping[str, Callable[[Wire], Wire]]] = {
    "code_config": _code_config,
    "earning_rule": _earning_rule,
    "gift": _gift,
    "referral_tier": _without_nulls,
    "reward": _reward,
    "reward_redemption": _without_nulls,
    "validation_rules_assignments": _assignments,
}
