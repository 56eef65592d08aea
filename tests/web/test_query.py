from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from flask_smorest import Blueprint
from hypothesis import assume, example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from kupon.kit.complaints import first_complaint
from kupon.kit.errors import KuponError
from kupon.kit.filters import Condition, Filters
from kupon.kit.pages import Between, OrderTerm, PageRequest
from kupon.runtime.settings import Settings
from kupon.testing.client import encode_query
from kupon.web.app import build_app
from kupon.web.endpoint import Context, endpoint
from kupon.web.fields import Text
from kupon.web.query import DEEPEST, MOST_PAIRS, ListQuery, Switch, Texts, parse_query


class VoucherQuery(ListQuery):
    class Meta(ListQuery.Meta):
        exclude = ("end_date",)

    ORDER = ("created_at", "code")

    campaign = Text()
    ids = Texts()
    is_referral_code = Switch()


@pytest.mark.parametrize(
    ("raw", "tree"),
    [
        ("", {}),
        ("&&a=1&", {"a": "1"}),
        ("=1&limit=10", {"limit": "10"}),
        ("a", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1+2%2B3%20", {"a": "1 2+3 "}),
        ("na%C3%AFve=%C3%A9", {"naïve": "é"}),
        ("a=%ff%zz", {"a": "\ufffd%zz"}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[]=1", {"a": ["1"]}),
        ("a[1]=y&a[0]=x&a[10]=z", {"a": ["x", "y", "z"]}),
        ("a[0]=x&a[]=z&a[0]=y", {"a": ["x", "y", "z"]}),
        ("a[b]=1&a[c][d]=2", {"a": {"b": "1", "c": {"d": "2"}}}),
        ("[created_at][before]=x", {"created_at": {"before": "x"}}),
        ("[a][b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("item[0][id]=a&item[1][id]=b", {"item": [{"id": "a"}, {"id": "b"}]}),
        ("a%5Bb%5D=1", {"a": {"b": "1"}}),
        ("a[1234567]=x", {"a": {"1234567": "x"}}),
        ("a[²]=x", {"a": {"²": "x"}}),
        (
            "filters[code][conditions][$in][0]=A&[filters][code][conditions][%24in][1]=B",
            {"filters": {"code": {"conditions": {"$in": ["A", "B"]}}}},
        ),
        (
            "filters[metadata.shoe size][conditions][$is]=40&filters[junction]=or",
            {"filters": {"metadata.shoe size": {"conditions": {"$is": "40"}}, "junction": "or"}},
        ),
    ],
)
def test_query_strings(raw: str, tree: dict[str, Any]) -> None:
    assert parse_query(raw.encode()) == tree
    assert parse_query(raw) == tree


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        ("a[b=1", "Query has unbalanced brackets in 'a[b'"),
        ("a[b]c=1", "Query has unbalanced brackets in 'a[b]c'"),
        ("a[[b]]=1", "Query has unbalanced brackets in 'a[[b]]'"),
        ("a]b=1", "Query has unbalanced brackets in 'a]b'"),
        ("[]=1", "Query has unbalanced brackets in '[]'"),
        ("[=1", "Query has unbalanced brackets in '['"),
        ("a[][b]=1", "Query has unbalanced brackets in 'a[][b]'"),
        ("a=1&a[b]=2", "Property .a must not be both a value and an object"),
        ("a[b]=1&a=2", "Property .a must not be both a value and an object"),
        ("a[b]=1&a[]=2", "Property .a must not be both an array and an object"),
        ("a=%00", "Query must not contain a null character"),
        ("a%00=1", "Query must not contain a null character"),
        ("a" + "[b]" * DEEPEST + "=1", f"Query must not be nested deeper than {DEEPEST} levels"),
    ],
)
def test_ambiguous_query_strings_are_refused(raw: str, details: str) -> None:
    with pytest.raises(KuponError) as refused:
        parse_query(raw.encode())
    assert (refused.value.key, refused.value.details) == ("invalid_query_params", details)


def test_too_many_parameters_are_refused() -> None:
    assert len(parse_query("a=1&" * MOST_PAIRS)["a"]) == MOST_PAIRS
    with pytest.raises(KuponError) as refused:
        parse_query("a=1&" * (MOST_PAIRS + 1))
    assert refused.value.key == "query_too_large"


def load(raw: str) -> PageRequest:
    request = VoucherQuery().load(parse_query(raw))
    assert isinstance(request, PageRequest)
    return request


def test_all_parameters() -> None:
    assert load("") == PageRequest()
    assert load(
        "limit=100&page=1000&order=-code&created_at[before]=2026-01-02&[created_at][after]=2026-01-01"
        "&updated_at[after]=2026-01-01T12:00:00%2B01:00&start_date=2025-01-01&starting_after_id=v_1"
        "&filters[code][conditions][$in][]=A&campaign=Summer&ids=a&ids=b&is_referral_code=TRUE&new=1"
    ) == PageRequest(
        limit=100,
        page=1000,
        order=(OrderTerm("code", descending=True),),
        created_at=Between(before=date(2026, 1, 2), after=date(2026, 1, 1)),
        updated_at=Between(after=datetime(2026, 1, 1, 11, tzinfo=UTC)),
        start_date=date(2025, 1, 1),
        starting_after_id="v_1",
        filters=Filters("and", (Condition("code", "$in", ("A",)),)),
        shortcuts={"campaign": "Summer", "ids": ["a", "b"], "is_referral_code": True},
    )


def test_an_empty_order_and_parameters_left_out() -> None:
    assert load("order=&end_date=never") == PageRequest()


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        ("limit=101", "Property .limit must be <= 100"),
        ("limit=0", "Property .limit must be >= 1"),
        ("limit=", "Property .limit must be integer"),
        ("limit=1.5", "Property .limit must be integer"),
        ("limit=1&limit=2", "Property .limit must be integer"),
        ("page=0", "Property .page must be >= 1"),
        ("order=name", "Property .order must be one of: created_at, -created_at, code, -code"),
        ("order[]=code", "Property .order must be string"),
        (
            "created_at[before]=yesterday",
            "Property .created_at.before cannot be recognized as a ISO-8601 compliant date",
        ),
        ("created_at=2026-01-01", "Property .created_at must be object"),
        (
            "start_date=2026",
            "Property .start_date cannot be recognized as a ISO-8601 compliant date",
        ),
        ("campaign[a]=1", "Property .campaign must be string"),
        ("ids[a]=1", "Property .ids[0] must be string"),
        ("is_referral_code=1", "Property .is_referral_code must be boolean"),
    ],
)
def test_broken_parameters(raw: str, details: str) -> None:
    with pytest.raises(ValidationError) as refused:
        load(raw)
    assert first_complaint(refused.value.messages, "Query") == details


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("page=1001", "page_over_limit"),
        ("filters=1", "invalid_query_params"),
        ("filters[code]=A", "invalid_query_params"),
        ("filters[junction]=nor", "invalid_query_params"),
    ],
)
def test_broken_parameters_with_an_error_of_their_own(raw: str, key: str) -> None:
    with pytest.raises(KuponError) as refused:
        load(raw)
    assert refused.value.key == key


_words = st.sampled_from(
    ["limit", "page", "order", "filters", "created_at", "before", "code", "conditions", "$in", "0"]
)
_names = st.lists(_words | st.text(max_size=3), min_size=1, max_size=6).map(
    lambda words: words[0] + "".join(f"[{word}]" for word in words[1:])
)
_pairs = st.lists(st.tuples(_names | st.text(), st.text() | st.integers().map(str)), max_size=6)


def outcome(raw: bytes | str) -> str:
    try:
        VoucherQuery().load(parse_query(raw))
    except ValidationError as error:
        return first_complaint(error.messages, "Query")
    except KuponError as error:
        return str(error.status)
    return "read"


@given(st.binary() | st.text() | _pairs.map(lambda pairs: "&".join("=".join(p) for p in pairs)))
@example("a[" * 5000)
@example("a[0][0][0][0]=1&a[0]=1")
@example("limit=" + "9" * 5000)
def test_any_query_string_is_read_or_refused(raw: bytes | str) -> None:
    assert outcome(raw).startswith(("read", "400", "Property .", "Query "))


_plain = st.text(st.characters(exclude_characters="[]\0", codec="utf-8"))
_names_only = _plain.filter(lambda name: name and not name.isdigit())
_trees = st.dictionaries(
    _names_only,
    st.recursive(
        _plain,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(_names_only, inner, min_size=1, max_size=3)
        ),
        max_leaves=5,
    ),
    max_size=3,
)


@given(_trees)
def test_nested_data_comes_back_from_its_query_string(tree: dict[str, Any]) -> None:
    assume(encode_query(tree).count("%5B") < DEEPEST)
    assert parse_query(encode_query(tree)) == tree


@pytest.fixture(scope="module")
def parameters(settings: Settings) -> dict[str, dict[str, Any]]:
    """How the OpenAPI document tells of the query's parameters."""
    blueprint = Blueprint("vouchers", __name__)

    @blueprint.get("/v1/vouchers")
    @endpoint(query=VoucherQuery)
    def list_vouchers(ctx: Context, query: PageRequest) -> dict[str, Any]:
        raise NotImplementedError

    document = _document(build_app(settings, [blueprint]))
    listed = document["paths"]["/v1/vouchers"]["get"]["parameters"]
    assert len({parameter["name"] for parameter in listed}) == len(listed)
    return {parameter["name"]: parameter for parameter in listed}


def _document(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = app.test_client().get("/openapi.json").json or {}
    app.extensions["kupon"].close()
    return document


def test_every_parameter_is_documented_once(parameters: dict[str, dict[str, Any]]) -> None:
    assert list(parameters) == [
        "limit",
        "page",
        "order",
        "created_at",
        "updated_at",
        "start_date",
        "starting_after_id",
        "filters",
        "campaign",
        "ids",
        "is_referral_code",
    ]
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "default": 10,
        "minimum": 1,
        "maximum": 100,
    }
    assert parameters["page"]["schema"] == {
        "type": "integer",
        "default": 1,
        "minimum": 1,
        "maximum": 100,
    }
    assert parameters["order"]["schema"]["enum"] == ["created_at", "-created_at", "code", "-code"]


def test_nested_parameters_are_documented_as_deep_objects(
    parameters: dict[str, dict[str, Any]],
) -> None:
    for name in ("created_at", "updated_at", "filters"):
        assert (parameters[name]["style"], parameters[name]["explode"]) == ("deepObject", True)
    assert parameters["ids"]["schema"] == {"type": "array", "items": {"type": "string"}}
    assert "style" not in parameters["order"]
