"""Pending points: waiting, activating them early, changing and cancelling them."""

from __future__ import annotations

from datetime import date

import pytest

from kupon.features.loyalties.service import pending as service
from kupon.runtime import clock, ids
from kupon.storage.points import lock_cards
from kupon.storage.tables.loyalties import PendingPoints
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer, make_member, make_programme

MONTHLY = {"period_type": "MONTH", "period_value": 1}
DETAILS = {
    "event": {"id": "event_1", "type": "customer.order.paid"},
    "earning_rule": {"id": "ern_1", "source": {"banner": "Ten for one"}},
    "order": {"id": "ord_1", "source_id": None},
}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2025-01-15T12:00:00+00:00")


@pytest.fixture
def programme(api):
    return make_programme(api, name="Club", expiration_rules=MONTHLY)


@pytest.fixture
def card(api, programme):
    return make_member(api, programme, make_customer(api))


@pytest.fixture
def wait(engine, project):
    """Has points wait on a card: `wait(card, 100, "2025-02-14")`; their id."""

    def add(card, points, day="2025-02-14", rules=None):
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            row = PendingPoints(
                project_id=project.id,
                id=ids.new_id("lopp_"),
                voucher_id=card["id"],
                campaign_id=card["campaign_id"],
                customer_id=card["holder_id"],
                order_id="ord_1",
                points=points,
                status="PENDING",
                activates_on=date.fromisoformat(day),
                expiration_rules=rules,
                details=DETAILS,
                created_at=uow.now,
            )
            service.add_pending(uow, lock_cards(uow, [card["id"]]), [row])
            uow.commit()
            return row.id

    return add


@pytest.fixture
def call(api, card):
    """Calls an operation on pending points: `call("activate", id)`."""

    def post(action, id, **options):
        path = f"/v1/loyalties/members/{card['code']}/pending-points/{id}/{action}"
        return api.post(path, **options)

    return post


def held(api, card):
    return api.get(f"/v1/vouchers/{card['code']}").expect()["loyalty_card"]


def lines(api, card):
    return api.get(f"/v1/loyalties/members/{card['id']}/transactions").expect()["data"]


class TestWaiting:
    def test_they_are_listed_but_not_on_the_card(self, api, programme, card, wait):
        made = [wait(card, points) for points in (10, 20, 30)]
        assert (held(api, card)["balance"], held(api, card)["pending_points"]) == (0, 60)
        for path in (
            f"/v1/loyalties/members/{card['code']}/pending-points",
            f"/v1/loyalties/{programme['name']}/members/{card['id']}/pending-points",
            f"/v1/loyalties/{programme['id']}/pending-points",
        ):
            page = api.get(path, query={"limit": 2, "order": "id"}).expect()
            assert page["data"][0] == {
                "id": made[0],
                "voucher_id": card["id"],
                "campaign_id": programme["id"],
                "customer_id": card["holder_id"],
                "order_id": "ord_1",
                "points": 10,
                "activates_at": "2025-02-14",
                "details": DETAILS,
                "created_at": "2025-01-15T12:00:00.000Z",
            }
            assert (page["has_more"], page["more_starting_after"]) == (True, made[1])
            query = {"order": "id", "starting_after_id": made[1]}
            rest = api.get(path, query=query).expect()
            assert [row["id"] for row in rest["data"]] == made[2:]
            newest = api.get(path, query={"order": "-id"}).expect()["data"]
            assert [row["id"] for row in newest] == made[::-1]
            assert api.get(path, query={"order": "points"}).status == 400

    def test_they_can_be_neither_spent_nor_transferred(self, api, programme, card, wait):
        wait(card, 100)
        answer = api.post(f"/v1/loyalties/members/{card['id']}/balance", json={"points": -1})
        assert answer.json["key"] == "loyalty_card_points_exceeded"
        other = make_member(api, programme, make_customer(api))
        path = f"/v1/loyalties/{programme['id']}/members/{other['id']}/transfers"
        answer = api.post(path, json=[{"code": card["code"], "points": 1}])
        assert answer.json["key"] == "loyalty_card_points_exceeded"

    def test_the_event_and_the_feed(self, api, card, wait, events, jobs):
        wait(card, 100)
        told = dict(events())["voucher.loyalty_card.pending_points.added"]
        assert told["voucher_pending_points_balance"] == {
            "points": 100,
            "total": 100,
            "balance": 100,
            "type": "loyalty_card",
            "object": "balance",
            "related_object": {"type": "voucher", "id": card["id"]},
            "operation_type": "AUTOMATIC",
        }
        assert told["voucher"]["loyalty_card"]["pending_points"] == 100
        jobs()
        feed = api.get(f"/v1/customers/{card['holder_id']}/activity").expect()["data"]
        types = [entry["type"] for entry in feed]
        assert types.count("customer.voucher.loyalty_card.pending_points.added") == 1


class TestActivating:
    def test_early(self, api, programme, card, wait, call, events):
        id = wait(card, 100)
        answer = call("activate", id).expect()
        assert answer == {
            "points": 100,
            "total": 100,
            "balance": 100,
            "type": "loyalty_card",
            "object": "balance",
            "related_object": {"type": "voucher", "id": card["id"]},
            "operation_type": "MANUAL",
        }
        after = held(api, card)
        assert (after["balance"], after["pending_points"]) == (100, 0)
        # The time of points begins with their activation.
        assert after["next_expiration_date"] == "2025-02-15"
        (line,) = lines(api, card)
        assert (line["type"], line["source"]) == ("PENDING_POINTS_ACTIVATION", "API")
        assert line["details"]["pending_points"]["id"] == id
        assert line["details"]["earning_rule"] == DETAILS["earning_rule"]
        assert line["details"]["order"] == DETAILS["order"]
        path = f"/v1/loyalties/{programme['id']}/pending-points"
        assert api.get(path).expect()["data"] == []
        told = dict(events())["voucher.loyalty_card.pending_points.activated"]
        assert told["transaction"]["id"] == line["id"]
        assert told["balance"] == answer

    def test_the_rules_of_the_earning_rule_come_first(self, api, card, wait, call):
        call("activate", wait(card, 10, rules={"period_type": "MONTH", "period_value": 3})).expect()
        assert held(api, card)["next_expiration_date"] == "2025-04-15"

    def test_what_is_due(self, engine, project, api, card, wait, move_time):
        """As the nightly work does it: the clock of the points starts on that day."""
        wait(card, 30, "2025-02-14")
        wait(card, 70, "2025-02-15")
        move_time.freeze("2025-02-14T00:00:01+00:00")
        for _ in range(2):
            with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                cards = lock_cards(uow, [card["id"]])
                service.activate_due(uow, cards, today=date(2025, 2, 14))
                assert cards[card["id"]].pending_points == 70
                uow.commit()
        after = held(api, card)
        assert (after["balance"], after["pending_points"]) == (30, 70)
        assert after["next_expiration_date"] == "2025-03-14"
        (line,) = lines(api, card)
        assert line["source"] == "Automation"
        assert line["details"]["balance"]["operation_type"] == "AUTOMATIC"


class TestChanging:
    @pytest.mark.parametrize(("points", "left"), [(5, 105), (-99, 1)])
    def test_more_or_less(self, api, card, wait, call, events, points, left):
        id = wait(card, 100)
        wait(card, 1000)
        assert call("balance", id, json={"points": points}).expect() == {
            "points": points,
            "total": left + 1000,
            "object": "balance",
            "related_object": {"type": "voucher", "id": card["id"]},
            "operation_type": "MANUAL",
        }
        assert held(api, card)["pending_points"] == left + 1000
        path = f"/v1/loyalties/members/{card['id']}/pending-points"
        rows = api.get(path).expect()["data"]
        assert {row["id"]: row["points"] for row in rows}[id] == left
        assert "updated_at" in {row["id"]: row for row in rows}[id]
        told = dict(events())["voucher.loyalty_card.pending_points.updated"]
        assert told["pending_points"]["points"] == left

    @pytest.mark.parametrize(
        ("body", "key"),
        [
            ({"points": -100}, "invalid_amount"),
            ({"points": -(2**53) + 1}, "invalid_amount"),
            ({"points": 2**53 - 1}, "invalid_amount"),
            ({"points": 0}, "invalid_payload"),
            ({"points": "x"}, "invalid_payload"),
            ({}, "invalid_payload"),
            ([], "invalid_payload"),
        ],
    )
    def test_refusals(self, api, card, wait, call, body, key):
        answer = call("balance", wait(card, 100), json=body)
        assert (answer.status, answer.json["key"]) == (400, key)
        assert held(api, card)["pending_points"] == 100

    def test_never(self, api, card, wait, call, events):
        id = wait(card, 100)
        answer = call("cancel", id)
        assert (answer.status, answer.body) == (204, b"")
        assert (held(api, card)["balance"], held(api, card)["pending_points"]) == (0, 0)
        assert lines(api, card) == []
        told = dict(events())["voucher.loyalty_card.pending_points.canceled"]
        assert told["voucher_pending_points_balance"]["points"] == -100

    @pytest.mark.parametrize("before", ["activate", "cancel"])
    @pytest.mark.parametrize(
        ("action", "word"),
        [("activate", "activated"), ("balance", "updated"), ("cancel", "canceled")],
    )
    def test_only_what_is_pending(self, api, card, wait, call, before, action, word):
        id = wait(card, 100)
        assert call(before, id).status in (200, 204)
        body = {"json": {"points": 1}} if action == "balance" else {}
        answer = call(action, id, **body)
        assert (answer.status, answer.json["key"]) == (400, "invalid_pending_points_state")
        state = {"activate": "ACTIVATED", "cancel": "CANCELED"}[before]
        assert answer.json["details"] == (
            f"Only pending points in 'PENDING' status can be {word}. Current status: '{state}'."
        )

    def test_what_is_not_there(self, api, programme, card, wait, call):
        other = make_member(api, programme, make_customer(api))
        id = wait(other, 5)
        for name in (id, "lopp_none"):
            answer = call("activate", name)
            assert (answer.status, answer.json["resource_type"]) == (404, "pending_points")
            assert call("balance", name, json={"points": 1}).status == 404
            assert call("cancel", name).status == 404
        assert api.get("/v1/loyalties/members/nobody/pending-points").status == 404
        assert api.get("/v1/loyalties/none/pending-points").status == 404
