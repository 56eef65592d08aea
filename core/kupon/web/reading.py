"""Reading a body by its schema, fast: the fields do the checking, marshmallow's machinery rests.

Schema.load walks every field through hooks, partial loading and the collection of all errors;
none of it is used for bodies, and it costs four times the checking itself (performance.md). The
answer names the first complaint only, so the first one ends the reading.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing

from kupon.web.fields import Many, Part

Reader = Callable[[Any], Any]

REQUIRED = ["Missing data for required field."]


def compile_body(schema: Schema) -> Reader:
    """A function that reads a body, which is an array where the schema is one of many.

    Raises:  (the function) as that of compile_schema.
    """
    read = compile_schema(schema)
    if not schema.many:
        return read

    def read_all(data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise ValidationError({"_schema": ["must be array"]})
        return _read_each(read, data)

    return read_all


def compile_schema(schema: Schema, *, is_nullable: bool = False) -> Reader:
    """A function that reads one object as the schema says; unknown members are left out.

    Raises:  (the function) ValidationError with messages nested as marshmallow nests them.
    """
    readers = [_Member(name, field) for name, field in schema.load_fields.items()]
    refusal = {"_schema": ["must be object,null" if is_nullable else "must be object"]}

    def read(data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise ValidationError(refusal)
        loaded: dict[str, Any] = {}
        for member in readers:
            # Most members of most bodies are left out.
            if member.key in data or member.is_missed:
                member.read(data, loaded)
        return loaded

    return read


class _Member:
    """One member of an object.

    Null for an optional member that does not take null is its absence: clients written from the
    reference's documents send null for whatever was not given.
    """

    __slots__ = (
        *("_default", "_is_null_absent", "_is_nullable", "_is_required"),
        *("_name", "_reader", "_refuse", "is_missed", "key"),
    )

    def __init__(self, name: str, field: fields.Field[Any]) -> None:
        self.key = field.data_key or name
        self._name = field.attribute or name
        self._is_required = field.required
        self._is_nullable = field.allow_none
        self._is_null_absent = not (field.allow_none or field.required)
        self._default = field.load_default
        self.is_missed = field.required or field.load_default is not missing
        self._reader = compile_field(field)
        self._refuse = field._validate_missing

    def read(self, data: dict[str, Any], loaded: dict[str, Any]) -> None:
        value = data.get(self.key, missing)
        if value is None and self._is_null_absent:
            value = missing
        try:
            if value is missing:
                if self._is_required:
                    raise ValidationError(REQUIRED)
                if self._default is not missing:
                    loaded[self._name] = self._default
            elif value is None:
                if not self._is_nullable:
                    self._refuse(None)
                loaded[self._name] = None
            else:
                loaded[self._name] = self._reader(value)
        except ValidationError as error:
            raise ValidationError({self.key: error.messages}) from None


def compile_field(field: fields.Field[Any]) -> Reader:
    """A function that reads one value, which is not null, as the field says."""
    if isinstance(field, Part):
        read = compile_schema(field.schema, is_nullable=field.allow_none and not field.many)
        value_reader = _each(read, field) if field.many else read
    elif isinstance(field, Many):
        value_reader = _each(_nullable(field.inner), field)
    else:
        value_reader = _plain(field)
    validators = field.validators
    if not validators:
        return value_reader

    def checked(value: Any) -> Any:
        loaded = value_reader(value)
        for validate in validators:
            validate(loaded)
        return loaded

    return checked


def _plain(field: fields.Field[Any]) -> Reader:
    deserialize = field._deserialize
    return lambda value: deserialize(value, None, None)


def _nullable(field: fields.Field[Any]) -> Reader:
    read = compile_field(field)

    def read_or_refuse(value: Any) -> Any:
        if value is None:
            if not field.allow_none:
                field._validate_missing(None)
            return None
        return read(value)

    return read_or_refuse


def _each(read: Reader, field: fields.Field[Any]) -> Reader:
    suffix = ",null" if field.allow_none else ""

    def read_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError([f"must be array{suffix}"])
        return _read_each(read, value)

    return read_all


def _read_each(read: Reader, elements: list[Any]) -> list[Any]:
    loaded = []
    for index, element in enumerate(elements):
        try:
            loaded.append(read(element))
        except ValidationError as error:
            raise ValidationError({index: error.messages}) from None
    return loaded
