"""What a validation's answer says of each code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.codes import Code
from kupon_commercetools.mapping.priced import added, number
from kupon_commercetools.mapping.texts import Json


def counted(code: Code, step: Json, shipping: str) -> Code:
    """A code that counts, with what it is worth and the units that it has added.

    Shapes:  shipping is the source id of the product that stands for free shipping.
    """
    given = given_units(step)
    value: int | str = number(step.get("order") or {}, "total_applied_discount_amount")
    if shipping in given:
        value = "FREE SHIPPING"
    gifts = tuple(each for each in given if each != shipping)
    return replace(code, status=codes.APPLIED, value=value, gifts=gifts, message=None)


def given_units(step: Json) -> dict[str, int]:
    """How many units one redeemable has added, by the source ids of the articles."""
    return {
        str(each.get("source_id")): number(each, "applied_quantity")
        for each in (step.get("order") or {}).get("items") or ()
        if number(each, "applied_quantity") > 0 and added(each) > 0
    }


def grants_of(steps: Mapping[str, Json], held: Sequence[Code], source_id: str) -> list[str]:
    """The texts of a free line's custom field: which codes give how many of its units."""
    found = []
    for code in held:
        step = steps[code.code]
        quantity = given_units(step).get(source_id, 0)
        if quantity > 0:
            discount = (step.get("result") or {}).get("discount") or {}
            grant = {
                "code": code.code,
                "type": "UNIT",
                "effect": discount.get("effect"),
                "quantity": quantity,
                "totalDiscountQuantity": quantity,
            }
            found.append(json.dumps(grant, ensure_ascii=False, separators=(",", ":")))
    return found


def reason_of(verdict: Json) -> str:
    """Why a code does not count: the rule's own words, else those of the error."""
    result = verdict.get("result") or {}
    error = result.get("error") or {}
    own = (error.get("error") or {}).get("message")
    details = (result.get("details") or {}).get("message")
    return str(own or error.get("message") or details or "The code can't be applied")
