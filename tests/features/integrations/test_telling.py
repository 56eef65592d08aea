"""How events are named and flattened, without any platform."""

from __future__ import annotations

import pytest

from kupon.features.integrations.service.outbound import event_names
from kupon.features.integrations.service.outbound.flattening import properties_of

TABLE = """
customer.redemption.succeeded|Customer Redemption Succeeded|kupon_redemption_succeeded
customer.redemption.failed|Customer Redemption Failed|kupon_redemption_failed
customer.redemption.rollback.succeeded|Customer Redemption Rollback Succeeded|kupon_rollback_succeeded
customer.redemption.rollback.failed|Customer Redemption Rollback Failed|kupon_rollback_failed
customer.publication.succeeded|Customer Publication Succeeded|kupon_publication_succeeded
customer.publication.failed|Customer Publication Failed|kupon_publication_failed
customer.validation.succeeded|Customer Validation Succeeded|kupon_validation_succeeded
customer.rewarded|Customer Rewarded|kupon_rewarded
customer.rewarded.loyalty_points|Customer Rewarded Loyalty Points|kupon_points_rewarded
customer.reward_redemptions.created|Customer Reward Redemptions Created|kupon_reward_created
customer.reward_redemptions.rolledback|Customer Reward Redemptions Rolledback|kupon_reward_rolledback
customer.voucher.loyalty_card.points_added|Loyalty Points Added|kupon_points_added
customer.voucher.loyalty_card.points_expired|Loyalty Points Expired|kupon_points_expired
customer.voucher.loyalty_card.pending_points.added|Loyalty Pending Points Added|kupon_pending_points_added
customer.voucher.gift.balance_added|Gift Balance Added|kupon_gift_balance_added
customer.loyalty.tier.upgraded|Loyalty Tier Upgraded|kupon_tier_upgraded
customer.segment.entered|Customer Segment Entered|kupon_segment_entered
customer.referred|Customer Referred|kupon_referred
customer.order.paid|Order Paid|kupon_order_paid
"""  # noqa: E501 - a table of the spec's


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_names_are_those_of_the_table(line):
    type, title, short = line.split("|")
    assert event_names.name_of(type, "title", {}) == title
    assert event_names.name_of(type, "short", {}) == short
    assert event_names.name_of(type, "dotted", {}) == type
    assert event_names.name_of(type, "upper_dotted", {}) == f"EVENTS.{type.upper()}"
    assert event_names.name_of(type, "short", {type: "mine"}) == "mine"


def test_names_tell_types_apart_and_are_short_enough():
    for style in event_names.STYLES:
        names = {event_names.name_of(type, style, {}) for type in event_names.KNOWN}
        assert len(names) == len(event_names.KNOWN)
    short = [event_names.name_of(type, "short", {}) for type in event_names.KNOWN]
    assert max(map(len, short)) <= 32


def test_only_some_types_are_told_unasked():
    assert event_names.wants(None, "customer.rewarded")
    assert not event_names.wants(None, "customer.order.paid")
    assert event_names.wants(["*"], "customer.order.paid")
    assert not event_names.wants(["*"], "customer.custom_event")
    assert event_names.wants(["*", "customer.custom_event"], "customer.custom_event")
    assert not event_names.wants([], "customer.rewarded")


def flat(currency="EUR", **data):
    return properties_of(
        data,
        event_id="ev_1",
        occurred_at="2026-01-01T00:00:00.000Z",
        project_id="proj_1",
        currency=currency,
    )


def test_one_level_of_objects_stays():
    properties = flat(
        order={
            "amount": 12900,
            "items": [{"sku": "a"}],
            "tags": ["a", "b"],
            "metadata": {"x": 1},
            "paid": False,
            "total_amount": 0,
        },
        nothing=None,
        created_at="2026-01-01",
        list=[1, 2],
    )
    assert properties == {
        "kupon_event_id": "ev_1",
        "occurred_at": "2026-01-01T00:00:00.000Z",
        "project_id": "proj_1",
        "order_amount": 12900,
        "order_amount_major": 129.0,
        "order_total_amount": 0,
        "order_total_amount_major": 0.0,
        "order": {"amount": 12900, "tags": ["a", "b"], "paid": False, "total_amount": 0},
        "created_at": "2026-01-01",
        "list": [1, 2],
    }


@pytest.mark.parametrize(
    ("currency", "major"), [("EUR", 123.45), ("JPY", 12345), ("KWD", 12.345), ("eur", 123.45)]
)
def test_decimals_follow_the_currency(currency, major):
    assert flat(currency, order={"amount": 12345})["order_amount_major"] == major


def test_figures_are_found_wherever_they_are():
    properties = flat(
        voucher={
            "code": "0012345",
            "type": "LOYALTY_CARD",
            "campaign": "Club",
            "campaign_id": "camp_1",
            "loyalty_card": {"balance": 0, "points": 10},
        },
        balance={"points": -5, "total": 5},
        loyalty_tier_to={"id": "lt_1", "name": "Gold"},
        redemption={
            "id": "r_1",
            "result": "FAILURE",
            "failure_code": "x",
            "channel": {"channel_type": "API"},
        },
    )
    assert properties["voucher_code"] == "0012345"
    assert (properties["loyalty_balance"], properties["loyalty_points_delta"]) == (0, -5)
    assert (properties["campaign_id"], properties["campaign_name"]) == ("camp_1", "Club")
    assert (properties["tier_id"], properties["tier_name"]) == ("lt_1", "Gold")
    assert (properties["failure_code"], properties["channel"]) == ("x", "API")
