"""What a publication means elsewhere: wallets, qualification, rules, feeds, erasure."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_publication,
    make_rule,
    make_voucher,
    redeemable,
)

PATH = "/v1/publications"


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada", name="Ada Secret", email="ada@secret.example")


@pytest.fixture
def spring(api):
    campaign = make_campaign(api, name="Spring")
    for code in ("S1", "S2"):
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/{code}", json={}).expect()
    return campaign


def wallet(api, name):
    return api.get(f"/v1/customers/{name}/redeemables", query={"order": "id"}).expect()["data"]


def test_the_code_is_in_the_wallet(api, ada, spring):
    make_publication(api, ada, campaign={"name": "Spring", "count": 2})
    entries = wallet(api, "ada")
    assert [each["redeemable"]["voucher"]["code"] for each in entries] == ["S1", "S2"]
    assert {each["holder_role"] for each in entries} == {"OWNER"}
    assert {each["campaign_id"] for each in entries} == {spring["id"]}
    assert all(each["id"].startswith("rh_") for each in entries)
    make_customer(api, source_id="bob")
    assert wallet(api, "bob") == []


def test_the_code_leaves_the_wallet_with_the_code(api, ada):
    make_voucher(api, "OFF")
    make_publication(api, ada, voucher="OFF")
    api.delete("/v1/vouchers/OFF", query={"force": "true"}).expect(204)
    assert wallet(api, "ada") == []
    make_voucher(api, "OFF")
    assert wallet(api, "ada") == []


def qualifying(api, customer):
    body = {"customer": customer, "order": {"amount": 1000}, "scenario": "CUSTOMER_WALLET"}
    found = api.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
    return sorted(each["id"] for each in found)


@pytest.mark.usefixtures("spring")
def test_the_code_qualifies_for_its_holder(api, ada):
    make_publication(api, ada, voucher="S2")
    assert "S2" in qualifying(api, {"source_id": "ada"})
    assert "S1" not in qualifying(api, {"source_id": "ada"})
    assert "S2" not in qualifying(api, {"source_id": "bob"})


def test_only_the_holder_may_redeem_where_a_rule_says_so(api, ada):
    conditions = {"1": {"name": "publication.redeemable_by_linked_customer"}}
    conditions["1"] |= {"property": None, "conditions": {"$is": [True]}}
    rule = make_rule(api, rules=conditions | {"logic": "1"})
    make_voucher(api, "OFF", validation_rules=[rule["id"]])

    def redeem(source_id):
        body = {"redeemables": [redeemable("OFF")], "order": {"amount": 1000}}
        return api.post("/v1/redemptions", json=body | {"customer": {"source_id": source_id}})

    redeem("ada").refused(400, "customer_rules_violated")
    make_publication(api, ada, voucher="OFF")
    redeem("bob").refused(400, "customer_rules_violated")
    redeem("ada").expect()


def test_a_plain_redemption_publishes_nothing(api, ada, redeem):
    make_voucher(api, "OFF")
    redeem("OFF", customer={"source_id": "ada"}, order={"amount": 1000})
    voucher = api.get("/v1/vouchers/OFF").expect()
    assert voucher["publish"]["count"] == 0
    assert "entries" not in voucher["publish"]
    assert wallet(api, "ada") == []


def feed(api, name):
    query = {"order": "created_at", "limit": 100}
    rows = api.get(f"/v1/customers/{name}/activity", query=query).expect()["data"]
    return [row for row in rows if "publication" in row["type"]]


def test_the_feed_tells_of_each_code(api, ada, spring, jobs):
    published = make_publication(api, ada, campaign={"name": "Spring", "count": 2})
    jobs()
    jobs()
    rows = feed(api, "ada")
    assert [row["type"] for row in rows] == ["customer.publication.succeeded"] * 2
    told = [row["data"]["data"] for row in rows]
    assert [each["voucher"]["code"] for each in told] == ["S1", "S2"]
    assert {each["publication"]["id"] for each in told} == {published["id"]}
    assert told[0]["customer"]["id"] == ada["id"]
    assert told[0]["campaign"]["id"] == spring["id"]
    assert "publish" not in told[0]["voucher"]
    assert rows[0]["data"]["event_source"]["channel"] == "API"
    query = {"campaign_id": spring["id"], "category": "ACTION"}
    found = api.get("/v1/customers/ada/activity", query=query).expect()["data"]
    assert len(found) == 2


def test_the_feed_tells_of_failures(api, ada, jobs):
    make_campaign(api, name="Empty")
    body = {"campaign": "Empty", "customer": {"id": ada["id"]}}
    api.post(PATH, json=body).refused(400, "no_voucher_suitable_for_publication")
    jobs()
    (row,) = feed(api, "ada")
    assert row["type"] == "customer.publication.failed"
    told = row["data"]["data"]
    assert told["publication"]["failure_code"] == "no_voucher_suitable_for_publication"
    assert (told["campaign"]["name"], "voucher" in told) == ("Empty", False)


def test_the_feed_of_a_deleted_customer_stays_away(api, ada, jobs):
    make_voucher(api, "OFF")
    make_publication(api, ada, voucher="OFF")
    api.delete("/v1/customers/ada").expect(204)
    jobs()
    make_customer(api, source_id="ada")
    assert feed(api, "ada") == []


TABLES = ("customers", "publications", "redeemable_holders", "vouchers", "activities", "events")
WORDS = ("Ada Secret", "ada@secret.example", "secret-source", "secret-note", "track_")


def rows_with(uow, words):
    """The tables of the project in which one of the words still stands."""
    return [
        table
        for table in TABLES
        if uow.reader.execute(
            f"SELECT count(*) FROM {table} t WHERE project_id = %s"
            " AND EXISTS (SELECT FROM unnest(%s::text[]) AS word WHERE strpos(t::text, word) > 0)",
            (uow.project_id, list(words)),
        ).fetchone()[0]
    ]


@pytest.mark.parametrize("is_deleted_before", [False, True])
def test_a_permanent_deletion_takes_the_person_out(api, ada, spring, jobs, uow, is_deleted_before):
    personal = {"source_id": "secret-source", "metadata": {"note": "secret-note"}}
    make_publication(api, ada, campaign="Spring", **personal)
    make_voucher(api, "BOBS")
    make_publication(api, make_customer(api, source_id="bob"), voucher="BOBS")
    body = {"voucher": "BOBS", "customer": {"id": ada["id"]}, **personal}
    api.post(PATH, json=body | {"source_id": "secret-source-2"}).refused(
        400, "voucher_already_published"
    )
    jobs()
    if is_deleted_before:
        api.delete("/v1/customers/ada").expect(204)
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    assert rows_with(uow, WORDS[:-1]) == []
    assert rows_with(uow, (ada["id"],)) == ["events"]
    voucher = api.get("/v1/vouchers/S1").expect()
    assert (voucher["publish"]["count"], voucher["publish"]["entries"]) == (1, [])
    assert "holder_id" not in voucher
    # What was given away stays so, and what others have stays theirs.
    assert make_publication(api, make_customer(api), campaign="Spring")["voucher"]["code"] == "S2"
    assert api.get(PATH, query={"customer": "bob"}).expect()["total"] == 1
    assert api.get(PATH, query={"customer": ada["id"]}).expect()["total"] == 0
    summary = api.get(f"/v1/campaigns/{spring['id']}/summary").expect()
    assert summary["publications_succeeded"] == 2


def test_what_was_only_published_can_be_erased_later(api, ada, uow):
    make_voucher(api, "OFF")
    make_publication(api, ada, voucher="OFF")
    api.delete("/v1/customers/ada").expect(204)
    uow.driver.execute("DELETE FROM events WHERE project_id = %s", (uow.project_id,))
    uow.commit()
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    assert rows_with(uow, (ada["id"],)) == ["events"]
