"""How many points one earning rule gives for one event.

Source: spec campaigns-loyalty-referral-gift, section 7.3; examples E01 to E09.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.formulas import Formula, parse_formula
from kupon.engine.formulas.operands import PER_LINE
from kupon.engine.loyalty.mappings import PointsMapping, whole_points
from kupon.engine.loyalty.measures import (
    EarningFacts,
    Measure,
    fixed,
    items_of,
    metadata_of,
    order_amount,
    order_total_amount,
)
from kupon.engine.references import References, gather, parse_reference
from kupon.engine.values import Value

ORDER_PAID: Final = "order.paid"
SEGMENT_ENTERED: Final = "customer.segment.entered"
TIER_EVENTS: Final = tuple(
    f"customer.loyalty.tier.{change}"
    for change in ("joined", "left", "upgraded", "downgraded", "prolonged")
)

# Whether a member of metadata is a number according to its schema: of order, customer or
# custom_event, by key.
IsNumber = Callable[[str, str], bool]

# Where the parameters of a calculation stand.
_BLOCKS: Final[Mapping[str, tuple[str, str]]] = {
    "ORDER_AMOUNT": ("order", "amount"),
    "ORDER_TOTAL_AMOUNT": ("order", "total_amount"),
    "ORDER_METADATA": ("order", "metadata"),
    "ORDER_ITEMS_QUANTITY": ("order_items", "quantity"),
    "ORDER_ITEMS_AMOUNT": ("order_items", "amount"),
    "ORDER_ITEMS_SUBTOTAL_AMOUNT": ("order_items", "subtotal_amount"),
    "CUSTOMER_METADATA": ("customer", "metadata"),
    "CUSTOM_EVENT_METADATA": ("custom_event", "metadata"),
}
_OF_ORDERS: Final = tuple(name for name in _BLOCKS if name != "CUSTOM_EVENT_METADATA")
_OF_CUSTOMERS: Final = ("CUSTOMER_METADATA",)
_OF_CUSTOM_EVENTS: Final = ("CUSTOMER_METADATA", "CUSTOM_EVENT_METADATA")

_NOT_EARNING: Final = ("VOUCHER_", "PROMOTION_TIER_", "REDEMPTION_", "PUBLICATION_", "REDEEMABLE_")


class MissingBlock(DefinitionError):
    """A proportional calculation without its parameters."""

    def __str__(self) -> str:
        """Return the reference's sentence, which names no property of the payload."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What a rule gives: so many points for every so much of something.

    Shapes: definition is the wire's `loyalty`, with numbers as numbers and the first of
        `applicable_to` as object and id; a fixed rule counts the event as 1 of 1.
    """

    definition: Mapping[str, Any]
    every: int
    rate: Value
    measure: Measure

    def points(self, facts: EarningFacts, mapping: PointsMapping | None) -> int:
        """Return the points of an event, 0 where it earns none.

        Shapes: mapping is that of the tier held before the event.
        UNCERTAIN: what does not fill a whole block earns nothing (section 7.3).
        """
        amount = self.measure(facts)
        blocks = 0 if amount is None else Fraction(amount) // self.every
        if blocks <= 0:
            return 0
        rate = self.rate.of(facts.operands)
        if mapping is not None:
            rate = mapping.apply(rate) or 0
        return whole_points(Fraction(rate) * blocks)


def parse_earning(loyalty: object, event: str, path: str, is_number: IsNumber) -> Earning:
    """Read the `loyalty` block of an earning rule for an event.

    Raises: DefinitionError.
    """
    fields = Fields(loyalty, path)
    if fields.choice("type", ("FIXED", "PROPORTIONAL"), None) == "FIXED":
        members, rate = _rate(fields)
        return Earning(definition={"type": "FIXED", **members}, every=1, rate=rate, measure=fixed)
    kind = fields.choice("calculation_type", _calculations(event), None)
    parent, child = _BLOCKS[kind]
    block = _block(fields, parent, child)
    every = block.required_whole("every")
    if every < 1:
        raise block.error("every", "must be >= 1")
    members, rate = _rate(block)
    named, measure = _measure(kind, block, fields.place(f"{parent}.{child}"), is_number)
    return Earning(
        definition={
            "type": "PROPORTIONAL",
            "calculation_type": kind,
            parent: {child: {"every": every, **members, **named}},
        },
        every=every,
        rate=rate,
        measure=measure,
    )


def _calculations(event: str) -> tuple[str, ...]:
    """Which proportional calculations an event allows.

    UNCERTAIN: that tier events have any (section 7.3).
    """
    if event == ORDER_PAID:
        return _OF_ORDERS
    if event == SEGMENT_ENTERED or event in TIER_EVENTS:
        return _OF_CUSTOMERS
    return _OF_CUSTOM_EVENTS


def _block(fields: Fields, parent: str, child: str) -> Fields:
    members = fields.get(parent)
    block = members.get(child) if isinstance(members, Mapping) else None
    if block is None:
        sentence = (
            f"Loyalty {parent} rules must contain one of the following properties - '{child}'"
        )
        raise MissingBlock(fields.place(parent), sentence)
    return Fields(block, fields.place(f"{parent}.{child}"))


def _rate(fields: Fields) -> tuple[dict[str, Any], Value]:
    """Read `points` and `points_formula`, as they are echoed and as they count."""
    points = fields.required_whole("points")
    text = fields.text("points_formula")
    if not text:
        return {"points": points}, Value(points)
    place = fields.place("points_formula")
    formula = parse_formula(text, place)
    _refuse_foreign(formula, place)
    # The result counts as it is: only the sum of points is rounded.
    return {"points": points, "points_formula": text}, Value(points, formula, _as_it_is)


def _refuse_foreign(formula: Formula, path: str) -> None:
    for name in sorted(formula.operands):
        if name in PER_LINE or name.startswith(_NOT_EARNING):
            raise DefinitionError(path, f"cannot use {name} in an earning rule")


def _as_it_is(number: Decimal) -> Decimal:
    return number


def _measure(
    kind: str, block: Fields, path: str, is_number: IsNumber
) -> tuple[dict[str, Any], Measure]:
    """Return what the measure is named by, as it is echoed, and the measure."""
    parent, child = _BLOCKS[kind]
    if child == "metadata":
        return _metadata(parent, block, is_number)
    if parent == "order_items":
        named, references = _articles(block, path)
        return named, items_of(child, references)
    return {}, order_amount if kind == "ORDER_AMOUNT" else order_total_amount


def _metadata(parent: str, block: Fields, is_number: IsNumber) -> tuple[dict[str, Any], Measure]:
    block.required("property")
    key = block.text("property") or ""
    if not is_number(parent, key):
        raise block.error("property", f"must be a number in the metadata schema of {parent}")
    return {"property": key}, metadata_of(parent, key)


def _articles(block: Fields, path: str) -> tuple[dict[str, Any], References | None]:
    """Read `applicable_to`, or `object` and `id` of a single one.

    UNCERTAIN: without either all lines count (section 7.3).
    """
    listed = block.get("applicable_to")
    if isinstance(listed, Mapping):
        # Answers wrap their lists; clients send them back as they came.
        listed = listed.get("data")
    if not isinstance(listed, list | None):
        raise block.error("applicable_to", "must be array")
    if listed:
        found = [
            parse_reference(each, f"{path}.applicable_to[{place}]", block.key)
            for place, each in enumerate(listed)
        ]
    elif block.get("id") is not None:
        single = {name: block.get(name) for name in ("object", "id")}
        found = [parse_reference(single, path, block.key)]
    else:
        return {}, None
    echo = [
        {name: text for name, text in (("object", each.object), ("id", each.id)) if text}
        for each in found
    ]
    return {**echo[0], "applicable_to": echo}, gather(found)
