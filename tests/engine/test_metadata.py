"""Metadata schemas: every type and restriction, what is required, what breaks a definition."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.engine.definitions import DefinitionError
from kupon.engine.metadata import (
    MOST_DEFINITIONS,
    NO_SCHEMAS,
    check,
    parse_schema,
    parse_schemas,
    refuse_invalid,
)
from kupon.kit.errors import KuponError


def prop(type: str = "string", **members: Any) -> dict[str, Any]:
    return {"type": type, "optional": True, "array": False} | members


def schema_of(allow_defined_only: bool = False, **properties: Any) -> Any:
    return parse_schema({"properties": properties, "allow_defined_only": allow_defined_only})


def problems(definition: dict[str, Any], value: Any) -> list[str]:
    return check({"key": value}, schema_of(key=definition), is_creation=False)


ACCEPTED = {
    "string": ["", "text", "1"],
    "number": [0, -1, 1.25, 2**53],
    "boolean": [True, False],
    "date": ["2026-02-28", "0001-01-01"],
    "datetime": [
        "2026-02-28",
        "2026-02-28T10:00:00Z",
        "2026-02-28T10:00:00.123456+02:00",
        "2026-02-28 10:00",
    ],
    "geopoint": ["geo:52.2297,21.0122", "52.2297, 21.0122", "geo:-90,180"],
    "image_url": [
        "https://shop.example.com/a.png",
        "http://shop.example.com/a/b.JPEG?size=2",
        "https://shop.example.com/a.jpg#top",
    ],
    "object": [{}, {"any": {"thing": [1]}}],
}
REJECTED = {
    "string": [1, True, [], {}],
    "number": ["1", True, float("inf"), []],
    "boolean": [0, "true", []],
    "date": ["2026-02-30", "20260228", "2026-2-3", "2026-02-28T10:00:00Z", 20260228, "today"],
    "datetime": [
        "10:00",
        "2026-02-30T10:00:00Z",
        "2026-02-28T25:00:00Z",
        1,
        "0001-01-01T00:00+14:00",
    ],
    "geopoint": ["91,0", "0,181", "here", 1, [1, 2]],
    "image_url": ["https://shop.example.com/a.gif", "a.png", "ftp://example.com/a.png", 1],
    "object": ["{}", 1, []],
}


@pytest.mark.parametrize("type", ACCEPTED)
def test_values_of_a_type_are_right(type: str) -> None:
    for value in ACCEPTED[type]:
        assert problems(prop(type), value) == [], value
    assert problems(prop(type, array=True), ACCEPTED[type]) == []


@pytest.mark.parametrize("type", REJECTED)
def test_other_values_are_wrong(type: str) -> None:
    for value in REJECTED[type]:
        assert len(problems(prop(type), value)) == 1, value
        assert len(problems(prop(type, array=True), [*ACCEPTED[type], value])) == 1, value


@pytest.mark.parametrize("type", ACCEPTED)
def test_null_is_right_for_every_type(type: str) -> None:
    assert problems(prop(type, optional=False), None) == []
    assert problems(prop(type, optional=False, array=True), None) == []


@pytest.mark.uncertain
@pytest.mark.parametrize(
    ("definition", "value", "words"),
    [
        (prop(), 1, "must be a string (actual value is '1')"),
        (prop(), True, "must be a string (actual value is 'true')"),
        (prop(), {"a": 1}, "must be a string (actual value is '{...}')"),
        (prop(), [1], "must be a string (actual value is '[...]')"),
        (prop(optional=False), 1, "must be a string, property is required (actual value is '1')"),
        (
            prop(optional=False, eq=["A", "B"]),
            "x",
            "must be a string, property is required, must be equal to one of A,B"
            " (actual value is 'x')",
        ),
        (
            prop(array=True),
            ["a", 2],
            "must be an array, and every element: must be a string (actual value is '2')",
        ),
        (
            prop("image_url"),
            "logo",
            "must be a URL pointing to JPG/JPEG or PNG resource (actual value is 'logo')",
        ),
        (
            prop(max_length=1),
            "x" * 101,
            f"must be a string, must have at most 1 characters (actual value is '{'x' * 100}...')",
        ),
    ],
)
def test_a_problem_says_the_whole_rule(definition: Any, value: Any, words: str) -> None:
    assert problems(definition, value) == [f"key: {words}"]


def test_a_long_list_is_cut_in_words_only() -> None:
    definition = prop(eq=[str(number) for number in range(1000)])
    assert problems(definition, "999") == []
    [problem] = problems(definition, "1000")
    assert len(problem) < 1200


@pytest.mark.parametrize(
    ("definition", "right", "wrong"),
    [
        (prop(min_length=2), ["ab", "abc"], ["", "a"]),
        (prop(max_length="2"), ["", "ab"], ["abc"]),
        (prop(exact_length=2), ["ab"], ["a", "abc"]),
        (prop(eq=["a", "b"]), ["a", "b"], ["c", ""]),
        (prop(eq=[]), ["a"], [1]),
        (prop("number", eq=[1, 2.5]), [1, 1.0, 2.5], [2]),
        (prop("number", ne=[1]), [0, 2], [1, 1.0]),
        (prop("number", lt=1.5), [1, 1.49], [1.5, 2]),
        (prop("number", lte=1.5), [1, 1.5], [1.51]),
        (prop("number", gt=1), [1.01], [1, 0]),
        (prop("number", gte=1), [1], [0.99]),
        (prop("number", gt=1, lt=3, ne=[2]), [1.5], [1, 2, 3]),
        (prop("number", lt=None, eq=None), [5], ["5"]),
    ],
)
def test_restrictions(definition: Any, right: list[Any], wrong: list[Any]) -> None:
    assert [value for value in right if problems(definition, value)] == []
    assert [value for value in wrong if not problems(definition, value)] == []


def test_an_array_must_be_one_and_a_plain_value_none() -> None:
    assert problems(prop(array=True), "a") == [
        "key: must be an array, and every element: must be a string (actual value is 'a')"
    ]
    assert problems(prop(array=True), []) == []
    assert len(problems(prop(array=True), [None])) == 1
    assert len(problems(prop("number"), [1])) == 1


def test_only_a_creation_must_name_what_is_required() -> None:
    schema = schema_of(a=prop(optional=False), b=prop("number", optional=False), c=prop())
    assert check({"a": None}, schema, is_creation=True) == [
        "b: must be a number, property is required"
    ]
    assert check({}, schema, is_creation=False) == []


def test_unknown_keys_are_refused_where_only_defined_ones_are_allowed() -> None:
    properties = {"a": prop(), "gone": prop(optional=False, deleted=True)}
    sent = {"a": "1", "gone": 1, "other": [1]}
    assert check(sent, schema_of(**properties), is_creation=True) == []
    strict = schema_of(allow_defined_only=True, **properties)
    assert check(sent, strict, is_creation=True) == [
        "gone: property is not defined",
        "other: property is not defined",
    ]


STORED = {
    "address": {"properties": {"city": prop(optional=False), "zip": prop(exact_length=5)}},
    "strict": {"properties": {"a": prop()}, "allow_defined_only": True},
    "customer": {
        "properties": {
            "home": prop("object", object_type="address"),
            "others": prop("object", object_type="address", array=True),
            "strict": prop("object", object_type="strict"),
            "free": prop("object", object_type=None),
            "lost": prop("object", object_type="nowhere"),
        }
    },
}


def test_nested_objects_follow_their_own_schema() -> None:
    customer = parse_schemas(STORED)["customer"]
    right = {
        "home": {"city": "Rome", "zip": "00100"},
        "others": [{"city": "Oslo"}, {"city": "Bern", "more": 1}],
        "strict": {"a": "1"},
        "free": {"b": 1},
        "lost": {"c": 1},
    }
    assert check(right, customer, is_creation=True) == []
    wrong = {
        "home": {"zip": "1"},
        "others": [{"city": "Oslo"}, {"city": 1}],
        "strict": {"b": 1},
        "free": "text",
    }
    assert check(wrong, customer, is_creation=False) == [
        "home.zip: must be a string, must have exactly 5 characters (actual value is '1')",
        "home.city: must be a string, property is required",
        "others[1].city: must be a string, property is required (actual value is '1')",
        "strict.b: property is not defined",
        "free: must be an object (actual value is 'text')",
    ]


def test_one_refusal_tells_of_several_keys() -> None:
    schemas = parse_schemas(
        {"order": {"properties": {"a": prop("number")}, "allow_defined_only": True}}
    )
    with pytest.raises(KuponError) as refused:
        refuse_invalid(schemas, "order", {"a": "x", "b": 1}, is_creation=False)
    assert refused.value.body() == {
        "code": 400,
        "key": "metadata_validation_failed",
        "message": "Metadata validation failed",
        "details": "a: must be a number (actual value is 'x'); b: property is not defined",
        "resource_type": "order",
    }
    with pytest.raises(KuponError) as refused:
        refuse_invalid(schemas, "order", {f"k{n}": n for n in range(1000)}, is_creation=False)
    assert str(refused.value.details).count(";") == 19


def test_without_a_schema_and_without_metadata_nothing_is_refused() -> None:
    refuse_invalid(NO_SCHEMAS, "order", {"a": object()}, is_creation=True)
    schemas = parse_schemas({"order": {"properties": {"a": prop("number")}}})
    refuse_invalid(schemas, "order", None, is_creation=True)
    refuse_invalid(schemas, "order", {"a": 1}, is_creation=True)


MANY = {f"key{number}": prop() for number in range(MOST_DEFINITIONS + 1)}


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        ([], "Payload must be object"),
        ({}, "Payload should have required property 'properties'"),
        ({"properties": []}, "Property .properties must be object"),
        ({"properties": MANY}, "Property .properties must NOT have more than 100 properties"),
        (
            {"properties": {"": prop()}},
            "Property .properties must have names of 1 to 512 characters",
        ),
        (
            {"properties": {"a" * 513: prop()}},
            "Property .properties must have names of 1 to 512 characters",
        ),
        ({"properties": {"a": "string"}}, "Property .properties.a must be object"),
        (
            {"properties": {}, "allow_defined_only": "yes"},
            "Property .allow_defined_only must be boolean",
        ),
    ],
)
def test_broken_schemas_are_refused(definition: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_schema(definition)
    assert refused.value.details == details


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        ({"type": "string", "optional": True}, "should have required property 'array'"),
        ({"type": "string", "array": True}, "should have required property 'optional'"),
        ({"optional": True, "array": True}, "should have required property 'type'"),
        (
            prop("text"),
            ".type must be equal to one of the allowed values: string, number, object, date,"
            " datetime, geopoint, boolean, image_url",
        ),
        (prop(optional=1), ".optional must be boolean"),
        (prop(array="no"), ".array must be boolean"),
        (prop(deleted="no"), ".deleted must be boolean"),
        (prop(object_type="address"), ".object_type must not be set for type string"),
        (prop("object", object_type=1), ".object_type must be string"),
        (prop(min_length=-1), ".min_length must be >= 0"),
        (prop(max_length=1.5), ".max_length must be integer"),
        (prop(exact_length="many"), ".exact_length must be number"),
        (prop("number", min_length=1), ".min_length must not be set for type number"),
        (prop("boolean", eq=[True]), ".eq must not be set for type boolean"),
        (prop(lt=1), ".lt must not be set for type string"),
        (prop(ne=["a"]), ".ne must not be set for type string"),
        (prop(eq="a"), ".eq must be array"),
        (prop(eq=["a", 1]), ".eq[1] must be string"),
        (prop("number", eq=["a"]), ".eq[0] must be number"),
        (prop("number", ne=[True]), ".ne[0] must be number"),
        (prop("number", gt="1"), ".gt must be number"),
        (prop("number", gte=1.001), ".gte must have at most 2 decimals"),
    ],
)
def test_broken_definitions_are_refused(definition: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_schema({"properties": {"a": definition}})
    path = "Property .properties.a" + ("" if details.startswith(".") else " ")
    assert refused.value.details == path + details


def test_a_nested_object_has_no_objects() -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_schema({"properties": {"a": prop("object")}}, is_nested=True)
    assert refused.value.details == (
        "Property .properties.a.type must not be object within a nested object"
    )
