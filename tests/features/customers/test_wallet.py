"""The wallet of a customer, and the segments that do not exist yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    make_campaign,
    make_customer,
    make_publication,
    make_voucher,
    redeemable,
)
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime

NOW = "2026-03-01T12:00:00.000Z"

Hold = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def customer(api: ApiClient) -> dict[str, Any]:
    return make_customer(api, source_id="ada")


@pytest.fixture
def hold(api: ApiClient, customer: dict[str, Any]) -> Hold:
    """Makes a code that the customer holds."""

    def make(code: str, campaign_id: str | None = None, **members: Any) -> dict[str, Any]:
        if campaign_id is None:
            voucher = make_voucher(api, code, **members)
        else:
            path = f"/v1/campaigns/{campaign_id}/vouchers/{code}"
            voucher = api.post(path, json=members).expect()
        # What is off or expired now was given away when it was not.
        off = {"active": True, "expiration_date": None}
        api.put(f"/v1/vouchers/{code}", json=off).expect()
        make_publication(api, customer, voucher=code)
        now = {"active": voucher["active"], "expiration_date": voucher.get("expiration_date")}
        return api.put(f"/v1/vouchers/{code}", json=now).expect()

    return make


def wallet(api: ApiClient, **query: Any) -> list[str]:
    rows = api.get("/v1/customers/ada/redeemables", query=query).expect()["data"]
    return [row["redeemable"]["voucher"]["code"] for row in rows]


@pytest.mark.usefixtures("customer")
def test_an_empty_wallet(api: ApiClient) -> None:
    make_voucher(api, "FREE")
    expected = {"object": "list", "data_ref": "data", "data": [], "total": 0, "has_more": False}
    assert api.get("/v1/customers/ada/redeemables").expect() == expected


def test_an_entry_tells_of_the_code(api: ApiClient, hold: Hold, customer: dict[str, Any]) -> None:
    voucher = hold(
        "OFF",
        discount=amount_off(100),
        redemption={"quantity": 2},
        additional_info="note",
        metadata={"a": 1},
    )
    (entry,) = api.get(f"/v1/customers/{customer['id']}/redeemables").expect()["data"]
    assert entry["id"].startswith("rh_")
    assert entry == {
        "id": entry["id"],
        "created_at": NOW,
        "redeemable_id": voucher["id"],
        "redeemable_object": "voucher",
        "customer_id": customer["id"],
        "holder_role": "OWNER",
        "campaign_id": None,
        "campaign_type": None,
        "voucher_type": "DISCOUNT_VOUCHER",
        "redeemable": {
            "type": "voucher",
            "status": "ACTIVE",
            "voucher": {
                "id": voucher["id"],
                "code": "OFF",
                "category": None,
                "categories": [],
                "type": "DISCOUNT_VOUCHER",
                "discount": voucher["discount"],
                "additional_info": "note",
                "active": True,
                "metadata": {"a": 1},
                "assets": voucher["assets"],
                "is_referral_code": False,
                "holder_id": customer["id"],
                "created_at": NOW,
                "updated_at": NOW,
                "publish": voucher["publish"] | {"count": 1},
                "redemption": {
                    "object": "list",
                    "quantity": 2,
                    "redeemed_quantity": 0,
                    "url": voucher["redemption"]["url"],
                },
                "object": "voucher",
            },
        },
    }


def test_a_code_of_a_campaign_names_it(api: ApiClient, hold: Hold) -> None:
    campaign = make_campaign(api, name="Spring")
    hold("SPRING1", campaign["id"])
    (entry,) = api.get("/v1/customers/ada/redeemables").expect()["data"]
    assert (entry["campaign_id"], entry["campaign_type"]) == (campaign["id"], "DISCOUNT_COUPONS")
    assert entry["redeemable"]["voucher"]["campaign"] == "Spring"


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, "ACTIVE"),
        ({"active": False, "expiration_date": "2026-02-01"}, "DISABLED"),
        ({"expiration_date": "2026-02-01", "redemption": {"quantity": 1}}, "EXPIRED"),
        ({"start_date": "2026-04-01"}, "NOT_ACTIVE_YET"),
        ({"start_date": "2026-02-01", "expiration_date": "2026-04-01"}, "ACTIVE"),
    ],
    ids=str,
)
def test_an_entry_tells_of_the_state(
    api: ApiClient, hold: Hold, members: dict[str, Any], status: str
) -> None:
    hold("OFF", **members)
    (entry,) = api.get("/v1/customers/ada/redeemables").expect()["data"]
    assert entry["redeemable"]["status"] == status


def test_a_code_that_was_used_up_is_used(api: ApiClient, hold: Hold) -> None:
    hold("OFF", redemption={"quantity": 1})
    body = {"redeemables": [redeemable("OFF")], "order": cart((1, 1000))}
    api.post("/v1/redemptions", json=body).expect()
    (entry,) = api.get("/v1/customers/ada/redeemables").expect()["data"]
    assert entry["redeemable"]["status"] == "USED"


def test_a_code_of_a_disabled_campaign_is_disabled(api: ApiClient, hold: Hold) -> None:
    campaign = make_campaign(api)
    hold("OFF", campaign["id"])
    api.post(f"/v1/campaigns/{campaign['id']}/disable").expect()
    (entry,) = api.get("/v1/customers/ada/redeemables").expect()["data"]
    assert entry["redeemable"]["status"] == "DISABLED"


def test_binned_codes_are_in_no_wallet(api: ApiClient, hold: Hold) -> None:
    hold("GONE")
    hold("KEPT")
    api.delete("/v1/vouchers/GONE").expect(204)
    assert wallet(api) == ["KEPT"]


def test_pages_follow_the_id(api: ApiClient, hold: Hold, move_time: MoveTime) -> None:
    for code in ("A", "B", "C"):
        hold(code)
        move_time(seconds=1)
    path = "/v1/customers/ada/redeemables"
    first = api.get(path, query={"limit": 2}).expect()
    assert [row["redeemable"]["voucher"]["code"] for row in first["data"]] == ["C", "B"]
    assert (first["total"], first["has_more"]) == (3, True)
    assert first["more_starting_after"] == first["data"][-1]["id"]
    query = {"limit": 2, "starting_after_id": first["more_starting_after"]}
    second = api.get(path, query=query).expect()
    assert [row["redeemable"]["voucher"]["code"] for row in second["data"]] == ["A"]
    assert second["has_more"] is False
    assert "more_starting_after" not in second
    assert wallet(api, order="id") == ["A", "B", "C"]
    assert wallet(api, order="-id") == ["C", "B", "A"]


def test_the_wallet_is_filtered(api: ApiClient, hold: Hold) -> None:
    campaign = make_campaign(api)
    voucher = hold("SOLO")
    hold("SPRING1", campaign["id"])
    by_campaign = {"campaign_id": {"conditions": {"$is": campaign["id"]}}}
    by_type = {"campaign_type": {"conditions": {"$in": ["DISCOUNT_COUPONS"]}}}
    solo = api.get("/v1/customers/ada/redeemables", query={"order": "id"}).expect()["data"][0]
    by_id = {"id": {"conditions": {"$is": solo["id"]}}}
    by_role = {"holder_role": {"conditions": {"$is": "REFERRER"}}}
    by_voucher = {"redeemable_id": {"conditions": {"$is_not": voucher["id"]}}}
    by_kind = {"redeemable_object": {"conditions": {"$is": "voucher"}}}
    by_day = {"created_at": {"conditions": {"$after": "2026-03-02"}}}
    assert wallet(api, filters=by_campaign) == ["SPRING1"]
    assert wallet(api, filters=by_type) == ["SPRING1"]
    assert wallet(api, filters=by_id) == ["SOLO"]
    assert wallet(api, filters=by_role) == []
    assert wallet(api, filters=by_voucher) == ["SPRING1"]
    assert sorted(wallet(api, filters=by_kind)) == ["SOLO", "SPRING1"]
    assert wallet(api, filters=by_day) == []
    assert wallet(api, filters=by_campaign | by_id | {"junction": "and"}) == []
    unknown = {"code": {"conditions": {"$is": "SOLO"}}}
    answer = api.get("/v1/customers/ada/redeemables", query={"filters": unknown})
    answer.refused(400, "invalid_query_params")


def test_a_customer_is_in_no_segment_yet(api: ApiClient, customer: dict[str, Any]) -> None:
    expected = {"object": "list", "data_ref": "data", "data": [], "total": 0}
    assert api.get(f"/v1/customers/{customer['id']}/segments").expect() == expected
    api.get("/v1/customers/nobody/segments").refused(404, "not_found")
    api.get("/v1/customers/nobody/redeemables").refused(404, "not_found")
