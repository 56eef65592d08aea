"""The bin: what gets into it, who sees it, and what is free again once it is purged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kupon.features.campaigns import jobs as campaign_jobs
from kupon.features.campaigns.service import changes
from kupon.testing.builders import (
    amount_off,
    make_campaign,
    make_customer,
    make_gift_card,
    make_product,
    make_promotion,
    make_publication,
    make_sku,
    make_voucher,
    tier,
)

PATH = "/v1/trash-bin"
NOW = "2026-03-01T12:00:00.000Z"
COUPON = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def entries(api, **query):
    return api.get(PATH, query=query).expect()["data"]


def entry_of(api, type):
    [entry] = [entry for entry in entries(api) if entry["resource_type"] == type]
    return entry


def purge(api, entry):
    return api.delete(f"{PATH}/{entry['id']}").expect(204)


def test_a_project_begins_with_an_empty_bin(api):
    assert api.get(PATH).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [],
        "total": 0,
        "has_more": False,
    }


def test_a_voucher_keeps_its_code_until_it_is_purged(api):
    made = make_voucher(api, "GONE")
    api.delete("/v1/vouchers/GONE").expect(204)
    [entry] = entries(api)
    assert entry["id"].startswith("tbe_")
    assert entry == {
        "id": entry["id"],
        "created_at": NOW,
        "deleted_by_user_id": None,
        "resource_id": made["id"],
        "resource_type": "voucher",
        "resource_name": "GONE",
        "resource_parent_id": None,
        "object": "voucher",
    }
    api.post("/v1/vouchers/GONE", json=COUPON).refused(409, "duplicate_found")
    purge(api, entry)
    assert entries(api) == []
    api.delete(f"{PATH}/{entry['id']}").refused(404, "not_found")
    again = api.post("/v1/vouchers/GONE", json=COUPON).expect()
    assert again["id"] != made["id"]


def test_a_used_card_is_purged_and_a_new_one_has_nothing_of_it(api):
    customer = make_customer(api)
    old = make_gift_card(api, "CARD", 1000)
    make_publication(api, customer, voucher="CARD")
    gift = {"object": "voucher", "id": "CARD", "gift": {"credits": 300}}
    body = {"redeemables": [gift], "order": {"amount": 2000}, "customer": {"id": customer["id"]}}
    api.post("/v1/redemptions", json=body).expect()
    api.delete("/v1/vouchers/CARD").expect(204)
    wallet = f"/v1/customers/{customer['id']}/redeemables"
    assert api.get(wallet).expect()["data"] == []
    purge(api, entry_of(api, "voucher"))
    assert api.get(wallet).expect()["data"] == []
    api.get("/v1/redemptions").expect()
    new = make_gift_card(api, "CARD", 50)
    assert new["id"] != old["id"]
    assert (new["gift"]["balance"], new["publish"]["count"]) == (50, 0)
    assert new["redemption"]["redeemed_quantity"] == 0
    moved = api.get("/v1/vouchers/CARD/transactions").expect()["data"]
    assert {each["voucher_id"] for each in moved} <= {new["id"]}


def test_what_is_deleted_by_force_was_never_in_the_bin(api, jobs):
    make_voucher(api, "V")
    product = make_product(api)
    sku = make_sku(api, product["id"])
    campaign = make_campaign(api)
    for path in (
        "/v1/vouchers/V",
        f"/v1/products/{product['id']}/skus/{sku['id']}",
        f"/v1/products/{product['id']}",
        f"/v1/campaigns/{campaign['id']}",
    ):
        assert api.delete(path, query={"force": True}).status in (202, 204)
    jobs()
    assert entries(api) == []


@pytest.mark.parametrize("are_jobs_done", [False, True])
@pytest.mark.parametrize("at_once", [5, 100])
def test_a_purged_campaign_leaves_its_name_and_codes(
    api, jobs, monkeypatch, uow, at_once, are_jobs_done
):
    monkeypatch.setattr(changes, "PURGED_AT_ONCE", at_once)
    monkeypatch.setattr(campaign_jobs, "SLICE", 7)
    campaign = make_campaign(
        api, name="Camp", vouchers_count=20, voucher={"code_config": {"pattern": "D##"}}
    )
    jobs()
    codes = [row["code"] for row in api.get("/v1/vouchers").expect()["vouchers"]]
    api.delete(f"/v1/vouchers/{codes[0]}").expect(204)
    api.delete("/v1/campaigns/Camp").expect(202)
    if are_jobs_done:
        jobs()
    api.post("/v1/campaigns", json={"name": "Camp", "voucher": COUPON}).refused(
        409, "duplicate_found"
    )
    single, whole = sorted(entries(api), key=lambda entry: entry["resource_type"] == "campaign")
    assert (single["resource_name"], single["resource_parent_id"]) == (codes[0], campaign["id"])
    assert (whole["resource_name"], whole["resource_id"]) == ("Camp", campaign["id"])
    purge(api, whole)
    # The code that had been deleted before is gone with its campaign.
    assert entries(api) == []
    api.delete(f"{PATH}/{single['id']}").refused(404, "not_found")
    assert make_campaign(api, name="Camp")["id"] != campaign["id"]
    jobs()
    for code in codes:
        make_voucher(api, code)
    left = "SELECT count(*) FROM {} WHERE project_id = %s AND {} = %s"
    for table, column in (
        ("vouchers", "campaign_id"),
        ("campaigns", "id"),
        ("campaign_days", "campaign_id"),
    ):
        found = uow.reader.execute(left.format(table, column), (uow.project_id, campaign["id"]))
        assert found.fetchone() == (0,), table


def test_a_code_that_was_deleted_before_its_campaign_can_be_purged_alone(api, jobs):
    make_campaign(api, name="Camp", vouchers_count=1, voucher={"code_config": {"pattern": "ONE#"}})
    code = api.get("/v1/vouchers").expect()["vouchers"][0]["code"]
    api.delete(f"/v1/vouchers/{code}").expect(204)
    api.delete("/v1/campaigns/Camp").expect(202)
    jobs()
    purge(api, entry_of(api, "voucher"))
    make_voucher(api, code)
    purge(api, entry_of(api, "campaign"))
    assert api.get(f"/v1/vouchers/{code}").expect()["code"] == code


def test_a_campaign_deleted_by_force_takes_its_codes_out_of_the_bin(api, jobs):
    make_campaign(api, name="Camp", vouchers_count=1)
    code = api.get("/v1/vouchers").expect()["vouchers"][0]["code"]
    api.delete(f"/v1/vouchers/{code}").expect(204)
    api.delete("/v1/campaigns/Camp", query={"force": True}).expect(202)
    assert entries(api) == []
    jobs()
    make_voucher(api, code)


def test_a_campaign_of_promotions_leaves_its_name(api, jobs):
    make_promotion(api, tier(), name="Promo")
    api.delete("/v1/campaigns/Promo").expect(202)
    purge(api, entry_of(api, "campaign"))
    jobs()
    make_promotion(api, tier(), name="Promo")


def test_a_product_keeps_its_source_id_and_those_of_its_skus(api):
    product = make_product(api, source_id="mug", name="Mug")
    early = make_sku(api, product["id"], source_id="mug-s")
    make_sku(api, product["id"], source_id="mug-l")
    api.delete(f"/v1/products/mug/skus/{early['id']}").expect(204)
    api.delete("/v1/products/mug").expect(204)
    sku, whole = entry_of(api, "sku"), entry_of(api, "product")
    assert (sku["resource_name"], sku["resource_parent_id"]) == ("Large mug", product["id"])
    assert (whole["resource_name"], whole["resource_parent_id"]) == ("Mug", None)
    api.post("/v1/products", json={"source_id": "mug"}).refused(409, "duplicate_found")
    purge(api, whole)
    assert entries(api) == []
    again = make_product(api, source_id="mug")
    for source_id in ("mug-s", "mug-l"):
        make_sku(api, again["id"], source_id=source_id)


def test_a_purged_sku_leaves_its_source_id(api):
    product = make_product(api)
    sku = make_sku(api, product["id"], source_id="one", sku=None)
    path = f"/v1/products/{product['id']}/skus"
    api.delete(f"{path}/{sku['id']}").expect(204)
    api.post(path, json={"source_id": "one"}).refused(409, "duplicate_found")
    entry = entry_of(api, "sku")
    assert entry["resource_name"] == "one"
    purge(api, entry)
    assert make_sku(api, product["id"], source_id="one")["id"] != sku["id"]


def test_what_has_no_name_is_told_by_its_id(api):
    product = api.post("/v1/products", json={}).expect()
    api.delete(f"/v1/products/{product['id']}").expect(204)
    assert entry_of(api, "product")["resource_name"] == product["id"]


@pytest.fixture
def full_bin(api):
    for code in ("A1", "A2", "B1"):
        make_voucher(api, code)
        api.delete(f"/v1/vouchers/{code}").expect(204)
    product = make_product(api, name="Mug")
    api.delete(f"/v1/products/{product['id']}").expect(204)


def names(api, **query):
    return [entry["resource_name"] for entry in entries(api, **query)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(None, ["Mug", "B1", "A2", "A1"], id="newest first"),
        pytest.param("-id", ["Mug", "B1", "A2", "A1"], id="descending"),
        pytest.param("id", ["A1", "A2", "B1", "Mug"], id="ascending"),
    ],
)
@pytest.mark.usefixtures("full_bin")
def test_the_bin_is_walked_by_id(api, order, expected):
    query = {"limit": 3} | ({} if order is None else {"order": order})
    first = api.get(PATH, query=query).expect()
    assert (first["total"], first["has_more"]) == (3, True)
    after = first["more_starting_after"]
    second = api.get(PATH, query={**query, "starting_after_id": after}).expect()
    assert (second["total"], second["has_more"]) == (1, False)
    assert "more_starting_after" not in second
    found = [entry["resource_name"] for entry in first["data"] + second["data"]]
    assert found == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"resource_type": {"conditions": {"$is": "product"}}}, ["Mug"]),
        ({"resource_type": {"conditions": {"$in": ["voucher"]}}}, ["A1", "A2", "B1"]),
        ({"resource_type": {"conditions": {"$is_not": "voucher"}}}, ["Mug"]),
        ({"resource_name": {"conditions": {"$starts_with": "A"}}}, ["A1", "A2"]),
        (
            {
                "junction": "or",
                "resource_name": {"conditions": {"$is": "B1"}},
                "resource_type": {"conditions": {"$is": "product"}},
            },
            ["B1", "Mug"],
        ),
    ],
)
@pytest.mark.usefixtures("full_bin")
def test_filters(api, filters, expected):
    assert names(api, order="id", filters=filters) == expected


@pytest.mark.usefixtures("full_bin")
def test_filters_by_id(api):
    entry = entries(api)[1]
    for field in ("id", "resource_id"):
        filters = {field: {"conditions": {"$is": entry[field]}}}
        assert entries(api, filters=filters) == [entry]


@pytest.mark.parametrize(
    "query",
    [
        {"order": "created_at"},
        {"limit": 0},
        {"limit": 101},
        {"filters": {"created_at": {"conditions": {"$is": "x"}}}},
        {"filters": {"id": {"conditions": {"$odd": "x"}}}},
    ],
)
def test_broken_queries_are_refused(api, query):
    api.get(PATH, query=query).refused(400, "invalid_query_params")


def test_a_bin_belongs_to_its_project(api, connect_api, new_project):
    make_voucher(api, "MINE")
    api.delete("/v1/vouchers/MINE").expect(204)
    [entry] = entries(api)
    other = connect_api(new_project())
    assert entries(other) == []
    other.delete(f"{PATH}/{entry['id']}").refused(404, "not_found")
    assert entries(api) == [entry]


@pytest.mark.race
def test_of_many_who_purge_one_does(api, connect_api, project):
    make_voucher(api, "RACE")
    api.delete("/v1/vouchers/RACE").expect(204)
    [entry] = entries(api)
    clients = [connect_api(project) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: each.delete(f"{PATH}/{entry['id']}"), clients))
    assert sorted(answer.status for answer in answers) == [204, *[404] * 5]


@pytest.mark.race
@pytest.mark.parametrize("kind", ["campaign", "product"])
def test_what_is_purged_with_another_and_alone_at_once_is_gone(api, connect_api, project, kind):
    if kind == "campaign":
        make_campaign(api, name="Camp", type="STANDALONE", voucher={"code": "ONE"})
        api.delete("/v1/vouchers/ONE").expect(204)
        api.delete("/v1/campaigns/Camp").expect(202)
    else:
        product = make_product(api)
        for _ in range(3):
            sku = make_sku(api, product["id"])
            api.delete(f"/v1/products/{product['id']}/skus/{sku['id']}").expect(204)
        api.delete(f"/v1/products/{product['id']}").expect(204)
    paths = [f"{PATH}/{entry['id']}" for entry in entries(api)] * 2
    clients = [connect_api(project) for _ in paths]
    with ThreadPoolExecutor(len(paths)) as pool:
        answers = list(pool.map(lambda client, path: client.delete(path), clients, paths))
    assert {answer.status for answer in answers} <= {204, 404}
    assert entries(api) == []
