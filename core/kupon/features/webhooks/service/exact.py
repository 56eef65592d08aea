"""What the payloads of events have otherwise than the interface's answers, whose shapes they reuse.

Source: the reference's schemas of events; spec events-webhooks-data, section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kupon.engine.codes import ALPHANUMERIC, DEFAULT_LENGTH

Wire = Mapping[str, Any]

# Stands for one character of a code.
_SLOT: Final = "#"
# What is the project's own may have members of any name.
_OWN: Final = frozenset({"metadata", "attributes", "additional_info", "rules", "bundle_rules"})


def exact(type: str, data: Wire) -> dict[str, Any]:
    """The payload of a type as its schema has it."""
    told = {name: _fix(name, value) for name, value in data.items()}
    if type == "customer.rewarded" and told.get("redemption") is not None:
        # It is told whole there, and its reward's nulls are required.
        told["redemption"] = data["redemption"]
    balance = told.get("balance")
    if type.startswith("voucher.gift.") and balance is not None:
        # The schema knows nothing else here; how it came about is told with the transaction.
        told["balance"] = {**balance, "operation_type": "MANUAL"}
    return told


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


def _reward(reward: Wire) -> Wire:
    """A reward that somebody has got; what rewards are has a stock."""
    if "stock" in reward:
        return reward
    voucher = reward.get("voucher")
    if voucher is not None:
        redemption = {"quantity": None, **voucher.get("redemption", {})}
        reward = {**reward, "voucher": {**voucher, "redemption": redemption}}
    product = reward.get("product")
    if product is not None:
        reward = {**reward, "product": _without_nulls(product)}
    return _without_nulls(reward)


def _without_nulls(body: Wire) -> Wire:
    return {name: value for name, value in body.items() if value is not None}


_FIXES: Final[Mapping[str, Callable[[Wire], Wire]]] = {
    "code_config": _code_config,
    "gift": _gift,
    "referral_tier": _without_nulls,
    "reward": _reward,
    "validation_rules_assignments": _assignments,
}
