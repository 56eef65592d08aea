"""How the engine reads a definition from the wire, and what it says when one is broken.

Source: spec api-conventions, section 6 (the grammar of `details`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

_WHOLE = re.compile(r"-?[0-9]{1,18}(\.0+)?", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)

# The largest number that every JSON reader keeps whole.
LARGEST_WHOLE: Final = 2**53 - 1


class DefinitionError(ValueError):
    """A definition that cannot be used.

    Shapes: path begins with a dot and is empty for the whole definition; text continues
        "Property <path> ..."; key is one of kit.error_catalogue.
    """

    def __init__(self, path: str, text: str, key: str = "invalid_payload") -> None:
        super().__init__(f"Property {path} {text}" if path else f"Payload {text}")
        self.path = path
        self.text = text
        self.key = key

    @property
    def details(self) -> str:
        """The sentence for the wire's `details`."""
        return str(self)


class Fields:
    """The members of one JSON object, read with checks; null counts as absent."""

    def __init__(self, definition: object, path: str, key: str = "invalid_payload") -> None:
        """Hold an object found at a path; refuses anything that is no object."""
        self._path = path
        self.key = key
        if not isinstance(definition, Mapping):
            raise self.error("", "must be object")
        self.members: Mapping[str, Any] = definition

    def error(self, name: str, text: str) -> DefinitionError:
        """Build the error for one member, or for the object itself where name is empty."""
        return DefinitionError(f"{self._path}.{name}" if name else self._path, text, self.key)

    def place(self, name: str) -> str:
        """Return where a member stands in the payload."""
        return f"{self._path}.{name}"

    def get(self, name: str) -> Any:
        """Return a member as it stands, or None."""
        return self.members.get(name)

    def required(self, name: str) -> Any:
        """Return a member that must be there."""
        value = self.members.get(name)
        if value is None:
            raise self.error("", f"should have required property '{name}'")
        return value

    def text(self, name: str) -> str | None:
        """Return a string, or None where it is absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise self.error(name, "must be string")
        return value

    def whole(self, name: str) -> int | None:
        """Return a number that is not negative, or None where it is absent.

        Shapes: 100, 100.0, "100" and "100.0" are all 100.
        """
        return None if self.get(name) is None else self.required_whole(name)

    def required_whole(self, name: str) -> int:
        """Return a number that is not negative and must be there."""
        number = self._whole(name, self.required(name))
        if number < 0:
            raise self.error(name, "must be >= 0")
        if number > LARGEST_WHOLE:
            raise self.error(name, f"must be <= {LARGEST_WHOLE}")
        return number

    def percentage(self, name: str) -> Decimal:
        """Return a required number from 0 to 100, read through its decimal text."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise self.error(name, "must be number")
        text = str(value)
        if isinstance(value, str) and not _DECIMAL.fullmatch(text):
            raise self.error(name, "must be number")
        percent = Decimal(text)
        if not percent.is_finite():
            raise self.error(name, "must be number")
        if percent < 0:
            raise self.error(name, "must be >= 0")
        if percent > 100:
            raise self.error(name, "must be <= 100")
        return percent

    def choice(self, name: str, allowed: Sequence[str], default: str | None) -> str:
        """Return one of the allowed words; it must be there where there is no default."""
        value = self.get(name) if default is not None else self.required(name)
        if value is None:
            return str(default)
        if value not in allowed:
            raise self.error(name, one_of(allowed))
        return str(value)

    def refuse_later(self, *names: str) -> None:
        """Refuse members whose meaning Kupon does not know yet, rather than ignore them."""
        for name in names:
            if self.get(name) is not None:
                raise self.error(name, "is not supported yet")

    def _whole(self, name: str, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float):
            if not value.is_integer():
                raise self.error(name, "must be integer")
            return int(value)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value.partition(".")[0])
        raise self.error(name, "must be number")


def one_of(words: Sequence[str]) -> str:
    """Say which words would have been right."""
    return f"must be equal to one of the allowed values: {', '.join(words)}"
