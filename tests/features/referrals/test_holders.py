"""Passing referral codes on over HTTP."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer, make_referral_campaign, make_voucher

NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def path(code):
    return f"/v1/referrals/members/{code}/holders"


def add(api, path, *sources, **members):
    body = {"holders": [{"source_id": source} for source in sources]} | members
    return api.post(path, json=body)


def test_referees_are_added(api, path, programme, code, bob):
    voucher = api.get(f"/v1/vouchers/{code}").expect()
    body = {"holders": [{"id": bob["id"], "source_id": "other"}], "metadata": {"via": "mail"}}
    [made] = api.post(path, json=body).expect()["holders"]
    assert made["id"].startswith("rh_")
    assert made == {
        "id": made["id"],
        "created_at": NOW,
        "redeemable_id": voucher["id"],
        "redeemable_object": "voucher",
        "customer_id": bob["id"],
        "holder_role": "REFEREE",
        "campaign_id": programme["id"],
        "campaign_type": "REFERRAL_PROGRAM",
        "voucher_type": "DISCOUNT_VOUCHER",
        "metadata": {"via": "mail"},
        "object": "redeemable_holder",
    }


def test_unknown_source_ids_become_customers(api, path):
    body = {"holders": [{"source_id": "new", "name": "New", "metadata": {"a": 1}}]}
    [made] = api.post(path, json=body).expect()["holders"]
    customer = api.get("/v1/customers/new").expect()
    assert (customer["id"], customer["name"]) == (made["customer_id"], "New")


def test_all_ways_to_name_a_code_are_one(api, programme, code, bob):
    voucher = api.get(f"/v1/vouchers/{code}").expect()
    named = [
        f"/v1/referrals/members/{code}/holders",
        f"/v1/referrals/members/{voucher['id']}/holders",
        f"/v1/referrals/{programme['id']}/members/{code}/holders",
        f"/v1/referrals/{programme['name']}/members/{voucher['id']}/holders",
    ]
    [made] = add(api, named[2], "bob").expect()["holders"]
    pages = [api.get(path, query={"order": "id"}).expect() for path in named]
    assert pages == [pages[0]] * 4
    referrer, referee = pages[0]["data"]
    assert (referrer["holder_role"], referee) == ("REFERRER", made)
    assert (pages[0]["total"], pages[0]["has_more"], pages[0]["data_ref"]) == (2, False, "data")
    api.delete(f"{named[3]}/{made['id']}").expect(204)
    assert api.get(named[0]).expect()["total"] == 1


def test_the_listing_pages_orders_and_filters(api, path, ada):
    made = add(api, path, *(f"c{number}" for number in range(5))).expect()["holders"]
    query = {"order": "-id", "limit": 2}
    seen = []
    while True:
        page = api.get(path, query=query).expect()
        seen += page["data"]
        assert page["total"] + len(seen) - len(page["data"]) == 6
        if not page["has_more"]:
            break
        query = {**query, "starting_after_id": page["more_starting_after"]}
    assert [each["customer_id"] for each in seen] == [
        *(each["customer_id"] for each in reversed(made)),
        ada["id"],
    ]

    def found(**filters):
        named = {name: {"conditions": conditions} for name, conditions in filters.items()}
        return api.get(path, query={"filters": named}).expect()["total"]

    assert found(holder_role={"$is": "REFEREE"}) == 5
    assert found(holder_role={"$is": "REFERRER"}, customer_id={"$is": ada["id"]}) == 1
    assert found(id={"$in": [made[0]["id"], made[1]["id"]]}) == 2
    assert found(created_at={"$after": "2030-01-01T00:00:00Z"}) == 0
    api.get(path, query={"order": "created_at"}).refused(400, "invalid_query_params")
    api.get(path, query={"filters": {"name": {"conditions": {"$is": "a"}}}}).refused(
        400, "invalid_query_params"
    )


def test_being_passed_a_code_puts_it_into_the_wallet_and_is_no_referral(api, path, code, bob):
    add(api, path, "bob").expect()
    [entry] = api.get("/v1/customers/bob/redeemables").expect()["data"]
    assert (entry["holder_role"], entry["redeemable"]["voucher"]["code"]) == ("REFEREE", code)
    assert api.get(f"/v1/customers/{bob['id']}").expect()["referrals"]["total"] == 0


def total(api, path):
    return api.get(path).expect()["total"]


def test_nobody_is_added_twice_and_then_nobody_is(api, path, bob):
    add(api, path, "bob").expect()
    refusal = add(api, path, "eve", "bob").refused(409, "holder_assignement_duplication")
    assert refusal["message"] == "Customer is already assigned to given redeemable"
    add(api, path, "ada").refused(409, "holder_assignement_duplication")
    body = {"holders": [{"source_id": "eve"}, {"source_id": "eve"}]}
    api.post(path, json=body).refused(409, "duplicate_found")
    assert total(api, path) == 2
    api.get("/v1/customers/eve").refused(404, "not_found")
    assert bob["id"]


BAD_BODIES = [
    {},
    {"holders": None},
    {"holders": []},
    {"holders": {}},
    {"holders": ["ada"]},
    {"holders": [None]},
    {"holders": [{}]},
    {"holders": [{"name": "Nobody"}]},
    {"holders": [{"source_id": None}]},
    {"holders": [{"source_id": 3}]},
    {"holders": [{"source_id": ""}]},
    {"holders": [{"source_id": "a", "metadata": 3}]},
    {"holders": [{"source_id": "a"}], "metadata": []},
    {"holders": [{"source_id": f"c{number}"} for number in range(101)]},
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_bad_bodies_add_nobody(api, path, body):
    api.post(path, json=body).refused(400, "invalid_payload")
    assert total(api, path) == 1


def test_a_hundred_are_added_at_once(api, path):
    made = add(api, path, *(f"c{number}" for number in range(100))).expect()["holders"]
    assert len({each["id"] for each in made}) == 100


def test_an_unknown_customer_is_refused(api, path):
    body = {"holders": [{"source_id": "eve"}, {"id": "cust_none"}]}
    api.post(path, json=body).refused(404, "not_found")
    assert total(api, path) == 1
    api.get("/v1/customers/eve").refused(404, "not_found")


def test_a_code_that_nobody_has_can_not_be_passed_on(api, programme):
    code = api.post(f"/v1/campaigns/{programme['id']}/vouchers", json={}).expect()["code"]
    refusal = add(api, f"/v1/referrals/members/{code}/holders", "bob").refused(400, "not_published")
    assert refusal["message"] == "Voucher is not published"
    assert total(api, f"/v1/referrals/members/{code}/holders") == 0


def test_other_codes_and_campaigns_are_not_found(api, code):
    make_voucher(api, "PLAIN")
    other = make_referral_campaign(api)
    for path in (
        "/v1/referrals/members/PLAIN/holders",
        "/v1/referrals/members/NONE/holders",
        f"/v1/referrals/{other['id']}/members/{code}/holders",
        f"/v1/referrals/camp_none/members/{code}/holders",
    ):
        api.get(path).refused(404, "not_found")
        add(api, path, "bob").refused(404, "not_found")
        api.delete(f"{path}/rh_none").refused(404, "not_found")


def test_the_referrer_stays(api, path, ada):
    [referrer] = api.get(path).expect()["data"]
    refusal = api.delete(f"{path}/{referrer['id']}").refused(403, "forbidden")
    assert refusal["details"] == "You can not remove Referrer assignment"
    api.delete(f"{path}/rh_none").refused(404, "not_found")
    assert api.get(path).expect()["data"][0]["customer_id"] == ada["id"]


def test_metadata_follows_the_schema_of_publications(api, management_api, project, path):
    definition = {"type": "number", "array": False, "optional": False}
    body = {"related_object": "publication", "properties": {"via": definition}}
    management_api.post(
        f"/management/v1/projects/{project.id}/metadata-schemas", json=body
    ).expect()
    add(api, path, "bob").refused(400, "metadata_validation_failed")
    add(api, path, "bob", metadata={"via": "x"}).refused(400, "metadata_validation_failed")
    add(api, path, "bob", metadata={"via": 1}).expect()


def test_the_feed_and_the_events_tell_of_it(api, path, code, bob, jobs, events):
    [made] = add(api, path, "bob").expect()["holders"]
    api.delete(f"{path}/{made['id']}").expect(204)
    told = [each for name, each in events() if name.startswith("customer.holder.")]
    assert told[0]["holder"] == made | {"publication_id": None}
    assert told[0]["voucher"]["code"] == code
    assert told[0]["campaign"]["campaign_type"] == "REFERRAL_PROGRAM"
    assert told[0]["customer"]["id"] == bob["id"]
    jobs()
    query = {"order": "created_at", "category": "EFFECT"}
    rows = api.get("/v1/customers/bob/activity", query=query).expect()["data"]
    assert [row["type"] for row in rows] == [
        "customer.holder.assignment.created",
        "customer.holder.assignment.deleted",
    ]


def test_an_erased_referee_holds_nothing(api, path, bob):
    add(api, path, "bob").expect()
    api.post(f"/v1/customers/{bob['id']}/permanent-deletion").expect()
    assert total(api, path) == 1
    make_customer(api, source_id="bob")
    add(api, path, "bob").expect()
