"""Changing, switching and deleting vouchers."""

from __future__ import annotations

import pytest

from kupon.testing.builders import amount_off, make_campaign, make_voucher, percent_off, redeemable

LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def voucher(api, move_time):
    made = make_voucher(
        api,
        "CODE",
        discount=percent_off(10),
        start_date="2026-01-01",
        expiration_date="2026-12-31",
        metadata={"a": 1, "b": 2},
        additional_info="old",
        redemption={"quantity": 5},
    )
    move_time(hours=1)
    return made


def names(events):
    return [name for name, _ in events()]


def test_an_empty_update_only_dates_the_change(api, voucher, events):
    assert api.put("/v1/vouchers/CODE", json={}).expect() == {**voucher, "updated_at": LATER}
    assert names(events) == ["voucher.created", "voucher.updated"]


def test_an_update_changes_what_it_names(api, voucher, events):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    changed = api.put(
        f"/v1/vouchers/{voucher['id']}",
        json={
            "category": "Spring",
            "start_date": None,
            "expiration_date": "2027-01-01T00:00:00Z",
            "validity_hours": {"daily": [{"start_time": "09:00", "expiration_time": "17:00"}]},
            "discount": percent_off(20, amount_limit=500),
            "metadata": {"b": None, "c": [1]},
            "additional_info": None,
            "active": False,
            "redemption": {"quantity": 99},
            "code": "OTHER",
        },
    ).expect()
    expected = {name: voucher[name] for name in voucher.keys() - {"start_date", "additional_info"}}
    assert changed == expected | {
        "category": "Spring",
        "category_id": category["id"],
        "categories": [category],
        "expiration_date": "2027-01-01T00:00:00.000Z",
        "validity_hours": {"daily": [{"start_time": "09:00", "expiration_time": "17:00"}]},
        "discount": {**voucher["discount"], "percent_off": 20, "amount_limit": 500},
        "metadata": {"a": 1, "b": None, "c": [1]},
        "active": False,
        "updated_at": LATER,
    }
    assert api.get("/v1/vouchers/CODE").expect() == changed
    assert names(events) == ["voucher.created", "voucher.updated", "voucher.disabled"]
    assert events()[1][1]["voucher"] == changed


def test_null_for_what_cannot_be_cleared_changes_nothing(api, voucher):
    body = {"discount": None, "active": None}
    assert api.put("/v1/vouchers/CODE", json=body).expect() == {**voucher, "updated_at": LATER}


def test_null_and_empty_clear(api, voucher):
    api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    api.put("/v1/vouchers/CODE", json={"category": "Spring", "validity_day_of_week": [1]}).expect()
    cleared = {"category": None, "metadata": None, "validity_day_of_week": []}
    changed = api.put("/v1/vouchers/CODE", json=cleared).expect()
    assert (changed["categories"], changed["metadata"]) == ([], {})
    assert not {"category", "category_id", "validity_day_of_week"} & changed.keys()


@pytest.mark.parametrize(
    ("body", "status", "details"),
    [
        ({"discount": amount_off(5)}, 400, "Property .discount.type cannot be changed"),
        ({"discount": percent_off(-1)}, 400, "Property .discount.percent_off must be >= 0"),
        ({"discount": []}, 400, "Property .discount must be object"),
        ({"active": "no"}, 400, "Property .active must be boolean"),
        (
            {"start_date": None, "validity_timeframe": {"interval": "P2D", "duration": "P1D"}},
            400,
            "Property .validity_timeframe requires start_date",
        ),
        ({"category_id": "cat_x"}, 404, "Cannot find category with id cat_x"),
        ({"metadata": []}, 400, "Property .metadata must be object,null"),
    ],
)
def test_a_refused_update_changes_nothing(api, voucher, events, body, status, details):
    answer = api.put("/v1/vouchers/CODE", json={"additional_info": "new", **body})
    assert (answer.status, answer.json["details"]) == (status, details)
    assert api.get("/v1/vouchers/CODE").expect() == voucher
    assert names(events) == ["voucher.created"]


def test_a_timeframe_needs_the_start_date_that_is_stored(api, voucher):
    api.put(
        "/v1/vouchers/CODE", json={"validity_timeframe": {"interval": "P2D", "duration": "P1D"}}
    ).expect()
    answer = api.put("/v1/vouchers/CODE", json={"start_date": None})
    answer.refused(400, "invalid_payload")


def test_a_voucher_is_switched_off_and_on(api, voucher, events):
    off = api.post("/v1/vouchers/CODE/disable").expect()
    assert off == {**voucher, "active": False, "updated_at": LATER}
    assert api.post(f"/v1/vouchers/{voucher['id']}/disable").expect() == off
    on = api.post("/v1/vouchers/CODE/enable").expect()
    assert on == {**voucher, "updated_at": LATER}
    assert names(events) == ["voucher.created", "voucher.disabled", "voucher.enabled"]
    assert events()[-1][1]["voucher"] == on


def test_a_binned_voucher_is_gone_but_keeps_its_code(api, voucher, events):
    api.delete("/v1/vouchers/CODE").expect(204)
    for method, path in (
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/enable"),
        ("POST", "/disable"),
        ("GET", "/transactions"),
        ("DELETE", "/sessions/key"),
    ):
        body = {"json": {}} if method == "PUT" else {}
        api.send(method, f"/v1/vouchers/CODE{path}", **body).refused(404, "not_found")
    api.get(f"/v1/vouchers/{voucher['id']}").refused(404, "not_found")
    assert api.get("/v1/vouchers").expect()["total"] == 0
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(1)}
    api.post("/v1/vouchers/CODE", json=body).refused(409, "duplicate_found")
    order = {"redeemables": [redeemable("CODE")], "order": {"amount": 1000}}
    assert not api.post("/v1/validations", json=order).expect()["valid"]
    assert names(events) == ["voucher.created", "voucher.deleted"]
    assert events()[-1][1]["voucher"] == voucher


def test_a_voucher_deleted_for_good_frees_its_code(api, voucher):
    api.delete("/v1/vouchers/CODE", query={"force": "true"}).expect(204)
    assert make_voucher(api, "CODE")["id"] != voucher["id"]


def test_a_campaign_counts_its_codes(api):
    make_campaign(api, name="Camp")
    for code in ("A", "B", "C"):
        api.post(f"/v1/campaigns/Camp/vouchers/{code}").expect()
    api.delete("/v1/vouchers/A").expect(204)
    api.delete("/v1/vouchers/B", query={"force": "true"}).expect(204)
    assert api.get("/v1/campaigns/Camp").expect()["vouchers_count"] == 1
    summary = api.get("/v1/campaigns/Camp/summary").expect()
    assert (summary["vouchers_created"], summary["vouchers_deleted"]) == (3, 2)


def test_force_must_be_true_or_false(api, voucher):
    answer = api.delete("/v1/vouchers/CODE", query={"force": "yes"})
    answer.refused(400, "invalid_query_params")
    assert api.get("/v1/vouchers/CODE").expect() == voucher


def test_a_session_is_released(api):
    make_voucher(api, "LAST", redemption={"quantity": 1})
    body = {"redeemables": [redeemable("LAST")], "order": {"amount": 1000}}
    locked = {**body, "session": {"type": "LOCK", "key": "cart-1"}}
    assert api.post("/v1/validations", json=locked).expect()["valid"]
    assert not api.post("/v1/validations", json=body).expect()["valid"]
    api.delete("/v1/vouchers/LAST/sessions/cart-1").expect(204)
    assert api.post("/v1/validations", json=body).expect()["valid"]


def test_an_unknown_session_is_not_found(api, voucher, move_time):
    refusal = api.delete("/v1/vouchers/CODE/sessions/none").refused(404, "not_found")
    assert (refusal["resource_id"], refusal["resource_type"]) == ("none", "session")
    body = {"redeemables": [redeemable("CODE")], "order": {"amount": 1000}}
    session = {"type": "LOCK", "key": "short", "ttl": 1, "ttl_unit": "MINUTES"}
    assert api.post("/v1/validations", json={**body, "session": session}).expect()["valid"]
    move_time(minutes=2)
    api.delete("/v1/vouchers/CODE/sessions/short").refused(404, "not_found")
