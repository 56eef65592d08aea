"""Whatever is sent, the answer is described by the document or is a standard error, never a bug."""

from __future__ import annotations

import re
import tomllib
from json import dumps
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from tests.fuzz.strategies import NEW, Requests, operations

from kupon.runtime import ids

LISTED = tomllib.loads((Path(__file__).parents[1] / "wire" / "operations.toml").read_text())
THERE = [place for area in LISTED["there"].values() for place in area]
PARAMETER = re.compile(r"\{[^}]+\}")

LIGHT = 12
HEAVY = 500
PLAIN = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],
}


@pytest.fixture
def send(fuzzed, known):
    """Sends requests to an operation named as in `operations.toml`."""
    api, _ = fuzzed
    document = api.document.content
    by_place = {PARAMETER.sub("{}", str(each)): each for each in operations(document)}
    requests = Requests(document, known)

    def ask(request) -> None:
        name = ids.new_id("")
        body = dumps(request.body).replace(NEW, name).encode() if request.has_body else None
        path = request.path.replace(NEW, name)
        api.send(request.method, path, query=request.query, body=body)

    def send_many(place: str, plan: effort) -> None:
        operation = by_place[PARAMETER.sub("{}", place)]
        plan(given(request=requests.of(operation))(ask))()

    return send_many


@pytest.mark.parametrize("place", THERE)
def test_no_input_breaks_an_operation(send, place):
    send(place, effort(max_examples=LIGHT, derandomize=True, **PLAIN))


@pytest.mark.fuzz
@pytest.mark.parametrize("place", THERE)
def test_no_input_breaks_an_operation_for_long(send, place):
    send(place, effort(max_examples=HEAVY, **PLAIN))


scraps = st.text(alphabet='{}[]",:0123456789eE.-+ntf\\u ', max_size=60).map(str.encode)
bodies = st.binary(max_size=60) | scraps


@effort(max_examples=60, derandomize=True, **PLAIN)
@given(body=bodies, content_type=st.sampled_from(["application/json", "text/plain", "", "a/b;c"]))
def test_no_bytes_break_the_reading_of_a_body(fuzzed, body, content_type):
    answer = fuzzed[0].post("/v1/categories", body=body, headers={"Content-Type": content_type})
    assert answer.status < 500


@effort(max_examples=150, derandomize=True, **PLAIN)
@given(query=st.text(alphabet="ab[]=&%$0.,;+ \x00\u00e9", max_size=40))
def test_no_query_breaks_its_reading(fuzzed, query):
    assert fuzzed[0].get("/v1/customers", query=query).status in (200, 400)
