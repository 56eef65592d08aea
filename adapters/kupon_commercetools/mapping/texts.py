"""Moments, languages and plain values as commercetools writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from kupon.hooks.commands import Stamp

Json = Mapping[str, Any]
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def moment(text: Any) -> datetime | None:
    """A moment; None for what is none."""
    try:
        read = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo is not None else None


def stamp_of(raw: Json) -> Stamp:
    """When an object had this state."""
    version = raw.get("version")
    return Stamp(
        at=moment(raw.get("lastModifiedAt")),
        version=version if isinstance(version, int) else None,
    )


def localized(value: Any, language: str) -> str | None:
    """A localized text in a language, else in the first that it has."""
    if isinstance(value, str):
        return value or None
    if not isinstance(value, Mapping):
        return None
    text = value.get(language) or next((each for each in value.values() if each), None)
    return str(text) if text else None


def plain(value: Any, language: str) -> Any:
    """An attribute's value as a scalar or a list of scalars; None for what has no such form."""
    if isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        return [each for each in (plain(part, language) for part in value) if each is not None]
    if not isinstance(value, Mapping):
        return None
    if "centAmount" in value:
        return value["centAmount"]
    if "typeId" in value:
        return value.get("id") or value.get("key")
    if "key" in value:
        return value["key"]
    is_localized = all(map(_LANGUAGE.fullmatch, value))
    return localized(value, language) if is_localized else None


def custom_fields(raw: Json) -> Json:
    """The custom fields of an object; empty where it has no type."""
    custom = raw.get("custom")
    fields = custom.get("fields") if isinstance(custom, Mapping) else None
    return fields if isinstance(fields, Mapping) else {}


def chosen_fields(raw: Json, settings: Json, prefix: str = "") -> dict[str, Any]:
    """The custom fields that become metadata."""
    fields = custom_fields(raw)
    language = settings["language"]
    found = {name: plain(fields.get(name), language) for name in settings["metadata_fields"]}
    return {f"{prefix}{name}": value for name, value in found.items() if value is not None}
