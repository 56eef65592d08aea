"""All promotions of a project as evaluations compile them: one statement for each kind.

Source: spec campaigns-loyalty-referral-gift, section 4; performance.md, lesson 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class PromotionCampaign:
    """What a campaign adds to its tiers: it must be active and in time as each tier must.

    Shapes: the tiers of one campaign share one object.
    """

    id: str
    name: str
    is_active: bool
    category_id: str | None
    start_date: datetime | None
    expiration_date: datetime | None
    validity_timeframe: dict[str, Any] | None
    validity_day_of_week: list[int] | None
    validity_hours: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TierFacts:
    """A tier, active or not.

    Shapes: action and the time limits are as on the wire, so `engine.limits` reads the latter as
        they are; rows come in the order of application within a campaign.
    """

    campaign: PromotionCampaign
    id: str
    name: str
    banner: str | None
    action: Mapping[str, Any]
    hierarchy: int
    is_active: bool
    category_id: str | None
    tier_metadata: Mapping[str, Any]
    start_date: datetime | None
    expiration_date: datetime | None
    validity_timeframe: dict[str, Any] | None
    validity_day_of_week: list[int] | None
    validity_hours: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime | None

    @property
    def discount(self) -> Mapping[str, Any]:
        """The discount as on the wire."""
        discount: Mapping[str, Any] = self.action["discount"]
        return discount

    @property
    def incentive_metadata(self) -> Mapping[str, Any]:
        """The metadata of the tier, by the name that codes have for theirs too."""
        return self.tier_metadata

    @property
    def campaign_id(self) -> str:
        """The id of the tier's campaign."""
        return self.campaign.id

    @property
    def campaign_name(self) -> str:
        """The name of the tier's campaign."""
        return self.campaign.name

    @property
    def effective_category_id(self) -> str | None:
        """The tier's own category, else its campaign's."""
        return self.category_id or self.campaign.category_id


@dataclass(frozen=True, slots=True)
class StackFacts:
    """A stack.

    Shapes: tier_ids in the order of application; empty when all its tiers were deleted.
    """

    id: str
    name: str
    tier_ids: tuple[str, ...]
    category_id: str | None
    campaign_id: str
    campaign_name: str
    created_at: datetime

    @property
    def effective_category_id(self) -> str | None:
        """The stack's category, by the name that other incentives have for theirs."""
        return self.category_id


_LIMITS = (
    "{0}.start_date, {0}.expiration_date,"
    " {0}.validity_timeframe, {0}.validity_day_of_week, {0}.validity_hours"
)
_TIERS = (
    "SELECT t.id, t.name, t.banner, t.action, t.hierarchy, t.is_active, t.category_id,"
    f" t.metadata, {_LIMITS.format('t')}, t.created_at, t.updated_at,"
    f" c.id, c.name, c.is_active, c.category_id, {_LIMITS.format('c')}"
    " FROM promotion_tiers t"
    " JOIN campaigns c ON c.project_id = t.project_id AND c.id = t.campaign_id"
    " WHERE t.project_id = %(project_id)s"
)
_TIER_ORDER = " ORDER BY t.campaign_id, t.hierarchy, t.created_at, t.id"
_TIER_COLUMNS = 15

_STACKS = (
    "SELECT s.id, s.name, s.tier_ids, s.category_id, c.id, c.name, s.created_at"
    " FROM promotion_stacks s"
    " JOIN campaigns c ON c.project_id = s.project_id AND c.id = s.campaign_id"
    " WHERE s.project_id = %(project_id)s ORDER BY s.id"
)


def load_tiers(
    uow: UnitOfWork,
    *,
    tier_ids: Sequence[str] | None = None,
    campaign_ids: Sequence[str] | None = None,
) -> Sequence[TierFacts]:
    """The tiers of the given ids and of the given campaigns; all of the project without either."""
    statement = _TIERS
    if tier_ids is not None or campaign_ids is not None:
        statement += " AND (t.id = ANY(%(tiers)s) OR t.campaign_id = ANY(%(campaigns)s))"
    parameters = {
        "project_id": uow.project_id,
        "tiers": list(tier_ids or ()),
        "campaigns": list(campaign_ids or ()),
    }
    campaigns: dict[str, PromotionCampaign] = {}
    tiers = []
    for row in uow.reader.execute(statement + _TIER_ORDER, parameters):
        campaign_id = row[_TIER_COLUMNS]
        campaign = campaigns.get(campaign_id)
        if campaign is None:
            campaign = campaigns[campaign_id] = PromotionCampaign(*row[_TIER_COLUMNS:])
        tiers.append(TierFacts(campaign, *row[:_TIER_COLUMNS]))
    return tiers


def load_stacks(uow: UnitOfWork) -> Sequence[StackFacts]:
    """All stacks of the project."""
    return [
        StackFacts(stack_id, name, tuple(tier_ids), *rest)
        for stack_id, name, tier_ids, *rest in uow.reader.execute(
            _STACKS, {"project_id": uow.project_id}
        )
    ]
