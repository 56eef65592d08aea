"""Many clients at once against two web processes: each use counts exactly once."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.races.shop import outcomes

from kupon.testing.builders import amount_off, redeemable

pytestmark = pytest.mark.race


def test_a_code_of_ten_uses_gives_ten(shop):
    shop.make_voucher("RACE-TEN", redemption={"quantity": 10})
    body = {"redeemables": [redeemable("RACE-TEN")], "order": {"amount": 1000}}
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/redemptions", body))
    assert outcomes(answers) == {"ok": 10, "quantity_exceeded": 54}
    assert shop.redeemed("RACE-TEN") == 10
    entries = shop.call("GET", "/v1/vouchers/RACE-TEN/redemption").json()["redemption_entries"]
    assert Counter(entry["result"] for entry in entries) == {"SUCCESS": 10, "FAILURE": 54}


def test_stacks_in_any_order_neither_deadlock_nor_half_redeem(shop):
    shop.make_voucher("RACE-A", redemption={"quantity": 20})
    shop.make_voucher("RACE-B", redemption={"quantity": 15})

    def redeem(number):
        codes = ("RACE-A", "RACE-B") if number % 2 else ("RACE-B", "RACE-A")
        body = {"redeemables": [redeemable(code) for code in codes], "order": {"amount": 1000}}
        return shop.call("POST", "/v1/redemptions", body)

    assert outcomes(shop.at_once(redeem, 32)) == {"ok": 15, "quantity_exceeded": 17}
    assert (shop.redeemed("RACE-A"), shop.redeemed("RACE-B")) == (15, 15)


def test_locks_and_redemptions_share_one_quantity(shop):
    shop.make_voucher("RACE-LOCK", redemption={"quantity": 8})
    body = {"redeemables": [redeemable("RACE-LOCK")], "order": {"amount": 1000}}

    def lock_or_redeem(number):
        if number % 2:
            session = {"type": "LOCK", "key": f"cart-{number}"}
            answer = shop.call("POST", "/v1/validations", {**body, "session": session})
            return answer.status_code == 200 and answer.json()["valid"]
        return shop.call("POST", "/v1/redemptions", body).status_code == 200

    assert sum(shop.at_once(lock_or_redeem, 32)) == 8


def test_one_rollback_wins(shop):
    shop.make_voucher("RACE-BACK")
    body = {"redeemables": [redeemable("RACE-BACK")], "order": {"amount": 1000}}
    redemption = shop.call("POST", "/v1/redemptions", body).json()["redemptions"][0]
    path = f"/v1/redemptions/{redemption['id']}/rollbacks"
    answers = shop.at_once(lambda _: shop.call("POST", path, {}), 16)
    assert outcomes(answers) == {"ok": 1, "already_rolled_back": 15}
    assert shop.redeemed("RACE-BACK") == 0


def test_one_key_redeems_once(shop):
    shop.make_voucher("RACE-KEY")
    body = {"redeemables": [redeemable("RACE-KEY")], "order": {"amount": 1000}}
    headers = {"Idempotency-Key": "race-key-1"}
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/redemptions", body, **headers), 24)
    assert len({answer.content for answer in answers}) == 1
    assert shop.redeemed("RACE-KEY") == 1


def test_a_new_customer_and_order_come_once(shop):
    shop.make_voucher("RACE-NEW")
    body = {
        "redeemables": [redeemable("RACE-NEW")],
        "customer": {"source_id": "race-customer"},
        "order": {"source_id": "race-order", "amount": 5000},
    }
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/redemptions", body), 12)
    counted = outcomes(answers)
    assert set(counted) <= {"ok", "multiple_requests"}
    done = [answer.json() for answer in answers if answer.status_code == 200]
    assert len({answer["order"]["id"] for answer in done}) == 1
    assert len({answer["redemptions"][0]["customer_id"] for answer in done}) == 1
    order = shop.call("GET", "/v1/orders/race-order").json()
    assert order["discount_amount"] == 100 * len(done)
    assert len(order["redemptions"]) == len(done) == shop.redeemed("RACE-NEW")


def make_pool(shop, name, *codes, **members):
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}
    voucher |= members.pop("voucher", {})
    body = {"name": name, "campaign_type": "DISCOUNT_COUPONS", "type": "STATIC"}
    answer = shop.call("POST", "/v1/campaigns", body | {"voucher": voucher} | members)
    assert answer.status_code == 200, answer.text
    for code in codes:
        answer = shop.call("POST", f"/v1/campaigns/{name}/vouchers/{code}", {})
        assert answer.status_code == 200, answer.text


def published(answers):
    """The codes of the publications that succeeded."""
    return [answer.json()["voucher"]["code"] for answer in answers if answer.status_code == 200]


def publications(shop, campaign):
    query = f"?campaign={campaign}&limit=100"
    rows = shop.call("GET", f"/v1/publications{query}").json()["publications"]
    return Counter(row["result"] for row in rows)


def test_every_code_of_a_pool_goes_to_one_customer(shop):
    codes = [f"RACE-POOL-{number:02}" for number in range(20)]
    make_pool(shop, "RacePool", *codes)

    def publish(number):
        body = {"campaign": {"name": "RacePool"}, "customer": {"source_id": f"pool-{number}"}}
        return shop.call("POST", "/v1/publications", body)

    answers = shop.at_once(publish, 50)
    assert outcomes(answers) == {"ok": 20, "no_voucher_suitable_for_publication": 30}
    assert sorted(published(answers)) == codes
    assert publications(shop, "RacePool") == {"SUCCESS": 20, "FAILURE": 30}
    for answer in answers:
        if answer.status_code == 200:
            told = answer.json()
            wallet = shop.call("GET", f"/v1/customers/{told['customer_id']}/redeemables").json()
            held = [row["redeemable"]["voucher"]["code"] for row in wallet["data"]]
            assert held == [told["voucher"]["code"]]


def test_several_codes_at_once_come_all_or_not_at_all(shop):
    codes = [f"RACE-PAIR-{number:02}" for number in range(20)]
    make_pool(shop, "RacePairs", *codes)

    def publish(number):
        campaign = {"name": "RacePairs", "count": 3}
        body = {"campaign": campaign, "customer": {"source_id": f"pairs-{number}"}}
        return shop.call("POST", "/v1/publications", body)

    answers = shop.at_once(publish, 24)
    assert outcomes(answers) == {"ok": 6, "no_voucher_suitable_for_publication": 18}
    given = [code for each in answers for code in each.json().get("vouchers", ())]
    assert len(given) == len(set(given)) == 18


def test_who_joins_once_gets_one_code_however_often_it_is_asked_for(shop):
    make_pool(shop, "RaceJoin", *(f"RACE-JOIN-{n}" for n in range(20)), join_once=True)
    body = {"campaign": {"name": "RaceJoin"}, "customer": {"source_id": "race-joiner"}}
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/publications", body), 20)
    assert outcomes(answers) == {"ok": 20}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert publications(shop, "RaceJoin") == {"SUCCESS": 1}


def test_one_of_two_customers_gets_the_voucher(shop):
    for number in range(8):
        code = f"RACE-TWO-{number}"
        shop.make_voucher(code)

        def publish(customer, code=code):
            body = {"voucher": code, "customer": {"source_id": f"two-{customer}"}}
            return shop.call("POST", "/v1/publications", body)

        answers = shop.at_once(publish, 2)
        assert outcomes(answers) == {"ok": 1, "voucher_already_published": 1}
        (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
        voucher = shop.call("GET", f"/v1/vouchers/{code}").json()
        assert voucher["holder_id"] == winner["customer_id"]
        assert (voucher["publish"]["count"], voucher["publish"]["entries"]) == (1, [winner["id"]])


def test_a_source_id_is_used_once(shop):
    make_pool(shop, "RaceSource", *(f"RACE-SOURCE-{n}" for n in range(20)))

    def publish(number):
        customer = {"source_id": f"source-{number}"}
        body = {"campaign": "RaceSource", "customer": customer, "source_id": "race-source"}
        return shop.call("POST", "/v1/publications", body)

    assert outcomes(shop.at_once(publish, 20)) == {"ok": 1, "duplicate_source_id": 19}


def test_a_growing_campaign_serves_everybody(shop):
    voucher = {"code_config": {"pattern": "RACE-GROW-####"}}
    make_pool(shop, "RaceGrow", "RACE-GROW-A", "RACE-GROW-B", type="AUTO_UPDATE", voucher=voucher)

    def publish(number):
        body = {"campaign": {"name": "RaceGrow"}, "customer": {"source_id": f"grow-{number}"}}
        return shop.call("POST", "/v1/publications", body)

    answers = shop.at_once(publish, 40)
    assert outcomes(answers) == {"ok": 40}
    assert len(set(published(answers))) == 40
    assert shop.call("GET", "/v1/campaigns/RaceGrow").json()["vouchers_count"] == 40


def test_one_key_publishes_once(shop):
    make_pool(shop, "RaceKeyed", *(f"RACE-KEYED-{n}" for n in range(12)))
    body = {"campaign": {"name": "RaceKeyed"}, "customer": {"source_id": "race-keyed"}}
    headers = {"Idempotency-Key": "race-key-publication"}
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/publications", body, **headers), 12)
    assert len({answer.content for answer in answers}) == 1
    assert publications(shop, "RaceKeyed") == {"SUCCESS": 1}
