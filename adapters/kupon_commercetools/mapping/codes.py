"""The codes of a cart: texts in the custom field `discount_codes`, each a JSON object.

The storefront adds an element with the status NEW, and sets DELETED to take a code out; Kupon
answers APPLIED, NOT_APPLIED or AVAILABLE. A text that is no JSON is a code that is new.

Source: spec adapters-commerce, section 2.4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kupon_commercetools.mapping.texts import Json, custom_fields

FIELD: Final = "discount_codes"
NEW, APPLIED, DELETED = "NEW", "APPLIED", "DELETED"
NOT_APPLIED, AVAILABLE = "NOT_APPLIED", "AVAILABLE"
VOUCHER, TIER = "voucher", "promotion_tier"
# What may come with a code, as the API takes it.
_ASKED: Final = ("reward", "gift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code, or a promotion tier by its id, as a cart has it.

    Shapes: asked are the members of a redeemable besides its id; gifts are the source ids of the
        units that it has added.
    """

    code: str
    status: str = NEW
    type: str = VOUCHER
    asked: Json = field(default_factory=dict)
    gifts: tuple[str, ...] = ()
    value: int | str | None = None
    banner: str | None = None
    message: str | None = None

    @property
    def redeemable(self) -> dict[str, Any]:
        """It as the API takes it."""
        return {"object": self.type, "id": self.code, **self.asked}

    @property
    def text(self) -> str:
        """It as the custom field holds it."""
        members = {
            "code": self.code,
            "status": self.status,
            "type": self.type,
            "value": self.value,
            "banner": self.banner,
            "errMsg": self.message,
            "gifts": list(self.gifts) or None,
            **self.asked,
        }
        told = {name: value for name, value in members.items() if value is not None}
        return _plain(json.dumps(told, ensure_ascii=False, separators=(",", ":")))

    def refused(self, message: str) -> Code:
        """It with the reason why it does not count."""
        return replace(self, status=NOT_APPLIED, message=message, value=None, gifts=())


def codes_of(raw: Json) -> list[Code]:
    """The codes of a cart or an order that are in play, or taken out, each once."""
    texts = custom_fields(raw).get(FIELD)
    found: dict[str, Code] = {}
    for text in texts if isinstance(texts, list) else ():
        code = _read(str(text))
        if code is None or code.status in (NOT_APPLIED, AVAILABLE):
            continue
        known = found.get(code.code)
        # What is entered again while it counts stays as it is.
        if known is None or known.status in (NEW, DELETED) or code.status == DELETED:
            found[code.code] = code
    return list(found.values())


def applied(raw: Json) -> list[Code]:
    """The codes that were counted in a cart or an order, in their order."""
    return [each for each in codes_of(raw) if each.status == APPLIED]


def redeemables(codes: Sequence[Code]) -> list[dict[str, Any]]:
    """Codes as the API takes them."""
    return [each.redeemable for each in codes]


def _read(text: str) -> Code | None:
    try:
        element = json.loads(text)
    except (ValueError, RecursionError):
        element = text
    if not isinstance(element, dict):
        # A number is a code too.
        element = {"code": text}
    code, status, kind = element.get("code"), element.get("status"), element.get("type")
    if not isinstance(code, str) or not _plain(code).strip():
        return None
    gifts = element.get("gifts")
    return Code(
        code=_plain(code).strip(),
        status=status if status in (APPLIED, DELETED, NOT_APPLIED, AVAILABLE) else NEW,
        type=kind if kind in (VOUCHER, TIER) else VOUCHER,
        asked={name: element[name] for name in _ASKED if isinstance(element.get(name), Mapping)},
        gifts=tuple(map(str, gifts)) if isinstance(gifts, list) else (),
    )


def _plain(text: str) -> str:
    """A text as Kupon keeps it: without null characters and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
