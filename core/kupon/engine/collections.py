"""Product collections: fixed lists, and filters that are tried on a line's product or SKU.

Source: spec rules-and-qualification, section 18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Filter, KeptFields, Surroundings, parse_filter, read_path
from kupon.engine.order import Item

# The reference's own id of the collection that holds whatever is sold, catalogued or not.
ALL_PRODUCTS: Final = "pc_a11pr0dUc75"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A collection; filter is None for a static one, whose lists hold ids and source ids."""

    id: str
    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    filter: Filter | None = None

    def contains(self, item: Item, surroundings: Surroundings) -> bool:
        """Tell whether a line belongs to it.

        Shapes: a listed product brings its SKUs; a filter is tried on a SKU line's SKU alone.
        """
        if self.filter is not None:
            return self.filter.matches(partial(read_item, item), surroundings)
        return not self.lists_none(item.product_names, item.sku_names)

    def lists_none(self, products: frozenset[str], skus: frozenset[str]) -> bool:
        """Tell whether its lists have none of some names."""
        return self.products.isdisjoint(products) and self.skus.isdisjoint(skus)


@dataclass(frozen=True, slots=True)
class Collections:
    """A project's collections by id."""

    by_id: Mapping[str, Collection] = field(default_factory=dict)

    def contains(self, collection_id: str, item: Item, surroundings: Surroundings) -> bool:
        """Tell whether a line belongs to a collection; none belongs to an unknown one."""
        if collection_id == ALL_PRODUCTS:
            return True
        collection = self.by_id.get(collection_id)
        return collection is not None and collection.contains(item, surroundings)

    def touched(
        self, wanted: Iterable[str], items: Sequence[Item], surroundings: Surroundings
    ) -> Iterator[str]:
        """Yield those of the wanted collections that some line belongs to."""
        products = frozenset[str]().union(*(item.product_names for item in items))
        skus = frozenset[str]().union(*(item.sku_names for item in items))
        reads = [KeptFields(partial(read_item, item)).__getitem__ for item in items]
        for name in wanted:
            collection = self.by_id.get(name)
            if name == ALL_PRODUCTS:
                if items:
                    yield name
            elif collection is None:
                continue
            elif collection.filter is None:
                # One look for all lines.
                if not collection.lists_none(products, skus):
                    yield name
            elif any(collection.filter.matches(read, surroundings) for read in reads):
                yield name


NO_COLLECTIONS: Final = Collections()


class MissingFilter(DefinitionError):
    """A dynamic collection without the filter that it is made of."""

    def __str__(self) -> str:
        """Return the reference's sentence, which names no property."""
        return "'AUTO_UPDATE' collection must contain valid filter with 'junction' property"


def parse_collection_filter(
    definition: object,
    path: str = ".filter",
    kinds: Mapping[str, str] | None = None,
    key: str = "invalid_payload",
) -> Filter:
    """Read the filter of a dynamic collection.

    Shapes: kinds are the types that the products' metadata schema gives to keys.
    Raises: DefinitionError; MissingFilter where there is no object with a junction.
    """
    if not isinstance(definition, Mapping) or definition.get("junction") is None:
        raise MissingFilter(path, "must be object with 'junction'", key)
    return parse_filter(definition, path, partial(_kind_of, kinds or {}), key)


def _kind_of(metadata: Mapping[str, str], name: str) -> str | None:
    prefix, _, rest = name.partition(".")
    return metadata.get(rest, "any") if prefix == "metadata" and rest else _FIELDS.get(name)


def read_item(item: Item, name: str) -> Any:
    """Return the value of a field of a line's SKU or, on a product line, of its product.

    UNCERTAIN: a SKU has its product's metadata under its own (section 18).
    """
    facts = item.sku_facts if item.is_sku else item.product_facts
    prefix, _, rest = name.partition(".")
    if prefix == "metadata":
        value = read_path(facts.get("metadata"), rest)
        if value is None and item.is_sku:
            return read_path(item.product_facts.get("metadata"), rest)
        return value
    reader = _READERS.get(name)
    return facts.get(name) if reader is None else reader(item, facts)


def _names(item: Item, facts: Mapping[str, Any]) -> frozenset[str]:
    return item.sku_names or item.product_names


def _source_id(item: Item, facts: Mapping[str, Any]) -> Any:
    """What the catalogue doesn't know has but one id."""
    is_known = facts.get("id") is not None or facts.get("source_id") is not None
    return facts.get("source_id") if is_known else _names(item, facts)


def _product_id(item: Item, facts: Mapping[str, Any]) -> frozenset[str] | None:
    return item.product_names if item.is_sku else None


def _object(item: Item, facts: Mapping[str, Any]) -> str:
    return "sku" if item.is_sku else "product"


def _price(item: Item, facts: Mapping[str, Any]) -> Any:
    price = facts.get("price")
    return item.price if price is None else price


def _attributes(item: Item, facts: Mapping[str, Any]) -> Any:
    """A product has names of attributes, a SKU has them with values: both count."""
    attributes = facts.get("attributes")
    if isinstance(attributes, Mapping):
        return [*attributes, *attributes.values()]
    return attributes


def _skus(item: Item, facts: Mapping[str, Any]) -> Any:
    """The ids of a product's SKUs, which the wire lists as objects."""
    skus = facts.get("skus")
    listed = skus.get("data") if isinstance(skus, Mapping) else skus
    return read_path(listed, "id") if isinstance(listed, list) else listed


_READERS: Final[Mapping[str, Callable[[Item, Mapping[str, Any]], Any]]] = {
    "id": _names,
    "source_id": _source_id,
    "product_id": _product_id,
    "object": _object,
    "price": _price,
    "attributes": _attributes,
    "skus": _skus,
}
_FIELDS: Final = {
    **dict.fromkeys(("id", "product_id", "source_id", "name", "object", "image_url"), "string"),
    **dict.fromkeys(("attributes", "skus"), "string"),
    **dict.fromkeys(("created_at", "updated_at"), "datetime"),
    "price": "number",
}
