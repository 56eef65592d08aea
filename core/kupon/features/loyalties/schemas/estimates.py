"""Wire shapes of the estimate of points."""

from __future__ import annotations

from typing import Any

from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import OrderBody
from kupon.storage.tables.campaigns import Campaign
from kupon.web.fields import Part, Text, Whole, WireSchema


class EstimatedOrder(OrderBody):
    """The order; whose it is, the question says."""

    customer_id = Text(allow_none=True)


class PointsQuestion(WireSchema):
    """Who might pay for which order."""

    customer = Part(CustomerBody, required=True)
    order = Part(EstimatedOrder, required=True)


class EstimatedCampaign(WireSchema):
    """The programme that would give the points."""

    id = Text(required=True)
    name = Text(required=True)
    object = Text(required=True)


class PointsEstimate(WireSchema):
    """How many points an order would earn."""

    campaign = Part(EstimatedCampaign, required=True)
    points_estimation = Whole(required=True)


def dump_estimate(campaign: Campaign, points: int) -> dict[str, Any]:
    """The wire's estimate."""
    named = {"id": campaign.id, "name": campaign.name, "object": "campaign"}
    return {"campaign": named, "points_estimation": points}
