"""What a validation's answer says of each code."""

from __future__ import annotations

from dataclasses import replace

from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.codes import Code
from kupon_commercetools.mapping.texts import Json


def counted(code: Code, step: Json, shipping: str) -> Code:
    """A code that counts, with what it is worth and the units that it has added.

    Shapes:  shipping is the source id of the product that stands for free shipping.
    """
    given = given_units(step)
    value: int | str = (step.get("order") or {}).get("total_applied_discount_amount", 0)
    if shipping in given:
        value = "FREE SHIPPING"
    gifts = tuple(each for each in given if each != shipping)
    return replace(code, status=codes.APPLIED, value=value, gifts=gifts, message=None)


def given_units(step: Json) -> list[str]:
    """The source ids of the articles of which one redeemable has added units."""
    return [
        str(each.get("source_id"))
        for each in (step.get("order") or {}).get("items") or ()
        if int(each.get("applied_quantity") or 0) > 0 and _is_added(each)
    ]


def reason_of(verdict: Json) -> str:
    """Why a code does not count: the rule's own words, else those of the error."""
    result = verdict.get("result") or {}
    error = result.get("error") or {}
    own = (error.get("error") or {}).get("message")
    details = (result.get("details") or {}).get("message")
    return str(own or error.get("message") or details or "The code can't be applied")


def _is_added(item: Json) -> bool:
    quantity = int(item.get("quantity", 0))
    return quantity > int(item.get("initial_quantity", quantity))
