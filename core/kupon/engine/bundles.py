"""Bundles: sets of articles that must be in the cart together, and how often they are.

Source: spec rules-and-qualification, section 8; discounts-and-stacking, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.engine.collections import Collections
from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item, Order
from kupon.engine.references import (
    COLLECTION,
    PRODUCT,
    SKU,
    Reference,
    References,
    gather,
    parse_reference,
)

KEY: Final = "invalid_validation_rules"
LARGEST_LIMIT: Final = 100
LARGEST_QUANTITY: Final = 1_000_000
# Who is the hardest to please takes first; a product is also sold by its SKUs.
_PRECEDENCE: Final = {SKU: 0, PRODUCT: 1, COLLECTION: 2}


@dataclass(frozen=True, slots=True)
class Part:
    """So many units of an article, or of the articles of a collection."""

    reference: Reference
    articles: References
    quantity: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """What makes a bundle, and how many are counted at most; parts in the order of their labels."""

    parts: tuple[Part, ...]
    limit: int

    def names_lines(
        self, order: Order, collections: Collections, surroundings: Surroundings
    ) -> bool:
        """Whether any line of the cart could serve."""
        return any(
            part.articles.matches(item, collections, surroundings)
            for part in self.parts
            for item in order.items
        )


@dataclass(frozen=True, slots=True)
class Identified:
    """Units of one line that serve."""

    id: str
    object: str
    item_index: int
    item_quantity: int

    def wire(self) -> dict[str, Any]:
        """Return it as answers print it."""
        return {
            "id": self.id,
            "object": self.object,
            "item_index": self.item_index,
            "item_quantity": self.item_quantity,
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """Units that the first bundle lacks."""

    id: str
    object: str
    item_quantity: int

    def wire(self) -> dict[str, Any]:
        """Return it as answers print it."""
        return {"id": self.id, "object": self.object, "item_quantity": self.item_quantity}


@dataclass(frozen=True, slots=True)
class BundleResult:
    """How many bundles the cart holds.

    Shapes: identified stand in the order of the lines, one for each; without a complete bundle
        they are what serves the first one, and missing is what that lacks.
    """

    quantity: int
    limit: int
    identified: tuple[Identified, ...]
    missing: tuple[Missing, ...] = ()

    def wire(self) -> dict[str, Any]:
        """Return it as answers print it; `missing` only where something is."""
        printed: dict[str, Any] = {
            "quantity": self.quantity,
            "limit": self.limit,
            "identified": [identified.wire() for identified in self.identified],
        }
        if self.missing:
            printed["missing"] = [missing.wire() for missing in self.missing]
        return printed


def allocate(
    bundle: Bundle, order: Order, collections: Collections, surroundings: Surroundings
) -> BundleResult:
    """Return how many bundles can be made from the cart, each unit serving once.

    Shapes: units are taken for SKUs first, then for products, then for collections, from the
        first line on. That is not the best that can be had where collections overlap, but what
        the reference does.
    """
    units = [item.units for item in order.items]
    matches = [
        [
            index
            for index, item in enumerate(order.items)
            if part.articles.matches(item, collections, surroundings)
        ]
        for part in bundle.parts
    ]
    ceilings = (
        sum(units[index] for index in lines) // part.quantity
        for part, lines in zip(bundle.parts, matches, strict=True)
    )
    for quantity in range(min(bundle.limit, *ceilings), 0, -1):
        taken, short = _take(bundle, quantity, units, matches)
        if not any(short):
            return BundleResult(quantity, bundle.limit, _identified(taken, order.items))
    taken, short = _take(bundle, 1, units, matches)
    missing = tuple(
        Missing(part.reference.id, part.reference.object, count)
        for part, count in zip(bundle.parts, short, strict=True)
        if count
    )
    return BundleResult(0, bundle.limit, _identified(taken, order.items), missing)


def _take(
    bundle: Bundle, quantity: int, units: Sequence[int], matches: Sequence[Sequence[int]]
) -> tuple[list[int], list[int]]:
    """Return how many units each line gives for so many bundles, and how many each part lacks."""
    left = list(units)
    short = [part.quantity * quantity for part in bundle.parts]
    places = range(len(bundle.parts))
    for place in sorted(places, key=lambda place: _rank(bundle.parts[place])):
        for index in matches[place]:
            given = min(left[index], short[place])
            left[index] -= given
            short[place] -= given
    return [before - after for before, after in zip(units, left, strict=True)], short


def _rank(part: Part) -> int:
    return _PRECEDENCE[part.reference.object]


def _identified(taken: Sequence[int], items: Sequence[Item]) -> tuple[Identified, ...]:
    return tuple(
        Identified(
            id=_name(item),
            object=SKU if item.is_sku else PRODUCT,
            item_index=index,
            item_quantity=count,
        )
        for index, (item, count) in enumerate(zip(items, taken, strict=True))
        if count
    )


def _name(item: Item) -> str:
    """The line's article by the name that answers print; one that nobody knows by its source id."""
    own = item.sku_id if item.is_sku else item.product_id
    facts = item.sku_facts if item.is_sku else item.product_facts
    return own or facts.get("id") or item.source_id or min(item.product_names, default="")


def parse_bundle(definition: object, path: str = ".bundle_rules") -> Bundle | None:
    """Read `bundle_rules` of a validation rule; None where it asks for no article.

    Raises: DefinitionError.
    """
    if definition is None:
        return None
    fields = Fields(definition, path, KEY)
    limit = fields.whole("limit")
    if limit is not None and not 1 <= limit <= LARGEST_LIMIT:
        raise fields.error("limit", f"must be between 1 and {LARGEST_LIMIT}")
    labels = sorted(fields.members.keys() - {"limit", "logic"}, key=lambda name: (len(name), name))
    parts = tuple(_parse_part(fields.members[label], f"{path}.{label}") for label in labels)
    return Bundle(parts, 1 if limit is None else limit) if parts else None


def _parse_part(definition: object, path: str) -> Part:
    fields = Fields(definition, path, KEY)
    fields.choice("name", ("order.items.any",), None)
    value = _single(fields.required("conditions"), f"{path}.conditions")
    reference = parse_reference(value, f"{path}.conditions.$is[0]", KEY, PRODUCT)
    return Part(reference, gather((reference,)), _quantity(fields.get("rules"), f"{path}.rules"))


def _quantity(definition: object, path: str) -> int:
    """At least so many units of a bundle's part are needed, though the operator reads `$is`."""
    if definition is None:
        return 1
    members = Fields(definition, path, KEY).members
    labels = [label for label in members if label != "logic"]
    if not labels:
        return 1
    if len(labels) > 1:
        raise DefinitionError(path, "must have one rule only", KEY)
    place = f"{path}.{labels[0]}"
    fields = Fields(members[labels[0]], place, KEY)
    fields.choice("name", ("order.items.aggregated_quantity",), None)
    value = _single(fields.required("conditions"), f"{place}.conditions")
    return _checked(value, f"{place}.conditions")


def _checked(value: object, path: str) -> int:
    quantity = Fields({"$is": value}, path, KEY).required_whole("$is")
    if not 1 <= quantity <= LARGEST_QUANTITY:
        raise DefinitionError(f"{path}.$is", f"must be between 1 and {LARGEST_QUANTITY}", KEY)
    return quantity


def _single(conditions: object, path: str) -> object:
    fields = Fields(conditions, path, KEY)
    values: Any = fields.required("$is")
    if isinstance(values, Mapping | str | int | float):
        return values
    if not isinstance(values, list) or len(values) != 1:
        raise fields.error("$is", "must be array of one element")
    return values[0]
