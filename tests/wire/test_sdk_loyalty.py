"""Answers about loyalty as the official SDK reads them, and bodies as it writes them."""

from __future__ import annotations

import pytest
import voucherify as sdk

from kupon.testing.builders import make_customer, make_member, make_programme, redeemable

RULES = {"period_type": "MONTH", "period_value": 12, "rounding_type": "END_OF_QUARTER"}


def parsed(model, answer):
    """What the SDK makes of an answer; it raises for what it can't read."""
    return getattr(sdk, model).from_dict(answer)


def written(model, body):
    """What the SDK sends for a body."""
    return getattr(sdk, model).from_dict(body).to_dict()


@pytest.fixture
def programme(api):
    return make_programme(api, name="Club", expiration_rules=RULES)


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada")


@pytest.fixture
def card(api, programme, ada):
    return make_member(api, programme, ada)


def earn_by(api, programme, *rules):
    """Rules as they are answered."""
    body = [written("LoyaltiesEarningRulesCreateRequestBodyItem", rule) for rule in rules]
    answer = api.post(f"/v1/loyalties/{programme['id']}/earning-rules", json=body).expect()
    return [parsed("LoyaltiesEarningRulesCreateResponseBody", rule) for rule in answer]


def pay(api, jobs, amount, **members):
    """Have Ada pay an order, and everything that follows done."""
    body = {"customer": {"source_id": "ada"}, "amount": amount, "status": "PAID", **members}
    order = api.post("/v1/orders", json=body).expect()
    jobs()
    return order


def test_programmes(api):
    body = {
        "name": "Club",
        "type": "AUTO_UPDATE",
        "auto_join": True,
        "voucher": {
            "type": "LOYALTY_CARD",
            "loyalty_card": {"points": 10, "expiration_rules": RULES},
        },
    }
    sent = written("LoyaltiesCreateCampaignRequestBody", body)
    answer = api.post("/v1/loyalties", json=sent).expect()
    made = parsed("LoyaltiesCreateCampaignResponseBody", answer)
    assert (made.campaign_type, made.join_once, made.auto_join) == ("LOYALTY_PROGRAM", True, True)
    assert made.voucher.loyalty_card.points == 10
    assert made.voucher.loyalty_card.expiration_rules.rounding_type == "END_OF_QUARTER"
    terms = {
        "qualification_type": "BALANCE",
        "start_date": {"type": "IMMEDIATE"},
        "expiration_date": {
            "type": "CUSTOM",
            "extend": "P3M",
            "rounding": {"type": "MONTH", "strategy": "END"},
        },
    }
    body = {"description": "Points for all", "loyalty_tiers_expiration": terms}
    sent = written("LoyaltiesUpdateCampaignRequestBody", body)
    answer = api.put("/v1/loyalties/Club", json=sent).expect()
    changed = parsed("LoyaltiesUpdateCampaignResponseBody", answer)
    assert (changed.description, changed.voucher.loyalty_card.points) == ("Points for all", 10)
    assert changed.loyalty_tiers_expiration.expiration_date.extend == "P3M"
    answer = api.get(f"/v1/loyalties/{made.id}").expect()
    assert parsed("LoyaltiesGetCampaignResponseBody", answer).name == "Club"
    listed = parsed("LoyaltiesListCampaignsResponseBody", api.get("/v1/loyalties").expect())
    assert [campaign.id for campaign in listed.campaigns] == [made.id]
    answer = api.delete("/v1/loyalties/Club").expect()
    assert parsed("LoyaltiesDeleteResponseBody", answer).async_action_id


def test_members(api, programme, ada):
    sent = written("LoyaltiesMembersCreateRequestBody", {"customer": {"source_id": "ada"}})
    answer = api.post("/v1/loyalties/Club/members", json=sent).expect()
    member = parsed("LoyaltiesMembersCreateResponseBody", answer)
    assert (member.holder_id, member.campaign_id) == (ada["id"], programme["id"])
    assert (member.type, member.loyalty_card.balance) == ("LOYALTY_CARD", 0)
    listed = parsed(
        "LoyaltiesListMembersResponseBody", api.get("/v1/loyalties/Club/members").expect()
    )
    assert [row.id for row in listed.vouchers] == [member.id]
    for path in ("/v1/loyalties", "/v1/loyalties/Club"):
        answer = api.get(f"{path}/members/{member.code}").expect()
        assert parsed("LoyaltiesMembersGetResponseBody", answer).id == member.id
    found = parsed("VouchersGetResponseBody", api.get(f"/v1/vouchers/{member.code}").expect())
    assert found.loyalty_card.points == 0
    held = parsed("CustomersGetResponseBody", api.get("/v1/customers/ada").expect())
    assert held.loyalty.campaigns["Club"]["points"] == 0


def test_tiers_and_earning_rules(api, programme, card):
    fixed, proportional = earn_by(
        api,
        programme,
        {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 20}},
        {
            "event": "order.paid",
            "loyalty": {
                "type": "PROPORTIONAL",
                "calculation_type": "ORDER_ITEMS_QUANTITY",
                "order_items": {
                    "quantity": {
                        "every": 2,
                        "points": 3,
                        "applicable_to": [{"object": "products_collection", "id": "pc_A"}],
                    }
                },
            },
            "pending_points": {"period_type": "DAY", "period_value": 7},
            "source": {"banner": "Mugs count"},
        },
    )
    assert (fixed.loyalty.points, fixed.active, fixed.source.object_id) == (
        20,
        True,
        programme["id"],
    )
    quantity = proportional.loyalty.order_items.quantity
    assert (quantity.every, quantity.object, quantity.id) == (2, "products_collection", "pc_A")
    assert (proportional.pending_points.period_value, proportional.source.banner) == (
        7,
        "Mugs count",
    )
    path = f"/v1/loyalties/Club/earning-rules/{fixed.id}"
    sent = written(
        "LoyaltiesEarningRulesUpdateRequestBody", {"loyalty": {"type": "FIXED", "points": 30}}
    )
    answer = api.put(path, json=sent).expect()
    assert parsed("LoyaltiesEarningRulesUpdateResponseBody", answer).loyalty.points == 30
    answer = api.post(f"{path}/disable").expect()
    assert parsed("LoyaltiesEarningRulesDisableResponseBody", answer).active is False
    answer = api.post(f"{path}/enable").expect()
    assert parsed("LoyaltiesEarningRulesEnableResponseBody", answer).active is True
    assert parsed("LoyaltiesEarningRulesGetResponseBody", api.get(path).expect()).id == fixed.id
    answer = api.get("/v1/loyalties/Club/earning-rules").expect()
    assert len(parsed("LoyaltiesEarningRulesListResponseBody", answer).data) == 2
    body = [
        {
            "name": name,
            "points": {"from": first, "to": last},
            "earning_rules": {fixed.id: {"type": "MULTIPLY", "multiplier": 2.5}},
        }
        for name, first, last in (("Silver", 0, 499), ("Gold", 500, 999))
    ]
    sent = [written("LoyaltiesTiersCreateInBulkRequestBodyItem", tier) for tier in body]
    answer = api.post("/v1/loyalties/Club/tiers", json=sent).expect()
    silver, gold = (parsed("LoyaltyTier", tier) for tier in answer)
    assert (silver.points.var_from, gold.config.points.to) == (0, 999)
    path = f"/v1/loyalties/Club/tiers/{silver.id}"
    assert parsed("LoyaltiesTiersGetResponseBody", api.get(path).expect()).name == "Silver"
    answer = api.get("/v1/loyalties/Club/tiers").expect()
    listed = parsed("LoyaltiesTiersListResponseBody", answer).data
    assert {tier.id for tier in listed} == {silver.id, gold.id}
    answer = api.get(f"{path}/earning-rules").expect()
    rules = parsed("LoyaltiesTiersEarningRulesListResponseBody", answer).data
    assert {rule.id: rule.loyalty.points for rule in rules if rule.id == fixed.id} == {fixed.id: 75}
    api.post(f"/v1/loyalties/members/{card['code']}/balance", json={"points": 600}).expect()
    answer = api.get(f"/v1/loyalties/members/{card['code']}/tiers").expect()
    held = parsed("LoyaltiesMembersTiersListResponseBody", answer).data
    assert [(tier.name, tier.expiration.customer_id) for tier in held] == [
        ("Gold", card["holder_id"])
    ]
    api.delete(f"/v1/loyalties/Club/earning-rules/{fixed.id}").expect(204)


def test_balances_and_ledgers(api, programme, card):
    member = f"/v1/loyalties/Club/members/{card['code']}"
    body = {"points": 300, "reason": "welcome", "source_id": "s-1"}
    sent = written("LoyaltiesMembersBalanceUpdateRequestBody", body)
    answer = api.post(f"{member}/balance", json=sent).expect()
    balance = parsed("LoyaltiesMembersBalanceUpdateResponseBody", answer)
    assert (balance.points, balance.total, balance.balance) == (300, 300, 300)
    assert (balance.type, balance.related_object.id) == ("loyalty_card", card["id"])
    body = {"points": 50, "expiration_type": "NON_EXPIRING"}
    api.post(f"/v1/loyalties/members/{card['id']}/balance", json=body).expect()
    api.post(f"{member}/balance", json={"points": -100}).expect()
    grace = make_customer(api, source_id="grace")
    other = make_member(api, programme, grace)
    sent = [
        written(
            "LoyaltiesTransferPoints",
            {"code": card["code"], "points": 25, "source_id": "t-1"},
        )
    ]
    answer = api.post(f"/v1/loyalties/Club/members/{other['code']}/transfers", json=sent).expect()
    target = parsed("LoyaltiesMembersTransfersCreateResponseBody", answer)
    assert (target.id, target.loyalty_card.balance) == (other["id"], 25)
    answer = api.get(f"{member}/points-expiration").expect()
    buckets = parsed("LoyaltiesMembersPointsExpirationListResponseBody", answer).data
    assert sorted(row.bucket.total_points for row in buckets) == [50, 175]
    assert [row.object for row in buckets] == ["loyalty_points_bucket"] * 2
    for path in (f"{member}/transactions", f"/v1/loyalties/members/{card['id']}/transactions"):
        answer = api.get(path).expect()
        lines = parsed("LoyaltiesMembersTransactionsListResponseBody", answer).data
        assert sorted(line.details.balance.balance for line in lines) == [225, 250, 300, 350]
        assert sorted(line.type for line in lines) == [
            "POINTS_ADDITION",
            "POINTS_ADDITION",
            "POINTS_REMOVAL",
            "POINTS_TRANSFER_OUT",
        ]
    answer = api.get("/v1/loyalties/Club/transactions").expect()
    lines = parsed("LoyaltiesTransactionsListResponseBody", answer).data
    linked = {line.id: line for line in lines if line.type.startswith("POINTS_TRANSFER")}
    assert len(linked) == 2
    for line in linked.values():
        assert linked[line.related_transaction_id].details.balance.points == (
            -line.details.balance.points
        )
    found = parsed("VouchersGetResponseBody", api.get(f"/v1/vouchers/{card['code']}").expect())
    assert (found.loyalty_card.points, found.loyalty_card.balance) == (350, 225)
    assert found.loyalty_card.next_expiration_points == 175


def test_earning(api, programme, card, jobs):
    earn_by(
        api,
        programme,
        {
            "event": "order.paid",
            "loyalty": {
                "type": "PROPORTIONAL",
                "calculation_type": "ORDER_TOTAL_AMOUNT",
                "order": {"total_amount": {"every": 500, "points": 10}},
            },
        },
    )
    order = pay(api, jobs, 45000, source_id="o-1")
    answer = api.get(f"/v1/loyalties/members/{card['code']}/transactions").expect()
    (line,) = parsed("LoyaltiesMembersTransactionsListResponseBody", answer).data
    assert (line.type, line.details.balance.points, line.details.order.id) == (
        "POINTS_ACCRUAL",
        900,
        order["id"],
    )
    assert line.details.earning_rule.id.startswith("ern_")
    held = parsed("CustomersGetResponseBody", api.get("/v1/customers/ada").expect())
    assert (held.loyalty.points, held.loyalty.campaigns["Club"]["points"]) == (900, 900)
    answer = api.get(f"/v1/loyalties/members/{card['code']}/activity").expect()
    events = parsed("LoyaltiesMemberActivityListResponseBody", answer).data
    assert "customer.rewarded.loyalty_points" in {event.type for event in events}
    body = {"customer": {"source_id": "ada"}, "order": {"amount": 1000}}
    answer = api.post("/v1/loyalties/Club/qualifications", json=body).expect()
    assert answer["points_estimation"] == 20


def test_pending_points(api, programme, card, jobs):
    earn_by(
        api,
        programme,
        {
            "event": "order.paid",
            "loyalty": {"type": "FIXED", "points": 40},
            "pending_points": {"period_type": "DAY", "period_value": 30},
        },
    )
    pay(api, jobs, 1000)
    pay(api, jobs, 2000)
    member = f"/v1/loyalties/members/{card['code']}"
    for path, model in (
        (f"{member}/pending-points", "LoyaltiesMembersPendingPointsListResponseBody"),
        (
            f"/v1/loyalties/Club/members/{card['id']}/pending-points",
            "LoyaltiesMembersPendingPointsListResponseBody",
        ),
        ("/v1/loyalties/Club/pending-points", "LoyaltiesPendingPointsListResponseBody"),
    ):
        entries = parsed(model, api.get(path).expect()).data
        assert [(entry.points, entry.voucher_id) for entry in entries] == [(40, card["id"])] * 2
    first, second = (f"{member}/pending-points/{entry.id}" for entry in entries)
    sent = written("LoyaltiesMembersPendingPointsBalanceRequestBody", {"points": 5})
    answer = api.post(f"{first}/balance", json=sent).expect()
    changed = parsed("LoyaltiesMembersPendingPointsBalanceResponseBody", answer)
    assert (changed.points, changed.total) == (5, 85)
    answer = api.post(f"{first}/activate").expect()
    usable = parsed("LoyaltiesMembersPendingPointsActivateResponseBody", answer)
    assert (usable.points, usable.balance, usable.operation_type) == (45, 45, "MANUAL")
    api.post(f"{second}/cancel").expect(204)
    found = parsed("VouchersGetResponseBody", api.get(f"/v1/vouchers/{card['code']}").expect())
    assert (found.loyalty_card.balance, found.loyalty_card.pending_points) == (45, 0)


@pytest.fixture
def coins(api, programme):
    """A reward for paying with points, 20.00 for 100, as an assignment of the programme."""
    body = {
        "name": "Pay with points",
        "type": "COIN",
        "parameters": {"coin": {"exchange_ratio": 20, "points_ratio": "100"}},
    }
    sent = written("RewardsCreateRequestBody", body)
    reward = parsed("RewardsCreateResponseBody", api.post("/v1/rewards", json=sent).expect())
    return reward.id, _assigned(api, reward.id, None)


def _assigned(api, reward_id, points):
    parameters = {} if points is None else {"parameters": {"loyalty": {"points": points}}}
    sent = [
        written(
            "LoyaltiesRewardsCreateAssignmentItemRequestBody", {"reward": reward_id, **parameters}
        )
    ]
    answer = api.post("/v1/loyalties/Club/rewards", json=sent).expect()
    made = parsed("LoyaltiesRewardsCreateAssignmentResponseBody", answer)
    assert made.reward_id == reward_id
    return made.id


def test_rewards(api, coins, card):
    reward_id, assignment_id = coins
    found = parsed("Reward", api.get(f"/v1/rewards/{reward_id}").expect())
    assert found.parameters.coin.points_ratio == 100
    listed = parsed("RewardsListResponseBody", api.get("/v1/rewards").expect())
    assert [reward.id for reward in listed.data] == [reward_id]
    for path, model in (
        ("rewards", "LoyaltiesRewardsListAssignmentsResponseBody"),
        ("reward-assignments", "LoyaltiesRewardAssignmentsListResponseBody"),
    ):
        answer = api.get(f"/v1/loyalties/Club/{path}").expect()
        assert [row.id for row in parsed(model, answer).data] == [assignment_id]
    answer = api.get(f"/v1/loyalties/Club/rewards/{assignment_id}").expect()
    assert parsed("LoyaltiesRewardsGetResponseBody", answer).reward_id == reward_id
    path = f"/v1/loyalties/Club/reward-assignments/{assignment_id}"
    answer = api.get(path).expect()
    assert parsed("LoyaltiesRewardAssignmentsGetResponseBody", answer).reward_id == reward_id
    answer = api.get(f"{path}/reward").expect()
    assert parsed("LoyaltiesRewardAssignmentsRewardGetResponseBody", answer).id == reward_id
    answer = api.get(f"/v1/loyalties/members/{card['code']}/rewards").expect()
    offered = parsed("LoyaltiesMembersRewardsListResponseBody", answer).data
    assert [offer.reward.id for offer in offered] == [reward_id]


def test_paying_with_points(api, coins, card):
    reward_id, _ = coins
    member = f"/v1/loyalties/members/{card['code']}"
    api.post(f"{member}/balance", json={"points": 500}).expect()
    body = {"reward": {"id": reward_id, "points": 100}, "order": {"amount": 45000}}
    sent = written("LoyaltiesMembersRedemptionRedeemRequestBody", body)
    answer = api.post(f"{member}/redemption", json=sent).expect()
    done = parsed("LoyaltiesMembersRedemptionRedeemResponseBody", answer)
    assert (done.result, done.amount, done.order.total_amount) == ("SUCCESS", 100, 43000)
    assert done.reward.id == reward_id
    assert done.voucher.loyalty_card.balance == 400
    assert done.voucher.loyalty_card.next_expiration_points == 400
    answer = api.post(f"/v1/redemptions/{done.id}/rollback").expect()
    undone = parsed("RedemptionsRollbackCreateResponseBody", answer)
    assert (undone.result, undone.amount) == ("SUCCESS", -100)
    found = parsed("VouchersGetResponseBody", api.get(f"/v1/vouchers/{card['code']}").expect())
    assert (found.loyalty_card.balance, found.loyalty_card.points) == (500, 500)


def test_points_in_a_cart(api, coins, card):
    reward_id, _ = coins
    api.post(f"/v1/loyalties/members/{card['code']}/balance", json={"points": 500}).expect()
    body = {
        "redeemables": [redeemable(card["code"], reward={"id": reward_id, "points": 200})],
        "order": {"amount": 4500},
        "customer": {"source_id": "ada"},
    }
    sent = written("ValidationsValidateRequestBody", body)
    checked = parsed(
        "ValidationsValidateResponseBody", api.post("/v1/validations", json=sent).expect()
    )
    assert checked.redeemables[0].result.loyalty_card.points == 200
    assert checked.order.total_amount == 500
    sent = written("RedemptionsRedeemRequestBody", body)
    answer = api.post("/v1/redemptions", json=sent).expect()
    done = parsed("RedemptionsRedeemResponseBody", answer).redemptions[0]
    assert (done.amount, done.loyalty_card.points) == (200, 200)
    found = parsed("VouchersGetResponseBody", api.get(f"/v1/vouchers/{card['code']}").expect())
    assert found.loyalty_card.balance == 300
