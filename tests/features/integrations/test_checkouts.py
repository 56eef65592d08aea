"""The life of a platform's order: its incentives count once, and go back once, in any disorder."""

from __future__ import annotations

import itertools

import pytest
from tests.features.integrations.conftest import moment, told

from kupon.testing.builders import amount_off

CODE = "TEN"


@pytest.fixture
def code(api):
    body = {
        "type": "DISCOUNT_VOUCHER",
        "discount": amount_off(100),
        "redemption": {"quantity": 1},
    }
    api.post(f"/v1/vouchers/{CODE}", json=body).expect()
    return CODE


def redeemed(api, code=CODE):
    return api.get(f"/v1/vouchers/{code}").expect()["redemption"]["redeemed_quantity"]


def redemptions(api, result="SUCCESS", kind="redemption"):
    found = api.get("/v1/redemptions", query={"limit": 100}).expect()["redemptions"]
    return [each for each in found if (each["object"], each["result"]) == (kind, result)]


def order(status, version=None, *, key=None, codes=(CODE,), amount=1000, **members):
    """What the shop tells of its order 17."""
    items = [{"source_id": "mug", "quantity": 1, "price": amount, "amount": amount}]
    fields = {
        "status": status,
        "amount": amount,
        "items": items,
        "customer": {"source_id": "ada", "name": "Ada"},
    }
    redeemables = [{"object": "voucher", "id": each} for each in codes]
    return told(
        "order",
        "17",
        version=version,
        fields=fields | members,
        redeemables=redeemables,
        checkout_key=key,
    )


def lock(api, key="cart-1", code=CODE):
    body = {
        "redeemables": [{"object": "voucher", "id": code}],
        "order": {"amount": 1000},
        "session": {"type": "LOCK", "key": key},
    }
    assert api.post("/v1/validations", json=body).expect()["valid"]


def is_free(api, code=CODE):
    """Whether somebody else could have the code now."""
    body = {"redeemables": [{"object": "voucher", "id": code}], "order": {"amount": 1000}}
    return api.post("/v1/validations", json=body).expect()["valid"]


def test_from_cart_to_cancellation(shop, api, jobs, code):
    lock(api)
    assert not is_free(api)
    shop.send(order("CREATED", 1, key="cart-1")).expect()
    jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "CREATED"
    assert not is_free(api)
    assert redeemed(api) == 0
    shop.send(order("PAID", 2, key="cart-1")).expect()
    jobs()
    stored = api.get("/v1/orders/17").expect()
    assert (stored["status"], stored["total_applied_discount_amount"]) == ("PAID", 100)
    assert redeemed(api) == 1
    [checkout] = shop.checkouts()
    assert checkout["state"] == "REDEEMED"
    assert checkout["redemption_ids"] == [each["id"] for each in redemptions(api)]
    shop.send(order("FULFILLED", 3, key="cart-1")).expect()
    jobs()
    stored = api.get("/v1/orders/17").expect()
    assert (stored["status"], stored["total_applied_discount_amount"]) == ("FULFILLED", 100)
    shop.send(order("CANCELED", 4, key="cart-1")).expect()
    jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "CANCELED"
    assert redeemed(api) == 0
    assert shop.checkouts()[0]["state"] == "ROLLED_BACK"
    assert shop.statistics()["totals"]["checkouts.rolled_back"] == 1


def test_placed_it_holds_its_codes_although_no_cart_did(shop, api, jobs, code, move_time):
    """The platform's own checkout has taken the code; unknown ones beside it change nothing."""
    other = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(50)}
    api.post("/v1/vouchers/MORE", json=other).expect()
    wanted = order("CREATED", 1, key="gid-17", codes=(CODE, "NOBODYS", "MORE"))
    shop.send(wanted).expect()
    jobs()
    assert not is_free(api)
    move_time(days=6)
    assert not is_free(api)
    # What is told again while it waits counts from then on, with the lines that it has by then.
    shop.send(wanted | {"id": "again", "version": 2}).expect()
    jobs()
    move_time(days=6)
    body = {"redeemables": [{"object": "voucher", "id": CODE}], "order": {"amount": 1000}}
    api.post("/v1/redemptions", json=body).refused(400, "quantity_exceeded")
    shop.send(order("PAID", 3, key="gid-17", codes=(CODE, "NOBODYS", "MORE"))).expect()
    jobs()
    [checkout] = shop.checkouts()
    assert (checkout["state"], redeemed(api)) == ("REDEEMED", 1)
    assert [each["id"] for each in checkout["passed_over"]] == ["NOBODYS"]


def test_placed_with_a_code_that_is_used_up_it_is_stored_all_the_same(shop, api, jobs, code):
    lock(api, key="somebody-elses")
    shop.send(order("CREATED", 1, key="gid-17")).expect()
    jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "CREATED"
    assert [each["state"] for each in shop.checkouts()] == ["LOCKED"]
    assert shop.deliveries("PARKED") == []


def test_of_which_nothing_is_left_it_has_no_lines(shop, api, jobs, code):
    """All was sent back, and the shop has kept what the shipping was."""
    shop.send(order("PAID", 1)).expect()
    shop.send(order("PAID", 2, items=[], amount=0)).expect()
    jobs()
    stored = api.get("/v1/orders/17").expect()
    assert (stored["status"], stored["amount"], stored["items"]) == ("PAID", 0, [])
    [checkout] = shop.checkouts()
    assert (checkout["state"], redeemed(api)) == ("REDEEMED", 1)
    assert "edited" in checkout["error"]


@pytest.mark.parametrize("turn", list(itertools.permutations(range(3))))
def test_redeemed_once_although_told_thrice_and_out_of_order(shop, api, jobs, code, turn):
    events = [order("CREATED", 1), order("PAID", 2), order("FULFILLED", 3)]
    for _ in range(3):
        for place in turn:
            shop.send(events[place]).expect()
            jobs()
    assert redeemed(api) == len(redemptions(api)) == 1
    assert api.get("/v1/orders/17").expect()["status"] == "FULFILLED"


@pytest.mark.parametrize("turn", list(itertools.permutations(range(4))))
def test_without_versions_an_order_never_goes_back(shop, api, jobs, code, turn):
    events = [order("CREATED"), order("PAID"), order("FULFILLED"), order("CANCELED")]
    for _ in range(2):
        # The same news under new names, as from a platform that names deliveries anew.
        for place in turn:
            shop.send(events[place] | {"id": f"{events[place]['id']}-{_}"}).expect()
            jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "CANCELED"
    assert redeemed(api) == 0
    assert len(redemptions(api)) == len(redemptions(api, kind="redemption_rollback"))


def test_the_same_news_in_one_request_counts_once(shop, api, jobs, code):
    shop.send(*(order("PAID", 2, key="cart-1") for _ in range(20))).expect()
    jobs()
    assert redeemed(api) == len(redemptions(api)) == 1
    assert shop.deliveries("PARKED") == []


def test_canceled_before_it_was_paid(shop, api, jobs, code):
    lock(api)
    shop.send(order("CREATED", 1, key="cart-1")).expect()
    shop.send(order("CANCELED", 3, key="cart-1")).expect()
    shop.send(order("PAID", 2, key="cart-1")).expect()
    jobs()
    assert shop.checkouts()[0]["state"] == "RELEASED"
    assert is_free(api)
    assert redeemed(api) == 0
    assert api.get("/v1/orders/17").expect()["status"] == "CANCELED"


def test_a_cart_that_goes_when_it_became_an_order_keeps_what_it_holds(shop, api, jobs, code):
    lock(api)
    shop.send(order("CREATED", 1, key="cart-1")).expect()
    shop.tell("cart.deleted", "cart-1")
    jobs()
    assert not is_free(api)
    lock(api, "cart-1")
    shop.send(order("PAID", 2, key="cart-1")).expect()
    jobs()
    assert redeemed(api) == 1


def test_a_cart_that_is_abandoned_frees_what_it_held(shop, api, jobs, code):
    lock(api, "cart-9")
    assert not is_free(api)
    shop.tell("cart.deleted", "cart-9")
    jobs()
    assert is_free(api)


def test_an_unpaid_order_holds_its_codes_for_the_time_of_payment(shop, api, jobs, code, move_time):
    body = {
        "redeemables": [{"object": "voucher", "id": CODE}],
        "order": {"amount": 1000},
        "session": {"type": "LOCK", "key": "cart-1", "ttl": 1, "ttl_unit": "HOURS"},
    }
    api.post("/v1/validations", json=body).expect()
    shop.send(order("CREATED", 1, key="cart-1")).expect()
    jobs()
    move_time(days=6)
    assert not is_free(api)
    move_time(days=2)
    assert is_free(api)


def test_a_refused_redemption_never_blocks_the_order(shop, api, jobs, code, redeem):
    redeem(CODE, order={"amount": 1000})
    for version in (2, 3):
        shop.send(order("PAID", version)).expect()
        jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "PAID"
    [checkout] = shop.checkouts()
    assert checkout["state"] == "REDEEM_FAILED"
    assert checkout["error"].startswith("quantity_exceeded")
    # Tried once, recorded once, reported.
    assert len(redemptions(api, "FAILURE")) == 1
    assert shop.statistics()["totals"]["checkouts.failed"] == 1
    assert any("quantity_exceeded" in each.get("error", "") for each in shop.deliveries("DONE"))
    shop.send(order("CANCELED", 4)).expect()
    jobs()
    assert redeemed(api) == 1
    assert api.get("/v1/orders/17").expect()["status"] == "CANCELED"


def test_an_unknown_code_is_a_refused_redemption(shop, api, jobs):
    shop.send(order("PAID", 2, codes=["NOBODYS"])).expect()
    jobs()
    assert shop.checkouts()[0]["state"] == "REDEEM_FAILED"
    assert api.get("/v1/orders/17").expect()["status"] == "PAID"


def test_an_order_without_incentives_is_just_an_order(shop, api, jobs):
    shop.send(order("PAID", 2, codes=())).expect()
    jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "PAID"
    assert shop.checkouts() == []


def test_several_codes_are_redeemed_and_rolled_back_together(shop, api, jobs, code):
    api.post("/v1/vouchers/TOO", json={"type": "DISCOUNT_VOUCHER", "discount": amount_off(50)})
    shop.send(order("PAID", 2, codes=(CODE, "TOO"))).expect()
    jobs()
    assert (redeemed(api), redeemed(api, "TOO")) == (1, 1)
    assert api.get("/v1/orders/17").expect()["total_applied_discount_amount"] == 150
    shop.tell("gone", "17", kind="order", version=3)
    jobs()
    assert (redeemed(api), redeemed(api, "TOO")) == (0, 0)
    assert api.get("/v1/orders/17").expect()["status"] == "CANCELED"
    shop.tell("gone", "18", kind="order", version=3)
    jobs()
    assert api.get("/v1/orders/18").status == 404


def test_an_order_that_was_edited_is_noted(shop, api, jobs, code):
    shop.send(order("PAID", 2)).expect()
    jobs()
    shop.send(order("PAID", 3, amount=500)).expect()
    jobs()
    assert api.get("/v1/orders/17").expect()["amount"] == 500
    assert "edited" in shop.checkouts()[0]["error"]
    assert redeemed(api) == 1


def test_a_discount_that_differs_from_the_platforms_is_noted(shop, api, jobs, code):
    shop.send(order("PAID", 2, metadata={"platform_discount": 90})).expect()
    jobs()
    error = "DISCOUNT_MISMATCH: the platform gave 90, Kupon 100"
    assert shop.checkouts()[0]["error"] == error


def test_orders_older_than_the_connection_are_imported_only(shop, api, jobs, code, events):
    placed = order("PAID", 2) | {"placed_at": moment(-86_400)}
    shop.send(placed).expect()
    jobs()
    assert api.get("/v1/orders/17").expect()["status"] == "PAID"
    assert redeemed(api) == 0
    assert shop.checkouts() == []
    assert [name for name, _ in events()] == ["voucher.created", "customer.created"]


def test_codes_may_count_when_the_order_is_placed(connect, api, jobs, code):
    shop = connect(redeem_on="ORDER_PLACED")
    shop.send(order("CREATED", 1)).expect()
    jobs()
    assert redeemed(api) == 1
    assert api.get("/v1/orders/17").expect()["status"] == "CREATED"
    shop.send(order("PAID", 2)).expect()
    jobs()
    assert redeemed(api) == len(redemptions(api)) == 1
    assert api.get("/v1/orders/17").expect()["status"] == "PAID"
    shop.send(order("CANCELED", 3)).expect()
    jobs()
    assert redeemed(api) == 0


def test_a_rollback_by_somebody_else_is_no_trouble(shop, api, jobs, code):
    shop.send(order("PAID", 2)).expect()
    jobs()
    [redemption_id] = shop.checkouts()[0]["redemption_ids"]
    api.post(f"/v1/redemptions/{redemption_id}/rollback").expect()
    shop.send(order("CANCELED", 3)).expect()
    jobs()
    assert shop.checkouts()[0]["state"] == "ROLLED_BACK"
    assert redeemed(api) == 0


def test_what_the_shops_own_pages_redeemed_is_taken_over(shop, api, jobs, code, redeem):
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(50)}
    api.post("/v1/vouchers/TOO", json=body).expect()
    done = redeem(CODE, "TOO", order={"source_id": "17", "amount": 1000})
    for version in (2, 3):
        shop.send(order("PAID", version, codes=("TOO", CODE))).expect()
        jobs()
    [checkout] = shop.checkouts()
    assert checkout["state"] == "REDEEMED"
    assert checkout["redemption_ids"] == [done["parent_redemption"]["id"]]
    assert (redeemed(api), redeemed(api, "TOO")) == (1, 1)
    assert api.get("/v1/orders/17").expect()["total_applied_discount_amount"] == 150
    shop.send(order("CANCELED", 4)).expect()
    jobs()
    assert (redeemed(api), redeemed(api, "TOO")) == (0, 0)


def test_another_code_on_the_same_order_counts_besides(shop, api, jobs, code, redeem):
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(50)}
    api.post("/v1/vouchers/TOO", json=body).expect()
    redeem("TOO", order={"source_id": "17", "amount": 1000})
    shop.send(order("PAID", 2)).expect()
    jobs()
    assert (redeemed(api), redeemed(api, "TOO")) == (1, 1)


def test_fulfilled_at_once_is_paid_before(shop, jobs, events):
    shop.send(order("FULFILLED", 3, codes=())).expect()
    jobs()
    names = [name for name, _ in events() if name.startswith("customer.order")]
    assert names == [
        "customer.order.created",
        "customer.order.paid",
        "customer.order.updated",
        "customer.order.fulfilled",
    ]


def test_a_status_that_nobody_knows_is_parked(shop, jobs):
    shop.send(order("LOST", 1)).expect()
    jobs()
    assert "LOST" in shop.deliveries("PARKED")[0]["error"]
