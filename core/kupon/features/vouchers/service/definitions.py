"""What a body defines, checked by the engine and tidied for storage.

Source: spec campaigns-loyalty-referral-gift, sections 1.6, 2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kupon.engine.codes import (
    LONGEST_CODE,
    CodePattern,
    code_at,
    finished,
    parse_code_config,
    require_room,
)
from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.discounts import parse_discount
from kupon.engine.giftcards import GIFT_VOUCHER, parse_gift
from kupon.engine.limits import parse_validity
from kupon.engine.loyalty.expiration import parse_expiration
from kupon.engine.points import LOYALTY_CARD
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage.queries import projects, voucher_batches
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.uow import UnitOfWork

CODE_RULE = f"must be of 1 to {LONGEST_CODE} printable characters, without blanks at the ends"
TIME_LIMITS = (
    "start_date",
    "expiration_date",
    "validity_timeframe",
    "validity_day_of_week",
    "validity_hours",
)
# A pattern with more codes than any project has needs no counting of those it has made.
_LARGEST_COUNTED = 10_000_000


@contextmanager
def _refusing_definitions() -> Iterator[None]:
    try:
        yield
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None


def is_code(text: str) -> bool:
    """Whether a text may be a code: see CODE_RULE."""
    return text.isprintable() and text == text.strip() and 0 < len(text) <= LONGEST_CODE


def read_discount(definition: Mapping[str, Any], path: str = ".discount") -> dict[str, Any]:
    """A discount as it is stored and answered: the members that its type knows, no nulls.

    Raises:  invalid_payload.
    """
    with _refusing_definitions():
        discount = parse_discount(definition, path)
    known = ("type", *discount.members)
    members = {
        name: value for name, value in definition.items() if value is not None and name in known
    }
    if discount.effect is not None:
        members["effect"] = discount.effect
    return members | {"is_dynamic": any(name.endswith("_formula") for name in members)}


def read_gift(definition: Mapping[str, Any], path: str = ".gift") -> dict[str, Any]:
    """What new gift cards hold, as campaigns store and answer it.

    Raises:  invalid_payload.
    """
    with _refusing_definitions():
        gift = parse_gift(definition, path)
    return {"amount": gift.amount, "balance": gift.amount, "effect": gift.effect}


def read_loyalty_card(definition: Mapping[str, Any], path: str = ".loyalty_card") -> dict[str, Any]:
    """What new loyalty cards hold, and when points on them end, as campaigns store it.

    Raises:  invalid_payload.
    """
    rules = definition.get("expiration_rules")
    with _refusing_definitions():
        points = Fields(definition, path).required_whole("points")
        parse_expiration(rules, f"{path}.expiration_rules")
    card: dict[str, Any] = {"points": points}
    if rules:
        known = {name: value for name, value in rules.items() if value is not None}
        card["expiration_rules"] = known
    return card


def read_worth(type: str, definition: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What codes of a type give, as it is stored: the member that WORTHS names.

    Raises:  invalid_payload.
    """
    return _READERS[WORTHS[type]](definition, path)


# By the type of code the member that says what it gives.
WORTHS = {"DISCOUNT_VOUCHER": "discount", GIFT_VOUCHER: "gift", LOYALTY_CARD: "loyalty_card"}
_READERS = {"discount": read_discount, "gift": read_gift, "loyalty_card": read_loyalty_card}


def read_time_limits(
    body: Mapping[str, Any], current: Mapping[str, Any] | None = None, path: str = ""
) -> dict[str, Any]:
    """The columns of all time limits; what the body doesn't name stays as it is.

    Raises:  invalid_payload.
    """
    known = current or {}
    limits = {name: body.get(name, known.get(name)) for name in TIME_LIMITS}
    with _refusing_definitions():
        parse_validity(limits, path)
    if not (limits["validity_hours"] or {}).get("daily"):
        limits["validity_hours"] = None
    # An empty list or object is no limit either.
    return {name: value or None for name, value in limits.items()}


def time_limits_of(row: Any) -> dict[str, Any]:
    """The time limits that a code or campaign has."""
    return {name: getattr(row, name) for name in TIME_LIMITS}


def read_code_pattern(
    uow: UnitOfWork, project: ProjectFacts, config: Mapping[str, Any] | None, path: str
) -> CodePattern:
    """The pattern of a code_config; without a charset it is the project's.

    Raises:  invalid_code_config.
    """
    row = projects.find_project(uow, project.id)
    defaults = {} if row is None else row.default_code_config
    charset = {"default_charset": defaults["charset"]} if defaults.get("charset") else {}
    with _refusing_definitions():
        pattern = parse_code_config(
            config, is_case_sensitive=project.case_sensitive_codes, path=path, **charset
        )
        (sample,) = finished(pattern, [code_at(pattern, 0)], ids.random_bytes)
    if not is_code(sample):
        raise KuponError("invalid_code_config", f"Property {path} {CODE_RULE}")
    return pattern


def check_room(
    uow: UnitOfWork, project: ProjectFacts, pattern: CodePattern, requested: int, path: str
) -> None:
    """Refuse to begin what the pattern cannot supply.

    Raises:  invalid_code_config.
    """
    made = 0
    if pattern.capacity <= _LARGEST_COUNTED:
        made = voucher_batches.count_made(
            uow, pattern, is_case_sensitive=project.case_sensitive_codes
        )
    with _refusing_definitions():
        require_room(pattern, requested, made, path)


def merge_metadata(stored: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata after an update: sent keys replace their like, null clears all."""
    if "metadata" not in body:
        return dict(stored)
    return {} if body["metadata"] is None else {**stored, **body["metadata"]}
