"""Marshmallow fields and the base schema with the wire's texts and leniency.

Source: spec api-conventions, sections 6.4 and 10.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from kupon.kit.timestamps import format_moment, parse_date, parse_moment

INTEGER_LIMIT = 2**53


class WireSchema(Schema):
    """A request or response shape; properties that it does not name are ignored."""

    class Meta:
        unknown = EXCLUDE

    error_messages = {"type": "must be object"}


class _Typed(fields.Field[Any]):
    """A field whose complaint names the type it wants."""

    wanted = "valid"

    def _complain(self) -> ValidationError:
        return ValidationError(f"must be {self.wanted}{',null' if self.allow_none else ''}")

    def _validate_missing(self, value: Any) -> None:
        if value is None and not self.allow_none:
            raise self._complain()
        super()._validate_missing(value)


class Text(_Typed, fields.String):
    """A string, never a number in disguise."""

    wanted = "string"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise self._complain()
        if "\x00" in value:
            raise ValidationError("must not contain a null character")
        return value


class Flag(_Typed, fields.Boolean):
    """true or false."""

    wanted = "boolean"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self._complain()
        return value


class Whole(_Typed, fields.Integer):
    """An integer; a whole float or a numeric string is taken too (samples send both)."""

    wanted = "integer"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self._complain()
        try:
            number = int(value)
            is_whole = float(value) == number
        except (ValueError, OverflowError):
            raise self._complain() from None
        if not is_whole or abs(number) > INTEGER_LIMIT:
            raise self._complain()
        return number


class Money(Whole):
    """Minor units, not negative."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=0, error="must be >= 0"), **kwargs)


class Number(_Typed, fields.Float):
    """Any finite JSON number."""

    wanted = "number"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._complain()
        return value


class Moment(_Typed, fields.DateTime):
    """A date or date-time in ISO 8601; loads to aware UTC."""

    wanted = "string"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str):
            raise self._complain()
        try:
            return parse_moment(value)
        except (ValueError, OverflowError):
            raise ValidationError("cannot be recognized as a ISO-8601 compliant date") from None

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return None if value is None else format_moment(value)


class Day(_Typed, fields.Date):
    """A plain date."""

    wanted = "string"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        if not isinstance(value, str):
            raise self._complain()
        try:
            return parse_date(value)
        except ValueError:
            raise ValidationError("cannot be recognized as a ISO-8601 compliant date") from None


class Json(_Typed, fields.Dict):
    """An object of any content."""

    wanted = "object"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._complain()
        return value


class Part(fields.Nested):
    """A nested object."""

    default_error_messages = {"null": "must be object"}

    def _load(self, value: Any, partial: Any = None) -> Any:
        if not isinstance(value, list if self.many else dict):
            kind = "array" if self.many else "object"
            raise ValidationError(f"must be {kind}{',null' if self.allow_none else ''}")
        return super()._load(value, partial=partial)


class Many(fields.List):
    """An array."""

    default_error_messages = {"invalid": "must be array", "null": "must be array"}


def one_of(*allowed: Any) -> validate.OneOf:
    """The value is one of a closed list, which the complaint repeats."""
    listed = ", ".join(map(str, allowed))
    return validate.OneOf(allowed, error=f"must be one of: {listed}")


def between(lowest: int | None = None, highest: int | None = None) -> list[validate.Range]:
    """Bounds with the wire's wording."""
    bounds = []
    if lowest is not None:
        bounds.append(validate.Range(min=lowest, error=f"must be >= {lowest}"))
    if highest is not None:
        bounds.append(validate.Range(max=highest, error=f"must be <= {highest}"))
    return bounds


def at_most(characters: int) -> validate.Length:
    """A text that an index can hold."""
    return validate.Length(max=characters, error=f"must NOT have more than {characters} characters")


def identifier() -> list[validate.Length]:
    """A caller's own identifier: something, and short enough for an index."""
    return [validate.Length(min=1, error="must NOT have fewer than 1 characters"), at_most(512)]


class ListBody(WireSchema):
    """The envelope of a listing; the rows stand under the name that `data_ref` gives."""

    object = Text(required=True)
    data_ref = Text(required=True)


class CountedList(ListBody):
    """One that tells how many there are in all."""

    total = Whole(required=True)


class PagedList(ListBody):
    """One that goes on behind the last row of its page."""

    has_more = Flag(required=True)
    more_starting_after = Text()
