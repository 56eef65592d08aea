"""What orders need of the catalogue: the articles that lines name, with their prices.

Source: spec discounts-and-stacking, section 2.1; api-conventions, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, NamedTuple

from kupon.engine.discounts.unit import SHIPPING
from kupon.kit.lean import dataclass
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A stored product or SKU, as far as an order's line needs it.

    Shapes: name is a product's `name` or a SKU's `sku`; facts are what rules and filters look at
        besides (metadata, attributes, image_url and the dates); product is the one that a SKU
        belongs to, None on a product itself.
    Units:  minor units; None also on a SKU that costs what its product does.
    """

    id: str
    source_id: str | None
    name: str | None
    price: int | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    product: CatalogueEntry | None = None

    @property
    def product_id(self) -> str:
        """The id of the product, or of the one that the SKU belongs to."""
        return self.product.id if self.product is not None else self.id


# Every project has it (discounts-and-stacking, 4.5); there is a row only where something was said
# of it, a price above all.
SHIPPING_ENTRY: Final = CatalogueEntry(
    id=SHIPPING, source_id="5h1pp1ng", name="Shipping", price=None
)
SHIPPING_NAMES: Final = frozenset((SHIPPING_ENTRY.id, "5h1pp1ng"))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Entries by the key that was sent for them, an id or a source id; unknown keys are absent.

    Shapes: two mappings, because a product and a SKU may have the same source id.
    """

    products: Mapping[str, CatalogueEntry] = field(default_factory=dict)
    skus: Mapping[str, CatalogueEntry] = field(default_factory=dict)


class CatalogueKeys(NamedTuple):
    """Ids or source ids of the products and SKUs that lines name."""

    products: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()


NO_KEYS = CatalogueKeys()

_FACTS = (
    "jsonb_build_object('metadata', {0}.metadata, 'attributes', {0}.attributes,"
    " 'image_url', {0}.image_url, 'created_at', {0}.created_at, 'updated_at', {0}.updated_at)"
)
_PRODUCT_FACTS, _SKU_FACTS = _FACTS.format("p"), _FACTS.format("s")
_PRODUCTS = (
    f"SELECT p.id, p.source_id, p.name, p.price, {_PRODUCT_FACTS},"
    " NULL, NULL, NULL, NULL, NULL::jsonb FROM products p"
    " WHERE p.project_id = %(project_id)s AND p.binned_at IS NULL"
    " AND (p.id = ANY(%(products)s) OR p.source_id = ANY(%(products)s))"
)
_SKUS = (
    f"SELECT p.id, p.source_id, p.name, p.price, {_PRODUCT_FACTS},"
    f" s.id, s.source_id, s.sku, s.price, {_SKU_FACTS} FROM skus s"
    " JOIN products p ON p.project_id = s.project_id AND p.id = s.product_id"
    " WHERE s.project_id = %(project_id)s AND s.binned_at IS NULL AND p.binned_at IS NULL"
    " AND (s.id = ANY(%(skus)s) OR s.source_id = ANY(%(skus)s))"
)
ENTRY_COLUMNS: Final = 10


def entries_statement(keys: CatalogueKeys) -> str | None:
    """The SELECT that reads the entries of keys; None when there are no keys.

    Shapes:  parameters project_id, products, skus; columns as `read_catalogue` takes them.
    """
    statements = [_PRODUCTS] if keys.products else []
    if keys.skus:
        statements.append(_SKUS)
    return " UNION ALL ".join(statements) or None


def read_catalogue(rows: Iterable[Sequence[Any]], keys: CatalogueKeys) -> Catalogue:
    """The rows of that SELECT by the keys that were sent.

    Shapes:  a key that is the id of one and the source id of another means the former.
    """
    products: list[CatalogueEntry] = []
    skus: list[CatalogueEntry] = []
    for row in rows:
        product = CatalogueEntry(*row[:5])
        if row[5] is None:
            products.append(product)
        else:
            sku_id, source, sku, price, facts = row[5:]
            skus.append(CatalogueEntry(sku_id, source, sku, price, facts, product))
    if not SHIPPING_NAMES.isdisjoint(keys.products):
        # What was stored of it stands behind, and so is what counts.
        products.insert(0, SHIPPING_ENTRY)
    return Catalogue(_keyed(products, keys.products), _keyed(skus, keys.skus))


def find_prices(uow: UnitOfWork, product_keys: Iterable[str], sku_keys: Iterable[str]) -> Catalogue:
    """Look up products and SKUs by ids or source ids, in one statement without a transaction.

    Shapes:  nothing is read when no key is given.
    """
    keys = CatalogueKeys(tuple(product_keys), tuple(sku_keys))
    statement = entries_statement(keys)
    if statement is None:
        return Catalogue()
    parameters = {
        "project_id": uow.project_id,
        "products": list(keys.products),
        "skus": list(keys.skus),
    }
    return read_catalogue(uow.reader.execute(statement, parameters), keys)


def _keyed(entries: Sequence[CatalogueEntry], keys: Sequence[str]) -> dict[str, CatalogueEntry]:
    known = {entry.source_id: entry for entry in entries} | {entry.id: entry for entry in entries}
    return {key: known[key] for key in keys if key in known}
