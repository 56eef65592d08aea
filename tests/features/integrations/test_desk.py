"""Orders are charged already: what no longer applies is passed over, and may be redeemed later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.features.integrations.test_checkouts import (
    CODE,
    is_free,
    order,
    redeemed,
    redemptions,
)

from kupon.testing.builders import amount_off


@pytest.fixture
def make_code(api):
    """Makes a code that takes something off: `make_code("TEN")`."""

    def make(code, amount=100, **members):
        body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(amount), **members}
        api.post(f"/v1/vouchers/{code}", json=body).expect()

    return make


@pytest.fixture
def ask(management_api, project, shop):
    """Calls on the shop's checkouts; the answer."""

    def call(method, path="", **options):
        base = f"/management/v1/projects/{project.id}{shop.path}/checkouts"
        return getattr(management_api, method)(base + path, **options)

    return call


def pay(shop, jobs, *codes, number=2, **members):
    shop.send(order("PAID", number, codes=codes, **members)).expect()
    jobs()
    [checkout] = shop.checkouts()
    return checkout


def test_what_does_not_apply_is_passed_over_and_the_rest_counts(shop, api, jobs, make_code, redeem):
    make_code(CODE)
    make_code("GONE", redemption={"quantity": 1})
    redeem("GONE", order={"amount": 1000})
    checkout = pay(shop, jobs, "NOBODYS", "GONE", CODE)
    assert (checkout["state"], redeemed(api)) == ("REDEEMED", 1)
    passed = {each["id"]: each["reason"].partition(":")[0] for each in checkout["passed_over"]}
    assert passed == {"NOBODYS": "not_found", "GONE": "quantity_exceeded"}
    assert "error" not in checkout
    stored = api.get("/v1/orders/17").expect()
    assert (stored["status"], stored["total_applied_discount_amount"]) == ("PAID", 100)
    totals = shop.statistics()["totals"]
    assert (totals["checkouts.redeemed"], totals["checkouts.passed_over"]) == (1, 2)
    [told] = shop.deliveries("DONE")
    assert "NOBODYS (not_found" in told["error"]
    shop.send(order("CANCELED", 3)).expect()
    jobs()
    assert (redeemed(api), redeemed(api, "GONE")) == (0, 1)


def test_the_stacking_rules_limits_pass_over_too(shop, api, jobs, make_code):
    rules = {"redeemables_limit": 3, "applicable_redeemables_limit": 2}
    shop.manage("post", "/stacking-rules", json=rules)
    for name in "ABCD":
        make_code(name, 10)
    checkout = pay(shop, jobs, *"ABCD", "A")
    assert [each["id"] for each in checkout["passed_over"]] == ["C", "D"]
    assert api.get("/v1/orders/17").expect()["total_applied_discount_amount"] == 20


def test_a_cart_holds_nothing_once_its_order_is_redeemed(shop, api, jobs, make_code):
    make_code(CODE, redemption={"quantity": 1})
    make_code("TOO", redemption={"quantity": 1})
    body = {
        "redeemables": [{"object": "voucher", "id": each} for each in (CODE, "TOO")],
        "order": {"amount": 1000},
        "session": {"type": "LOCK", "key": "cart-1"},
    }
    api.post("/v1/validations", json=body).expect()
    assert not is_free(api, "TOO")
    pay(shop, jobs, CODE, key="cart-1")
    assert (redeemed(api), is_free(api, "TOO")) == (1, True)


def test_a_failed_redemption_is_repeated_when_its_cause_is_mended(shop, api, jobs, make_code, ask):
    assert pay(shop, jobs, CODE)["state"] == "REDEEM_FAILED"
    again = ask("post", "/17/redeem").expect()
    assert (again["state"], again["error"].partition(":")[0]) == ("REDEEM_FAILED", "not_found")
    make_code(CODE)
    done = ask("post", "/17/redeem").expect()
    assert (done["state"], done["passed_over"], "error" in done) == ("REDEEMED", [], False)
    assert done == ask("get", "/17").expect()
    assert redeemed(api) == len(redemptions(api)) == 1
    stored = api.get("/v1/orders/17").expect()
    assert (stored["status"], stored["total_applied_discount_amount"]) == ("PAID", 100)
    ask("post", "/17/redeem").refused(400, "invalid_payload")
    assert shop.statistics()["totals"]["checkouts.redeemed"] == 1
    # The platform tells the same again, and then that all is over.
    pay(shop, jobs, CODE, number=3)
    assert api.get("/v1/orders/17").expect()["total_applied_discount_amount"] == 100
    shop.send(order("CANCELED", 4)).expect()
    jobs()
    assert redeemed(api) == 0
    ask("post", "/17/redeem").refused(400, "invalid_payload")


def test_what_was_passed_over_is_redeemed_besides_and_goes_back_too(
    shop, api, jobs, make_code, ask
):
    make_code(CODE)
    assert len(pay(shop, jobs, CODE, "LATER")["passed_over"]) == 1
    make_code("LATER", 50)
    done = ask("post", "/17/redeem").expect()
    assert (len(done["redemption_ids"]), done["passed_over"]) == (2, [])
    assert (redeemed(api), redeemed(api, "LATER")) == (1, 1)
    assert api.get("/v1/orders/17").expect()["total_discount_amount"] == 150
    shop.send(order("CANCELED", 4)).expect()
    jobs()
    assert shop.checkouts()[0]["state"] == "ROLLED_BACK"
    assert (redeemed(api), redeemed(api, "LATER")) == (0, 0)


def test_what_the_shops_own_pages_redeemed_in_part_counts_once(shop, api, jobs, make_code, redeem):
    make_code(CODE)
    make_code("TOO", 50)
    redeem(CODE, order={"source_id": "17", "amount": 1000})
    checkout = pay(shop, jobs, CODE, "TOO")
    assert len(checkout["redemption_ids"]) == 2
    assert (redeemed(api), redeemed(api, "TOO")) == (1, 1)
    shop.send(order("CANCELED", 4)).expect()
    jobs()
    assert (redeemed(api), redeemed(api, "TOO")) == (0, 0)


def test_an_order_in_another_currency_is_not_discounted(connect, api, jobs, make_code):
    make_code(CODE)
    shop = connect(currencies=["EUR"])
    checkout = pay(shop, jobs, CODE, metadata={"currency": "JPY"})
    assert checkout["state"] == "REDEEM_FAILED"
    assert checkout["error"].startswith("currency_not_supported")
    assert api.get("/v1/orders/17").expect()["status"] == "PAID"


def test_an_order_holds_its_codes_as_long_as_its_cart_would(
    connect, api, jobs, make_code, move_time
):
    make_code(CODE, redemption={"quantity": 1})
    shop = connect(lock_ttl_seconds=30 * 86_400)
    body = {
        "redeemables": [{"object": "voucher", "id": CODE}],
        "order": {"amount": 1000},
        "session": {"type": "LOCK", "key": "cart-1"},
    }
    api.post("/v1/validations", json=body).expect()
    shop.send(order("CREATED", 1, key="cart-1")).expect()
    jobs()
    move_time(days=29)
    assert not is_free(api)


def test_checkouts_are_listed_by_page_state_and_trouble(shop, jobs, make_code, ask):
    make_code(CODE)
    for number in range(5):
        code = CODE if number % 2 else "NOBODYS"
        event = order("PAID", 1, codes=[code])
        shop.send({**event, "key": f"o{number}", "subject": f"order:o{number}"}).expect()
        jobs()
    first = ask("get", query={"limit": 2}).expect()
    assert ([each["order_source_id"] for each in first["data"]], first["has_more"]) == (
        ["o4", "o3"],
        True,
    )
    rest = ask("get", query={"starting_after": "o3"}).expect()
    assert [each["order_source_id"] for each in rest["data"]] == ["o2", "o1", "o0"]
    troubled = ask("get", query={"troubled": "true"}).expect()["data"]
    assert [each["order_source_id"] for each in troubled] == ["o4", "o2", "o0"]
    calm = ask("get", query={"troubled": "false", "state": "REDEEMED"}).expect()["data"]
    assert [each["order_source_id"] for each in calm] == ["o3", "o1"]


@pytest.mark.parametrize(
    "query", [{"state": "LOST"}, {"limit": 0}, {"limit": "x"}, {"troubled": "maybe"}]
)
def test_bad_queries_are_refused(ask, query):
    ask("get", query=query).refused(400, "invalid_query_params")


def test_unknown_orders_are_not_found(ask, shop):
    ask("get", "/nope").refused(404, "not_found")
    ask("post", "/nope/redeem").refused(404, "not_found")
    ask("get", query={"starting_after": "nope"}).refused(404, "not_found")


def test_many_operators_redeem_once(shop, api, jobs, make_code, ask):
    assert pay(shop, jobs, CODE)["state"] == "REDEEM_FAILED"
    make_code(CODE)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask("post", "/17/redeem"), range(4)))
    assert sorted(each.status for each in answers) == [200, 400, 400, 400]
    assert redeemed(api) == len(redemptions(api)) == 1


def test_what_the_platform_says_counts_although_the_project_keeps_it_not(
    shop, api, jobs, make_code
):
    channel = {"type": "string", "array": False, "optional": True}
    body = {
        "related_object": "order",
        "properties": {"channel": channel},
        "allow_defined_only": True,
    }
    api.post("/v1/metadata-schemas", json=body).expect()
    make_code(CODE)
    checkout = pay(shop, jobs, CODE, metadata={"platform_discount": 90, "channel": "web"})
    assert checkout["error"].startswith("DISCOUNT_MISMATCH")
    assert api.get("/v1/orders/17").expect()["metadata"] == {"channel": "web"}
