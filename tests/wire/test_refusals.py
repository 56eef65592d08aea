"""Every failure answers in the standard body, whatever failed.

Source: spec api-conventions, sections 6 and 20.
"""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer
from kupon.testing.client import ApiClient, key_headers

UNAUTHORIZED = {"code": 401, "message": "Unauthorized", "key": "unauthorized"}
MALFORMED = {
    "statusCode": 400,
    "error": "Bad Request",
    "message": "Invalid request payload JSON format",
}
LIMIT = 10_485_760
TOO_LARGE = {
    "statusCode": 413,
    "error": "Request Entity Too Large",
    "message": f"Payload content length greater than maximum allowed: {LIMIT}",
}
KEYS = ("X-App-Id", "X-App-Token")
NOT_IDS = ["missing", "cust_0ae3b3436346b778be", "%00", "%2F", "%2Fx", "%F0%9F%8E%9F", "-1"]
NOT_IDS.append("x" * 3000)


@pytest.fixture(scope="session")
def operations(document):
    """(method, path, operation) of everything in the document, with `x` for each parameter."""
    return [
        (method.upper(), "/".join("x" if "{" in p else p for p in path.split("/")), operation)
        for path, item in document.content["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


@pytest.fixture(scope="session")
def with_body(operations):
    """The operations that read a body."""
    return [(method, path) for method, path, operation in operations if "requestBody" in operation]


@pytest.fixture(scope="session")
def arrays(operations):
    """Those of them whose body is an array."""
    schemas = {
        (method, path): operation["requestBody"]["content"]["application/json"]["schema"]
        for method, path, operation in operations
        if "requestBody" in operation
    }
    return {named for named, schema in schemas.items() if schema.get("type") == "array"}


@pytest.fixture(scope="session")
def listings(operations):
    """The paths that list."""
    return [
        path
        for method, path, operation in operations
        if method == "GET" and any(p.get("name") == "limit" for p in operation["parameters"])
    ]


@pytest.fixture
def anyone(app, document, project):
    """A client with the project's keys for every surface at once."""
    surfaces = ("server", "client", "management")
    headers = [key_headers(surface, project.credentials) for surface in surfaces]
    return ApiClient(app, document, {name: pair[name] for pair in headers for name in pair})


def test_without_keys_nothing_answers(app, document, operations):
    nobody = ApiClient(app, document, {})
    for method, path, _ in operations:
        answer = nobody.send(method, path, json={})
        assert (answer.status, answer.json) == (401, UNAUTHORIZED), path


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-App-Token": "wrong"}, id="wrong token"),
        pytest.param({"X-App-Token": ""}, id="empty token"),
        pytest.param({"X-App-Token": None}, id="no token"),
        pytest.param({"X-App-Id": "app_unknown"}, id="unknown id"),
        pytest.param({"X-App-Id": ""}, id="empty id"),
        pytest.param({"X-App-Id": None}, id="no id"),
        pytest.param({"X-App-Id": "caf\xe9"}, id="not ASCII"),
        pytest.param({"X-App-Token": "caf\xe9"}, id="token not ASCII"),
    ],
)
def test_a_wrong_pair_is_refused(api, headers):
    answer = api.get("/v1/categories", headers=headers)
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("surface", ["client", "management"])
def test_keys_of_another_surface_are_refused(api, project, surface):
    names = {
        "client": ("client_application_id", "client_token"),
        "management": ("management_id", "management_token"),
    }[surface]
    pair = dict(zip(KEYS, (project.credentials[name] for name in names), strict=True))
    answer = api.get("/v1/categories", headers=pair)
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


def test_a_token_of_another_project_is_refused(api, new_project):
    other = new_project()
    answer = api.get("/v1/categories", headers={"X-App-Token": other.credentials["app_token"]})
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


def test_an_unknown_route_is_not_found(api):
    answer = api.get("/v1/nothing/here")
    body = answer.refused(404, "not_found")
    assert body["message"] == "Resource not found"
    assert body["request_id"] == answer.headers["X-Request-Id"]


def test_a_wrong_method_says_which_would_do(api):
    answer = api.send("PATCH", "/v1/vouchers/X")
    body = answer.refused(405, "method_not_allowed")
    assert body["message"] == "HTTP Method Not Allowed"
    assert body["details"] == (
        "PATCH is not supported by this endpoint. Did you mean DELETE or GET or POST or PUT?"
    )
    assert answer.headers["Allow"] == "DELETE, GET, POST, PUT"


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND"])
def test_a_wrong_method_is_refused_everywhere(api, operations, method):
    for path in sorted({path for _, path, _ in operations}):
        api.send(method, path).refused(405, "method_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b'{"a": NaN}', id="not a number"),
        pytest.param(b'{"a": "\xff\xfe"}', id="not UTF-8"),
        pytest.param(b'{"a": "\\ud800"}', id="half a character"),
        pytest.param(b"[" * 100_000, id="very deep"),
        pytest.param(b"a=1&b=2", id="a form"),
    ],
)
def test_malformed_json_is_refused_everywhere(anyone, with_body, body):
    for method, path in with_body:
        answer = anyone.send(method, path, body=body)
        assert (answer.status, answer.json) == (400, MALFORMED), path


@pytest.mark.parametrize("value", ["text", 1, True, [5], {"x": 1}, [{}], []])
def test_a_body_of_another_kind_is_refused_everywhere(anyone, with_body, arrays, value):
    for method, path in with_body:
        wanted = "array" if (method, path) in arrays else "object"
        if isinstance(value, {"array": list, "object": dict}[wanted]):
            continue
        body = anyone.send(method, path, json=value).refused(400, "invalid_payload")
        assert body["details"] == f"Payload must be {wanted}", path


def test_another_media_type_is_refused_everywhere(anyone, with_body):
    for method, path in with_body:
        answer = anyone.send(method, path, body=b"{}", headers={"Content-Type": "text/plain"})
        answer.refused(415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_refused(api):
    answer = api.post("/v1/customers", body=b'"' + b"x" * LIMIT + b'"')
    assert (answer.status, answer.json) == (413, TOO_LARGE)


def test_a_body_of_the_largest_size_is_read(api):
    filler = b" " * (LIMIT - 2)
    body = api.post("/v1/categories", body=b"{" + filler + b"}").refused(400, "invalid_payload")
    assert body["details"] == "Payload must have required property 'name'"


@pytest.mark.parametrize(
    ("query", "details"),
    [
        pytest.param("limit=101", "Property .limit must be <= 100", id="limit too high"),
        pytest.param("limit=0", "Property .limit must be >= 1", id="limit too low"),
        pytest.param("limit=ten", "Property .limit must be integer", id="limit no number"),
        pytest.param("limit[a]=1", "Property .limit must be integer", id="limit an object"),
    ],
)
def test_a_limit_out_of_bounds_is_refused_everywhere(anyone, listings, query, details):
    assert "/v1/customers" in listings
    for path in listings:
        body = anyone.get(path, query=query).refused(400, "invalid_query_params")
        assert (body["message"], body["details"]) == ("Invalid query params", details), path


def test_a_page_beyond_the_last_is_refused(api):
    body = api.get("/v1/customers", query="page=1001").refused(400, "page_over_limit")
    assert body["message"] == "Listing resource above 1000 page is not supported"


@pytest.mark.parametrize(
    "query", ["order=nothing", "created_at[before]=soon", "filters[x", "filters[x]=1", "a=1&a[b]=2"]
)
def test_a_query_that_means_nothing_is_refused(api, query):
    api.get("/v1/redemptions", query=query).refused(400, "invalid_query_params")


@pytest.mark.parametrize("identifier", NOT_IDS)
@pytest.mark.parametrize("kind", ["customers", "products", "skus", "orders", "campaigns"])
def test_what_does_not_exist_is_not_found(api, kind, identifier):
    api.get(f"/v1/{kind}/{identifier}").refused(404, "not_found")


def test_the_details_repeat_what_was_asked_for(api):
    body = api.get("/v1/customers/nobody").refused(404, "not_found")
    assert body["details"] == "Cannot find customer with id nobody"
    assert (body["resource_id"], body["resource_type"]) == ("nobody", "customer")


def test_another_projects_object_does_not_exist(api, connect_api, new_project):
    stranger = connect_api(new_project())
    ours = make_customer(api)
    for identifier in (ours["id"], ours["source_id"]):
        path = f"/v1/customers/{identifier}"
        stranger.get(path).refused(404, "not_found")
        stranger.put(path, json={"name": "taken"}).refused(404, "not_found")
        stranger.delete(path).refused(404, "not_found")
    assert stranger.get("/v1/customers").expect()["total"] == 0
    assert api.get(f"/v1/customers/{ours['id']}").expect() == ours


def test_every_answer_carries_its_own_request_id(api):
    answers = [api.get("/v1/categories") for _ in range(3)]
    answers += [api.get("/v1/nothing"), api.get("/v1/categories", headers=dict.fromkeys(KEYS))]
    numbers = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("v-") and len(number) == 20 for number in numbers)


def test_only_json_can_be_had(api):
    api.get("/v1/categories", headers={"Accept": "text/csv"}).refused(406, "not_acceptable")
    for accept in ("application/json", "application/*", "text/html, */*;q=0.1", None):
        api.get("/v1/categories", headers={"Accept": accept}).expect()
