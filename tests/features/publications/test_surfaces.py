"""The other ways to publish: by a query string, and from a browser."""

from __future__ import annotations

import pytest

from kupon.bootstrap import add_integration_key
from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_campaign, make_customer, make_voucher
from kupon.testing.client import ApiClient

PATH = "/v1/publications/create"
CLIENT_PATH = "/client/v1/publish"


@pytest.fixture
def integration(app, document, settings, project):
    """A client with an integration's key."""
    key = add_integration_key(settings, project.id, "Mail")
    headers = {"X-App-Id": key["app_id"], "X-App-Token": key["app_token"]}
    return ApiClient(app, document, headers)


def test_an_integration_publishes_by_a_query(integration, api):
    make_campaign(api, name="Spring")
    for code in ("ONE", "TWO"):
        api.post(f"/v1/campaigns/Spring/vouchers/{code}", json={}).expect()
    query = {
        "join_once": "true",
        "campaign": {"name": "Spring", "count": 1},
        "source_id": "mail-1",
        "customer": {"source_id": "ada", "email": "ada@example.com", "metadata": {"a": "b"}},
        "metadata": {"mail": "weekly"},
    }
    answer = integration.get(PATH, query=query).expect()
    assert (answer["voucher"]["code"], answer["source_id"]) == ("ONE", "mail-1")
    assert (answer["metadata"], answer["channel"]) == ({"mail": "weekly"}, "API")
    assert api.get("/v1/customers/ada").expect()["metadata"] == {"a": "b"}
    assert integration.get(PATH, query=query).expect() == answer
    assert api.get("/v1/vouchers/ONE").expect()["publish"]["count"] == 1


def test_a_voucher_goes_before_a_campaign(integration, api):
    make_voucher(api, "OFF")
    query = {"voucher": "OFF", "campaign": {"name": "none"}, "customer": {"source_id": "ada"}}
    assert integration.get(PATH, query=query).expect()["voucher"]["code"] == "OFF"
    query["customer"] = {"source_id": "bob"}
    integration.get(PATH, query=query).refused(400, "voucher_already_published")
    assert api.get("/v1/publications", query={"result": "FAILURE"}).expect()["total"] == 1


def test_templates_name_customers_by_a_text(integration, api):
    """Source: spec adapters-marketing, section 1.9."""
    make_campaign(api, name="Spring", type="AUTO_UPDATE")
    ada = {"campaign": "Spring", "customer": "ada", "source_id": "mail-ada", "cache_id": "1"}
    first = integration.get(PATH, query=ada).expect()
    again = integration.post("/v1/publications", json=ada).expect()
    assert (again["voucher"]["code"], again["id"]) == (first["voucher"]["code"], first["id"])
    assert first["customer"]["source_id"] == "ada"
    by_id = ada | {"customer": first["customer_id"]}
    assert integration.post("/v1/publications", json=by_id).expect()["id"] == first["id"]


def test_what_a_query_gets_wrong(integration, api):
    make_campaign(api, name="Spring")
    person = {"source_id": "ada"}
    for query, key in (
        ({"voucher": "OFF"}, "invalid_query_params"),
        ({"customer": person}, "missing_vouchers"),
        ({"customer": "", "voucher": "OFF"}, "invalid_query_params"),
        ({"customer": person, "campaign": {"count": 1}}, "invalid_query_params"),
        ({"customer": person, "campaign": {"name": "Spring", "count": 51}}, "invalid_query_params"),
        (
            {"customer": person, "campaign": {"name": "Spring", "count": 2}},
            "too_many_vouchers_requested",
        ),
    ):
        integration.get(PATH, query=query).refused(400, key)
    query = {"customer": person, "voucher": "NONE"}
    integration.get(PATH, query=query).refused(404, "not_found")


def test_other_keys_may_not(api):
    make_voucher(api, "OFF")
    query = {"voucher": "OFF", "customer": {"source_id": "ada"}}
    error = api.get(PATH, query=query).refused(403, "integration_api_key_required")
    assert error["message"] == "Forbidden"
    assert api.get("/v1/vouchers/OFF").expect()["publish"]["count"] == 0


def test_an_integration_may_do_what_servers_do(integration):
    make_customer(integration)
    assert integration.get("/v1/publications").expect()["total"] == 0


def test_an_integration_needs_a_project(settings):
    with pytest.raises(KuponError):
        add_integration_key(settings, "proj_none", "Mail")


def test_a_browser_publishes(client_api, api):
    make_campaign(api, name="Spring", join_once=True)
    api.post("/v1/campaigns/Spring/vouchers/ONE", json={}).expect()
    body = {"campaign": {"name": "Spring"}, "customer": {"source_id": "ada"}}
    first = client_api.post(CLIENT_PATH, json=body).expect()
    assert first["voucher"]["code"] == "ONE"
    again = client_api.post(CLIENT_PATH, json=body, query={"join_once": "true"}).expect()
    assert again == first
    body["customer"] = {"source_id": "bob"}
    refused = client_api.post(CLIENT_PATH, json=body)
    refused.refused(400, "no_voucher_suitable_for_publication")
    assert api.get("/v1/publications", query={"result": "FAILURE"}).expect()["total"] == 1


def test_a_project_may_keep_browsers_from_publishing(connect_api, new_project, engine):
    project = new_project()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE projects SET client_settings = '{}' WHERE id = %s", (project.id,)
        )
        uow.commit()
    body = {"voucher": "OFF", "customer": {"source_id": "ada"}}
    connect_api(project, "client").post(CLIENT_PATH, json=body).refused(403, "forbidden")
