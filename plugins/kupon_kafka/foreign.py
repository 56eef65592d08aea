"""Events of others as commands: a file says by JSONPath where what a command needs is found.

Source: spec adapters-marketing, section 5.3; RFC 9535 for the paths.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kupon_kafka.schemas import DATA

if TYPE_CHECKING:
    from jsonpath import JSONPath

_ABOUT: Final = ("id", "occurred_at", "version")
_RULE: Final = frozenset({"command", "when", "data", *_ABOUT})
_PICK: Final = frozenset({"path", "values", "minor_units", "text"})
_MISSING: Final = object()


class BadMapping(ValueError):
    """A mapping file that can't be used; says where."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which events mean a command, and where its members are found."""

    command: str
    when: Mapping[str, Any]
    about: Mapping[str, Any]
    data: Mapping[str, Any]

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether an event has one of the wanted values under each path."""
        return all(
            any(found in _list(wanted) for found in _compiled(path).findall(event))
            for path, wanted in self.when.items()
        )

    def letter_of(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event as the topic of commands would have it."""
        about = {name: _find(pick, event) for name, pick in self.about.items()}
        told = {name: value for name, value in about.items() if value is not _MISSING}
        return {"type": self.command, **told, "data": _build(self.data, event)}


@dataclass(frozen=True, slots=True)
class Rules:
    """A whole mapping; the first rule that fits counts."""

    rules: Sequence[Rule]

    def translate(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """The command that an event means; None where no rule fits."""
        rule = next((each for each in self.rules if each.fits(event)), None)
        return None if rule is None else rule.letter_of(event)


def read_rules(text: str) -> Rules:
    """Read the text of a mapping file.

    Raises:  BadMapping.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"not TOML: {error}") from None
    rules = document.get("rules")
    if set(document) != {"rules"} or not isinstance(rules, list) or not rules:
        raise BadMapping("there must be [[rules]] and nothing else")
    return Rules([_rule(f"rule {number}", each) for number, each in enumerate(rules, 1)])


def _rule(place: str, told: Mapping[str, Any]) -> Rule:
    unknown = sorted(told.keys() - _RULE)
    if unknown:
        raise BadMapping(f"{place}: unknown members {', '.join(unknown)}")
    if told.get("command") not in DATA:
        raise BadMapping(f"{place}: command must be one of {', '.join(DATA)}")
    rule = Rule(
        command=told["command"],
        when=_table(place, told, "when"),
        about={name: told[name] for name in _ABOUT if name in told},
        data=_table(place, told, "data"),
    )
    for path in rule.when:
        _check_path(f"{place}: when", path)
    for name, pick in {**rule.about, "data": rule.data}.items():
        _check(f"{place}: {name}", pick)
    return rule


def _table(place: str, told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise BadMapping(f"{place}: {name} must be a table")
    return found


def _check(place: str, pick: Any) -> None:
    """Refuse paths that are none, before the first event comes."""
    if isinstance(pick, list):
        raise BadMapping(f"{place}: lists are told by a table with `each`")
    if isinstance(pick, str) and pick.startswith(("$", "@")):
        _check_path(place, pick)
    if not isinstance(pick, dict):
        return
    if "path" in pick:
        unknown = sorted(pick.keys() - _PICK)
        if unknown:
            raise BadMapping(f"{place}: unknown members {', '.join(unknown)} beside path")
        for path in _list(pick["path"]):
            _check_path(place, path)
        return
    for name, inner in pick.items():
        _check(f"{place}.{name}", inner)


def _check_path(place: str, path: Any) -> None:
    from jsonpath import JSONPathError

    try:
        _compiled(path)
    except (JSONPathError, AttributeError) as error:
        raise BadMapping(f"{place}: {path} is no path: {error}") from None


@lru_cache(maxsize=1000)
def _compiled(path: str) -> JSONPath:
    """A path; one that begins with @ looks into an element of a list."""
    from jsonpath import compile

    return compile("$" + path[1:] if path.startswith("@") else path)  # type: ignore[return-value]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _build(told: Mapping[str, Any], event: Any, element: Any = None) -> dict[str, Any]:
    found = {name: _find(pick, event, element) for name, pick in told.items()}
    return {name: value for name, value in found.items() if value is not _MISSING}


def _find(pick: Any, event: Any, element: Any = None) -> Any:
    """What a member is to hold; _MISSING where the event has nothing under its path."""
    if isinstance(pick, str) and pick.startswith(("$", "@")):
        return _look(pick, event, element)
    if not isinstance(pick, dict):
        return pick
    if "path" in pick:
        return _converted(pick, event, element)
    if "each" in pick:
        inner = {name: value for name, value in pick.items() if name != "each"}
        return [_build(inner, event, each) for each in _compiled(pick["each"]).findall(event)]
    return _build(pick, event, element) or _MISSING


def _look(path: str, event: Any, element: Any) -> Any:
    found = _compiled(path).findall(element if path.startswith("@") else event)
    return found[0] if found else _MISSING


def _converted(pick: Mapping[str, Any], event: Any, element: Any) -> Any:
    """The first that is there of some paths, as it is to be."""
    found = (_look(path, event, element) for path in _list(pick["path"]))
    value = next((each for each in found if each is not _MISSING), _MISSING)
    if value is _MISSING:
        return value
    if "values" in pick:
        value = pick["values"].get(str(value), _MISSING)
    if "minor_units" in pick and value is not None:
        value = _minor(value, pick["minor_units"])
    return str(value) if pick.get("text") and value not in (None, _MISSING) else value


def _minor(value: Any, digits: int) -> Any:
    """Whole minor units of an amount in major ones; what is no amount stays, and is refused."""
    try:
        return int((Decimal(str(value)) * 10**digits).to_integral_value())
    except InvalidOperation:
        return value
