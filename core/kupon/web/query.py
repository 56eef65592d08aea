"""Query strings: bracketed names as nested data, and the parameters that all listings share.

A resource's own listing says its sortable fields and its shortcuts:

    class VoucherList(ListQuery):
        ORDER = ("created_at", "updated_at", "code")
        campaign = Text()
        ids = Texts()

Source: spec api-conventions, sections 6.4, 7.2 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from apispec.ext.marshmallow import OpenAPIConverter
from marshmallow import ValidationError, fields, post_load

from kupon.kit.calendar import parse_when
from kupon.kit.errors import KuponError, invalid_query
from kupon.kit.filters import BadFilter, parse_filters
from kupon.kit.pages import LARGEST_LIMIT, LAST_PAGE, Between, PageRequest, order_terms
from kupon.web.fields import Flag, Part, Text, Whole, WireSchema, between, one_of

Tree = str | list[Any] | dict[str, Any]

MOST_PAIRS = 2000
DEEPEST = 8
_LONGEST_INDEX = 6


def parse_query(raw: bytes | str) -> dict[str, Tree]:
    """Read a raw query string into nested mappings and lists of text.

    Shapes:  `a[b]=1` is {"a": {"b": "1"}}; `a[0]=1&a[1]=2`, `a[]=1&a[]=2` and `a=1&a=2` are
        {"a": ["1", "2"]}; `[a][b]=1` is `a[b]=1`.
    Raises:  KuponError for brackets that don't match, names used in two ways, and more than
        DEEPEST levels or MOST_PAIRS parameters.
    """
    pairs = [pair for pair in _bytes(raw).split(b"&") if pair]
    if len(pairs) > MOST_PAIRS:
        raise KuponError("query_too_large", f"Query must have at most {MOST_PAIRS} parameters")
    root: dict[str, Any] = {}
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        path = _segments(_text(name))
        if path:
            _insert(root, path, _text(value))
    return {name: _settle(node, f".{name}") for name, node in root.items()}


def _bytes(raw: bytes | str) -> bytes:
    return raw.encode("utf-8", "replace") if isinstance(raw, str) else raw


def _text(raw: bytes) -> str:
    text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")
    if "\0" in text:
        raise invalid_query("Query must not contain a null character")
    return text


def _segments(name: str) -> list[str]:
    """`filters[code][$in][]` as its words; the last is empty where an index was left out."""
    head, bracket, rest = name.partition("[")
    words = [head] if head else []
    if bracket:
        if not rest.endswith("]"):
            raise invalid_query(f"Query has unbalanced brackets in '{name}'")
        words += rest[:-1].split("][")
    if any("[" in word or "]" in word for word in words) or "" in words[:-1] or words == [""]:
        raise invalid_query(f"Query has unbalanced brackets in '{name}'")
    if len(words) > DEEPEST:
        raise invalid_query(f"Query must not be nested deeper than {DEEPEST} levels")
    return words


def _insert(root: dict[str, Any], path: list[str], value: str) -> None:
    """Hang a value into the tree of branches (mappings) and leaves (lists of text)."""
    node = root
    for word in path[:-1]:
        node = node.setdefault(word, {})
        if not isinstance(node, dict):
            raise _ambiguous(path)
    leaf = node.setdefault(path[-1], [])
    if not isinstance(leaf, list):
        raise _ambiguous(path)
    leaf.append(value)


def _ambiguous(path: list[str]) -> KuponError:
    return invalid_query(f"Property .{path[0]} must not be both a value and an object")


def _settle(node: Any, path: str) -> Tree:
    """Make leaves of one value plain text, and branches that only count up lists."""
    if isinstance(node, list):
        return node[0] if len(node) == 1 else node
    places = [_place(word) for word in node]
    if None not in places:
        return _listed(node, path)
    if "" in node:
        raise invalid_query(f"Property {path} must not be both an array and an object")
    return {word: _settle(child, f"{path}.{word}") for word, child in node.items()}


def _place(word: str) -> int | None:
    """Where in a list an index stands; one that was left out comes after all others."""
    if not word:
        return 10**_LONGEST_INDEX
    is_index = len(word) <= _LONGEST_INDEX and word.isascii() and word.isdigit()
    return int(word) if is_index else None


def _listed(node: dict[str, Any], path: str) -> list[Any]:
    settled: list[Any] = []
    for word in sorted(node, key=lambda word: (_place(word), word)):
        child = node[word]
        if isinstance(child, list):
            settled.extend(child)
        else:
            settled.append(_settle(child, f"{path}.{word}"))
    return settled


class When(Text):
    """A date or a date with a time in ISO 8601."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            return parse_when(text)
        except ValueError:
            raise ValidationError("cannot be recognized as a ISO-8601 compliant date") from None


class Texts(fields.List):
    """One or several texts: `ids[]=a&ids[]=b`, `ids[0]=a`, `ids=a&ids=b` and `ids=a`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Text(), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        listed = value if isinstance(value, list) else [value]
        return super()._deserialize(listed, *args, **kwargs)


class Switch(Flag):
    """true or false, in any case."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        told = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
        return super()._deserialize(told, *args, **kwargs)


class Order(Text):
    """A field to sort by, `-` before it for the other direction."""

    def allow(self, names: tuple[str, ...]) -> None:
        """Accept these fields only."""
        choices = [sign + name for name in names for sign in ("", "-")]
        self.validators = [one_of(*choices)]

    def _validate(self, value: Any) -> None:
        # Stored examples of the reference carry an empty order: it stands for the default.
        if value:
            super()._validate(value)


class Conditions(fields.Dict):
    """The filters of a listing."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            return parse_filters(value)
        except BadFilter as error:
            raise invalid_query(str(error)) from None


_FILTERS = (
    "`filters[<field>][conditions][<operator>]=<value>`, with `[0]`, `[1]` behind it for several"
    " values; `filters[junction]=or` for any field instead of all"
)


class BetweenDates(WireSchema):
    """Bounds of a date."""

    before = When(metadata={"format": "date-time"})
    after = When(metadata={"format": "date-time"})

    @post_load
    def _build(self, data: Mapping[str, Any], **_: Any) -> Between:
        return Between(**data)


class ListQuery(WireSchema):
    """The parameters of every listing; loads to a PageRequest.

    A resource leaves parameters out by `class Meta(ListQuery.Meta): exclude = ("page",)`.
    """

    ORDER: ClassVar[tuple[str, ...]] = ("created_at", "updated_at")

    limit = Whole(validate=between(1, LARGEST_LIMIT), load_default=10)
    # More pages are served than the reference documents.
    page = Whole(validate=between(1), load_default=1, metadata={"maximum": 100})
    order = Order()
    created_at = Part(BetweenDates)
    updated_at = Part(BetweenDates)
    start_date = When(metadata={"format": "date-time"})
    end_date = When(metadata={"format": "date-time"})
    starting_after_id = Text()
    filters = Conditions(metadata={"description": _FILTERS})

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Tell the order parameter what this resource sorts by."""
        if isinstance(field_obj, Order):
            field_obj.allow(self.ORDER)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> PageRequest:
        if data.get("page", 1) > LAST_PAGE:
            raise KuponError("page_over_limit")
        terms = order_terms(data.pop("order", ""))
        common = {name: data.pop(name) for name in _COMMON & data.keys()}
        return PageRequest(**common, order=terms, shortcuts=data)


_COMMON = {field.name for field in dataclass_fields(PageRequest)} - {"order", "shortcuts"}


def deep_object(_: OpenAPIConverter, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """How a parameter that is an object stands in a query string, for the OpenAPI document."""
    is_object = isinstance(field, fields.Nested | fields.Dict)
    return {"style": "deepObject", "explode": True} if is_object else {}
