"""Every event that a project can subscribe to: what causes it, and what it carries."""

from __future__ import annotations

from datetime import date

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.features.vouchers import service as vouchers
from kupon.jobs.exact import exact
from kupon.kit.event_types import PUBLIC
from kupon.runtime import clock
from kupon.storage.points import lock_cards
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    amount_off,
    assign_reward,
    cart,
    make_campaign,
    make_customer,
    make_gift_card,
    make_material_reward,
    make_member,
    make_programme,
    make_promotion,
    make_publication,
    make_referral_campaign,
    make_rule,
    make_stack,
    make_tier,
    make_voucher,
    redeemable,
    tier,
)

FIXED = {"type": "FIXED", "points": 100}
MONTHLY = {"period_type": "MONTH", "period_value": 1}

_PENDING = {"customer", "campaign", "voucher", "order", "pending_points"}
_LINE = {"transaction", "voucher", "campaign", "holder", "balance", "order", "redemption"}

# Members that must be there, by type. Source: spec events-webhooks-data, section 4.
MEMBERS = {
    "business_validation_rule.assignment.created": {"rule", "assignment", "campaign"},
    "business_validation_rule.assignment.deleted": {"rule", "assignment", "campaign"},
    "business_validation_rule.created": {"rule", "created_at"},
    "business_validation_rule.deleted": {"rule", "deleted_at"},
    "business_validation_rule.updated": {"rule", "updated_at"},
    "campaign.created": {"campaign", "created_at"},
    "campaign.deleted": {"campaign", "deleted_at"},
    "campaign.disabled": {"campaign"},
    "campaign.earning_rule.assigned": {"campaign", "earning_rule"},
    "campaign.earning_rule.deleted": {"campaign", "earning_rule"},
    "campaign.earning_rule.disabled": {"campaign", "earning_rule"},
    "campaign.earning_rule.enabled": {"campaign", "earning_rule"},
    "campaign.earning_rule.updated": {"campaign", "earning_rule"},
    "campaign.enabled": {"campaign"},
    "campaign.loyalty_tier.created": {"campaign", "loyalty_tier"},
    "campaign.loyalty_tier.deleted": {"campaign", "loyalty_tier"},
    "campaign.loyalty_tier.updated": {"campaign", "loyalty_tier"},
    "campaign.promotion_stack.created": {"campaign", "promotion_stack"},
    "campaign.promotion_stack.updated": {"campaign", "promotion_stack"},
    "campaign.promotion_tier.created": {"campaign", "promotion_tier"},
    "campaign.promotion_tier.deleted": {"campaign", "promotion_tier"},
    "campaign.promotion_tier.disabled": {"campaign", "promotion_tier"},
    "campaign.promotion_tier.enabled": {"campaign", "promotion_tier"},
    "campaign.promotion_tier.updated": {"campaign", "promotion_tier"},
    "campaign.referral_tier.created": {"campaign", "referral_tier"},
    "campaign.referral_tier.deleted": {"campaign", "referral_tier"},
    "campaign.referral_tier.updated": {"campaign", "referral_tier"},
    "campaign.reward.assignment.created": {"campaign", "reward", "reward_assignment"},
    "campaign.reward.assignment.deleted": {"campaign", "reward", "reward_assignment"},
    "campaign.reward.assignment.updated": {"campaign", "reward", "reward_assignment"},
    "campaign.updated": {"campaign"},
    "campaign.vouchers.added": {"campaign", "count"},
    "campaign.vouchers.generation.completed": {"campaign", "count", "completed_at"},
    "campaign.vouchers.generation.failed": {"campaign", "count", "failed_at", "reason"},
    "campaign.vouchers.generation.started": {"campaign", "count", "started_at"},
    "customer.confirmed": {"customer", "unconfirmed_customer"},
    "customer.created": {"customer"},
    "customer.deleted": {"customer"},
    "customer.rewarded": {"customer", "campaign", "reward", "voucher"},
    "customer.rewarded.loyalty_points": {
        "customer",
        "holder",
        "voucher",
        "campaign",
        "earning_rule",
        "balance",
        "order",
        "event",
    },
    "customer.updated": {"customer"},
    "publication.succeeded": {"customer", "publication", "voucher"},
    "redemption.failed": {"customer", "redemption", "created_at"},
    "redemption.rollback.failed": {"customer", "redemption", "redemption_rollback"},
    "redemption.rollback.succeeded": {"customer", "voucher", "redemption", "redemption_rollback"},
    "redemption.succeeded": {"customer", "voucher", "redemption", "created_at"},
    "voucher.created": {"voucher"},
    "voucher.deleted": {"voucher"},
    "voucher.disabled": {"voucher"},
    "voucher.enabled": {"voucher"},
    "voucher.gift.balance_added": {"voucher", "balance", "transaction"},
    "voucher.gift.transaction.created": _LINE | {"rollback"},
    "voucher.loyalty_card.pending_points.activated": _PENDING | {"balance", "transaction"},
    "voucher.loyalty_card.pending_points.added": _PENDING | {"voucher_pending_points_balance"},
    "voucher.loyalty_card.pending_points.canceled": _PENDING | {"voucher_pending_points_balance"},
    "voucher.loyalty_card.pending_points.updated": _PENDING | {"voucher_pending_points_balance"},
    "voucher.loyalty_card.points_added": {
        "voucher",
        "balance",
        "campaign",
        "customer",
        "transaction",
    },
    "voucher.loyalty_card.points_expired": {
        "voucher",
        "points",
        "campaign",
        "customer",
        "buckets",
        "transaction",
    },
    "voucher.loyalty_card.transaction.created": _LINE
    | {
        "rollback",
        "holder_loyalty_tier",
        "event",
        "earning_rule",
        "segment",
        "loyalty_tier",
        "reward",
        "custom_event",
        "source_voucher",
        "destination_voucher",
    },
    "voucher.published": {"customer", "publication", "voucher", "created_at"},
    "voucher.updated": {"voucher"},
}


def test_every_type_is_looked_at():
    assert MEMBERS.keys() == PUBLIC


@pytest.fixture
def tell(subscribe, receiver, jobs):
    """Call it for what was told since, by type; every type has its members."""
    subscribe("*")

    def collect(*types):
        jobs()
        told = {}
        for body in receiver.told:
            assert MEMBERS[body["type"]] <= body["data"].keys(), body["type"]
            assert body["event"]["type"] == body["type"]
            told.setdefault(body["type"], []).append(body)
        receiver.log.clear()
        assert set(types) <= told.keys(), set(types) - told.keys()
        return told

    return collect


@pytest.fixture
def ada(api):
    """A customer."""
    return make_customer(api, source_id="ada")


def test_customers(api, ada, tell):
    api.put("/v1/customers/ada", json={"phone": "1"}).expect()
    api.delete("/v1/customers/ada").expect(204)
    told = tell("customer.updated", "customer.deleted")
    [body] = told["customer.deleted"]
    assert body["event"]["entity_id"] == ada["id"] == body["data"]["customer"]["id"]


def test_customers_who_turn_out_to_be_one(api, ada, tell, management_api, project, app):
    known = make_customer(api, source_id="known")
    order = {"customer": {"id": ada["id"]}, "amount": 100, "status": "PAID"}
    api.post("/v1/orders", json=order).expect()

    def manage(method, path, **options):
        send = getattr(management_api, method)
        return send(f"/management/v1/projects/{project.id}{path}", **options).expect()

    with run_platform() as platform:
        segment = connect(platform, manage)
        settings = segment.get()["settings"] | {"merges_aliases": True}
        segment.put(json={"settings": settings})
        call = {"type": "alias", "messageId": "m-1", "previousId": "ada", "userId": "known"}
        request = platform.webhook(call)
        address = f"{segment.get()['address']}/webhook"
        app.test_client().post(address, data=request.body, headers=request.headers)
        [body] = tell("customer.confirmed")["customer.confirmed"]
    assert body["event"]["entity_id"] == known["id"]
    assert body["data"]["unconfirmed_customer"] == {"id": ada["id"]}
    assert body["data"]["customer"]["id"] == known["id"]
    assert body["data"]["customer"]["summary"]["orders"]["total_count"] == 1


def test_a_pattern_without_free_codes(api, tell):
    voucher = {"code_config": {"pattern": "Q##", "charset": "AB"}}
    for _ in range(2):
        make_campaign(api, voucher=voucher, vouchers_count=3)
    [body] = tell("campaign.vouchers.generation.failed")["campaign.vouchers.generation.failed"]
    assert body["data"]["count"] == 1


def test_codes(api, ada, tell):
    campaign = make_campaign(api, discount=amount_off(100))
    path = f"/v1/campaigns/{campaign['id']}/vouchers"
    api.post(f"{path}/ONE", json={}).expect()
    api.post(path, query={"vouchers_count": 2}, json={}).expect(202)
    make_voucher(api, "OWN", discount=amount_off(100))
    tell("campaign.vouchers.added", "voucher.created")
    api.put("/v1/vouchers/ONE", json={"additional_info": "new"}).expect()
    for verb in ("disable", "enable"):
        api.post(f"/v1/vouchers/ONE/{verb}").expect()
    publication = make_publication(api, ada, campaign={"name": campaign["name"], "count": 2})
    api.delete("/v1/vouchers/OWN").expect(204)
    told = tell("voucher.updated", "voucher.enabled", "voucher.disabled", "voucher.deleted")
    for type in ("publication.succeeded", "voucher.published"):
        ids = {each["data"]["publication"]["id"] for each in told[type]}
        codes = {each["data"]["voucher"]["id"] for each in told[type]}
        assert ids == {publication["id"]}
        assert codes == set(publication["vouchers_id"])
        assert {each["data"]["campaign"]["id"] for each in told[type]} == {campaign["id"]}
    entities = {each["event"]["entity_id"] for each in told["voucher.published"]}
    assert entities == set(publication["vouchers_id"])
    assert told["publication.succeeded"][0]["event"]["entity_id"] == publication["id"]


def test_redemptions(api, ada, give, redeem, tell):
    campaign = make_campaign(api, discount=amount_off(100))
    api.post(f"/v1/campaigns/{campaign['id']}/vouchers/OFF", json={}).expect()
    give("OFF", ada)
    answer = redeem("OFF", order=cart((1, 1000)), customer={"id": ada["id"]})
    made = answer["redemptions"][0]["id"]
    rollback = api.post(f"/v1/redemptions/{made}/rollback", json={}).expect()
    api.post(f"/v1/redemptions/{made}/rollback", json={}).refused(400, "already_rolled_back")
    make_voucher(api, "OLD", active=False)
    body = {"redeemables": [redeemable("OLD")], "customer": {"id": ada["id"]}}
    api.post("/v1/redemptions", json=body).refused(400, "voucher_disabled")
    told = tell("redemption.failed", "redemption.rollback.failed")
    [one] = told["redemption.succeeded"]
    assert one["event"]["entity_id"] == made
    assert one["data"]["redemption"]["status"] == "SUCCEEDED"
    assert one["data"]["holder"]["id"] == ada["id"]
    assert one["data"]["order"]["total_amount"] == 900
    assert one["data"]["campaign"]["id"] == campaign["id"]
    [back] = told["redemption.rollback.succeeded"]
    assert back["event"]["entity_id"] == rollback["id"]
    assert back["data"]["redemption"]["status"] == "ROLLED BACK"
    assert back["data"]["redemption_rollback"]["redemption"] == made


def test_gift_cards(api, ada, give, redeem, tell):
    make_gift_card(api, "GIFT", 1000)
    give("GIFT", ada)
    api.post("/v1/vouchers/GIFT/balance", json={"amount": 500}).expect()
    using = redeemable("GIFT", gift={"credits": 300})
    answer = redeem(using, order=cart((1, 300)), customer={"id": ada["id"]})
    redemption = answer["redemptions"][0]["id"]
    rollback = api.post(f"/v1/redemptions/{redemption}/rollback", json={}).expect()
    told = tell("voucher.gift.balance_added")
    added, paid, refunded = (each["data"] for each in told["voucher.gift.transaction.created"])
    assert [each["transaction"]["type"] for each in (added, paid, refunded)] == [
        "CREDITS_ADDITION",
        "CREDITS_REDEMPTION",
        "CREDITS_REFUND",
    ]
    assert (added["order"], added["redemption"], added["rollback"]) == (None, None, None)
    assert added["holder"]["id"] == ada["id"]
    assert paid["redemption"]["id"] == redemption
    assert paid["order"]["amount"] == 300
    assert refunded["rollback"]["id"] == rollback["id"]
    assert set(added["voucher"]["gift"]) <= {"amount", "balance", "effect"}


def test_campaigns(api, tell):
    campaign = make_campaign(api, vouchers_count=2)
    told = tell("campaign.created", "campaign.vouchers.generation.completed")
    assert "voucher.created" not in told
    [made] = told["campaign.created"]
    path = f"/v1/campaigns/{campaign['id']}"
    api.put(path, json={"description": "new"}).expect()
    for verb in ("disable", "enable"):
        api.post(f"{path}/{verb}").expect()
    rule = make_rule(api)
    path = f"/v1/validation-rules/{rule['id']}"
    related = {"related_object_type": "campaign", "related_object_id": campaign["id"]}
    assignment = api.post(f"{path}/assignments", json=related).expect()
    api.delete(f"{path}/assignments/{assignment['id']}").expect(204)
    api.put(path, json={"name": "new"}).expect()
    api.delete(path).expect(204)
    api.delete(f"/v1/campaigns/{campaign['id']}").expect(202)
    told = tell(
        "campaign.updated",
        "campaign.enabled",
        "campaign.disabled",
        "campaign.deleted",
        "business_validation_rule.created",
        "business_validation_rule.updated",
        "business_validation_rule.deleted",
        "business_validation_rule.assignment.created",
        "business_validation_rule.assignment.deleted",
    )
    assert made["event"]["entity_id"] == campaign["id"]
    config = made["data"]["campaign"]["voucher"]["code_config"]
    assert {"length", "prefix", "postfix", "charset", "pattern"} <= config.keys()
    assert told["business_validation_rule.created"][0]["event"]["entity_id"] == rule["id"]


def test_promotions(api, tell):
    campaign = make_promotion(api, tier())
    added = make_tier(api, campaign["id"])
    path = f"/v1/promotions/tiers/{added['id']}"
    api.put(path, json={"banner": "new"}).expect()
    for verb in ("disable", "enable"):
        api.post(f"{path}/{verb}").expect()
    stack = make_stack(api, campaign["id"], added["id"])
    path = f"/v1/promotions/{campaign['id']}/stacks/{stack['id']}"
    api.put(path, json={"name": "new"}).expect()
    api.delete(path).expect(204)
    api.delete(f"/v1/promotions/tiers/{added['id']}").expect(204)
    told = tell(
        "campaign.promotion_tier.created",
        "campaign.promotion_tier.updated",
        "campaign.promotion_tier.enabled",
        "campaign.promotion_tier.disabled",
        "campaign.promotion_tier.deleted",
        "campaign.promotion_stack.created",
        "campaign.promotion_stack.updated",
    )
    for type, bodies in told.items():
        if type.startswith("campaign.promotion_"):
            assert {each["event"]["entity_id"] for each in bodies} == {campaign["id"]}


def test_referrals(api, ada, redeem, tell):
    campaign = make_referral_campaign(api)
    programme = make_programme(api)
    card = make_member(api, programme, ada)
    reward = make_material_reward(api, 5)
    path = f"/v1/referrals/{campaign['id']}/tiers"
    body = {"criterion": "EACH", "threshold": 1, "reward_id": reward["id"]}
    made = api.post(path, json=body).expect()
    api.put(f"{path}/{made['id']}", json={"banner": "new"}).expect()
    code = make_publication(api, ada, campaign={"name": campaign["name"]})["voucher"]["code"]
    redeem(code, order=cart((1, 1000)), customer={"source_id": "bob"})
    told = tell("campaign.referral_tier.created", "campaign.referral_tier.updated")
    [rewarded] = told["customer.rewarded"]
    assert rewarded["event"]["entity_id"] == ada["id"] != card["id"]
    api.delete(f"{path}/{made['id']}").expect(204)
    tell("campaign.referral_tier.deleted")


def test_definitions_of_programmes(api, tell):
    programme = make_programme(api)
    path = f"/v1/loyalties/{programme['id']}"
    [rule] = api.post(
        f"{path}/earning-rules", json=[{"event": "order.paid", "loyalty": FIXED}]
    ).expect()
    one = f"{path}/earning-rules/{rule['id']}"
    api.put(one, json={"metadata": {"a": 1}}).expect()
    for verb in ("disable", "enable"):
        api.post(f"{one}/{verb}").expect()
    api.delete(one).expect(204)
    body = {"name": "Low", "points": {"from": 0, "to": 99}}
    [low] = api.post(f"{path}/tiers", json=[body]).expect()
    api.put(f"{path}/tiers/{low['id']}", json={"name": "Lower"}).expect()
    api.delete(f"{path}/tiers/{low['id']}").expect(204)
    reward = make_material_reward(api, 5)
    assigned = assign_reward(api, reward, programme, 10)
    one = f"/v1/rewards/{reward['id']}/assignments/{assigned['id']}"
    api.put(one, json={"parameters": {"loyalty": {"points": 20}}}).expect()
    api.delete(one).expect(204)
    tell(*(type for type in MEMBERS if type.startswith(("campaign.earning_rule", "campaign.loy"))))


def test_points(api, ada, tell, engine, project):
    programme = make_programme(api, expiration_rules=MONTHLY)
    path = f"/v1/loyalties/{programme['id']}"
    api.post(f"{path}/earning-rules", json=[{"event": "order.paid", "loyalty": FIXED}]).expect()
    body = {"name": "All", "points": {"from": 0, "to": 9999}}
    api.post(f"{path}/tiers", json=[body]).expect()
    reward = make_material_reward(api, 5)
    assigned = assign_reward(api, reward, programme, 10)
    card = make_member(api, programme, ada)
    member = f"/v1/loyalties/{programme['id']}/members/{card['code']}"
    order = {"customer": {"id": ada["id"]}, "status": "PAID", "amount": 1000}
    paid = api.post("/v1/orders", json=order).expect()
    told = tell("customer.rewarded.loyalty_points", "campaign.reward.assignment.created")
    [rewarded] = told["customer.rewarded.loyalty_points"]
    assert rewarded["event"]["entity_id"] == ada["id"]
    assert rewarded["data"]["balance"]["points"] == 100
    [line] = told["voucher.loyalty_card.transaction.created"]
    assert line["data"]["transaction"]["type"] == "POINTS_ACCRUAL"
    assert line["data"]["order"]["id"] == paid["id"]
    assert line["data"]["earning_rule"]["id"] == rewarded["data"]["earning_rule"]["id"]
    assert line["data"]["holder"]["id"] == ada["id"]
    assert line["event"]["entity_id"] == card["id"]
    api.post(f"{member}/balance", json={"points": 7}).expect()
    bought = api.post(f"{member}/redemption", json={"reward": {"id": reward["id"]}}).expect()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        cards = lock_cards(uow, [card["id"]])
        vouchers.expire_points(uow, cards, today=date(2999, 1, 1))
        uow.commit()
    told = tell("voucher.loyalty_card.points_added", "customer.rewarded")
    lines = {
        each["data"]["transaction"]["type"]: each["data"]
        for each in told["voucher.loyalty_card.transaction.created"]
    }
    assert lines.keys() == {"POINTS_ADDITION", "POINTS_REDEMPTION", "POINTS_EXPIRATION"}
    assert lines["POINTS_REDEMPTION"]["reward"]["id"] == reward["id"]
    assert lines["POINTS_REDEMPTION"]["redemption"]["id"] == bought["id"]
    expired = told["voucher.loyalty_card.points_expired"][0]["data"]
    assert expired["buckets"]["object"] == "loyalty_points_bucket"
    assert assigned["id"]


def test_pending_points(api, ada, tell):
    programme = make_programme(api)
    path = f"/v1/loyalties/{programme['id']}"
    rule = {
        "event": "order.paid",
        "loyalty": FIXED,
        "pending_points": {"period_type": "DAY", "period_value": 30},
    }
    api.post(f"{path}/earning-rules", json=[rule]).expect()
    card = make_member(api, programme, ada)
    order = {"customer": {"id": ada["id"]}, "status": "PAID", "amount": 1000}
    for _ in range(2):
        api.post("/v1/orders", json=order).expect()
    kind = "voucher.loyalty_card.pending_points"
    told = tell(f"{kind}.added")
    one, two = (each["data"]["pending_points"]["id"] for each in told[f"{kind}.added"])
    member = f"/v1/loyalties/members/{card['code']}/pending-points"
    api.post(f"{member}/{one}/balance", json={"points": -1}).expect()
    api.post(f"{member}/{one}/activate").expect()
    api.post(f"{member}/{two}/cancel").expect(204)
    told = tell(f"{kind}.updated", f"{kind}.canceled", f"{kind}.activated")
    assert told[f"{kind}.activated"][0]["data"]["transaction"]["type"] == (
        "PENDING_POINTS_ACTIVATION"
    )


def test_payloads_are_exact():
    own = {"gift": {"subtracted_amount": 1}}
    told = exact(
        "voucher.gift.balance_added",
        {
            "balance": {"operation_type": "AUTOMATIC", "amount": 1},
            "transaction": {"details": {"balance": {"operation_type": "AUTOMATIC"}}},
            "voucher": {
                "gift": {"amount": 1, "balance": 1, "subtracted_amount": 0},
                "metadata": own,
                "validation_rules_assignments": {"data": [{"id": "asgm_1"}]},
            },
            "campaign": {"voucher": {"code_config": {"pattern": "A-###", "charset": "AB"}}},
        },
    )
    assert told == {
        "balance": {"operation_type": "MANUAL", "amount": 1},
        "transaction": {"details": {"balance": {"operation_type": "AUTOMATIC"}}},
        "voucher": {
            "gift": {"amount": 1, "balance": 1},
            "metadata": own,
            "validation_rules_assignments": {
                "data": [
                    {"id": "asgm_1", "validation_status": "VALID", "validation_omitted_rules": []}
                ]
            },
        },
        "campaign": {
            "voucher": {
                "code_config": {
                    "prefix": "",
                    "postfix": "",
                    "length": 3,
                    "charset": "AB",
                    "pattern": "A-###",
                }
            }
        },
    }
