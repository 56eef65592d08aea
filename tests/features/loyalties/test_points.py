"""Points of members: adjusting them by hand, what the ledgers tell, and when points end."""

from __future__ import annotations

from datetime import date

import pytest

from kupon.features.vouchers import service as vouchers
from kupon.runtime import clock
from kupon.storage.points import lock_cards
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer, make_gift_card, make_member, make_programme

LARGEST = 2**53 - 1
MONTHLY = {"period_type": "MONTH", "period_value": 1}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2025-01-25T12:00:00+00:00")


@pytest.fixture
def customer(api):
    return make_customer(api, source_id="ann", name="Ann")


@pytest.fixture
def programme(api):
    return make_programme(api, name="Club", expiration_rules=MONTHLY)


@pytest.fixture
def card(api, programme, customer):
    """Ann's card, without points."""
    return make_member(api, programme, customer)


@pytest.fixture
def adjust(api, card):
    """Adjusts the points of Ann's card: `adjust(100, expiration_type="NON_EXPIRING")`."""

    def post(points, **members):
        path = f"/v1/loyalties/members/{card['code']}/balance"
        return api.post(path, json={"points": points, **members})

    return post


def read(api, card):
    return api.get(f"/v1/vouchers/{card['code']}").expect()


def ledger(api, card, **query):
    """The lines of a card, the oldest first."""
    query = {"limit": 100, "order": "id", **query}
    return api.get(f"/v1/loyalties/members/{card['id']}/transactions", query=query).expect()["data"]


def figures(lines):
    return [
        (
            line["type"],
            line["details"]["balance"]["points"],
            line["details"]["balance"]["total"],
            line["details"]["balance"]["balance"],
        )
        for line in lines
    ]


def buckets(api, programme, card):
    path = f"/v1/loyalties/{programme['id']}/members/{card['id']}/points-expiration"
    rows = api.get(path, query={"limit": 100}).expect()["data"]
    return [(row.get("expires_at"), row["bucket"]["total_points"]) for row in rows]


class TestAdjusting:
    def test_points_are_added(self, api, programme, card, adjust):
        answer = adjust(100, reason="Sorry", source_id="mine").expect()
        assert answer == {
            "points": 100,
            "total": 100,
            "balance": 100,
            "type": "loyalty_card",
            "object": "balance",
            "related_object": {"type": "voucher", "id": card["id"]},
            "operation_type": "MANUAL",
        }
        assert read(api, card)["loyalty_card"] == {
            "points": 100,
            "balance": 100,
            "expired_points": 0,
            "subtracted_points": 0,
            "pending_points": 0,
            "next_expiration_date": "2025-02-25",
            "next_expiration_points": 100,
        }
        (line,) = ledger(api, card)
        assert line == {
            "id": line["id"],
            "source_id": "mine",
            "voucher_id": card["id"],
            "campaign_id": programme["id"],
            "source": "API",
            "reason": "Sorry",
            "type": "POINTS_ADDITION",
            "details": {"balance": answer},
            "related_transaction_id": None,
            "created_at": "2025-01-25T12:00:00.000Z",
        }

    def test_a_removal_takes_what_ends_soonest(self, api, programme, card, adjust):
        adjust(100, expiration_type="CUSTOM_DATE", expiration_date="2025-03-31")
        adjust(40, expiration_type="CUSTOM_DATE", expiration_date="2025-01-31")
        adjust(500, expiration_type="NON_EXPIRING")
        adjust(-120).expect()
        assert buckets(api, programme, card) == [
            ("2025-01-31", 0),
            ("2025-03-31", 20),
            (None, 500),
        ]
        held = read(api, card)["loyalty_card"]
        assert (held["balance"], held["subtracted_points"]) == (520, 120)
        assert (held["next_expiration_date"], held["next_expiration_points"]) == ("2025-03-31", 20)

    def test_the_ledger_of_the_reference(self, api, card, adjust):
        for points in (999, -1, 100):
            adjust(points).expect()
        assert figures(ledger(api, card)) == [
            ("POINTS_ADDITION", 999, 999, 999),
            ("POINTS_REMOVAL", -1, 998, 998),
            ("POINTS_ADDITION", 100, 1098, 1098),
        ]

    def test_points_of_one_day_are_one_bucket(self, api, programme, card, adjust):
        adjust(10)
        adjust(20)
        assert buckets(api, programme, card) == [("2025-02-25", 30)]

    def test_the_answer_names_the_programme_or_not(self, api, programme, card):
        path = f"/v1/loyalties/{programme['name']}/members/{card['id']}/balance"
        assert api.post(path, json={"points": 5}).expect()["balance"] == 5

    def test_the_event_and_the_feed(self, api, card, adjust, events, jobs, customer):
        adjust(7).expect()
        told = dict(events())
        assert told["voucher.loyalty_card.transaction.created"]["balance"]["points"] == 7
        added = told["voucher.loyalty_card.points_added"]
        assert sorted(added) == ["balance", "campaign", "transaction", "voucher"]
        assert added["voucher"]["loyalty_card"]["balance"] == 7
        jobs()
        path = f"/v1/customers/{customer['id']}/activity"
        feed = api.get(path, query={"limit": 100}).expect()["data"]
        types = [entry["type"] for entry in feed]
        assert types.count("customer.voucher.loyalty_card.points_added") == 1

    @pytest.mark.parametrize(
        ("body", "key"),
        [
            ({"points": 0}, "invalid_payload"),
            ({}, "invalid_payload"),
            ({"points": None}, "invalid_payload"),
            ({"points": 1.5}, "invalid_payload"),
            ({"points": True}, "invalid_payload"),
            ({"points": [1]}, "invalid_payload"),
            ({"points": 10**30}, "invalid_payload"),
            ({"points": -51}, "loyalty_card_points_exceeded"),
            ({"points": LARGEST}, "invalid_add_balance_params"),
            ({"points": 1, "expiration_type": "SOON"}, "invalid_payload"),
            ({"points": 1, "expiration_type": "CUSTOM_DATE"}, "invalid_expiration_date"),
            (
                {"points": 1, "expiration_type": "CUSTOM_DATE", "expiration_date": "2025-01-24"},
                "invalid_expiration_date",
            ),
            (
                {"points": 1, "expiration_type": "CUSTOM_DATE", "expiration_date": "soon"},
                "invalid_payload",
            ),
            ({"points": 1, "reason": 5}, "invalid_payload"),
            ({"points": 1, "source_id": ""}, "invalid_payload"),
            ({"points": 1, "source_id": "taken"}, "duplicate_source_id"),
            ([], "invalid_payload"),
        ],
    )
    def test_a_refusal_changes_nothing(self, api, card, adjust, events, body, key):
        adjust(50, source_id="taken").expect()
        before, told = read(api, card), events()
        answer = api.post(f"/v1/loyalties/members/{card['id']}/balance", json=body)
        assert (answer.status, answer.json["key"]) == (400, key)
        assert (read(api, card), events()) == (before, told)

    def test_a_card_must_be_held(self, api, programme):
        free = api.post(f"/v1/campaigns/{programme['id']}/vouchers/FREE").expect()
        answer = api.post("/v1/loyalties/members/FREE/balance", json={"points": 5})
        assert (answer.status, answer.json["key"]) == (400, "invalid_customer")
        answer = api.post("/v1/vouchers/FREE/balance", json={"amount": 5})
        assert (answer.status, answer.json["key"]) == (400, "invalid_customer")
        assert read(api, free)["loyalty_card"]["balance"] == 0

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/loyalties/members/nobody/balance",
            "/v1/loyalties/members/GIFT/balance",
            "/v1/loyalties/none/members/{card}/balance",
            "/v1/loyalties/{other}/members/{card}/balance",
        ],
    )
    def test_what_is_not_there(self, api, card, path):
        make_gift_card(api, "GIFT", 5)
        other = make_programme(api)
        answer = api.post(path.format(card=card["id"], other=other["id"]), json={"points": 5})
        assert answer.status == 404

    def test_points_end_where_the_project_is(self, api, new_project, connect_api, move_time):
        """A moment belongs to the project's day, and a day is a day."""
        far = connect_api(new_project(timezone="Pacific/Auckland"))
        move_time.freeze("2025-01-31T23:00:00+00:00")
        programme = make_programme(far, expiration_rules=MONTHLY)
        card = make_member(far, programme, make_customer(far))
        path = f"/v1/loyalties/members/{card['id']}/balance"
        custom = {"expiration_type": "CUSTOM_DATE"}
        far.post(path, json={"points": 1}).expect()
        far.post(
            path, json={"points": 2, **custom, "expiration_date": "2025-03-31T23:00:00Z"}
        ).expect()
        far.post(path, json={"points": 3, **custom, "expiration_date": "2025-02-01"}).expect()
        late = far.post(path, json={"points": 3, **custom, "expiration_date": "2025-01-31"})
        assert late.json["key"] == "invalid_expiration_date"
        assert buckets(far, programme, card) == [
            ("2025-02-01", 3),
            ("2025-03-01", 1),
            ("2025-04-01", 2),
        ]


class TestOtherWays:
    def test_a_code_is_a_card(self, api, programme, card, events):
        answer = api.post(f"/v1/vouchers/{card['code']}/balance", json={"amount": 30}).expect()
        assert (answer["type"], answer["amount"], answer["balance"]) == ("loyalty_card", 30, 30)
        assert buckets(api, programme, card) == [("2025-02-25", 30)]
        changed = [payload for name, payload in events() if name == "loyalty.points_changed"]
        # One of joining, one of this.
        assert changed == 2 * [
            {
                "voucher_id": card["id"],
                "campaign_id": programme["id"],
                "customer_id": card["holder_id"],
            }
        ]
        lines = api.get(f"/v1/vouchers/{card['code']}/transactions").expect()["data"]
        assert figures(lines) == [("POINTS_ADDITION", 30, 30, 30)]
        lines = api.get(f"/v1/campaigns/{programme['id']}/transactions").expect()["data"]
        assert figures(lines) == [("POINTS_ADDITION", 30, 30, 30)]

    def test_a_code_has_not_enough(self, api, card):
        answer = api.post(f"/v1/vouchers/{card['code']}/balance", json={"amount": -1})
        assert (answer.status, answer.json["key"]) == (400, "loyalty_card_points_exceeded")

    def test_what_cards_begin_with(self, api, customer, move_time):
        """The time of the first points begins when somebody gets them."""
        programme = make_programme(api, 25, expiration_rules=MONTHLY)
        api.post(f"/v1/campaigns/{programme['id']}/vouchers/FREE").expect()
        assert buckets(api, programme, {"id": "FREE"}) == []
        move_time(days=10)
        card = make_member(api, programme, customer)
        assert card["code"] == "FREE"
        assert buckets(api, programme, card) == [("2025-03-04", 25)]
        assert card["loyalty_card"]["next_expiration_date"] == "2025-03-04"
        assert ledger(api, card) == []
        api.post("/v1/loyalties/members/FREE/balance", json={"points": -5}).expect()
        assert figures(ledger(api, card)) == [("POINTS_REMOVAL", -5, 20, 20)]


class TestLists:
    def test_lines_are_walked(self, api, programme, card, adjust):
        for points in range(1, 6):
            adjust(points).expect()
        for path in (
            f"/v1/loyalties/members/{card['code']}/transactions",
            f"/v1/loyalties/{programme['id']}/members/{card['id']}/transactions",
            f"/v1/loyalties/{programme['id']}/transactions",
        ):
            first = api.get(path, query={"limit": 2}).expect()
            assert [line[1] for line in figures(first["data"])] == [5, 4]
            assert (first["object"], first["data_ref"], first["has_more"]) == ("list", "data", True)
            assert first["more_starting_after"] == first["data"][-1]["id"]
            query = {"limit": 3, "starting_after_id": first["more_starting_after"]}
            rest = api.get(path, query=query).expect()
            assert [line[1] for line in figures(rest["data"])] == [3, 2, 1]
            assert not rest["has_more"]
            assert "more_starting_after" not in rest

    def test_lines_are_filtered(self, api, programme, card, adjust, move_time):
        adjust(1).expect()
        move_time(days=1)
        adjust(2).expect()
        path = f"/v1/loyalties/members/{card['id']}/transactions"
        after = "filters[created_at][conditions][$after]"
        lines = api.get(path, query={after: "2025-01-26T00:00:00Z"}).expect()["data"]
        assert [line[1] for line in figures(lines)] == [2]
        one = lines[0]["id"]
        lines = api.get(path, query={"filters[id][conditions][$is]": one}).expect()["data"]
        assert [line["id"] for line in lines] == [one]
        path = f"/v1/loyalties/{programme['id']}/transactions"
        query = {"filters[voucher_id][conditions][$is]": card["id"]}
        assert len(api.get(path, query=query).expect()["data"]) == 2
        query = {"filters[voucher_id][conditions][$is]": "v_other"}
        assert api.get(path, query=query).expect()["data"] == []
        for query in ({"order": "amount"}, {"limit": 0}, {"filters[x][conditions][$is]": 1}):
            assert api.get(path, query=query).status == 400

    def test_buckets_are_paged(self, api, programme, card, adjust):
        for month in (3, 2):
            adjust(month, expiration_type="CUSTOM_DATE", expiration_date=f"2025-0{month}-01")
        adjust(9, expiration_type="NON_EXPIRING")
        path = f"/v1/loyalties/{programme['id']}/members/{card['code']}/points-expiration"
        page = api.get(path, query={"limit": 2}).expect()
        assert (page["object"], page["data_ref"], page["total"]) == ("list", "data", 3)
        assert page["data"][0] == {
            "id": page["data"][0]["id"],
            "voucher_id": card["id"],
            "campaign_id": programme["id"],
            "bucket": {"total_points": 2},
            "status": "ACTIVE",
            "expires_at": "2025-02-01",
            "created_at": "2025-01-25T12:00:00.000Z",
            "object": "loyalty_points_bucket",
        }
        last = api.get(path, query={"limit": 2, "page": 2}).expect()["data"]
        assert [row["bucket"]["total_points"] for row in last] == [9]
        assert "expires_at" not in last[0]
        assert api.get(path, query={"limit": 101}).status == 400

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/loyalties/members/nobody/transactions",
            "/v1/loyalties/{id}/members/nobody/transactions",
            "/v1/loyalties/none/transactions",
            "/v1/loyalties/{id}/members/nobody/points-expiration",
        ],
    )
    def test_what_is_not_there(self, api, programme, path):
        assert api.get(path.format(id=programme["id"])).status == 404


class TestEnding:
    @pytest.fixture
    def expire(self, engine, project):
        """Takes away what ended before a day: `expire(card, "2025-02-01")`."""

        def run(card, day):
            with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                cards = lock_cards(uow, [card["id"]])
                vouchers.expire_points(uow, cards, today=date.fromisoformat(day))
                uow.commit()

        return run

    def test_points_end_after_their_last_day(self, api, programme, card, adjust, expire, events):
        custom = {"expiration_type": "CUSTOM_DATE"}
        for points, day in ((100, "2025-03-31"), (40, "2025-01-31"), (7, "2025-01-30")):
            adjust(points, expiration_date=day, **custom).expect()
        adjust(5, expiration_type="NON_EXPIRING").expect()
        expire(card, "2025-01-30")
        assert read(api, card)["loyalty_card"]["balance"] == 152
        for _ in range(2):
            expire(card, "2025-02-01")
        assert read(api, card)["loyalty_card"] == {
            "points": 152,
            "balance": 105,
            "expired_points": 47,
            "subtracted_points": 0,
            "pending_points": 0,
            "next_expiration_date": "2025-03-31",
            "next_expiration_points": 100,
        }
        assert figures(ledger(api, card))[-2:] == [
            ("POINTS_EXPIRATION", -7, 145, 145),
            ("POINTS_EXPIRATION", -40, 105, 105),
        ]
        assert buckets(api, programme, card) == [("2025-03-31", 100), (None, 5)]
        told = [payload for name, payload in events() if name.endswith("points_expired")]
        assert [each["points"] for each in told] == [7, 40]
        (bucket,) = told[1]["buckets"]
        assert (bucket["status"], bucket["bucket"]["total_points"]) == ("EXPIRED", 40)
        assert told[1]["voucher"]["loyalty_card"]["expired_points"] == 47

    def test_empty_buckets_end_silently(self, api, programme, card, adjust, expire, events):
        adjust(5).expect()
        adjust(-5).expect()
        told = events()
        expire(card, "2026-01-01")
        assert buckets(api, programme, card) == []
        assert events() == told

    def test_the_feed(self, api, card, adjust, expire, jobs, customer):
        adjust(5).expect()
        expire(card, "2026-01-01")
        jobs()
        path = f"/v1/customers/{customer['id']}/activity"
        types = [entry["type"] for entry in api.get(path, query={"limit": 100}).expect()["data"]]
        assert types.count("customer.voucher.loyalty_card.points_expired") == 1
