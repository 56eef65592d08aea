"""What is offered at all: whose codes, which tiers and campaigns, when, how often."""

from __future__ import annotations

import pytest

from kupon.features.management import service as management
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    amount_off,
    assigned_to,
    cart,
    make_campaign,
    make_customer,
    make_promotion,
    make_publication,
    make_stack,
    make_tier,
    make_voucher,
    percent_off,
    promotion_tier,
    redeemable,
    tier,
)
from kupon.testing.plugin import ProjectKeys

TEN = {"order": {"amount": 1000}}
ADA = {"customer": {"source_id": "ada"}}
# A Monday.
NOON = "2026-03-02T12:00:00+00:00"


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada")


@pytest.fixture
def bob(api):
    return make_customer(api, source_id="bob")


def ids_of(promotion):
    return [each["id"] for each in promotion["promotion"]["tiers"]]


def only_tier(api, **members):
    limits = {name: members.pop(name) for name in list(members) if name.startswith("campaign_")}
    own = {name.removeprefix("campaign_"): value for name, value in limits.items()}
    return ids_of(make_promotion(api, tier(**members), **own))[0]


def test_codes_without_campaign_are_for_everybody(api, qualifying, hold, ada, bob):
    make_voucher(api, "FREE")
    hold(ada, "ADAS")
    assert qualifying(**TEN) == ["ADAS", "FREE"]
    assert qualifying(**TEN, customer={"source_id": "bob"}) == ["ADAS", "FREE"]
    assert qualifying(**TEN, **ADA) == ["ADAS", "FREE"]
    assert qualifying("CUSTOMER_WALLET", **TEN, **ADA) == ["ADAS"]
    assert qualifying("CUSTOMER_WALLET", **TEN, customer={"source_id": "bob"}) == []


def test_codes_of_a_pool_are_their_holders(api, qualifying, hold, ada, bob, redeem):
    campaign = make_campaign(api)["id"]
    api.post(f"/v1/campaigns/{campaign}/vouchers/USED").expect()
    redeem("USED", order={"amount": 100})
    hold(ada, "ADAS", campaign)
    assert qualifying(**TEN, **ADA) == ["ADAS", campaign]
    for who in ({}, {"customer": {"source_id": "bob"}}, {"customer": {"name": "Ada"}}):
        assert qualifying(**TEN, **who) == [campaign]


def test_the_code_of_a_standalone_campaign_is_for_everybody(api, qualifying, ada):
    made = make_campaign(api, type="STANDALONE", voucher={"code": "ONE"})
    assert qualifying(**TEN) == ["ONE"]
    make_publication(api, ada, voucher="ONE")
    assert qualifying(**TEN, **ADA) == ["ONE"]
    assert qualifying("CUSTOMER_WALLET", **TEN, **ADA) == ["ONE"]
    api.post(f"/v1/campaigns/{made['id']}/disable").expect()
    assert qualifying(**TEN, **ADA) == []


def test_campaigns_are_offered_while_they_have_a_code_to_give(api, qualifying, hold, ada):
    pool = make_campaign(api, name="Pool")["id"]
    assert qualifying(**TEN) == []
    free = api.post("/v1/campaigns/Pool/vouchers/FREE").expect()
    assert qualifying(**TEN) == [pool]
    api.post("/v1/vouchers/FREE/disable").expect()
    assert qualifying(**TEN) == []
    api.post("/v1/vouchers/FREE/enable").expect()
    api.delete(f"/v1/vouchers/{free['id']}").expect(204)
    assert qualifying(**TEN) == []
    hold(ada, "HELD", pool)
    assert qualifying(**TEN) == []
    growing = make_campaign(api, name="Growing", type="AUTO_UPDATE")["id"]
    assert qualifying(**TEN) == [growing]


def test_campaigns_must_be_on_and_in_time(api, qualifying, move_time):
    move_time.freeze(NOON)
    limits = {
        "Later": {"start_date": "2026-03-02T12:00:01Z"},
        "Over": {"expiration_date": "2026-03-02T11:59:59Z"},
        "Sundays": {"validity_day_of_week": [0]},
        "Mondays": {"validity_day_of_week": [1]},
        "Now": {"start_date": NOON, "expiration_date": NOON},
        "Off": {},
    }
    ids = {
        make_campaign(api, name=name, type="AUTO_UPDATE", **limit)["id"]: name
        for name, limit in limits.items()
    }
    api.post("/v1/campaigns/Off/disable").expect()
    assert sorted(ids[id] for id in qualifying(**TEN)) == ["Mondays", "Now"]


def test_a_deleted_campaign_is_gone_with_its_codes(api, qualifying, hold, jobs, ada):
    pool = make_campaign(api, type="AUTO_UPDATE")["id"]
    hold(ada, "HELD", pool)
    assert qualifying(**TEN, **ADA) == ["HELD", pool]
    api.delete(f"/v1/campaigns/{pool}").expect(202)
    assert qualifying(**TEN, **ADA) == []
    jobs.run()
    assert qualifying(**TEN, **ADA) == []


@pytest.mark.parametrize(
    "limits",
    [
        {"active": False},
        {"start_date": "2026-03-02T12:00:01Z"},
        {"expiration_date": "2026-03-02T11:59:59Z"},
        {"validity_day_of_week": [0, 2, 3, 4, 5, 6]},
        {"validity_hours": {"daily": [{"start_time": "13:00", "expiration_time": "15:00"}]}},
        {
            "start_date": "2026-03-01T00:00:00Z",
            "validity_timeframe": {"interval": "P1D", "duration": "PT1H"},
        },
    ],
)
def test_what_is_off_or_out_of_time_is_not_offered(api, qualifying, hold, move_time, ada, limits):
    move_time.freeze(NOON)
    make_voucher(api, "FREE", **limits)
    hold(ada, "HELD")
    api.put("/v1/vouchers/HELD", json=limits).expect()
    only_tier(api, **limits)
    if "active" not in limits:
        only_tier(api, **{f"campaign_{name}": limit for name, limit in limits.items()})
    assert qualifying(**TEN, **ADA) == []
    assert qualifying("AUDIENCE_ONLY", **ADA) == []


def test_time_goes_by(api, qualifying, move_time):
    """A tier comes and goes on time, though nothing is written when it does."""
    move_time.freeze(NOON)
    dates = {"start_date": "2026-03-02T13:00:00Z", "expiration_date": "2026-03-02T14:00:00Z"}
    own = only_tier(api, **dates)
    of_campaign = only_tier(api, **{f"campaign_{name}": date for name, date in dates.items()})
    make_voucher(api, "CODE", **dates)
    all_three = sorted(["CODE", own, of_campaign])
    expected = {
        "12:00:00": [],
        "12:59:59": [],
        "13:00:00": all_three,
        "14:00:00": all_three,
        "14:00:01": [],
    }
    for moment, found in expected.items():
        move_time.freeze(f"2026-03-02T{moment}+00:00")
        assert sorted(qualifying(**TEN)) == found, moment


def test_disabled_campaigns_take_their_tiers_along(api, qualifying):
    promotion = make_promotion(api, tier(), tier(), name="Promo")
    assert sorted(qualifying(**TEN)) == sorted(ids_of(promotion))
    api.post("/v1/campaigns/Promo/disable").expect()
    assert qualifying(**TEN) == []
    api.post("/v1/campaigns/Promo/enable").expect()
    assert sorted(qualifying(**TEN)) == sorted(ids_of(promotion))
    api.post(f"/v1/promotions/tiers/{ids_of(promotion)[0]}/disable").expect()
    assert qualifying(**TEN) == ids_of(promotion)[1:]
    api.delete("/v1/campaigns/Promo").expect(202)
    assert qualifying(**TEN) == []


def test_used_up_codes_are_not_offered(api, qualifying, hold, redeem, ada):
    make_voucher(api, "TWICE", redemption={"quantity": 2})
    hold(ada, "ONCE", redemption={"quantity": 1})
    assert qualifying(**TEN, **ADA) == ["ONCE", "TWICE"]
    used = redeem("ONCE", order={"amount": 100})
    redeem("TWICE", order={"amount": 100})
    assert qualifying(**TEN, **ADA) == ["TWICE"]
    redeem("TWICE", order={"amount": 100})
    assert qualifying(**TEN, **ADA) == []
    api.post(f"/v1/redemptions/{used['redemptions'][0]['id']}/rollback").expect()
    assert qualifying(**TEN, **ADA) == ["ONCE"]


def test_codes_that_a_session_holds_are_not_offered(api, qualifying, validate, move_time):
    move_time.freeze(NOON)
    make_voucher(api, "ONCE", redemption={"quantity": 1})
    lock = {"type": "LOCK", "key": "cart", "ttl": 1, "ttl_unit": "HOURS"}
    validate("ONCE", order={"amount": 100}, session=lock)
    assert qualifying(**TEN) == []
    move_time(hours=1)
    assert qualifying(**TEN) == ["ONCE"]


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_counters_that_are_full_stand_in_the_way(api, qualifying, redeem, rule, move_time, period):
    move_time.freeze(NOON)
    twice = rule({"name": f"redemption.count.{period}", "conditions": {"$less_than_or_equal": [2]}})
    make_voucher(api, "CODE", validation_rules=[twice])
    tier_id = only_tier(api, validation_rules=[twice])
    promotion = api.get(f"/v1/promotions/tiers/{tier_id}").expect()["campaign"]["id"]
    stack = make_stack(api, promotion, tier_id)["id"]
    for _ in range(2):
        assert sorted(qualifying(**TEN)) == sorted(["CODE", tier_id])
        assert qualifying("PROMOTION_STACKS", **TEN) == [stack]
        redeem("CODE", order={"amount": 100})
        last = redeem(promotion_tier(tier_id), order={"amount": 100})
    assert qualifying(**TEN) == []
    assert qualifying("PROMOTION_STACKS", **TEN) == []
    # What is not asked is not counted either.
    assert sorted(qualifying("AUDIENCE_ONLY", **TEN)) == sorted(["CODE", tier_id])
    api.post(f"/v1/redemptions/{last['redemptions'][0]['id']}/rollback").expect()
    assert qualifying(**TEN) == [tier_id]
    move_time(days={"daily": 1, "weekly": 7, "monthly": 31}[period])
    assert sorted(qualifying(**TEN)) == sorted(["CODE", tier_id])


def test_budgets_of_orders_count_what_is_asked_about(api, qualifying, redeem, rule):
    budget = rule({"name": "campaign.orders.amount", "conditions": {"$less_than_or_equal": [1500]}})
    make_voucher(api, "CODE", validation_rules=[budget])
    redeem("CODE", order={"amount": 600})
    assert qualifying(order={"amount": 900}) == ["CODE"]
    assert qualifying(order={"amount": 901}) == []


def test_each_is_looked_at_on_its_own(api, ask):
    """Limits of stacking neither shorten the list nor change amounts."""
    for name in "ABCDEF":
        make_voucher(api, name, discount=amount_off(300))
    page = ask(order={"amount": 500})
    assert [row["id"] for row in page["data"]] == list("FEDCBA")
    assert {row["order"]["total_discount_amount"] for row in page["data"]} == {300}


def test_a_stack_is_all_of_its_tiers_one_after_the_other(api, ask):
    promotion = make_promotion(
        api, tier(discount=percent_off(10)), tier(discount=amount_off(100)), name="Promo"
    )
    first, second = ids_of(promotion)
    stack = make_stack(api, promotion["id"], second, first, name="Both")
    (row,) = ask("PROMOTION_STACKS", order={"amount": 1000})["data"]
    assert (row["id"], row["object"], row["validation_status"]) == (
        stack["id"],
        "promotion_stack",
        "VALID",
    )
    assert row["created_at"] == stack["created_at"]
    assert row["order"]["total_discount_amount"] == 190
    assert row["order"]["total_applied_discount_amount"] == 190
    assert "result" not in row
    parts = [(part["id"], part["order"]["applied_discount_amount"]) for part in row["redeemables"]]
    assert parts == [(second, 100), (first, 90)]
    assert row["redeemables"][0]["result"]["discount"]["amount_off"] == 100


def test_a_stack_qualifies_only_as_a_whole(api, qualifying, rule):
    rich = rule({"name": "order.initial_amount", "conditions": {"$more_than": [500]}})
    left = rule({"name": "order.total_amount", "conditions": {"$more_than_or_equal": [850]}})
    promotion = make_promotion(
        api,
        tier(discount=percent_off(10), validation_rules=[rich]),
        tier(discount=amount_off(100), validation_rules=[left]),
        name="Promo",
    )
    first, second = ids_of(promotion)
    both = make_stack(api, promotion["id"], first, second)["id"]
    alone = make_stack(api, promotion["id"], first)["id"]
    assert qualifying("PROMOTION_STACKS", order={"amount": 500}) == []
    assert qualifying("PROMOTION_STACKS", order={"amount": 1000}) == [alone]
    assert qualifying("PROMOTION_STACKS", order={"amount": 2000}) == [alone, both]
    api.post(f"/v1/promotions/tiers/{second}/disable").expect()
    assert qualifying("PROMOTION_STACKS", order={"amount": 2000}) == [alone]
    api.delete(f"/v1/promotions/tiers/{first}").expect(204)
    assert qualifying("PROMOTION_STACKS", order={"amount": 2000}) == []


def test_tiers_of_a_stack_count_for_each_other(api, qualifying, rule):
    budget = rule({"name": "campaign.orders.amount", "conditions": {"$less_than_or_equal": [1500]}})
    promotion = make_promotion(api, tier(), tier(), name="Promo", validation_rules=[budget])
    stack = make_stack(api, promotion["id"], *ids_of(promotion))["id"]
    assert qualifying("PROMOTION_STACKS", order={"amount": 750}) == [stack]
    assert qualifying("PROMOTION_STACKS", order={"amount": 751}) == []
    assert len(qualifying(order={"amount": 751})) == 2


def test_what_qualifies_can_be_used(api, ask, hold, rule, validate, ada):
    """Whatever is certain is also what a validation says."""
    hold(ada, "HELD")
    make_voucher(api, "FREE")
    promotion = make_promotion(api, tier(), name="Promo")
    make_tier(api, promotion["id"], discount=amount_off(50))
    order = cart((2, 300), (1, 400))
    for row in ask(order=order, **ADA)["data"]:
        named = row["id"] if row["object"] == "voucher" else promotion_tier(row["id"])
        named = redeemable(named) if isinstance(named, str) else named
        validation = validate(named, order=order, **ADA)
        assert validation["valid"]
        assert validation["redeemables"][0]["result"] == row["result"]
        names = ("total_discount_amount", "total_amount", "total_applied_discount_amount")
        assert {n: validation["order"][n] for n in names} == {n: row["order"][n] for n in names}


def test_other_projects_are_not_looked_at(api, qualifying, connect_api, new_project):
    stranger = connect_api(new_project())
    make_voucher(stranger, "THEIRS")
    make_promotion(stranger, tier())
    make_campaign(stranger, type="AUTO_UPDATE")
    assert qualifying(**TEN) == []


def test_restricted_keys_see_the_campaigns_of_their_places(
    api, engine, project, connect_api, ada, hold
):
    """Codes without campaign are nobody's who is restricted (section 20)."""
    area = api.post("/v1/areas", json={"name": "France"}).expect()["id"]
    with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
        key = management.add_restricted_key(uow, project.id, "Till 1", {"areas_ids": [area]})
        uow.commit()
    till = connect_api(ProjectKeys(project.id, project.credentials | key))
    make_voucher(api, "FREE")
    expected = set()
    for places in (assigned_to(areas=[area]), {}):
        pool = make_campaign(api, type="AUTO_UPDATE", **places)["id"]
        code = f"HELD{len(expected)}"
        hold(ada, code, pool)
        promotion = make_promotion(api, tier(), **places)
        stack = make_stack(api, promotion["id"], *ids_of(promotion))["id"]
        if places:
            expected = {pool, code, *ids_of(promotion)}
            stacks = {stack}
    for scenario, found in (("ALL", expected), ("PROMOTION_STACKS", stacks)):
        body = {"scenario": scenario, **ADA, **TEN, "options": {"limit": 50}}
        data = till.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
        assert {row["id"] for row in data} == found
    everything = api.post("/v1/qualifications", json={**ADA, **TEN, "options": {"limit": 50}})
    assert everything.expect()["redeemables"]["total"] == 2 * len(expected) + 1
