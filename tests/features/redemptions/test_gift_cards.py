"""Paying with gift cards: alone and in a stack, held by sessions, taken back."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    line,
    make_customer,
    make_gift_campaign,
    make_gift_card,
    make_product,
    make_rule,
    make_voucher,
    percent_off,
    redeemable,
)


def card(code, credits):
    """A gift card as a member of `redeemables`, with what it is to pay."""
    return redeemable(code, gift={"credits": credits})


@pytest.fixture
def gift(api):
    """Reads what a card holds and how often it was used: `gift("CARD")`."""

    def read(code):
        voucher = api.get(f"/v1/vouchers/{code}").expect()
        return {
            **{name: voucher["gift"][name] for name in ("amount", "balance", "subtracted_amount")},
            "redeemed_amount": voucher["redemption"]["redeemed_amount"],
            "redeemed_quantity": voucher["redemption"]["redeemed_quantity"],
        }

    return read


@pytest.fixture
def lines(api):
    """Reads a ledger, the oldest first: (type, amount, total, balance)."""

    def read(code):
        query = {"limit": 100, "order": "id"}
        data = api.get(f"/v1/vouchers/{code}/transactions", query=query).expect()["data"]
        return [(row["type"], *(row["details"]["balance"][name] for name in NAMES)) for row in data]

    return read


NAMES = ("amount", "total", "balance")


class TestPaying:
    def test_a_card_pays_what_is_asked(self, api, redeem, gift, lines):
        made = make_gift_card(api, "CARD", 1000)
        done = redeem(card("CARD", 300), order={"source_id": "o-1", "amount": 5000})
        (redemption,) = done["redemptions"]
        assert (redemption["amount"], redemption["gift"]) == (300, {"amount": 300})
        assert redemption["voucher"]["gift"] == {**made["gift"], "balance": 700}
        assert redemption["voucher"]["redemption"]["redeemed_amount"] == 300
        assert redemption["voucher"]["redemption"]["redeemed_quantity"] == 1
        order = done["order"]
        assert (order["discount_amount"], order["total_amount"]) == (300, 4700)
        assert gift("CARD") == {
            "amount": 1000,
            "balance": 700,
            "subtracted_amount": 0,
            "redeemed_amount": 300,
            "redeemed_quantity": 1,
        }
        assert lines("CARD") == [("CREDITS_REDEMPTION", -300, 1000, 700)]
        assert api.get(f"/v1/redemptions/{redemption['id']}").expect()["gift"] == {"amount": 300}

    def test_the_line_names_order_and_redemption(self, api, redeem):
        make_gift_card(api, "CARD")
        done = redeem("CARD", order={"source_id": "o-1", "amount": 5000})
        page = api.get("/v1/vouchers/CARD/transactions").expect()
        (row,) = page["data"]
        assert row["details"]["order"] == {"id": done["order"]["id"], "source_id": "o-1"}
        assert row["details"]["redemption"] == {"id": done["redemptions"][0]["id"]}
        assert row["details"]["balance"]["operation_type"] == "AUTOMATIC"
        assert "rollback" not in row["details"]
        assert (row["source"], row["source_id"], row["reason"]) == (None, None, None)

    @pytest.mark.parametrize(("amount", "paid"), [(5000, 1000), (400, 400), (1000, 1000)])
    def test_without_credits_it_pays_what_it_can(self, api, redeem, gift, amount, paid):
        make_gift_card(api, "CARD", 1000)
        done = redeem("CARD", order={"amount": amount})
        assert done["redemptions"][0]["amount"] == paid
        assert done["order"]["total_amount"] == amount - paid
        assert gift("CARD")["balance"] == 1000 - paid

    def test_more_than_the_order_is_not_taken(self, api, redeem, gift):
        make_gift_card(api, "CARD", 1000)
        done = redeem(card("CARD", 900), order={"amount": 500})
        assert done["redemptions"][0]["amount"] == 500
        assert gift("CARD")["balance"] == 500

    def test_credits_without_an_order_are_paid(self, api, redeem, gift, lines):
        make_gift_card(api, "CARD", 1000)
        done = redeem(card("CARD", 250))
        assert done["redemptions"][0]["gift"] == {"amount": 250}
        assert gift("CARD")["balance"] == 750
        assert lines("CARD") == [("CREDITS_REDEMPTION", -250, 1000, 750)]

    def test_nothing_paid_moves_nothing(self, api, redeem, gift, lines):
        make_gift_card(api, "CARD", 1000)
        done = redeem(card("CARD", 0), order={"amount": 500})
        assert done["redemptions"][0]["gift"] == {"amount": 0}
        assert gift("CARD")["redeemed_quantity"] == 1
        assert lines("CARD") == []
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        api.post(path).expect()
        assert gift("CARD")["redeemed_quantity"] == 0
        assert lines("CARD") == []

    @pytest.mark.parametrize(
        ("sent", "order", "key"),
        [
            (card("CARD", 1001), {"amount": 5000}, "gift_amount_exceeded"),
            (card("EMPTY", 1), {"amount": 5000}, "gift_amount_exceeded"),
            ("EMPTY", {"amount": 5000}, "gift_amount_exceeded"),
            (card("EMPTY", 0), {"amount": 5000}, "gift_amount_exceeded"),
            ("CARD", None, "missing_amount"),
            ("OLD", {"amount": 5000}, "voucher_expired"),
            ("ONCE", {"amount": 5000}, "quantity_exceeded"),
            ("OFF", {"amount": 5000}, "voucher_disabled"),
        ],
    )
    def test_cards_that_cannot_pay(self, api, redeem, gift, lines, validate, sent, order, key):
        make_gift_card(api, "CARD")
        make_gift_card(api, "EMPTY", 0)
        make_gift_card(api, "OLD", voucher={"expiration_date": "2020-01-01T00:00:00Z"})
        make_gift_card(api, "OFF", voucher={"active": False})
        make_gift_card(api, "ONCE", voucher={"redemption": {"quantity": 1}})
        redeem(card("ONCE", 1))
        sent = redeemable(sent) if isinstance(sent, str) else sent
        before = gift(sent["id"]), lines(sent["id"])
        members = {} if order is None else {"order": order}
        (refused,) = validate(sent, **members)["inapplicable_redeemables"]
        assert refused["result"]["error"]["key"] == key
        body = {"redeemables": [sent], **members}
        error = api.post("/v1/redemptions", json=body).refused(400, key)
        assert error["resource_id"].startswith("rf_")
        assert (gift(sent["id"]), lines(sent["id"])) == before

    @pytest.mark.parametrize("credits", [-1, 1.5, "much", None, True, 2**60])
    def test_bad_credits_are_refused(self, api, credits):
        make_gift_card(api, "CARD")
        body = {"redeemables": [card("CARD", credits)], "order": {"amount": 500}}
        for path in ("/v1/validations", "/v1/redemptions"):
            answer = api.post(path, json=body)
            if credits is None:
                answer.expect()
            else:
                answer.refused(400, "invalid_payload")

    def test_credits_mean_nothing_to_a_discount(self, api, redeem):
        make_voucher(api, "TEN")
        (redemption,) = redeem(card("TEN", 5), order={"amount": 500})["redemptions"]
        assert "gift" not in redemption
        assert "amount" not in redemption

    def test_the_campaign_s_switch_and_dates_of_the_card_count(self, api, redeem):
        make_gift_campaign(api, 500, name="Gifts")
        api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
        api.post("/v1/campaigns/Gifts/disable").expect()
        body = {"redeemables": [redeemable("CARD")], "order": {"amount": 500}}
        api.post("/v1/redemptions", json=body).refused(400, "voucher_disabled")
        api.post("/v1/campaigns/Gifts/enable").expect()
        done = redeem("CARD", order={"amount": 800})
        assert done["redemptions"][0]["amount"] == 500


class TestStack:
    def test_e05_a_card_pays_part_of_an_order(self, api, validate):
        make_gift_card(api, "CARD", 2500)
        answer = validate("CARD", order={"amount": 11_500})
        assert answer["redeemables"][0]["result"] == {"gift": {"balance": 2500, "credits": 2500}}
        order = answer["order"]
        assert (order["discount_amount"], order["total_amount"]) == (2500, 9000)

    def test_e06_a_card_pays_what_others_left(self, api, redeem, gift):
        make_voucher(api, "FIFTEEN", discount=percent_off(15))
        make_gift_card(api, "CARD", 10_300)
        done = redeem("FIFTEEN", card("CARD", 5000), order={"amount": 30_200})
        discount, paid = done["redemptions"]
        assert "gift" not in discount
        assert (paid["amount"], paid["gift"]) == (5000, {"amount": 5000})
        assert paid["order"]["discount_amount"] == 9530
        assert paid["order"]["applied_discount_amount"] == 5000
        assert done["order"]["total_amount"] == 20_670
        assert "amount" not in done["parent_redemption"]
        assert gift("CARD")["balance"] == 5300

    def test_two_cards_share_an_order(self, api, redeem, gift, lines):
        make_gift_card(api, "A", 700)
        make_gift_card(api, "B", 700)
        done = redeem("A", "B", order={"amount": 1000})
        assert [each["amount"] for each in done["redemptions"]] == [700, 300]
        assert (gift("A")["balance"], gift("B")["balance"]) == (0, 400)
        assert lines("A") == [("CREDITS_REDEMPTION", -700, 700, 0)]
        assert lines("B") == [("CREDITS_REDEMPTION", -300, 700, 400)]

    def test_a_refused_card_in_a_stack_moves_nothing(self, api, gift, lines):
        make_gift_card(api, "A", 700)
        make_gift_card(api, "B", 10)
        body = {"redeemables": [redeemable("A"), card("B", 11)], "order": {"amount": 1000}}
        api.post("/v1/redemptions", json=body).refused(400, "gift_amount_exceeded")
        assert (gift("A")["balance"], gift("B")["balance"]) == (700, 10)
        assert lines("A") == lines("B") == []

    def test_a_card_with_nothing_left_to_pay_can_be_passed_over(
        self, api, redeem, gift, set_stacking_rules
    ):
        set_stacking_rules(redeemables_no_effect_rule="SKIP")
        make_voucher(api, "ALL", discount=percent_off(100))
        make_gift_card(api, "CARD", 700)
        done = redeem("ALL", "CARD", order={"amount": 1000})
        (skipped,) = done["skipped_redeemables"]
        assert skipped["id"] == "CARD"
        assert gift("CARD")["redeemed_quantity"] == 0
        assert redeem(card("CARD", 100))["redemptions"][0]["amount"] == 100

    def test_events_name_each_movement_once(self, api, redeem, events):
        make_voucher(api, "TEN")
        make_gift_card(api, "CARD", 700)
        done = redeem("TEN", "CARD", order={"amount": 1000})
        told = [data for name, data in events() if name == "voucher.gift.transaction.created"]
        (data,) = told
        assert data["transaction"]["details"]["redemption"]["id"] == done["redemptions"][1]["id"]
        assert (data["balance"]["amount"], data["balance"]["balance"]) == (-700, 0)


class TestBudget:
    @pytest.mark.uncertain
    @pytest.mark.parametrize("order", [{"amount": 5000}, None])
    def test_a_campaign_gives_so_many_credits(self, api, redeem, gift, order):
        limit = {"name": "redemption.gift.amount", "conditions": {"$less_than_or_equal": [500]}}
        rule = make_rule(api, rules={"1": limit, "logic": "1"})
        make_gift_campaign(api, 1000, name="Gifts", validation_rules=[rule["id"]])
        for code in ("A", "B"):
            api.post(f"/v1/campaigns/Gifts/vouchers/{code}").expect()
        members = {} if order is None else {"order": order}
        redeem(card("A", 300), **members)
        body = {"redeemables": [card("B", 201)], **members}
        error = api.post("/v1/redemptions", json=body).refused(400, "redemption_rules_violated")
        assert error["details"].startswith("Gift Card cannot be redeemed")
        done = redeem(card("B", 200), **members)
        api.post("/v1/redemptions", json={**body, "redeemables": [card("A", 1)]}).refused(
            400, "redemption_rules_violated"
        )
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        api.post(path).expect()
        redeem(card("A", 200), **members)
        assert (gift("A")["balance"], gift("B")["balance"]) == (500, 1000)


class TestItems:
    def test_e04_a_card_pays_only_for_its_products(self, api, redeem, gift):
        comic, cup = make_product(api, price=1600), make_product(api, price=3000)
        entry = {"object": "product", "id": cup["id"]}
        lists = {"included": [entry], "excluded": [], "included_all": False}
        rule = make_rule(api, applicable_to=lists)
        make_gift_card(
            api,
            "CARD",
            5000,
            effect="APPLY_TO_ITEMS",
            voucher={"validation_rules": [rule["id"]]},
        )
        order = {"items": [line(comic), line(cup)]}
        done = redeem(card("CARD", 300), order=order)
        assert done["redemptions"][0]["gift"] == {"amount": 300}
        order = done["order"]
        assert (order["amount"], order["items_discount_amount"]) == (4600, 300)
        assert order["total_amount"] == 4300
        assert order["items"][1]["discount_amount"] == 300
        assert order["items"][1]["subtotal_amount"] == 2700
        assert "discount_amount" not in order["items"][0]
        assert gift("CARD")["balance"] == 4700

    def test_without_a_line_to_pay_it_is_refused(self, api, gift):
        make_gift_card(api, "CARD", 5000, effect="APPLY_TO_ITEMS")
        body = {"redeemables": [redeemable("CARD")], "order": {"amount": 500}}
        api.post("/v1/redemptions", json=body).refused(400, "missing_order_items_amount")
        assert gift("CARD")["balance"] == 5000

    def test_all_lines_are_paid_where_no_list_says_otherwise(self, api, redeem, gift):
        make_gift_card(api, "CARD", 2500, effect="APPLY_TO_ITEMS")
        done = redeem("CARD", order=cart((2, 1000), (1, 1000)))
        items = done["order"]["items"]
        assert [item["discount_amount"] for item in items] == [2000, 500]
        assert gift("CARD")["balance"] == 0


class TestRollback:
    def test_e39_full_spend_then_rollback(self, api, redeem, gift, lines):
        make_gift_card(api, "CARD", 2000)
        done = redeem(card("CARD", 2000), order={"source_id": "o", "amount": 6000})
        assert done["order"]["total_amount"] == 4000
        assert gift("CARD")["balance"] == 0
        redemption = done["redemptions"][0]
        rollback = api.post(f"/v1/redemptions/{redemption['id']}/rollback").expect()
        assert (rollback["amount"], rollback["gift"]) == (-2000, {"amount": -2000})
        assert rollback["order"]["status"] == "CANCELED"
        assert rollback["order"]["amount"] == rollback["order"]["total_amount"] == 6000
        assert rollback["voucher"]["gift"]["balance"] == 2000
        assert rollback["voucher"]["redemption"]["redeemed_amount"] == 0
        assert gift("CARD") == {
            "amount": 2000,
            "balance": 2000,
            "subtracted_amount": 0,
            "redeemed_amount": 0,
            "redeemed_quantity": 0,
        }
        assert lines("CARD") == [
            ("CREDITS_REDEMPTION", -2000, 2000, 0),
            ("CREDITS_REFUND", 2000, 2000, 2000),
        ]

    def test_the_refund_names_what_it_undoes(self, api, redeem):
        make_gift_card(api, "CARD")
        done = redeem("CARD", order={"source_id": "o", "amount": 400})
        redemption = done["redemptions"][0]
        rollback = api.post(f"/v1/redemptions/{redemption['id']}/rollback").expect()
        refund, taken = api.get("/v1/vouchers/CARD/transactions").expect()["data"]
        assert refund["related_transaction_id"] == taken["id"]
        assert taken["related_transaction_id"] is None
        assert refund["details"]["rollback"] == {"id": rollback["id"]}
        assert refund["details"]["redemption"] == {"id": redemption["id"]}
        assert refund["details"]["order"] == {"id": done["order"]["id"], "source_id": "o"}

    def test_without_the_order_the_credits_come_back_all_the_same(
        self, api, redeem, gift, set_stacking_rules
    ):
        set_stacking_rules(redeemables_rollback_order_mode="WITHOUT_ORDER")
        make_gift_card(api, "CARD", 2000)
        done = redeem("CARD", order={"source_id": "o", "amount": 6000, "status": "PAID"})
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        rollback = api.post(path).expect()
        order = rollback["order"]
        assert (order["status"], order["discount_amount"], order["total_amount"]) == (
            "PAID",
            2000,
            4000,
        )
        assert (rollback["amount"], gift("CARD")["balance"]) == (-2000, 2000)

    def test_a_stack_gives_each_card_its_own(self, api, redeem, gift, lines, events):
        make_voucher(api, "TEN", discount=amount_off(100))
        make_gift_card(api, "A", 700)
        make_gift_card(api, "B", 700)
        done = redeem("TEN", "A", "B", order={"amount": 1000})
        path = f"/v1/redemptions/{done['parent_redemption']['id']}/rollbacks"
        answer = api.post(path).expect()
        assert [each.get("amount") for each in answer["rollbacks"]] == [None, -700, -200]
        assert "amount" not in answer["parent_rollback"]
        assert answer["order"]["total_amount"] == 1000
        assert gift("A")["balance"] == gift("B")["balance"] == 700
        assert lines("B")[-1] == ("CREDITS_REFUND", 200, 700, 700)
        told = [data for name, data in events() if name == "voucher.gift.transaction.created"]
        assert [data["balance"]["amount"] for data in told] == [-700, -200, 700, 200]

    def test_a_second_one_gives_nothing(self, api, redeem, gift, lines):
        make_gift_card(api, "CARD", 500)
        done = redeem("CARD", order={"amount": 400})
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        api.post(path).expect()
        api.post(path).refused(400, "already_rolled_back")
        assert gift("CARD")["balance"] == 500
        assert len(lines("CARD")) == 2

    def test_expired_disabled_and_emptied_cards_get_their_credits_back(
        self, api, redeem, gift, move_time
    ):
        make_gift_card(api, "CARD", 500, voucher={"expiration_date": "2099-01-01T00:00:00Z"})
        done = redeem("CARD", order={"amount": 400})
        api.post("/v1/vouchers/CARD/balance", json={"amount": -100}).expect()
        body = {"active": False, "expiration_date": "2020-01-01T00:00:00Z"}
        api.put("/v1/vouchers/CARD", json=body).expect()
        move_time(days=30)
        api.post(f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback").expect()
        assert gift("CARD") == {
            "amount": 500,
            "balance": 400,
            "subtracted_amount": 100,
            "redeemed_amount": 0,
            "redeemed_quantity": 0,
        }

    @pytest.mark.parametrize("is_forced", [True, False])
    def test_a_deleted_card_can_be_rolled_back(self, api, redeem, is_forced):
        make_gift_card(api, "CARD", 500)
        done = redeem("CARD", order={"amount": 400})
        api.delete("/v1/vouchers/CARD", query={"force": is_forced}).expect(204)
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        assert api.post(path).expect()["amount"] == -400


class TestOlderCalls:
    def test_a_card_is_validated_alone(self, api):
        made = make_gift_card(api, "CARD", 1000)
        body = {"gift": {"credits": 300}, "order": {"amount": 500}}
        answer = api.post("/v1/vouchers/CARD/validate", json=body).expect()
        assert answer["valid"] is True
        assert answer["gift"] == made["gift"]
        assert "discount" not in answer
        assert answer["order"]["total_amount"] == 200
        refused = api.post(
            "/v1/vouchers/CARD/validate", json={"gift": {"credits": 1001}, "order": {"amount": 5}}
        ).expect()
        assert (refused["valid"], refused["error"]["key"]) == (False, "gift_amount_exceeded")

    @pytest.mark.parametrize(
        ("members", "paid"),
        [
            ({"gift": {"credits": 300}, "order": {"amount": 500}}, 300),
            ({"order": {"amount": 500}}, 500),
            ({"order": {"amount": 5000}}, 1000),
            ({"gift": None, "order": {"amount": 500}}, 500),
            ({"gift": {"credits": 300}}, 300),
        ],
    )
    def test_a_card_is_redeemed_alone(self, api, gift, members, paid):
        make_gift_card(api, "CARD", 1000)
        done = api.post("/v1/vouchers/CARD/redemption", json=members).expect()
        assert (done["amount"], done["gift"]) == (paid, {"amount": paid})
        assert gift("CARD")["balance"] == 1000 - paid
        entries = api.get("/v1/vouchers/CARD/redemption").expect()["redemption_entries"]
        assert [entry["gift"] for entry in entries] == [{"amount": paid}]


class TestSessions:
    SESSION = {"type": "LOCK", "key": "mine"}

    def test_a_session_holds_what_it_would_pay(self, api, validate, redeem, gift):
        make_gift_card(api, "CARD", 1000)
        answer = validate("CARD", order={"amount": 600}, session=self.SESSION)
        assert answer["redeemables"][0]["result"]["gift"] == {"balance": 1000, "credits": 600}
        (refused,) = validate(card("CARD", 401), order={"amount": 900})["inapplicable_redeemables"]
        assert refused["result"]["error"]["key"] == "gift_amount_exceeded"
        done = redeem("CARD", order={"amount": 900})
        assert done["redemptions"][0]["amount"] == 400
        done = redeem("CARD", order={"amount": 600}, session=self.SESSION)
        assert done["redemptions"][0]["amount"] == 600
        assert gift("CARD")["balance"] == 0

    def test_the_same_key_holds_anew(self, api, validate):
        make_gift_card(api, "CARD", 1000)
        for amount in (600, 900, 200):
            answer = validate("CARD", order={"amount": amount}, session=self.SESSION)
            assert answer["redeemables"][0]["result"]["gift"]["credits"] == amount
        answer = validate("CARD", order={"amount": 5000})
        assert answer["redeemables"][0]["result"]["gift"]["credits"] == 800

    def test_locks_end(self, api, validate, redeem, gift, move_time):
        make_gift_card(api, "CARD", 1000)
        session = {**self.SESSION, "ttl": 1, "ttl_unit": "HOURS"}
        validate("CARD", order={"amount": 1000}, session=session)
        body = {"redeemables": [redeemable("CARD")], "order": {"amount": 1000}}
        api.post("/v1/redemptions", json=body).refused(400, "gift_amount_exceeded")
        move_time(hours=2)
        assert redeem("CARD", order={"amount": 1000})["redemptions"][0]["amount"] == 1000

    def test_a_released_lock_gives_the_credits_back(self, api, validate):
        make_gift_card(api, "CARD", 1000)
        validate("CARD", order={"amount": 1000}, session=self.SESSION)
        api.delete("/v1/vouchers/CARD/sessions/mine").expect(204)
        answer = validate("CARD", order={"amount": 5000})
        assert answer["redeemables"][0]["result"]["gift"]["credits"] == 1000

    def test_a_session_s_own_redemption_releases_it(self, api, validate, redeem):
        make_gift_card(api, "CARD", 1000)
        validate("CARD", order={"amount": 800}, session=self.SESSION)
        redeem(card("CARD", 100), order={"amount": 800}, session=self.SESSION)
        answer = validate("CARD", order={"amount": 5000})
        assert answer["redeemables"][0]["result"]["gift"]["credits"] == 900


class TestCustomer:
    def test_the_summary_counts_paid_and_left(self, api, redeem, give):
        ada, bob = make_customer(api, source_id="ada"), make_customer(api, source_id="bob")
        make_gift_card(api, "HERS", 1000)
        make_gift_card(api, "NOBODYS", 1000)
        make_gift_card(api, "BINNED", 1000)
        for code in ("HERS", "BINNED"):
            give(code, ada)
        redeem("NOBODYS", order={"amount": 200}, customer={"id": ada["id"]})
        undone = redeem("HERS", order={"amount": 300}, customer={"id": ada["id"]})
        redeem("HERS", order={"amount": 50}, customer={"id": bob["id"]})
        api.post(f"/v1/redemptions/{undone['redemptions'][0]['id']}/rollback").expect()
        api.delete("/v1/vouchers/BINNED").expect(204)
        summary = api.get("/v1/customers/ada").expect()["summary"]["redemptions"]
        assert summary["gift"] == {"redeemed_amount": 200, "amount_to_go": 950}
        summary = api.get("/v1/customers/bob").expect()["summary"]["redemptions"]
        assert summary["gift"] == {"redeemed_amount": 50, "amount_to_go": 0}

    def test_the_wallet_tells_when_nothing_is_left(self, api, redeem, give):
        ada = make_customer(api, source_id="ada")
        make_gift_card(api, "CARD", 1000)
        make_gift_card(api, "ONCE", 1000, voucher={"redemption": {"quantity": 1}})
        give("CARD", ada)
        give("ONCE", ada)

        def held():
            rows = api.get("/v1/customers/ada/redeemables").expect()["data"]
            return {row["redeemable"]["voucher"]["code"]: row["redeemable"] for row in rows}

        assert {row["status"] for row in held().values()} == {"ACTIVE"}
        redeem("CARD", "ONCE", order={"amount": 2000})
        found = held()
        assert {code: row["status"] for code, row in found.items()} == {
            "CARD": "NO_BALANCE",
            "ONCE": "USED",
        }
        voucher = found["CARD"]["voucher"]
        assert (voucher["gift"]["balance"], voucher["gift"]["amount"]) == (0, 1000)
        assert voucher["redemption"]["redeemed_amount"] == 1000

    def test_the_feed_tells_of_gifts(self, api, redeem, jobs):
        ada = make_customer(api, source_id="ada")
        make_gift_card(api, "CARD", 1000)
        redeem("CARD", order={"amount": 200}, customer={"id": ada["id"]})
        jobs()
        query = {"type": "customer.redemption.succeeded"}
        (entry,) = api.get("/v1/customers/ada/activity", query=query).expect()["data"]
        told = entry["data"]["data"]
        assert told["redemption"]["amount"] == 200
        assert told["voucher"]["gift"]["balance"] == 800
