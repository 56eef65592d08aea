"""Events and referrals as the official SDK reads them, and bodies as it writes them."""

from __future__ import annotations

import voucherify as sdk

from kupon.testing.builders import make_customer, make_referral_campaign


def written(model, body):
    """What the SDK sends for a body."""
    return getattr(sdk, model).from_dict(body).to_dict()


def test_events(api, client_api, management_api, project):
    path = f"/management/v1/projects/{project.id}/custom-event-schemas"
    schema = {"name": "signed_up", "schema": {"properties": {}}}
    management_api.post(path, json=schema).expect()
    campaign = make_referral_campaign(api)
    body = {"campaign": campaign["name"], "customer": {"source_id": "ada"}}
    code = api.post("/v1/publications", json=body).expect()["voucher"]["code"]
    body = {
        "event": "signed_up",
        "customer": {"source_id": "bob", "name": "Bob"},
        "referral": {"code": code},
        "metadata": {"way": "app"},
    }
    sent = written("EventsCreateRequestBody", body)
    answer = sdk.EventsCreateResponseBody.from_dict(api.post("/v1/events", json=sent).expect())
    assert (answer.type, answer.customer.name, answer.loyalty) == ("signed_up", "Bob", None)
    assert (answer.referral["code"], answer.metadata) == (code, {"way": "app"})
    sent = written("ClientEventsCreateRequestBody", body)
    told = client_api.post("/client/v1/events", json=sent).expect()
    assert sdk.ClientEventsCreateResponseBody.from_dict(told).customer.source_id == "bob"


def test_holders(api):
    campaign = make_referral_campaign(api)
    ada = make_customer(api)
    body = {"campaign": campaign["name"], "customer": {"id": ada["id"]}}
    publication = api.post("/v1/publications", json=body).expect()
    code = publication["voucher"]["code"]
    paths = [
        f"/v1/referrals/members/{code}/holders",
        f"/v1/referrals/{campaign['id']}/members/{code}/holders",
    ]
    for number, path in enumerate(paths):
        body = {"holders": [{"source_id": f"referee-{number}"}], "metadata": {"via": "mail"}}
        sent = written("ReferralsMembersHoldersCreateInBulkRequestBody", body)
        made = sdk.ReferralsMembersHoldersCreateInBulkResponseBody.from_dict(
            api.post(path, json=sent).expect()
        )
        assert [holder.holder_role for holder in made.holders] == ["REFEREE"]
        listed = sdk.ReferralsMembersHoldersListResponseBody.from_dict(api.get(path).expect())
        roles = sorted(holder.holder_role for holder in listed.data)
        assert roles == ["REFEREE"] * (number + 1) + ["REFERRER"]


def test_who_was_referred(api, jobs):
    campaign = make_referral_campaign(api)
    body = {"campaign": campaign["name"], "customer": {"source_id": "ada"}}
    voucher = api.post("/v1/publications", json=body).expect()["voucher"]
    body = {
        "redeemables": [{"object": "voucher", "id": voucher["code"]}],
        "customer": {"source_id": "bob"},
        "order": {"amount": 1000},
    }
    api.post("/v1/redemptions", json=body).expect()
    jobs()
    bob = sdk.CustomersGetResponseBody.from_dict(api.get("/v1/customers/bob").expect())
    ada = sdk.CustomersGetResponseBody.from_dict(api.get("/v1/customers/ada").expect())
    assert (bob.referrals.total, bob.referrals.campaigns[0].referrer_id) == (1, ada.id)
    assert ada.loyalty.referred_customers == 1
    query = {"type": "customer.referred"}
    feed = api.get("/v1/customers/bob/activity", query=query).expect()
    [row] = sdk.CustomersActivityListResponseBody.from_dict(feed).data
    assert row.type == "customer.referred"
