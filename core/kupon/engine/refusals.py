"""Why a redeemable was refused: a value with a key, never an exception.

Source: spec discounts-and-stacking, sections 10.2 and 10.3.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A business refusal.

    Shapes: key is one of kit.error_catalogue (it gives code and message); details is the wire's
        free text; message replaces the catalogue's text; custom is the text that the violated
        rule brings itself.
    """

    key: str
    details: str | None = None
    message: str | None = None
    custom: str | None = None
    resource_id: str | None = None
    resource_type: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a redeemable was passed over without being judged; key and message are the wire's."""

    key: str
    message: str


PRECEDING_FAILED = Skip(
    "preceding_validation_failed",
    "Redeemable cannot be applied due to preceding validation failure",
)
REDEEMABLES_LIMIT = Skip(
    "applicable_redeemables_limit_exceeded", "Applicable redeemables limit exceeded"
)
CATEGORY_LIMIT = Skip(
    "applicable_redeemables_per_category_limit_exceeded",
    "Applicable redeemables limit per category exceeded",
)
EXCLUSIVE_LIMIT = Skip(
    "applicable_exclusive_redeemables_limit_exceeded",
    "Applicable exclusive redeemables limit exceeded",
)
EXCLUSIVE_CATEGORY_LIMIT = Skip(
    "applicable_exclusive_redeemables_per_category_limit_exceeded",
    "Applicable exclusive redeemables limit per category exceeded",
)
EXCLUSION = Skip("exclusion_rules_not_met", "Redeemable cannot be applied due to exclusion rules")
NO_EFFECT = Skip("no_effect", "Redeemable cannot be applied due to no effect")
