"""Our OpenAPI document: valid, complete, and named as the reference names its operations."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

OPERATIONS = tomllib.loads((Path(__file__).parent / "operations.toml").read_text())
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def _listed(kind: str) -> dict[str, str]:
    """Operations with their parameters' names erased, and the endpoint that serves each."""
    return {
        re.sub(r"\{[^}]+\}", "{}", operation): f"{area}.{_snake(name)}"
        for area, operations in OPERATIONS[kind].items()
        for operation, name in operations.items()
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def _routes(app) -> list[tuple[str, str]]:
    """The features' routes, without the probes, the document and the page that shows it."""
    return [
        (f"{method} {re.sub(r'<[^>]+>', '{}', rule.rule)}", rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods & set(METHODS))
        if "." in rule.endpoint and not rule.endpoint.startswith("api-docs.")
    ]


def _documented(document) -> dict[str, dict]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in document.content["paths"].items()
        for method, operation in operations.items()
        if method.upper() in METHODS
    }


def test_the_document_is_valid(document):
    errors = OpenAPIV30SpecValidator(document.content).iter_errors()
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_every_route_is_in_the_document_under_its_name(app, document):
    names = {
        re.sub(r"\{[^}]+\}", "{}", place): operation["operationId"]
        for place, operation in _documented(document).items()
    }
    assert names == {place: endpoint.partition(".")[2] for place, endpoint in _routes(app)}


def test_every_operation_is_bound_to_one_route(app):
    assert [
        place for place, count in Counter(p for p, _ in _routes(app)).items() if count > 1
    ] == []


def test_the_operations_that_we_have_are_those_that_we_claim(app):
    assert dict(_routes(app)) == _listed("there") | _listed("ours")


def test_no_operation_is_listed_twice():
    listed = Counter(place for kind in OPERATIONS for place in _listed(kind))
    assert [place for place, count in listed.items() if count > 1] == []


def test_every_operation_says_who_may_call_it_and_how_it_fails(document):
    for place, operation in _documented(document).items():
        assert operation["security"], place
        assert operation["responses"]["default"], place


@pytest.mark.parametrize("word", ["minimum", "maximum"])
def test_limits_of_listings_are_documented(document, word):
    for place, operation in _documented(document).items():
        for parameter in operation.get("parameters", ()):
            if parameter.get("name") == "limit":
                assert word in parameter["schema"], place
