"""Product lists: which lines an incentive is for, and how far.

Source: spec discounts-and-stacking, sections 5.1 and 5.2; rules-and-qualification, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from kupon.engine.collections import Collections
from kupon.engine.definitions import Fields
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item
from kupon.engine.values import NO_VALUE, Value, money, units

APPLY_TO_EVERY: Final = "APPLY_TO_EVERY"
ONE_LINE: Final = frozenset(("APPLY_TO_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE"))
CHEAPEST_FIRST: Final = frozenset(("APPLY_TO_CHEAPEST", "APPLY_FROM_CHEAPEST"))
EFFECTS: Final = (
    APPLY_TO_EVERY,
    "APPLY_TO_CHEAPEST",
    "APPLY_FROM_CHEAPEST",
    "APPLY_TO_MOST_EXPENSIVE",
    "APPLY_FROM_MOST_EXPENSIVE",
)
OBJECTS: Final = ("product", "sku", "products_collection")
TARGETS: Final = ("ITEM", "UNIT")
# Who matches a line first decides its price and limits: SKU, product, collection (section 5.1).
_PRECEDENCE: Final = {"sku": 0, "product": 1, "products_collection": 2}
BUDGETS: Final = tuple(
    f"product_{within}{who}{scope}_quantity_limit"
    for scope in ("campaign", "promotion_tier")
    for within in ("", "in_collection_")
    for who in ("", "customer_")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member of a product list.

    Shapes: names holds the id and the source id; echo is the definition as answers repeat it.
    Units:  quantity limits in units, amount limits and price in minor units; amount limits per
        line, aggregated ones per order.
    """

    object: str
    names: frozenset[str]
    id: str
    echo: Mapping[str, Any]
    is_strict: bool = False
    effect: str = APPLY_TO_EVERY
    is_by_unit: bool = False
    skip_initially: int = 0
    repeat: int = 1
    quantity_limit: Value = NO_VALUE
    aggregated_quantity_limit: Value = NO_VALUE
    amount_limit: Value = NO_VALUE
    aggregated_amount_limit: Value = NO_VALUE
    price: Value = NO_VALUE

    @property
    def covers_whole_lines(self) -> bool:
        """Whether every unit of every matching line is meant, without ranking or skipping."""
        return self.effect == APPLY_TO_EVERY and self.skip_initially == 0 and self.repeat == 1


class Finder:
    """Entries by the names that they go by, so that no line is held against each of them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Take the entries; the first of a kind that names a line counts."""
        self._entries = entries
        self._skus: dict[str, int] = {}
        self._products: dict[str, int] = {}
        self._products_with_skus: dict[str, int] = {}
        self._collections: list[Entry] = []
        for place, entry in enumerate(entries):
            if entry.object == "products_collection":
                self._collections.append(entry)
            for table in self._tables(entry):
                for name in entry.names:
                    table.setdefault(name, place)

    def _tables(self, entry: Entry) -> tuple[dict[str, int], ...]:
        if entry.object == "sku":
            return (self._skus,)
        if entry.object != "product":
            return ()
        if entry.is_strict:
            return (self._products,)
        return (self._products, self._products_with_skus)

    def find(
        self, item: Item, collections: Collections, surroundings: Surroundings
    ) -> Entry | None:
        """Return the entry that names a line's SKU, else its product, else a collection of it."""
        place = _first(self._skus, item.sku_names)
        if place is None:
            products = self._products_with_skus if item.is_sku else self._products
            place = _first(products, item.product_names)
        if place is not None:
            return self._entries[place]
        for entry in self._collections:
            if collections.contains(entry.id, item, surroundings):
                return entry
        return None


def _first(table: Mapping[str, int], names: frozenset[str]) -> int | None:
    if not table:
        return None
    return min((table[name] for name in names if name in table), default=None)


@dataclass(frozen=True, kw_only=True)
class Applicability:
    """The product lists of an incentive; included stands in order of precedence.

    Shapes: without any list every line is meant.
    """

    included: tuple[Entry, ...] = ()
    excluded: tuple[Entry, ...] = ()
    is_all_included: bool = False
    listed: tuple[Entry, ...] = field(default=())

    @property
    def has_lists(self) -> bool:
        """Whether particular articles are named."""
        return bool(self.included or self.excluded)

    @cached_property
    def inclusion(self) -> Finder:
        """What finds the included entry that names a line."""
        return Finder(self.included)

    @cached_property
    def exclusion(self) -> Finder:
        """What finds an excluded entry that names a line."""
        return Finder(self.excluded)

    def joined(self, other: Applicability) -> Applicability:
        """Return the lists of two rules that both hold; what either excludes is excluded."""
        return _arranged(
            self.listed + other.listed,
            self.excluded + other.excluded,
            is_all_included=self.is_all_included or other.is_all_included,
        )


EVERYTHING: Final = Applicability()


def parse_applicability(
    definition: object, path: str, key: str = "invalid_payload"
) -> Applicability:
    """Read `applicable_to` of a validation rule; null is no list at all.

    Raises: DefinitionError.
    """
    if definition is None:
        return EVERYTHING
    fields = Fields(definition, path, key)
    is_all_included = fields.get("included_all")
    if is_all_included not in (None, True, False):
        raise fields.error("included_all", "must be boolean")
    return _arranged(
        _entries(fields, "included", key),
        _entries(fields, "excluded", key),
        is_all_included=bool(is_all_included),
    )


def _arranged(
    listed: tuple[Entry, ...], excluded: tuple[Entry, ...], *, is_all_included: bool
) -> Applicability:
    if not (listed or excluded or is_all_included):
        return EVERYTHING
    return Applicability(
        included=tuple(sorted(listed, key=lambda entry: _PRECEDENCE[entry.object])),
        excluded=excluded,
        is_all_included=is_all_included,
        listed=listed,
    )


def _entries(fields: Fields, name: str, key: str) -> tuple[Entry, ...]:
    listed = fields.get(name)
    if isinstance(listed, Mapping):
        # Answers wrap their lists; clients send them back as they came.
        listed = listed.get("data")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise fields.error(name, "must be array")
    return tuple(
        _parse_entry(member, fields.place(f"{name}[{place}]"), key)
        for place, member in enumerate(listed)
    )


def _parse_entry(definition: object, path: str, key: str) -> Entry:
    fields = Fields(definition, path, key)
    kind = fields.choice("object", OBJECTS, None)
    entry_id = fields.text("id") or fields.text("source_id")
    if entry_id is None:
        raise fields.error("", "should have required property 'id'")
    for name in BUDGETS:
        fields.refuse_later(name, f"{name}_formula")
    repeat = fields.whole("repeat")
    if repeat == 0:
        raise fields.error("repeat", "must be >= 1")
    is_strict = kind == "sku" or fields.get("strict") is True
    return Entry(
        object=kind,
        names=frozenset(filter(None, (fields.text("id"), fields.text("source_id")))),
        id=entry_id,
        echo=_echo(fields.members, is_strict=is_strict),
        is_strict=is_strict,
        effect=fields.choice("effect", EFFECTS, APPLY_TO_EVERY),
        is_by_unit=fields.choice("target", TARGETS, "ITEM") == "UNIT",
        skip_initially=fields.whole("skip_initially") or 0,
        repeat=repeat or 1,
        quantity_limit=units(fields, "quantity_limit"),
        aggregated_quantity_limit=units(fields, "aggregated_quantity_limit"),
        amount_limit=money(fields, "amount_limit"),
        aggregated_amount_limit=money(fields, "aggregated_amount_limit"),
        price=money(fields, "price"),
    )


_NOT_ECHOED = frozenset(("order_item_indices", "order_item_units", "units_limit_exceeded"))


def _echo(members: Mapping[str, Any], *, is_strict: bool) -> dict[str, Any]:
    given = {
        name: value
        for name, value in members.items()
        if value is not None and name not in _NOT_ECHOED
    }
    return {**given, "strict": is_strict, "effect": given.get("effect", APPLY_TO_EVERY)}
