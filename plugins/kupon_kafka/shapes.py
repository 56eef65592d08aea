"""What is written into topics, member by member, and as a registry knows it.

Members that only grow keep readers of older schemas going: new ones have to be optional, which
registries call BACKWARD.

Source: spec adapters-marketing, section 5.1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# What a member may be. Of JSON, Avro has the text: what is in there differs from type to type.
NAME: Final = "name"
TEXT: Final = "text"
FLAG: Final = "flag"
TREE: Final = "tree"

Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """The members of a value, by name: what they are, or a shape of their own, or null."""

    name: str
    members: Mapping[str, str | Shape]

    def take(self, told: Value) -> dict[str, Any]:
        """Those members of something that the shape has; null for what it does not say."""
        return {name: told.get(name, _ABSENT.get(kind)) for name, kind in self._kinds()}

    def _kinds(self) -> list[tuple[str, str]]:
        return [
            (name, kind if isinstance(kind, str) else "") for name, kind in self.members.items()
        ]


_ABSENT: Final[Mapping[str, Any]] = {FLAG: False}

EVENT: Final = Shape(
    "Event",
    {
        "id": NAME,
        "type": NAME,
        "project_id": NAME,
        "entity_id": NAME,
        "group_id": NAME,
        "occurred_at": NAME,
        "customer": Shape("EventCustomer", {"id": NAME, "source_id": TEXT}),
        "data": TREE,
        "event_source": TREE,
        "origin": TEXT,
        "truncated": FLAG,
    },
)
CUSTOMER: Final = Shape(
    "Customer",
    {
        "id": NAME,
        "source_id": TEXT,
        "name": TEXT,
        "description": TEXT,
        "email": TEXT,
        "phone": TEXT,
        "birthdate": TEXT,
        "address": TREE,
        "metadata": TREE,
        "created_at": TEXT,
        "updated_at": TEXT,
        "as_of": NAME,
        "truncated": FLAG,
    },
)
VOUCHER: Final = Shape(
    "Voucher",
    {
        "id": NAME,
        "code": NAME,
        "type": NAME,
        "active": FLAG,
        "campaign": TEXT,
        "campaign_id": TEXT,
        "category_id": TEXT,
        "is_referral_code": FLAG,
        "discount": TREE,
        "gift": TREE,
        "loyalty_card": TREE,
        "redemption": TREE,
        "start_date": TEXT,
        "expiration_date": TEXT,
        "validity_timeframe": TREE,
        "validity_day_of_week": TREE,
        "metadata": TREE,
        "created_at": TEXT,
        "updated_at": TEXT,
        "as_of": NAME,
        "truncated": FLAG,
    },
)
RESULT: Final = Shape(
    "CommandResult",
    {
        "command_id": NAME,
        "type": NAME,
        "project_id": NAME,
        "result": NAME,
        "error": TEXT,
        "processed_at": NAME,
    },
)

_NAMESPACE: Final = "io.kupon"
_AVRO: Final[Mapping[str, Mapping[str, Any]]] = {
    NAME: {"type": "string"},
    TEXT: {"type": ["null", "string"], "default": None},
    FLAG: {"type": "boolean", "default": False},
    TREE: {"type": ["null", "string"], "default": None, "doc": "JSON"},
}
_JSON: Final[Mapping[str, Mapping[str, Any]]] = {
    NAME: {"type": "string"},
    TEXT: {"type": ["string", "null"]},
    FLAG: {"type": "boolean"},
    TREE: {"type": ["object", "array", "null"]},
}


def avro_schema(shape: Shape) -> str:
    """A shape as Avro has it."""
    return json.dumps({**_avro_record(shape), "namespace": _NAMESPACE})


def _avro_record(shape: Shape) -> dict[str, Any]:
    fields = [{"name": name, **_avro(kind)} for name, kind in shape.members.items()]
    return {"type": "record", "name": shape.name, "fields": fields}


def _avro(kind: str | Shape) -> Mapping[str, Any]:
    if isinstance(kind, Shape):
        return {"type": ["null", _avro_record(kind)], "default": None}
    return _AVRO[kind]


def avro_value(shape: Shape, told: Value) -> dict[str, Any]:
    """Something as Avro's records of a shape take it."""
    return {
        name: _text(told[name]) if kind == TREE and told[name] is not None else told[name]
        for name, kind in shape.members.items()
    }


def _text(tree: Any) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def json_schema(shape: Shape) -> str:
    """A shape as JSON Schema has it; closed, for only closed ones may grow."""
    return json.dumps({"title": f"{_NAMESPACE}.{shape.name}", **_json_object(shape)})


def _json_object(shape: Shape) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _json(kind) for name, kind in shape.members.items()},
        "required": [name for name, kind in shape.members.items() if kind == NAME],
        "additionalProperties": False,
    }


def _json(kind: str | Shape) -> Mapping[str, Any]:
    if isinstance(kind, Shape):
        return {"oneOf": [{"type": "null"}, _json_object(kind)]}
    return _JSON[kind]
