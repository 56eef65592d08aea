"""Promotions as evaluations read them: whole projects, or what changed."""

from __future__ import annotations

from kupon.storage.queries.promotions import load_stacks, load_tiers
from kupon.testing.builders import make_campaign, make_promotion, make_stack, make_tier, tier


def test_tiers_come_with_what_their_campaign_adds(api, uow):
    made = make_promotion(
        api,
        tier(name="second", hierarchy=2),
        tier(
            name="first",
            hierarchy=1,
            active=False,
            banner="Save!",
            metadata={"a": 1},
            start_date="2026-01-01",
            validity_day_of_week=[1],
        ),
        name="Promo",
        expiration_date="2027-01-01",
        validity_hours={"daily": [{"start_time": "08:00", "expiration_time": "20:00"}]},
    )
    make_campaign(api)
    first, second = load_tiers(uow)
    assert (first.name, first.is_active, first.banner, first.hierarchy) == (
        "first",
        False,
        "Save!",
        1,
    )
    assert (first.tier_metadata, first.validity_day_of_week) == ({"a": 1}, [1])
    assert first.action["discount"]["percent_off"] == 10
    assert first.start_date.isoformat() == "2026-01-01T00:00:00+00:00"
    assert (first.category_id, first.updated_at) == (None, None)
    assert (second.name, second.is_active, second.start_date) == ("second", True, None)
    campaign = first.campaign
    assert campaign is second.campaign
    assert (campaign.id, campaign.name, campaign.is_active) == (made["id"], "Promo", True)
    assert campaign.expiration_date.isoformat() == "2027-01-01T00:00:00+00:00"
    assert campaign.validity_hours["daily"][0]["start_time"] == "08:00"


def test_changed_tiers_are_read_alone(api, uow):
    campaigns = [make_promotion(api)["id"] for _ in range(2)]
    first, second, third = (make_tier(api, campaigns[n])["id"] for n in (0, 0, 1))
    for wanted, found in (
        ({"tier_ids": [second, "promo_none"]}, {second}),
        ({"campaign_ids": [campaigns[0]]}, {first, second}),
        ({"tier_ids": [first], "campaign_ids": [campaigns[1]]}, {first, third}),
        ({"tier_ids": [], "campaign_ids": []}, set()),
    ):
        assert {row.id for row in load_tiers(uow, **wanted)} == found


def test_stacks_have_their_tiers_in_order(api, uow):
    campaign = make_promotion(api, name="Promo")
    first, second = (make_tier(api, campaign["id"])["id"] for _ in range(2))
    made = make_stack(api, campaign["id"], second, first, name="Both")
    [stack] = load_stacks(uow)
    assert (stack.id, stack.name, stack.tier_ids) == (made["id"], "Both", (second, first))
    assert (stack.campaign_id, stack.campaign_name) == (campaign["id"], "Promo")
    assert stack.category_id is None
    for tier_id in (first, second):
        api.delete(f"/v1/promotions/tiers/{tier_id}").expect(204)
    assert [row.tier_ids for row in load_stacks(uow)] == [()]


def test_disabled_campaigns_keep_their_tiers_and_deleted_ones_do_not(api, uow):
    make_promotion(api, tier(name="off"), name="Off")
    make_promotion(api, tier(name="gone"), name="Gone")
    api.post("/v1/campaigns/Off/disable").expect()
    api.delete("/v1/campaigns/Gone").expect(202)
    assert [(row.name, row.campaign.is_active) for row in load_tiers(uow)] == [("off", False)]


def test_promotions_of_other_projects_are_not_read(uow, connect_api, new_project):
    stranger = connect_api(new_project())
    made = make_promotion(stranger, tier())
    make_stack(stranger, made["id"], made["promotion"]["tiers"][0]["id"])
    assert (load_tiers(uow), load_stacks(uow)) == ([], [])
