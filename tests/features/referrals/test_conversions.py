"""Who is brought by whom: by redemptions and by custom events."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_customer,
    make_gift_campaign,
    make_programme,
    make_referral_campaign,
)


def told(events, name):
    return [payload for staged, payload in events() if staged == name]


def test_a_redemption_refers(api, programme, code, ada, bob, refer, referred, events):
    redemption = refer(code, "bob")
    customer = api.get("/v1/customers/bob").expect()
    [referral] = customer["referrals"]["campaigns"]
    assert referral == {
        "campaign_id": programme["id"],
        "referrer_id": ada["id"],
        "related_object_id": redemption["id"],
        "related_object_type": "redemption",
        "date": redemption["date"],
    }
    assert customer["referrals"]["total"] == 1
    assert referred("ada") == 1
    loyalty = api.get("/v1/customers/ada").expect()["loyalty"]
    assert loyalty["campaigns"][programme["name"]]["referred_customers"] == 1
    [referred_event] = told(events, "customer.referred")
    assert referred_event["customer"]["id"] == bob["id"]
    assert referred_event["referrer"]["id"] == ada["id"]
    assert referred_event["campaign"]["id"] == programme["id"]
    assert referred_event["voucher"]["code"] == code
    assert referred_event["redemption"]["id"] == redemption["id"]
    assert referred_event["custom_event"] is None
    [holder] = told(events, "customer.holder.assignment.created")
    assert (holder["holder"]["holder_role"], holder["holder"]["customer_id"]) == (
        "REFEREE",
        bob["id"],
    )


def test_the_discount_is_the_referees(code, redeem):
    answer = redeem(code, customer={"source_id": "bob"}, order={"amount": 10000})
    assert answer["order"]["total_amount"] == 9000
    assert answer["order"].get("referrer_id") is None


def test_the_feed_tells_of_it(api, code, refer, jobs):
    refer(code, "bob")
    jobs()
    query = {"order": "created_at", "category": "EFFECT"}
    rows = api.get("/v1/customers/bob/activity", query=query).expect()["data"]
    assert [row["type"] for row in rows] == [
        "customer.holder.assignment.created",
        "customer.referred",
    ]


def test_a_referee_counts_once_for_a_referrer(code, refer, referred, events):
    for source_id in ("bob", "bob", "eve", "bob"):
        refer(code, source_id)
    assert referred("ada") == 2
    assert len(told(events, "customer.referred")) == 2
    assert len(told(events, "customer.holder.assignment.created")) == 2


def test_a_referee_of_two_referrers_counts_for_both(api, programme, code, publish, refer, referred):
    other = publish(programme, make_customer(api, source_id="zoe"))["code"]
    refer(code, "bob")
    refer(other, "bob")
    assert (referred("ada"), referred("zoe")) == (1, 1)
    assert api.get("/v1/customers/bob").expect()["referrals"]["total"] == 2


def test_who_was_passed_a_code_before_is_referred_by_redeeming(api, code, refer, referred):
    path = f"/v1/referrals/members/{code}/holders"
    api.post(path, json={"holders": [{"source_id": "bob"}]}).expect()
    assert referred("ada") == 0
    refer(code, "bob")
    assert referred("ada") == 1
    assert api.get(path).expect()["total"] == 2


def test_nobody_in_particular_is_not_referred(code, redeem, jobs, referred):
    redeem(code, order={"amount": 10000})
    jobs()
    assert referred("ada") == 0


def test_a_stack_refers_for_each_of_its_codes(
    api, programme, code, publish, redeem, jobs, referred
):
    other = publish(programme, make_customer(api, source_id="zoe"))["code"]
    redeem(code, other, customer={"source_id": "bob"}, order={"amount": 10000})
    jobs()
    assert (referred("ada"), referred("zoe")) == (1, 1)


def test_a_rollback_takes_the_referral_back(api, code, refer, jobs, referred):
    redemption = refer(code, "bob")
    refer(code, "eve")
    api.post(f"/v1/redemptions/{redemption['id']}/rollback", json={}).expect()
    jobs()
    assert referred("ada") == 1
    assert api.get("/v1/customers/bob").expect()["referrals"] == {"total": 0, "campaigns": []}
    refer(code, "bob")
    assert referred("ada") == 2


def test_what_was_rolled_back_before_it_was_looked_at_never_counts(
    api, code, redeem, jobs, referred, events
):
    answer = redeem(code, customer={"source_id": "bob"}, order={"amount": 10000})
    root = answer["redemptions"][0]["id"]
    api.post(f"/v1/redemptions/{root}/rollback", json={}).expect()
    jobs()
    assert referred("ada") == 0
    assert told(events, "customer.referred") == []


def test_a_second_redemption_of_the_referee_may_be_rolled_back(api, code, refer, jobs, referred):
    refer(code, "bob")
    second = refer(code, "bob")
    api.post(f"/v1/redemptions/{second['id']}/rollback", json={}).expect()
    jobs()
    assert referred("ada") == 1


def test_segments_ask_how_many_were_referred(api, code, ada, refer, events, jobs):
    conditions = {"conditions": {"$more_than_equal": [2]}}
    filters = {"junction": "and", "loyalty.referred_customers": conditions}
    body = {"name": "Ambassadors", "type": "auto-update", "filter": filters}
    api.post("/v1/segments", json=body).expect()
    refer(code, "bob")
    assert told(events, "customer.segment.entered") == []
    second = refer(code, "eve")
    [entered] = told(events, "customer.segment.entered")
    assert entered["customer"]["id"] == ada["id"]
    api.post(f"/v1/redemptions/{second['id']}/rollback", json={}).expect()
    jobs()
    assert len(told(events, "customer.segment.left")) == 1


@pytest.fixture
def signed_up(define_event):
    return define_event("signed_up")


@pytest.fixture
def by_event(api, signed_up):
    """A programme in which a custom event counts."""
    awaited = {"conversion_event_type": "custom_event", "custom_event": {"id": signed_up["id"]}}
    return make_referral_campaign(api, referral_program=awaited)


@pytest.fixture
def event_code(by_event, ada, publish):
    return publish(by_event, ada)["code"]


@pytest.fixture
def track(api, jobs):
    def post(code, source_id, event="signed_up", **referral):
        body = {"event": event, "customer": {"source_id": source_id}}
        body["referral"] = {"code": code, **referral}
        answer = api.post("/v1/events", json=body).expect()
        jobs()
        return answer

    return post


def test_an_event_refers(api, by_event, event_code, ada, bob, track, events, referred):
    answer = track(event_code, "bob", referrer_id="cust_other")
    voucher = api.get(f"/v1/vouchers/{event_code}").expect()
    assert answer["referral"] == {
        "id": voucher["id"],
        "code": event_code,
        "referrer_id": ada["id"],
    }
    [referral] = api.get("/v1/customers/bob").expect()["referrals"]["campaigns"]
    [tracked] = told(events, "customer.custom_event")
    assert tracked["referral"]["referrer"]["id"] == ada["id"]
    assert tracked["referral"]["voucher"]["code"] == event_code
    assert tracked["referral"]["campaign"]["id"] == by_event["id"]
    assert (referral["related_object_type"], referral["related_object_id"]) == (
        "custom_event",
        tracked["event"]["id"],
    )
    [told_event] = told(events, "customer.referred")
    assert told_event["custom_event"] == tracked["event"]
    assert told_event["customer"]["id"] == bob["id"]
    assert told_event["redemption"] is None
    assert referred("ada") == 1
    track(event_code, "bob")
    assert referred("ada") == 1


def test_only_the_awaited_event_refers(code, event_code, define_event, track, refer, referred):
    define_event("left")
    track(event_code, "bob", "left")
    track(code, "bob")
    refer(event_code, "bob")
    assert referred("ada") == 0


@pytest.mark.parametrize("way", ["campaign", "code", "expired"])
def test_nobody_is_referred_by_what_does_not_run(
    api, by_event, event_code, track, referred, move_time, way
):
    if way == "campaign":
        api.post(f"/v1/campaigns/{by_event['id']}/disable").expect()
    elif way == "code":
        api.post(f"/v1/vouchers/{event_code}/disable").expect()
    else:
        path = f"/v1/campaigns/{by_event['id']}"
        api.put(path, json={"expiration_date": "2030-01-01T00:00:00Z"}).expect()
        move_time.freeze("2031-01-01T00:00:00+00:00")
    track(event_code, "bob")
    assert referred("ada") == 0


def test_nobody_refers_themselves_by_an_event(event_code, track, referred, events):
    track(event_code, "ada")
    assert referred("ada") == 0
    assert told(events, "customer.referred") == []


def test_an_event_by_a_code_that_nobody_has_refers_nobody(api, by_event, track, events):
    code = api.post(f"/v1/campaigns/{by_event['id']}/vouchers", json={}).expect()["code"]
    assert "referrer_id" not in track(code, "bob")["referral"]
    assert told(events, "customer.referred") == []


def promised(campaign, type, amount):
    parent = {"id": campaign["id"], "name": campaign["name"], "object": "CAMPAIGN"}
    reward = {"related_object_parent": parent, "type": type, "amount": amount}
    return {"referee_reward": reward}


def test_the_referee_gets_points(api, ada, publish, refer, points, events):
    stars = make_programme(api, name="Stars")
    friends = make_referral_campaign(api, referral_program=promised(stars, "LOYALTY_CARD", 50))
    code = publish(friends, ada)["code"]
    redemption = refer(code, "bob")
    refer(code, "bob")
    assert points(stars, "bob") == 50
    assert points(stars, "ada") is None
    [added] = told(events, "voucher.loyalty_card.points_added")
    assert added["balance"]["points"] == 50
    api.post(f"/v1/redemptions/{redemption['id']}/rollback", json={}).expect()
    refer(code, "bob")
    assert points(stars, "bob") == 50


def test_the_referee_gets_credits_on_the_card_that_is_there(api, ada, bob, publish, refer):
    gifts = make_gift_campaign(api, 1000, type="AUTO_UPDATE")
    friends = make_referral_campaign(api, referral_program=promised(gifts, "GIFT_VOUCHER", 500))
    card = publish(gifts, bob)
    code = publish(friends, ada)["code"]
    refer(code, "bob")
    assert api.get(f"/v1/vouchers/{card['code']}").expect()["gift"]["balance"] == 1500
    refer(code, "eve")
    held = api.get("/v1/customers/eve/redeemables").expect()["data"]
    [gift] = [each["redeemable"]["voucher"] for each in held if each["campaign_id"] == gifts["id"]]
    assert gift["gift"]["balance"] == 1500


def test_a_referral_counts_even_if_the_referee_can_get_nothing(api, ada, publish, refer, referred):
    empty = make_gift_campaign(api, 1000)
    friends = make_referral_campaign(api, referral_program=promised(empty, "GIFT_VOUCHER", 500))
    code = publish(friends, ada)["code"]
    refer(code, "bob")
    assert referred("ada") == 1


def test_the_referee_gets_points_by_an_event(api, ada, signed_up, publish, track, points):
    stars = make_programme(api, name="Stars")
    program = promised(stars, "LOYALTY_CARD", 50) | {
        "conversion_event_type": "custom_event",
        "custom_event": {"id": signed_up["id"]},
    }
    code = publish(make_referral_campaign(api, referral_program=program), ada)["code"]
    track(code, "bob")
    assert points(stars, "bob") == 50


def test_an_erased_referee_still_counts_but_is_nobody(api, code, bob, refer, referred, uow):
    refer(code, "bob")
    api.post(f"/v1/customers/{bob['id']}/permanent-deletion").expect()
    assert referred("ada") == 1
    for table in ("referrals", "referral_payouts", "redeemable_holders"):
        rows = uow.reader.execute(
            f"SELECT count(*) FROM {table} t WHERE project_id = %s AND strpos(t::text, %s) > 0",
            (uow.project_id, bob["id"]),
        )
        assert rows.fetchone() == (0,)


def test_an_erased_referrer_leaves_no_trace(api, code, ada, refer, uow):
    refer(code, "bob")
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    assert api.get("/v1/customers/bob").expect()["referrals"]["total"] == 0
    rows = uow.reader.execute(
        "SELECT count(*) FROM referrals WHERE project_id = %s", (uow.project_id,)
    )
    assert rows.fetchone() == (0,)
