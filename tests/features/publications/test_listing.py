"""Publications listed: every filter, every order, failures among them."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_campaign, make_customer, make_publication, make_voucher

PATH = "/v1/publications"
ORDERS = ("id", "voucher_code", "tracking_id", "customer_id", "created_at", "channel")


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada")


@pytest.fixture
def bob(api):
    return make_customer(api, source_id="bob")


@pytest.fixture
def spring(api, ada, bob):
    """A campaign of five codes: one given to Ada, two to Bob; a voucher to Ada; Bob's failure."""
    campaign = make_campaign(api, name="Spring")
    for code in ("S1", "S2", "S3"):
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/{code}", json={}).expect()
    make_voucher(api, "SOLO")
    make_publication(
        api, ada, campaign="Spring", source_id="src-1", channel="B", metadata={"kind": "gift"}
    )
    make_publication(api, bob, campaign={"name": "Spring", "count": 2}, channel="C")
    make_publication(api, ada, voucher="SOLO", channel="A")
    body = {"campaign": "Spring", "customer": {"id": bob["id"]}, "source_id": "src-2"}
    api.post(PATH, json=body).refused(400, "no_voucher_suitable_for_publication")
    return campaign


def told(api, **query):
    rows = api.get(PATH, query={"order": "id", **query}).expect()["publications"]
    return [_name(row) for row in rows]


def _name(row):
    if row["result"] == "FAILURE":
        return "failed"
    return row["voucher"]["code"] if "voucher" in row else "+".join(row["vouchers"])


def test_there_are_none_at_first(api):
    expected = {"object": "list", "data_ref": "publications", "publications": [], "total": 0}
    assert api.get(PATH).expect() == expected


def test_an_entry_tells_of_one_voucher_or_of_several(api, spring, ada, bob):
    failed, solo, several, single = api.get(PATH).expect()["publications"]
    assert single == {
        "id": single["id"],
        "object": "publication",
        "created_at": single["created_at"],
        "customer_id": ada["id"],
        "tracking_id": single["tracking_id"],
        "metadata": {"kind": "gift"},
        "channel": "B",
        "source_id": "src-1",
        "result": "SUCCESS",
        "customer": api.get("/v1/customers/ada").expect(),
        "vouchers_id": [api.get("/v1/vouchers/S1").expect()["id"]],
        "voucher": {
            "code": "S1",
            "campaign": "Spring",
            "discount": spring["voucher"]["discount"],
            "is_referral_code": False,
            "object": "voucher",
        },
    }
    assert (several["vouchers"], len(several["vouchers_id"])) == (["S2", "S3"], 2)
    assert "voucher" not in several
    assert (solo["voucher"]["code"], solo["vouchers"]) == ("SOLO", ["SOLO"])
    assert "campaign" not in solo["voucher"]
    assert failed["customer_id"] == bob["id"]
    assert (failed["vouchers"], failed["vouchers_id"]) == ([], [])
    assert failed["failure_code"] == "no_voucher_suitable_for_publication"
    assert failed["failure_message"] == "Couldn't find any voucher suitable for publication"


def test_publications_are_narrowed(api, spring, ada, bob):
    assert told(api) == ["S1", "S2+S3", "SOLO", "failed"]
    assert told(api, campaign="Spring") == ["S1", "S2+S3", "failed"]
    assert told(api, campaign=spring["id"]) == ["S1", "S2+S3", "failed"]
    assert told(api, campaign="Autumn") == []
    assert told(api, customer=ada["id"]) == ["S1", "SOLO"]
    assert told(api, customer="bob") == ["S2+S3", "failed"]
    assert told(api, voucher="S3") == ["S2+S3"]
    assert told(api, voucher=api.get("/v1/vouchers/S1").expect()["id"]) == ["S1"]
    assert told(api, voucher="NONE") == []
    assert told(api, result="SUCCESS") == ["S1", "S2+S3", "SOLO"]
    assert told(api, result="FAILURE") == ["failed"]
    assert told(api, voucher_type="discount") == ["S1", "S2+S3", "SOLO", "failed"]
    assert told(api, voucher_type="loyalty") == []
    assert told(api, is_referral_code="true") == []
    assert told(api, is_referral_code="false") == ["S1", "S2+S3", "SOLO", "failed"]
    assert told(api, source_id="src-1") == ["S1"]
    assert told(api, source_id="src-2", result="FAILURE") == ["failed"]


def test_publications_are_filtered(api, spring, ada):
    ids = {code: api.get(f"/v1/vouchers/{code}").expect()["id"] for code in ("S1", "S3")}

    def filtered(field, operator, *values):
        return told(api, filters={field: {"conditions": {operator: list(values) or True}}})

    assert filtered("campaign_name", "$is", "Spring") == ["S1", "S2+S3", "failed"]
    assert filtered("campaign_name", "$is_unknown") == ["SOLO"]
    assert filtered("parent_object_id", "$in", spring["id"]) == ["S1", "S2+S3", "failed"]
    assert filtered("customer_id", "$is_not", ada["id"]) == ["S2+S3", "failed"]
    assert filtered("failure_code", "$has_value") == ["failed"]
    assert filtered("failure_code", "$starts_with", "no_voucher") == ["failed"]
    assert filtered("result", "$is", "FAILURE") == ["failed"]
    assert filtered("source_id", "$ends_with", "2") == ["failed"]
    assert filtered("voucher_type", "$is", "DISCOUNT_VOUCHER") == told(api)
    assert filtered("is_referral_code", "$is", "true") == []
    assert filtered("related_object_id", "$in", *ids.values()) == ["S1", "S2+S3"]
    assert filtered("related_object_id", "$not_in", ids["S3"]) == ["S1", "SOLO", "failed"]
    assert filtered("related_object_id", "$contains", ids["S3"][2:]) == ["S2+S3"]
    assert filtered("related_object_id", "$is_unknown") == ["failed"]
    assert filtered("metadata.kind", "$is", "gift") == ["S1"]
    either = {
        "junction": "or",
        "source_id": {"conditions": {"$is": "src-1"}},
        "result": {"conditions": {"$is": "FAILURE"}},
    }
    assert told(api, filters=either) == ["S1", "failed"]


@pytest.mark.usefixtures("spring")
def test_publications_are_ordered(api):
    assert told(api, order="channel") == ["SOLO", "failed", "S1", "S2+S3"]
    assert told(api, order="-channel") == ["S2+S3", "S1", "failed", "SOLO"]
    assert told(api, order="voucher_code") == ["S1", "S2+S3", "SOLO", "failed"]
    assert told(api, order="-voucher_code") == ["SOLO", "S2+S3", "S1", "failed"]
    assert told(api, order="-created_at") == ["failed", "SOLO", "S2+S3", "S1"]
    for name in ORDERS:
        assert (
            sorted(told(api, order=name))
            == sorted(told(api, order=f"-{name}"))
            == sorted(told(api))
        )


@pytest.mark.usefixtures("spring")
def test_publications_come_in_pages(api):
    first = api.get(PATH, query={"limit": 3, "order": "id"}).expect()
    assert (first["total"], len(first["publications"])) == (4, 3)
    assert told(api, limit=3, page=2) == ["failed"]
    assert told(api, page=7) == []
    api.get(PATH, query={"page": 1001}).refused(400, "page_over_limit")


@pytest.mark.parametrize(
    "query",
    [
        {"order": "code"},
        {"limit": 0},
        {"limit": 101},
        {"page": 0},
        {"result": "MAYBE"},
        {"voucher_type": "paper"},
        {"is_referral_code": "maybe"},
        {"filters": {"nothing": {"conditions": {"$is": "x"}}}},
        {"filters": {"related_object_id": {"conditions": {"$more_than": 1}}}},
        {"filters": "x"},
    ],
    ids=str,
)
def test_bad_queries_are_refused(api, query):
    api.get(PATH, query=query).refused(400, "invalid_query_params")


def test_a_deleted_voucher_is_told_of_by_its_code(api, spring):
    api.delete("/v1/vouchers/S1", query={"force": "true"}).expect(204)
    (row,) = api.get(PATH, query={"source_id": "src-1"}).expect()["publications"]
    assert (row["vouchers"], len(row["vouchers_id"])) == (["S1"], 1)
    assert "voucher" not in row


@pytest.mark.usefixtures("spring")
def test_a_deleted_customer_is_told_of_by_the_id(api, ada):
    api.delete("/v1/customers/ada").expect(204)
    (row,) = api.get(PATH, query={"source_id": "src-1"}).expect()["publications"]
    assert row["customer_id"] == ada["id"]
    assert row["customer"]["id"] == ada["id"]
    assert "email" not in row["customer"]
    assert told(api, customer=ada["id"]) == ["S1", "SOLO"]


def test_projects_know_nothing_of_each_other(api, spring, new_project, connect_api):
    assert told(connect_api(new_project())) == []


def test_the_campaign_counts_its_publications(api, spring):
    summary = api.get(f"/v1/campaigns/{spring['id']}/summary").expect()
    assert summary["publications"] == 3
    assert summary["publications_succeeded"] == 2
    assert summary["publications_failed"] == 1
    query = {"end_date": "2020-01-01"}
    summary = api.get(f"/v1/campaigns/{spring['id']}/summary", query=query).expect()
    assert summary["publications"] == 0
