"""Gift cards: what they hold, adjusting it by hand, and the ledger that tells of it."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_customer,
    make_gift_campaign,
    make_gift_card,
    make_voucher,
    percent_off,
)

LARGEST = 2**53 - 1


@pytest.fixture
def adjust(api):
    """Adjusts a balance: `adjust("CARD", 500, source_id="a")`; the answer."""

    def post(code, amount, **members):
        return api.post(f"/v1/vouchers/{code}/balance", json={"amount": amount, **members})

    return post


def ledger(api, code, **query):
    """The lines of a card, the oldest first."""
    query = {"limit": 100, "order": "id", **query}
    return api.get(f"/v1/vouchers/{code}/transactions", query=query).expect()["data"]


def figures(lines):
    return [
        (
            line["type"],
            line["details"]["balance"]["amount"],
            line["details"]["balance"]["total"],
            line["details"]["balance"]["balance"],
        )
        for line in lines
    ]


class TestCreation:
    def test_a_card_holds_its_amount(self, api):
        made = make_gift_card(api, "CARD", 5000, voucher={"metadata": {"a": 1}})
        assert made["type"] == "GIFT_VOUCHER"
        assert made["gift"] == {
            "amount": 5000,
            "subtracted_amount": 0,
            "balance": 5000,
            "effect": "APPLY_TO_ORDER",
        }
        assert made["redemption"] == {
            "redeemed_quantity": 0,
            "redeemed_amount": 0,
            "object": "list",
            "url": f"/v1/vouchers/{made['id']}/redemptions?page=1&limit=10",
        }
        assert "discount" not in made
        assert api.get("/v1/vouchers/CARD").expect() == made
        assert ledger(api, "CARD") == []

    def test_a_sent_balance_says_nothing_new(self, api):
        made = make_gift_card(api, amount=300, balance=100, subtracted_amount=7)
        assert (made["gift"]["balance"], made["gift"]["subtracted_amount"]) == (300, 0)

    def test_a_card_may_be_empty_and_may_be_for_items(self, api):
        gift = make_gift_card(api, amount=0, effect="APPLY_TO_ITEMS")["gift"]
        assert (gift["amount"], gift["effect"]) == (0, "APPLY_TO_ITEMS")

    def test_a_code_is_drawn(self, api):
        body = {"type": "GIFT_VOUCHER", "gift": {"amount": 1}, "code_config": {"prefix": "G-"}}
        assert api.post("/v1/vouchers", json=body).expect()["code"].startswith("G-")

    @pytest.mark.parametrize(
        ("changes", "key", "details"),
        [
            ({"gift": None}, "invalid_voucher", "Property 'gift' is required for GIFT_VOUCHER"),
            ({"gift": {}}, "invalid_payload", "Property .gift should have required property"),
            ({"gift": []}, "invalid_payload", "Property .gift must be object,null"),
            ({"gift": {"amount": -1}}, "invalid_payload", "Property .gift.amount must be >= 0"),
            ({"gift": {"amount": 1.5}}, "invalid_payload", "Property .gift.amount must be int"),
            ({"gift": {"amount": 2**60}}, "invalid_payload", "Property .gift.amount must be int"),
            (
                {"gift": {"amount": 1, "effect": "ADD_NEW_ITEMS"}},
                "invalid_payload",
                "Property .gift.effect must be equal to one of the allowed values:"
                " APPLY_TO_ORDER, APPLY_TO_ITEMS",
            ),
            (
                {"type": "DISCOUNT_VOUCHER"},
                "invalid_voucher",
                "Property 'discount' is required for DISCOUNT_VOUCHER voucher",
            ),
        ],
    )
    def test_broken_ones_are_refused(self, api, changes, key, details):
        body = {"type": "GIFT_VOUCHER", "gift": {"amount": 100}, **changes}
        answer = api.post("/v1/vouchers/CARD", json=body)
        assert answer.refused(400, key)["details"].startswith(details)
        api.get("/v1/vouchers/CARD").refused(404, "not_found")

    def test_credits_are_not_changed_by_updates(self, api):
        make_gift_card(api, "CARD", 500)
        body = {
            "gift": {"amount": 9},
            "discount": percent_off(5),
            "redemption": {"quantity": 1},
            "metadata": {"a": 1},
        }
        updated = api.put("/v1/vouchers/CARD", json=body).expect()
        assert (updated["gift"]["balance"], updated["metadata"]) == (500, {"a": 1})
        assert "discount" not in updated
        assert "quantity" not in updated["redemption"]

    def test_listings_tell_of_gifts_by_type(self, api):
        make_voucher(api, "TEN")
        made = make_gift_card(api, "CARD")
        query = {"filters": {"voucher_type": {"conditions": {"$is": "GIFT_VOUCHER"}}}}
        assert api.get("/v1/vouchers", query=query).expect()["vouchers"] == [made]


class TestBalance:
    def test_an_addition_answers_the_new_balance(self, api, adjust):
        card = make_gift_card(api, "CARD", 1000)
        assert adjust("CARD", 500, source_id="a-1", reason="thanks").expect() == {
            "amount": 500,
            "total": 1500,
            "balance": 1500,
            "type": "gift_voucher",
            "operation_type": "MANUAL",
            "object": "balance",
            "related_object": {"type": "voucher", "id": card["id"]},
        }
        gift = api.get("/v1/vouchers/CARD").expect()["gift"]
        assert (gift["amount"], gift["balance"], gift["subtracted_amount"]) == (1500, 1500, 0)

    def test_a_removal_keeps_the_gross_amount(self, api, adjust):
        card = make_gift_card(api, "CARD", 1000)
        answer = adjust(card["id"], -400).expect()
        assert (answer["amount"], answer["total"], answer["balance"]) == (-400, 600, 600)
        gift = api.get("/v1/vouchers/CARD").expect()["gift"]
        assert (gift["amount"], gift["subtracted_amount"], gift["balance"]) == (1000, 400, 600)

    def test_the_line_names_the_call(self, api, adjust):
        card = make_gift_card(api, "CARD", 1000)
        adjust("CARD", 500, source_id="a-1", reason="thanks").expect()
        (line,) = ledger(api, "CARD")
        assert line.pop("id").startswith("vtx_")
        assert line.pop("created_at")
        assert line == {
            "source_id": "a-1",
            "voucher_id": card["id"],
            "campaign_id": None,
            "source": "API",
            "reason": "thanks",
            "type": "CREDITS_ADDITION",
            "details": {
                "balance": {
                    "type": "gift_voucher",
                    "total": 1500,
                    "amount": 500,
                    "object": "balance",
                    "balance": 1500,
                    "operation_type": "MANUAL",
                    "related_object": {"type": "voucher", "id": card["id"]},
                }
            },
            "related_transaction_id": None,
        }

    @pytest.mark.parametrize("amount", [-1001, -LARGEST, LARGEST - 999])
    def test_more_than_there_is_room_for_is_refused(self, api, adjust, events, amount):
        make_gift_card(api, "CARD", 1000)
        before = events()
        adjust("CARD", amount).refused(400, "invalid_add_balance_params")
        assert api.get("/v1/vouchers/CARD").expect()["gift"]["balance"] == 1000
        assert ledger(api, "CARD") == []
        assert events() == before

    def test_all_of_it_may_go_and_a_card_may_be_full(self, adjust, api):
        make_gift_card(api, "CARD", 1000)
        assert adjust("CARD", LARGEST - 1000).expect()["balance"] == LARGEST
        assert adjust("CARD", -LARGEST).expect()["balance"] == 0
        adjust("CARD", 1).refused(400, "invalid_add_balance_params")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"amount": None},
            {"amount": 0},
            {"amount": 1.5},
            {"amount": True},
            {"amount": "much"},
            {"amount": 2**60},
            {"amount": 1, "source_id": 5},
            {"amount": 1, "source_id": ""},
            {"amount": 1, "source_id": "x" * 600},
            {"amount": 1, "reason": 5},
            {"amount": 1, "reason": "\0"},
            {"amount": 1, "reason": "x" * 10_001},
            [],
            None,
        ],
    )
    def test_bad_input_is_refused(self, api, body):
        make_gift_card(api, "CARD")
        api.post("/v1/vouchers/CARD/balance", json=body).refused(400, "invalid_payload")
        assert ledger(api, "CARD") == []

    def test_a_source_id_counts_once_in_the_project(self, api, adjust):
        make_gift_card(api, "A")
        make_gift_card(api, "B")
        adjust("A", 100, source_id="once").expect()
        for code in ("A", "B"):
            error = adjust(code, 100, source_id="once").refused(400, "duplicate_source_id")
            assert error["resource_id"] == "once"
        assert api.get("/v1/vouchers/B").expect()["gift"]["balance"] == 1000
        assert len(ledger(api, "A")) == 1
        adjust("A", 100, source_id=None).expect()
        adjust("A", 100, source_id=None).expect()

    def test_other_projects_have_source_ids_of_their_own(
        self, api, adjust, new_project, connect_api
    ):
        make_gift_card(api, "A")
        adjust("A", 1, source_id="once").expect()
        other = connect_api(new_project())
        make_gift_card(other, "A")
        other.post("/v1/vouchers/A/balance", json={"amount": 1, "source_id": "once"}).expect()
        other.get("/v1/vouchers/A/transactions", query={"limit": 1}).expect()

    def test_unknown_and_other_codes_have_no_balance(self, api, adjust):
        adjust("NONE", 1).refused(404, "not_found")
        make_gift_card(api, "GONE")
        api.delete("/v1/vouchers/GONE")
        adjust("GONE", 1).refused(404, "not_found")

    @pytest.mark.parametrize(
        "members", [{"active": False}, {"expiration_date": "2020-01-01T00:00:00.000Z"}]
    )
    def test_cards_that_cannot_pay_can_be_adjusted(self, api, adjust, members):
        make_gift_card(api, "CARD", voucher=members)
        assert adjust("CARD", 5).expect()["balance"] == 1005

    @pytest.mark.uncertain
    def test_what_sessions_hold_cannot_be_taken_off(self, api, adjust, validate):
        make_gift_card(api, "CARD", 1000)
        session = {"type": "LOCK", "key": "cart"}
        validate("CARD", order={"amount": 700}, session=session)
        adjust("CARD", -301).refused(400, "invalid_add_balance_params")
        assert adjust("CARD", -300).expect()["balance"] == 700
        api.delete("/v1/vouchers/CARD/sessions/cart").expect(204)
        assert adjust("CARD", -700).expect()["balance"] == 0


class TestLedger:
    def test_pages_follow_each_other_both_ways(self, api, adjust):
        make_gift_card(api, "CARD", 0)
        for amount in range(1, 8):
            adjust("CARD", amount).expect()
        for order, expected in (("id", [1, 2, 3, 4, 5, 6, 7]), ("-id", [7, 6, 5, 4, 3, 2, 1])):
            seen, query = [], {"limit": 3, "order": order}
            while True:
                page = api.get("/v1/vouchers/CARD/transactions", query=query).expect()
                seen += [line["details"]["balance"]["amount"] for line in page["data"]]
                if not page["has_more"]:
                    break
                query["starting_after_id"] = page["more_starting_after"]
            assert seen == expected
            assert "more_starting_after" not in page

    def test_the_newest_comes_first(self, api, adjust):
        make_gift_card(api, "CARD")
        adjust("CARD", 1).expect()
        adjust("CARD", 2).expect()
        page = api.get("/v1/vouchers/CARD/transactions").expect()
        assert [line["details"]["balance"]["amount"] for line in page["data"]] == [2, 1]
        assert (page["object"], page["data_ref"], page["has_more"]) == ("list", "data", False)

    @pytest.mark.parametrize("query", [{"order": "created_at"}, {"limit": 101}, {"limit": 0}])
    def test_bad_queries_are_refused(self, api, query):
        make_gift_card(api, "CARD")
        answer = api.get("/v1/vouchers/CARD/transactions", query=query)
        answer.refused(400, "invalid_query_params")

    def test_an_unknown_line_to_go_on_from_leaves_nothing(self, api, adjust):
        make_gift_card(api, "CARD")
        adjust("CARD", 1).expect()
        assert ledger(api, "CARD", starting_after_id="vtx_none") == []
        api.get("/v1/vouchers/NONE/transactions").refused(404, "not_found")


class TestEvents:
    def test_an_adjustment_is_told_twice(self, api, adjust, events):
        make_gift_campaign(api, name="Gifts")
        card = api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
        adjust("CARD", 500, reason="thanks").expect()
        (created, of_line), (added, of_card) = events()[-2:]
        assert (created, added) == (
            "voucher.gift.transaction.created",
            "voucher.gift.balance_added",
        )
        (line,) = ledger(api, "CARD")
        assert of_line == {"transaction": line, "balance": line["details"]["balance"]}
        assert of_card["transaction"] == line
        assert of_card["balance"] == line["details"]["balance"]
        assert of_card["voucher"]["gift"]["balance"] == 1500
        assert of_card["campaign"]["name"] == "Gifts"
        assert of_card["campaign"]["voucher"]["gift"]["amount"] == 1000
        assert line["campaign_id"] == card["campaign_id"]

    def test_the_holder_sees_it_in_the_feed(self, api, adjust, give, jobs):
        customer = make_customer(api)
        make_gift_card(api, "CARD")
        make_gift_card(api, "NOBODYS")
        give("CARD", customer)
        adjust("CARD", -100).expect()
        adjust("NOBODYS", 100).expect()
        jobs()
        query = {"type": "customer.voucher.gift.balance_added"}
        (entry,) = api.get(f"/v1/customers/{customer['id']}/activity", query=query).expect()["data"]
        told = entry["data"]["data"]
        assert told["customer"]["id"] == customer["id"]
        assert told["voucher"]["code"] == "CARD"
        assert told["balance"]["amount"] == -100
        assert told["transaction"]["type"] == "CREDITS_REMOVAL"
