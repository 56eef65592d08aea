"""What the verbs judge and what they answer: redeemables, stacking rules, evaluations.

Source: spec discounts-and-stacking, sections 3, 9.1 and 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from kupon.engine.bundles import BundleResult
from kupon.engine.collections import NO_COLLECTIONS, Collections
from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.discounts import Discount
from kupon.engine.effects import Use
from kupon.engine.filters import Surroundings
from kupon.engine.giftcards import GiftCredits
from kupon.engine.limits import UNLIMITED, Validity
from kupon.engine.locations import NO_LOCATIONS, Locations
from kupon.engine.order import Order
from kupon.engine.points import NoReward, PointsPayment, PointsSpending
from kupon.engine.refusals import Refusal, Skip
from kupon.engine.rules import Counter, Rule
from kupon.engine.segments import NO_SEGMENTS, Segments
from kupon.engine.selection import Pick
from kupon.engine.situation import Applied, Article
from kupon.kit.lean import cached_property, dataclass


class Status(StrEnum):
    """What became of a redeemable."""

    APPLICABLE = "APPLICABLE"
    INAPPLICABLE = "INAPPLICABLE"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category as stacking sees it; a lower hierarchy number is applied first."""

    id: str
    hierarchy: int


Worth = Discount | GiftCredits | PointsPayment | PointsSpending | NoReward


@dataclass(frozen=True, slots=True, kw_only=True)
class Incentive:
    """What codes and tiers have in common: what they give, when, to whom.

    Shapes: worth is what it gives; rules are its own and its campaign's, all of which must hold.
        is_campaign_active is True without campaign. is_multiplied says that what it gives is
        given once for each bundle in the cart (UNCERTAIN: no name on the wire is known).
    """

    id: str
    worth: Worth
    validity: Validity
    is_active: bool = True
    is_campaign_active: bool = True
    category: Category | None = None
    campaign_id: str | None = None
    rules: tuple[Rule, ...] = ()
    is_multiplied: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher(Incentive):
    """A code with everything that its own checks and its effect need.

    Shapes: quantity None is unlimited; locked counts the uses that other sessions hold.
        holder_ids are those whom it was given or passed on to, as far as rules ask for them;
        referrer_id is who owns a code that refers, None where nobody was given it yet;
        publication_metadata is there where a formula asks for it.
    """

    code: str
    quantity: int | None = None
    redeemed_quantity: int = 0
    locked_quantity: int = 0
    publish_count: int = 0
    holder_ids: frozenset[str] = frozenset()
    is_referral: bool = False
    referrer_id: str | None = None
    publication_metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionTier(Incentive):
    """A tier of a promotion, which needs no code; its campaign must be in time as well."""

    campaign_validity: Validity = UNLIMITED


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemable:
    """One element of the request's list.

    Shapes: id is as the client sent it; source is what storage found for it, None if nothing;
        stack_id names the promotion stack that it came with.
    """

    object: str
    id: str
    source: Voucher | PromotionTier | None = None
    stack_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackingRules:
    """A project's stacking rules with the defaults of the spec's table 9.1."""

    redeemables_limit: int = 30
    applicable_redeemables_limit: int = 5
    applicable_redeemables_per_category_limit: int | None = None
    applicable_redeemables_category_limits: Mapping[str, int] = field(default_factory=dict)
    applicable_exclusive_redeemables_limit: int = 1
    applicable_exclusive_redeemables_per_category_limit: int | None = None
    exclusive_categories: tuple[str, ...] = ()
    joint_categories: tuple[str, ...] = ()
    redeemables_application_mode: str = "ALL"
    redeemables_sorting_rule: str = "REQUESTED_ORDER"
    grouped_redeemables_sorting_rule: str = "JOINT_ALWAYS_LAST"
    redeemables_products_application_mode: str = "STACK"
    redeemables_no_effect_rule: str = "REDEEM_ANYWAY"
    no_effect_skip_categories: tuple[str, ...] = ()
    no_effect_redeem_anyway_categories: tuple[str, ...] = ()
    redeemables_rollback_order_mode: str = "WITH_ORDER"
    discount_calculation_mode: str = "DISCOUNTED_AMOUNT"
    initial_amount_mode_categories: tuple[str, ...] = ()
    discounted_amount_mode_categories: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that one evaluation may look at, read once and frozen.

    Units: now is aware UTC; timezone is the project's and governs days and clock windows.
    Shapes: customer is the stored one with what the request says of it, None where it names none;
        metadata is the redemption's; api_keys are the names of the calling key; counters are past
        uses by the id of what they count (campaign, code or tier) and by counter.
    """

    now: datetime
    timezone: tzinfo
    order: Order
    redeemables: tuple[Redeemable, ...]
    rules: StackingRules = field(default_factory=StackingRules)
    customer: Customer | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    api_keys: frozenset[str] = frozenset()
    counters: Mapping[tuple[str, Counter], int] = field(default_factory=dict)
    segments: Segments = NO_SEGMENTS
    collections: Collections = NO_COLLECTIONS
    locations: Locations = NO_LOCATIONS
    articles: Mapping[str, Article] = field(default_factory=dict)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What filters look at besides the customer or article."""
        return Surroundings(Moment(self.now, self.timezone), self.locations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The verdict on one redeemable, and the order before and after it.

    Shapes: after is before unless status is APPLICABLE; refusal goes with INAPPLICABLE, skip with
        SKIPPED, applied with APPLICABLE; bundle is there where a bundle was looked for; covered
        are the lines that the product lists name, in the order of application.
    """

    redeemable: Redeemable
    status: Status
    before: Order
    after: Order
    refusal: Refusal | None = None
    skip: Skip | None = None
    applied: Applied | None = None
    bundle: BundleResult | None = None
    covered: tuple[Pick, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The verdict on a whole request; steps stand in evaluation order."""

    rules: StackingRules
    start: Order
    end: Order
    steps: tuple[Step, ...]
    is_valid: bool

    def having(self, status: Status) -> tuple[Step, ...]:
        """The steps with one status, in evaluation order."""
        return tuple(step for step in self.steps if step.status is status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a redemption asks storage to write.

    Shapes: one effect per applied step, in the same order; both empty where refusal says why the
        whole request fails.
    """

    effects: tuple[Use, ...] = ()
    applied: tuple[Step, ...] = ()
    refusal: Refusal | None = None
