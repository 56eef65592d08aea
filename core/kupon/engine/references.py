"""Which articles a definition names: products, SKUs and collections of them.

Source: spec rules-and-qualification, sections 6.3 and 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kupon.engine.collections import Collections
from kupon.engine.definitions import Fields
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item

PRODUCT: Final = "product"
SKU: Final = "sku"
COLLECTION: Final = "products_collection"
_OBJECTS: Final = (PRODUCT, SKU, COLLECTION)
_COLLECTION_PREFIX: Final = "pc_"


@dataclass(frozen=True, slots=True)
class Reference:
    """One article or collection by name.

    Shapes: object is empty where the definition doesn't say whether a product or a SKU is meant;
        id is the source id where there is no id.
    """

    object: str
    id: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class References:
    """Any of several articles; without any member it matches no line."""

    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()

    def matches(self, item: Item, collections: Collections, surroundings: Surroundings) -> bool:
        """Whether a line sells one of them; a product is sold by the lines of its SKUs, too."""
        if not self.products.isdisjoint(item.product_names):
            return True
        if not self.skus.isdisjoint(item.sku_names):
            return True
        for collection in self.collections:
            if collections.contains(collection, item, surroundings):
                return True
        return False

    def joined(self, other: References) -> References:
        """Any article of either."""
        return References(
            self.products | other.products,
            self.skus | other.skus,
            self.collections | other.collections,
        )


def gather(references: Iterable[Reference]) -> References:
    """Put single references together."""
    products: set[str] = set()
    skus: set[str] = set()
    collections: set[str] = set()
    for reference in references:
        if reference.object == COLLECTION:
            collections |= reference.names
            continue
        if reference.object != SKU:
            products |= reference.names
        if reference.object != PRODUCT:
            skus |= reference.names
    return References(frozenset(products), frozenset(skus), frozenset(collections))


def parse_reference(definition: object, path: str, key: str, default: str = "") -> Reference:
    """Read `{id, source_id, object, type}`, or a mere id.

    Shapes: default is the object of a reference that doesn't name one.
    Raises: DefinitionError.
    """
    if isinstance(definition, str):
        is_collection = not default and definition.startswith(_COLLECTION_PREFIX)
        kind = COLLECTION if is_collection else default
        return Reference(kind, definition, frozenset((definition,)))
    fields = Fields(definition, path, key)
    if fields.get("type") == COLLECTION:
        default = COLLECTION
    kind = default if fields.get("object") is None else fields.choice("object", _OBJECTS, None)
    names = [name for name in (fields.text("id"), fields.text("source_id")) if name]
    if not names:
        raise fields.error("", "should have required property 'id'")
    return Reference(kind, names[0], frozenset(names))
