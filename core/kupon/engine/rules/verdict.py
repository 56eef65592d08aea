"""What judging a rule yields, and the words for a rule that was violated.

Source: spec rules-and-qualification, sections 13.1 to 13.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from kupon.kit.error_catalogue import CATALOGUE


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a rule doesn't hold, as its first failing leaf says.

    Shapes: key is one of kit.error_catalogue; custom is the text that the rule brings itself.
    """

    key: str
    message: str
    custom: str | None = None

    def told(self, text: str | None) -> Failure:
        """Return the failure with a text, unless a nearer one told it already."""
        if text is None or self.custom is not None:
            return self
        return Failure(self.key, self.message, text)


# True, not known yet, or why not.
Outcome = Literal[True] | None | Failure


class Judgement(NamedTuple):
    """The verdict on one rule.

    Shapes: truth is None where it depends on what was omitted or isn't known yet; failure goes
        with False; omitted are the top-level labels of nodes that were left out, in the order of
        the rule's logic, and empty where the rule is False without them.
    """

    truth: bool | None
    failure: Failure | None = None
    omitted: tuple[str, ...] = ()


def _standard(key: str) -> Failure:
    return Failure(key, CATALOGUE[key].message)


CUSTOMER_VIOLATED: Final = _standard("customer_rules_violated")
SEGMENT_VIOLATED: Final = Failure(
    "customer_rules_violated", "customer does not match segment rules"
)
ORDER_VIOLATED: Final = _standard("order_rules_violated")
REDEMPTION_VIOLATED: Final = _standard("redemption_rules_violated")
MISSING_CUSTOMER: Final = _standard("missing_customer")
MISSING_AMOUNT: Final = _standard("missing_amount")
MISSING_ITEMS: Final = _standard("missing_order_items")


def violation_details(kind: str, rule_ids: Sequence[str]) -> str:
    """Say which rules stand against a redeemable, in the wire's words.

    Shapes: kind is the wire's word for the redeemable: Discount Coupon, Gift Card, Promotion
        Tier, Loyalty Card.
    """
    ids = ", ".join(rule_ids)
    return f"{kind} cannot be redeemed because of violated validation rules: {ids}"
