"""Earning: which events give points to whom, how many, and never twice."""

from __future__ import annotations

import pytest

from kupon.features.loyalties import reactions
from kupon.runtime import clock
from kupon.storage.queries import outbox
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    bundle_of,
    entry,
    included,
    make_customer,
    make_member,
    make_product,
    make_programme,
    make_rule,
    make_voucher,
    percent_off,
    redeemable,
)

NOW = "2026-03-01T12:00:00.000Z"
FIXED = {"type": "FIXED", "points": 100}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def programme(api):
    """A loyalty programme without cards."""
    return make_programme(api, name="Club")


@pytest.fixture
def customer(api):
    """A customer."""
    return make_customer(api, metadata={"age": 33})


@pytest.fixture
def card(api, programme, customer):
    """The customer's card."""
    return make_member(api, programme, customer)


@pytest.fixture
def give_points(api, programme):
    """Makes a rule of the programme, 100 points for a paid order: `give_points(loyalty=...)`."""

    def make(owner=programme, **members):
        path = f"/v1/loyalties/{owner['id']}/earning-rules"
        return api.post(path, json=[{"event": "order.paid", "loyalty": FIXED} | members]).expect()[
            0
        ]

    return make


@pytest.fixture
def pay(api, customer, jobs):
    """Places a paid order of the customer and waits for what follows: `pay(amount=500)`."""

    def place(**members):
        body = {"customer": {"id": customer["id"]}, "status": "PAID", "amount": 10_000} | members
        order = api.post("/v1/orders", json=body).expect()
        jobs()
        return order

    return place


@pytest.fixture
def held(api):
    """The points on a card: `held(card)`."""
    return lambda card: api.get(f"/v1/vouchers/{card['code']}").expect()["loyalty_card"]


def lines(api, card):
    path = f"/v1/vouchers/{card['code']}/transactions"
    return api.get(path, query={"order": "id", "limit": 100}).expect()["data"]


def amounts(api, card):
    return [line["details"]["balance"]["points"] for line in lines(api, card)]


def proportional(kind, block, figure, *, every=500, points=10, **members):
    return {
        "type": "PROPORTIONAL",
        "calculation_type": kind,
        block: {figure: {"every": every, "points": points, **members}},
    }


def test_a_paid_order_gives_points(api, card, customer, programme, give_points, pay, held, events):
    rule = give_points(
        loyalty=proportional("ORDER_TOTAL_AMOUNT", "order", "total_amount"),
        source={"banner": "Thank you"},
    )
    order = pay(amount=45_000, source_id="shop-1")
    assert held(card) == {
        "points": 900,
        "balance": 900,
        "expired_points": 0,
        "subtracted_points": 0,
        "pending_points": 0,
    }
    [line] = lines(api, card)
    event = line["details"].pop("event")
    assert event["type"] == "customer.order.paid"
    assert line == {
        "id": line["id"],
        "source_id": None,
        "voucher_id": card["id"],
        "campaign_id": programme["id"],
        "source": "Automation",
        "reason": None,
        "type": "POINTS_ACCRUAL",
        "details": {
            "balance": {
                "type": "loyalty_card",
                "total": 900,
                "points": 900,
                "object": "balance",
                "balance": 900,
                "operation_type": "AUTOMATIC",
                "related_object": {"type": "voucher", "id": card["id"]},
            },
            "order": {"id": order["id"], "source_id": "shop-1"},
            "earning_rule": {"id": rule["id"], "source": {"banner": "Thank you"}},
        },
        "related_transaction_id": None,
        "created_at": NOW,
    }
    told = dict(events())
    rewarded = told["customer.rewarded.loyalty_points"]
    assert rewarded["customer"]["id"] == customer["id"]
    assert rewarded["voucher"]["id"] == card["id"]
    assert rewarded["campaign"]["id"] == programme["id"]
    assert rewarded["earning_rule"] == rule
    assert rewarded["order"]["id"] == order["id"]
    assert rewarded["balance"]["points"] == 900
    assert rewarded["event"]["type"] == "customer.order.paid"
    assert told["voucher.loyalty_card.transaction.created"]["transaction"]["id"] == line["id"]
    feed = api.get(f"/v1/customers/{customer['id']}/activity").expect()["data"]
    entries = {each["type"]: each for each in feed}
    assert (
        entries["customer.rewarded.loyalty_points"]["data"]["data"]["voucher"]["id"] == card["id"]
    )
    assert entries["customer.order.paid"]["id"] == event["id"]


def test_an_order_pays_when_it_becomes_paid_and_once(api, card, give_points, pay, jobs, held):
    give_points()
    order = pay(status="CREATED")
    assert held(card)["balance"] == 0
    for status in ("FULFILLED", "PAID", "CREATED", "PAID", "CANCELED", "PAID"):
        api.put(f"/v1/orders/{order['id']}", json={"status": status}).expect()
        jobs()
    assert amounts(api, card) == [100]
    pay(status="FULFILLED")
    assert amounts(api, card) == [100]


def test_the_order_of_a_redemption_pays(api, card, customer, give_points, jobs):
    give_points(loyalty=proportional("ORDER_TOTAL_AMOUNT", "order", "total_amount", every=100))
    give_points(loyalty=proportional("ORDER_AMOUNT", "order", "amount", every=100))
    voucher = make_voucher(api, discount=percent_off(10))
    body = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": {"amount": 1000},
    }
    api.post("/v1/redemptions", json=body).expect()
    jobs()
    assert amounts(api, card) == [90, 100]


def test_a_redemption_without_a_paid_order_pays_nothing(api, card, customer, give_points, jobs):
    give_points()
    voucher = make_voucher(api)
    body = {"redeemables": [redeemable(voucher["code"])], "customer": {"id": customer["id"]}}
    api.post("/v1/redemptions", json=body).expect()
    order = {"amount": 5, "status": "CREATED"}
    api.post("/v1/redemptions", json=body | {"order": order}).expect()
    jobs()
    assert amounts(api, card) == []


@pytest.mark.parametrize(
    ("loyalty", "points"),
    [
        (FIXED, 100),
        (FIXED | {"points_formula": "ORDER_AMOUNT * 1.5"}, 2),
        (FIXED | {"points_formula": 'ORDER_METADATA("missing")'}, 100),
        (proportional("ORDER_AMOUNT", "order", "amount", every=50), 20),
        (proportional("ORDER_METADATA", "order", "metadata", every=2, property="nights"), 20),
        (proportional("CUSTOMER_METADATA", "customer", "metadata", every=10, property="age"), 30),
        (proportional("CUSTOMER_METADATA", "customer", "metadata", every=1, property="no"), None),
        (proportional("ORDER_AMOUNT", "order", "amount", every=500), None),
    ],
)
def test_points_are_worked_out(api, card, give_points, pay, loyalty, points):
    give_points(loyalty=loyalty)
    pay(amount=133, metadata={"nights": 5})
    assert amounts(api, card) == ([] if points is None else [points])


def test_points_for_articles_leave_free_units_out(api, card, customer, give_points, pay, jobs):
    mug, cup = make_product(api, price=100), make_product(api, price=100)
    collection = api.post(
        "/v1/product-collections",
        json={
            "type": "STATIC",
            "name": "Mugs",
            "products": [{"object": "product", "id": mug["id"]}],
        },
    ).expect()
    articles = [
        {"object": "products_collection", "id": collection["id"]},
        {"object": "product", "id": mug["id"]},
    ]
    for figure in ("quantity", "amount", "subtotal_amount"):
        kind = f"ORDER_ITEMS_{figure.upper()}"
        give_points(
            loyalty=proportional(
                kind, "order_items", figure, every=1, points=1, applicable_to=articles
            )
        )
    voucher = make_voucher(
        api,
        discount={
            "type": "UNIT",
            "unit_off": 1,
            "unit_type": mug["id"],
            "effect": "ADD_MISSING_ITEMS",
        },
    )
    items = [{"product_id": mug["id"], "quantity": 3}, {"product_id": cup["id"], "quantity": 7}]
    body = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": {"items": items},
    }
    api.post("/v1/redemptions", json=body).expect()
    jobs()
    assert amounts(api, card) == [2, 300, 200]


def test_every_rule_posts_its_own_transaction_by_the_tier_held_before(
    api, programme, card, customer, give_points, pay, held
):
    first = give_points(
        loyalty=proportional("ORDER_TOTAL_AMOUNT", "order", "total_amount", points=1)
    )
    second = give_points(loyalty={"type": "FIXED", "points": 20})
    tiers = api.post(
        f"/v1/loyalties/{programme['id']}/tiers",
        json=[
            {
                "name": "Bottom",
                "points": {"from": 1, "to": 249},
                "earning_rules": {second["id"]: {"type": "MULTIPLY", "multiplier": 2}},
            },
            {
                "name": "Middle",
                "points": {"from": 250, "to": 499},
                "earning_rules": {first["id"]: {"type": "CUSTOM", "points": 7}},
            },
        ],
    ).expect()
    path = f"/v1/loyalties/members/{card['id']}"
    api.post(f"{path}/balance", json={"points": 200}).expect()
    pay(amount=45_000)
    assert amounts(api, card) == [200, 90, 40]
    assert held(card)["balance"] == 330
    bottom = {"id": tiers[0]["id"], "name": "Bottom"}
    _, before, last = lines(api, card)
    assert before["details"]["holder_loyalty_tier"] == bottom
    assert "loyalty_tier" not in before["details"]
    assert last["details"]["holder_loyalty_tier"] == last["details"]["loyalty_tier"] == bottom
    [tier] = api.get(f"{path}/tiers").expect()["data"]
    assert tier["id"] == tiers[1]["id"]
    pay(amount=1000)
    assert amounts(api, card)[3:] == [14, 20]


def test_each_programme_gives_its_own_points(api, customer, card, give_points, pay):
    other = make_programme(api)
    other_card = make_member(api, other, customer)
    give_points()
    give_points(other, loyalty={"type": "FIXED", "points": 5})
    pay()
    assert (amounts(api, card), amounts(api, other_card)) == ([100], [5])


def test_disabled_rules_programmes_and_cards_give_nothing(api, programme, card, give_points, pay):
    rule = give_points()
    for path in (
        f"/v1/loyalties/{programme['id']}/earning-rules/{rule['id']}",
        f"/v1/campaigns/{programme['id']}",
        f"/v1/vouchers/{card['code']}",
    ):
        api.post(f"{path}/disable").expect()
        pay()
        api.post(f"{path}/enable").expect()
    assert amounts(api, card) == []
    pay()
    assert amounts(api, card) == [100]


def test_time_limits_are_the_rules_own_or_the_programmes(api, customer, pay, give_points):
    over = {"expiration_date": "2026-02-01T00:00:00Z"}
    running = {"expiration_date": "2027-01-01T00:00:00Z"}
    programme = make_programme(api, **over)
    api.put(f"/v1/campaigns/{programme['id']}", json=running).expect()
    card = make_member(api, programme, customer)
    api.put(f"/v1/campaigns/{programme['id']}", json=over).expect()
    api.put(f"/v1/vouchers/{card['code']}", json=running).expect()
    give_points(programme, loyalty={"type": "FIXED", "points": 1})
    give_points(programme, loyalty={"type": "FIXED", "points": 2}, **running)
    give_points(
        programme, loyalty={"type": "FIXED", "points": 4}, start_date="2026-04-01T00:00:00Z"
    )
    pay()
    assert amounts(api, card) == [2]


def test_a_rule_made_later_pays_nothing_for_what_happened_before(
    api, customer, card, give_points, jobs, move_time
):
    body = {"customer": {"id": customer["id"]}, "status": "PAID", "amount": 100}
    api.post("/v1/orders", json=body).expect()
    move_time(seconds=1)
    give_points()
    jobs()
    assert amounts(api, card) == []


@pytest.mark.parametrize(("age", "points"), [(33, [100]), (34, [])])
def test_a_validation_rule_must_hold(api, card, give_points, pay, age, points):
    rule = make_rule(
        api,
        rules={
            "1": {"name": "customer.metadata", "property": "age", "conditions": {"$is": [age]}},
            "2": {"name": "order.amount", "conditions": {"$more_than_or_equal": [5000]}},
            "logic": "1 and 2",
        },
    )
    give_points(validation_rule_id=rule["id"])
    pay(amount=4999)
    pay(amount=5000)
    assert amounts(api, card) == points


def test_a_rule_on_articles_must_find_them(api, card, give_points, pay):
    mug, cup = make_product(api, price=100), make_product(api, price=100)
    rule = make_rule(
        api,
        rules={
            "1": {
                "name": "order.items.any",
                "conditions": {"$is": [{"id": mug["id"], "object": "product", "type": "product"}]},
            },
            "logic": "1",
        },
        applicable_to=included(entry(mug)),
    )
    give_points(validation_rule_id=rule["id"])
    pay(amount=None, items=[{"product_id": cup["id"], "quantity": 1}])
    assert amounts(api, card) == []
    pay(amount=None, items=[{"product_id": mug["id"], "quantity": 1}])
    assert amounts(api, card) == [100]


def test_a_rule_with_a_bundle_must_find_it(api, card, give_points, pay):
    mug = make_product(api, price=100)
    rule = make_rule(api, bundle_rules=bundle_of((mug, 2)))
    give_points(validation_rule_id=rule["id"])
    for quantity in (1, 2):
        pay(amount=None, items=[{"product_id": mug["id"], "quantity": quantity}])
    assert amounts(api, card) == [100]


def test_points_wait_for_their_day(api, card, customer, give_points, pay, held, events):
    rule = give_points(
        pending_points={"period_type": "DAY", "period_value": 30},
        expiration_rules={"period_type": "MONTH", "period_value": 1},
    )
    order = pay()
    assert (held(card)["balance"], held(card)["pending_points"]) == (0, 100)
    assert lines(api, card) == []
    path = f"/v1/loyalties/members/{card['id']}/pending-points"
    [pending] = api.get(path).expect()["data"]
    assert pending["details"].pop("event")["type"] == "customer.order.paid"
    assert pending == {
        "id": pending["id"],
        "voucher_id": card["id"],
        "campaign_id": card["campaign_id"],
        "customer_id": customer["id"],
        "order_id": order["id"],
        "points": 100,
        "activates_at": "2026-03-31",
        "details": {
            "order": {"id": order["id"], "source_id": None},
            "earning_rule": {"id": rule["id"], "source": {"banner": ""}},
        },
        "created_at": NOW,
    }
    assert "voucher.loyalty_card.pending_points.added" in dict(events())
    api.post(f"{path}/{pending['id']}/activate").expect()
    [line] = lines(api, card)
    assert line["type"] == "PENDING_POINTS_ACTIVATION"
    assert line["details"]["earning_rule"]["id"] == rule["id"]
    assert held(card)["next_expiration_date"] == "2026-04-01"


def test_points_end_by_the_rule_or_by_the_programme(api, customer, give_points, pay, held):
    programme = make_programme(api, expiration_rules={"period_type": "MONTH", "period_value": 12})
    card = make_member(api, programme, customer)
    give_points(programme)
    pay()
    assert held(card)["next_expiration_date"] == "2027-03-01"
    give_points(programme, expiration_rules={"period_type": "MONTH", "period_value": 3})
    pay()
    assert held(card)["next_expiration_date"] == "2026-06-01"
    assert held(card)["next_expiration_points"] == 100


def test_days_are_those_of_the_project(new_project, connect_api, engine, settings, move_time):
    move_time.freeze("2026-03-01T23:30:00+00:00")
    project = new_project(timezone="Europe/Warsaw")
    api = connect_api(project)
    programme = make_programme(api, expiration_rules={"period_type": "MONTH", "period_value": 1})
    customer = make_customer(api)
    card = make_member(api, programme, customer)
    path = f"/v1/loyalties/{programme['id']}/earning-rules"
    api.post(path, json=[{"event": "order.paid", "loyalty": FIXED}]).expect()
    body = {"customer": {"id": customer["id"]}, "status": "PAID", "amount": 100}
    api.post("/v1/orders", json=body).expect()
    _redeliver(engine, project, "customer.order.paid")
    found = api.get(f"/v1/vouchers/{card['code']}").expect()["loyalty_card"]
    assert found["next_expiration_date"] == "2026-04-02"


def _redeliver(engine, project, name):
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        rows = uow.reader.execute(
            "SELECT seq FROM events WHERE project_id = %s AND name = %s", (project.id, name)
        ).fetchall()
        found = outbox.find_events(uow, [row[0] for row in rows])
        reactions.react(uow, [found[seq] for seq in sorted(found)])
        uow.commit()


def test_an_event_that_comes_again_pays_nothing(
    api, programme, card, customer, give_points, pay, engine, project, jobs
):
    rule = give_points()
    give_points(event="customer.loyalty.tier.joined", loyalty_tier={"id": "__ANY__"})
    tiers = [{"name": "All", "points": {"from": 1, "to": 1000}}]
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=tiers).expect()
    pay()
    assert amounts(api, card) == [100, 100]
    for name in ("customer.order.paid", "customer.loyalty.tier.joined"):
        _redeliver(engine, project, name)
    jobs()
    assert amounts(api, card) == [100, 100]
    assert rule["id"]


def test_customers_join_by_themselves_where_the_programme_says_so(
    api, customer, give_points, pay, jobs, events
):
    open_one = make_programme(api, auto_join=True)
    closed = make_programme(api)
    give_points(open_one)
    give_points(closed)
    pay()
    wallet = api.get(f"/v1/customers/{customer['id']}/redeemables").expect()["data"]
    assert [each["campaign_id"] for each in wallet] == [open_one["id"]]
    members = api.get(f"/v1/loyalties/{open_one['id']}/members").expect()["vouchers"]
    assert [(each["holder_id"]) for each in members] == [customer["id"]]
    assert amounts(api, members[0]) == [100]
    publication = api.get("/v1/publications").expect()["publications"][0]
    assert publication["channel"] == "Automation"
    pay()
    assert amounts(api, members[0]) == [100, 100]


def test_nobody_joins_for_nothing(api, customer, give_points, pay):
    programme = make_programme(api, auto_join=True)
    give_points(programme, loyalty=proportional("ORDER_AMOUNT", "order", "amount", every=500))
    pay(amount=499)
    assert api.get(f"/v1/loyalties/{programme['id']}/members").expect()["total"] == 0


def test_an_empty_pool_keeps_nobody_from_other_points(api, customer, card, give_points, pay):
    empty = make_programme(api, auto_join=True, type="STATIC")
    give_points(empty)
    give_points()
    pay()
    assert amounts(api, card) == [100]


def test_entering_a_segment_gives_points(api, card, customer, give_points, jobs):
    segment = api.post(
        "/v1/segments",
        json={
            "name": "Berlin",
            "type": "passive",
            "filter": {"junction": "and", "city": {"conditions": {"$is": ["Berlin"]}}},
        },
    ).expect()
    event = {"event": "customer.segment.entered", "segment": {"id": segment["id"]}}
    give_points(**event)
    give_points(**event, loyalty={"type": "FIXED", "points": 5})
    jobs()
    path = f"/v1/customers/{customer['id']}"
    api.put(path, json={"address": {"city": "Berlin"}}).expect()
    jobs()
    assert amounts(api, card) == [100, 5]
    details = lines(api, card)[-1]["details"]
    assert details["segment"] == {"id": segment["id"], "name": "Berlin"}
    assert details["event"]["type"] == "customer.segment.entered"
    for city in ("Bonn", "Berlin"):
        api.put(path, json={"address": {"city": city}}).expect()
        jobs()
    assert amounts(api, card) == [100, 5, 100, 5]


@pytest.fixture
def custom_event(management_api, project):
    """The schema of an event of the shop's own."""
    return management_api.post(
        f"/management/v1/projects/{project.id}/custom-event-schemas",
        json={
            "name": "video_watched",
            "schema": {"properties": {"minutes": {"type": "number", "optional": True}}},
        },
    ).expect()


@pytest.fixture
def track(api, customer, jobs):
    """Sends a custom event of the customer: `track(metadata={...})`."""

    def send(**members):
        body = {"event": "video_watched", "customer": {"id": customer["id"]}} | members
        api.post("/v1/events", json=body).expect()
        jobs()

    return send


def test_a_custom_event_gives_points(api, card, custom_event, give_points, track):
    rule = make_rule(
        api,
        rules={
            "1": {
                "name": "custom_event.metadata",
                "property": "minutes",
                "conditions": {"$less_than": [60]},
            },
            "logic": "1",
        },
    )
    give_points(
        event="video_watched",
        custom_event={"schema_id": custom_event["id"]},
        loyalty=proportional(
            "CUSTOM_EVENT_METADATA", "custom_event", "metadata", every=10, property="minutes"
        ),
        validation_rule_id=rule["id"],
    )
    give_points()
    track(metadata={"minutes": 25})
    track(metadata={"minutes": 60})
    track(metadata={})
    assert amounts(api, card) == [20]
    details = lines(api, card)[-1]["details"]
    assert details["custom_event"]["type"] == "video_watched"
    assert details["event_schema"] == {"id": custom_event["id"], "name": "video_watched"}
    assert details["event"]["type"] == "customer.custom_event"


def test_a_custom_event_may_name_its_card(api, customer, card, custom_event, give_points, track):
    other = make_programme(api)
    other_card = make_member(api, other, customer)
    event = {"event": "video_watched", "custom_event": {"schema_id": custom_event["id"]}}
    give_points(**event)
    give_points(other, **event)
    track(loyalty={"code": other_card["code"]})
    assert (amounts(api, card), amounts(api, other_card)) == ([], [100])
    track()
    assert (amounts(api, card), amounts(api, other_card)) == ([100], [100, 100])


def test_changes_of_tiers_give_points(api, programme, card, customer, give_points, pay, jobs):
    tiers = api.post(
        f"/v1/loyalties/{programme['id']}/tiers",
        json=[
            {"name": "Low", "points": {"from": 1, "to": 149}},
            {"name": "High", "points": {"from": 150, "to": 1000}},
        ],
    ).expect()
    give_points(
        event="customer.loyalty.tier.joined",
        loyalty_tier={"id": tiers[0]["id"]},
        loyalty={"type": "FIXED", "points": 10},
    )
    give_points(
        event="customer.loyalty.tier.joined",
        loyalty_tier={"id": tiers[1]["id"]},
        loyalty={"type": "FIXED", "points": 500},
    )
    give_points(
        event="customer.loyalty.tier.upgraded",
        loyalty_tier={"id": "__ANY__"},
        loyalty={"type": "FIXED", "points": 3},
    )
    path = f"/v1/loyalties/members/{card['id']}/balance"
    api.post(path, json={"points": 100}).expect()
    jobs()
    assert amounts(api, card) == [100, 10]
    api.post(path, json={"points": 100}).expect()
    jobs()
    assert amounts(api, card) == [100, 10, 100, 3]
    details = lines(api, card)[-1]["details"]
    assert details["loyalty_tier"] == {"id": tiers[1]["id"], "name": "High"}
    assert details["event"]["type"] == "customer.loyalty.tier.upgraded"


def test_a_circle_of_tiers_comes_to_an_end(api, customer, give_points, jobs):
    first, second = make_programme(api), make_programme(api)
    cards = [make_member(api, each, customer) for each in (first, second)]
    tiers = []
    for owner in (first, second):
        ranges = [
            {"name": f"{number}", "points": {"from": 1 + 10 * number, "to": 10 + 10 * number}}
            for number in range(20)
        ]
        tiers.append(api.post(f"/v1/loyalties/{owner['id']}/tiers", json=ranges).expect())
    for owner, others in ((first, tiers[1]), (second, tiers[0])):
        for event in ("joined", "upgraded"):
            for tier in others:
                give_points(
                    owner,
                    event=f"customer.loyalty.tier.{event}",
                    loyalty_tier={"id": tier["id"]},
                    loyalty={"type": "FIXED", "points": 10},
                )
    api.post(f"/v1/loyalties/members/{cards[0]['id']}/balance", json={"points": 5}).expect()
    jobs()
    paid = sum(len(amounts(api, card)) for card in cards) - 1
    assert paid == 10


def test_a_validation_rule_may_ask_for_tiers_of_other_programmes(
    api, customer, card, give_points, pay, custom_event, track
):
    other = make_programme(api)
    member = make_member(api, other, customer)
    tiers = [{"name": "Gold", "points": {"from": 1, "to": 1000}}]
    [tier] = api.post(f"/v1/loyalties/{other['id']}/tiers", json=tiers).expect()
    rule = make_rule(
        api,
        rules={
            "1": {"name": "customer.loyalty.tier", "conditions": {"$is": [tier["id"]]}},
            "logic": "1",
        },
    )
    give_points(validation_rule_id=rule["id"])
    event = {"event": "video_watched", "custom_event": {"schema_id": custom_event["id"]}}
    give_points(**event, validation_rule_id=rule["id"])
    pay()
    track(loyalty={"code": card["code"]})
    assert amounts(api, card) == []
    api.post(f"/v1/loyalties/members/{member['id']}/balance", json={"points": 1}).expect()
    pay()
    track(loyalty={"code": card["code"]})
    assert amounts(api, card) == [100, 100]


def test_points_that_move_elsewhere_are_settled(api, programme, card, jobs):
    tiers = [{"name": "All", "points": {"from": 1, "to": 1000}}]
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=tiers).expect()
    api.post(f"/v1/vouchers/{card['code']}/balance", json={"amount": 5}).expect()
    jobs()
    [tier] = api.get(f"/v1/loyalties/members/{card['id']}/tiers").expect()["data"]
    assert tier["name"] == "All"


def test_orders_of_nobody_and_of_the_deleted_give_nothing(
    api, customer, card, give_points, jobs, events
):
    give_points()
    api.post("/v1/orders", json={"status": "PAID", "amount": 100}).expect()
    body = {"customer": {"id": customer["id"]}, "status": "PAID", "amount": 100}
    api.post("/v1/orders", json=body).expect()
    assert api.delete(f"/v1/customers/{customer['id']}").status == 204
    jobs()
    assert "customer.rewarded.loyalty_points" not in dict(events())


def test_a_rule_that_cannot_be_read_keeps_no_other_from_paying(
    api, card, give_points, pay, engine, project, caplog
):
    broken = give_points()
    give_points(loyalty={"type": "FIXED", "points": 7})
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE earning_rules SET loyalty = '{}' WHERE project_id = %s AND id = %s",
            (project.id, broken["id"]),
        )
        uow.commit()
    pay()
    assert amounts(api, card) == [7]
    assert broken["id"] in caplog.text
