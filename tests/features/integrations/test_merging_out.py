"""Customers who become one in Kupon become one on platforms too."""

from __future__ import annotations

import pytest
from tests.features.integrations.segment import connect, run_platform


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def segment(platform, manage):
    return connect(platform, manage)


@pytest.fixture
def merge(shop, jobs):
    """Has the shop say that two customers are one: `merge("old", "new")`."""

    def tell(gone, into):
        shop.tell("merge", gone, into=into)
        jobs()

    return tell


@pytest.fixture
def card(api, give):
    """A gift card of 50.00 that "old" holds."""
    body = {"type": "GIFT_VOUCHER", "gift": {"amount": 5000}}
    voucher = api.post("/v1/vouchers/OLDCARD", json=body).expect()
    give(voucher["code"], api.post("/v1/customers", json={"source_id": "old"}).expect())
    return voucher


def merged(segment):
    return segment.platform.held("merges")


def test_platforms_are_told_who_is_who_now(segment, api, jobs, card, merge):
    api.post("/v1/customers", json={"source_id": "new", "name": "Ada"}).expect()
    jobs()
    assert segment.traits("old")["voucher_code"] == "OLDCARD"
    merge("old", "new")
    assert merged(segment) == {"old": "new"}
    assert segment.traits("new")["voucher_code"] == "OLDCARD"
    assert segment.items("WAITING") == []
    assert segment.totals()["merges.pushed"] == 1


def test_what_waits_of_who_is_gone_is_told_of_who_remains(segment, api, jobs, card, merge):
    jobs()
    segment.post("/pause")
    body = {
        "redeemables": [{"object": "voucher", "id": "OLDCARD", "gift": {"credits": 100}}],
        "order": {"amount": 100},
        "customer": {"source_id": "old"},
    }
    api.post("/v1/redemptions", json=body).expect()
    jobs()
    told = len(segment.tracked())
    merge("old", "new")
    segment.post("/resume")
    jobs()
    news = segment.tracked()[told:]
    assert {call["userId"] for call in news} == {"new"}
    assert "Customer Redemption Succeeded" in {call["event"] for call in news}
    assert {call["properties"]["customer_source_id"] for call in news} == {"new"}
    assert "gift_balance" in news[0]["properties"]


def test_a_chain_of_merges_names_the_last_one(segment, api, jobs, card, merge):
    jobs()
    segment.post("/pause")
    api.post("/v1/customers", json={"source_id": "mid"}).expect()
    merge("old", "mid")
    merge("mid", "new")
    segment.post("/resume")
    jobs()
    assert merged(segment) == {"old": "new", "mid": "new"}


def test_who_has_merged_them_need_not_be_told(segment, manage, platform, app, api, jobs, card):
    other = connect(platform, manage, "Second")
    for each in (segment, other):
        settings = each.get()["settings"] | {"merges_aliases": True}
        each.put(json={"settings": settings})
    jobs()
    call = {"type": "alias", "messageId": "m-1", "previousId": "old", "userId": "new"}
    request = platform.webhook(call)
    address = f"{segment.get()['address']}/webhook"
    assert app.test_client().post(address, data=request.body, headers=request.headers).status_code
    jobs()
    assert "merges.pushed" not in segment.totals()
    assert other.totals()["merges.pushed"] == 1
    assert segment.traits("new")["voucher_code"] == "OLDCARD"


def test_a_merge_that_a_platform_refuses_waits_for_somebody(segment, jobs, api, card, merge):
    segment.platform.refused = {"old"}
    merge("old", "new")
    [item] = segment.items("REJECTED", "merges")
    assert segment.get(f"/outbound/items/{item['id']}")["payload"]["gone"]["source_id"] == "old"
    segment.platform.refused = set()
    segment.post("/outbound/replay", json={"ids": [item["id"]]})
    jobs()
    assert merged(segment) == {"old": "new"}


def test_who_was_somebody_else_is_erased_under_both_names(segment, api, jobs, card, merge):
    merge("old", "new")
    customer = api.get("/v1/customers/new").expect()
    api.post(f"/v1/customers/{customer['id']}/permanent-deletion").expect()
    jobs()
    assert sorted(segment.platform.erased) == ["new", "old"]
    assert [item["kind"] for item in segment.items("PENDING")] == ["erasures"] * 2
    assert segment.items("WAITING") == []


def test_who_was_somebody_else_may_be_erased_by_that_name(shop, api, jobs, card, merge):
    merge("old", "new")
    shop.tell("erase", "old")
    jobs()
    assert api.get("/v1/customers/new").status == 404


def test_platforms_that_can_not_be_told_have_nothing_waiting(shop, manage, api, jobs, card, merge):
    second = manage(
        "post",
        "/connections",
        json={"adapter": "shoplet", "name": "Other", "settings": {"secret": "canary"}},
    )
    merge("old", "new")
    outbound = manage("get", f"/connections/{second['id']}/outbound")
    assert outbound["items"] == {}
