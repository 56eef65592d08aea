"""Products and SKUs that an order's lines bring along to be stored (`override: true`).

Source: spec api-conventions, section 11; discounts-and-stacking, section 2.1, rule 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from kupon.engine.metadata import MetadataSchemas, refuse_invalid
from kupon.kit.errors import KuponError, duplicate_found
from kupon.runtime import ids
from kupon.storage.uow import UnitOfWork

Lines = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the two tables; `title` is the column and the wire name of what names an entry."""

    word: str
    table: str
    prefix: str
    title: str


_PRODUCT = _Kind("product", "products", "prod_", "name")
_SKU = _Kind("sku", "skus", "sku_", "sku")


def store_overrides(uow: UnitOfWork, items: Lines, schemas: MetadataSchemas) -> None:
    """Create or replace what lines mark with `override`: name, price and metadata.

    Shapes:  items are an order's lines as the wire has them, whose metadata was checked, but for
        what a new entry must name. What a line leaves out, or sends as
        an empty metadata object, stays as stored. An entry that no id or source id of its line
        finds is created with that key as its source id; the last of several lines wins.
    Raises:  duplicate_found for an entry in the bin; invalid_sku for a new SKU of no known product;
        metadata_validation_failed for a new entry without a required key.
    Locks:   rows of products, then of SKUs, each in the order of their ids.
    """
    lines = list(items)
    products = _wanted(_PRODUCT, lines)
    skus = _wanted(_SKU, lines)
    if products:
        _store(uow, _PRODUCT, products, {}, schemas)
    if skus:
        _store(uow, _SKU, skus, _owners(uow, skus, lines), schemas)


def _wanted(kind: _Kind, lines: Lines) -> dict[str, Mapping[str, Any]]:
    """What is sent of each entry, by the key that names it."""
    wanted = {}
    for line in lines:
        sent = line.get(kind.word) or {}
        key = _key(kind, line)
        if sent.get("override") and key is not None:
            wanted[key] = sent
    return wanted


def _key(kind: _Kind, line: Mapping[str, Any]) -> str | None:
    sent = line.get(kind.word) or {}
    related = line.get("source_id") if line.get("related_object") == kind.word else None
    keys = (sent.get("source_id"), related, sent.get("id"), line.get(f"{kind.word}_id"))
    return next((key for key in keys if key), None)


def _owners(uow: UnitOfWork, skus: Mapping[str, Mapping[str, Any]], lines: Lines) -> dict[str, str]:
    """The products that the lines of SKUs name, by the SKU's key."""
    named = {}
    for line in lines:
        sku, product = _key(_SKU, line), _key(_PRODUCT, line)
        if sku is not None and sku in skus and product is not None:
            named[sku] = product
    known = _find(uow, _PRODUCT, named.values(), "FOR KEY SHARE")
    return {
        sku: known[product][0]
        for sku, product in named.items()
        if product in known and not known[product][1]
    }


def _find(
    uow: UnitOfWork, kind: _Kind, keys: Iterable[str], lock: str = ""
) -> dict[str, tuple[str, bool]]:
    """Id of each known key, and whether it is in the bin."""
    rows = uow.driver.execute(
        f"SELECT id, source_id, binned_at IS NOT NULL FROM {kind.table}"
        " WHERE project_id = %(project_id)s AND (id = ANY(%(keys)s) OR source_id = ANY(%(keys)s))"
        f" ORDER BY id {lock}",
        {"project_id": uow.project_id, "keys": list(keys)},
    ).fetchall()
    known = {source_id: (row_id, is_binned) for row_id, source_id, is_binned in rows}
    return known | {row_id: (row_id, is_binned) for row_id, _, is_binned in rows}


def _store(
    uow: UnitOfWork,
    kind: _Kind,
    wanted: Mapping[str, Mapping[str, Any]],
    owners: Mapping[str, str],
    schemas: MetadataSchemas,
) -> None:
    known = _find(uow, kind, wanted, "FOR NO KEY UPDATE")
    old, new = [], []
    for key, sent in sorted(wanted.items()):
        entry = {
            "title": sent.get(kind.title),
            "price": None if sent.get("price") is None else int(sent["price"]),
            "metadata": sent.get("metadata") or {},
        }
        if key in known:
            entry_id, is_binned = known[key]
            if is_binned:
                raise _in_bin(kind, key)
            old.append(entry | {"id": entry_id})
        else:
            refuse_invalid(schemas, "product", sent.get("metadata"), is_creation=True)
            owner = _owner(key, owners) if kind is _SKU else None
            entry |= {"id": ids.new_id(kind.prefix), "source_id": key, "product_id": owner}
            new.append(entry)
    _replace(uow, kind, old)
    _create(uow, kind, new)


def _owner(sku: str, owners: Mapping[str, str]) -> str:
    if sku not in owners:
        raise KuponError("invalid_sku", f"Cannot store sku {sku} without a known product")
    return owners[sku]


def _in_bin(kind: _Kind, key: str) -> KuponError:
    return duplicate_found(kind.word, "source_id", key)


_COLUMNS = (
    "AS i(id text, source_id text, product_id text, title text, price bigint, metadata jsonb)"
)


def _replace(uow: UnitOfWork, kind: _Kind, entries: list[dict[str, Any]]) -> None:
    if not entries:
        return
    uow.driver.execute(
        f"UPDATE {kind.table} t SET {kind.title} = coalesce(i.title, t.{kind.title}),"
        " price = coalesce(i.price, t.price),"
        " metadata = CASE WHEN i.metadata = '{}' THEN t.metadata ELSE i.metadata END,"
        f" updated_at = %(now)s FROM jsonb_to_recordset(%(entries)s) {_COLUMNS}"
        " WHERE t.project_id = %(project_id)s AND t.id = i.id",
        {"project_id": uow.project_id, "now": uow.now, "entries": Jsonb(entries)},
    )


def _create(uow: UnitOfWork, kind: _Kind, entries: list[dict[str, Any]]) -> None:
    if not entries:
        return
    owner = ", product_id" if kind is _SKU else ""
    stored = uow.driver.execute(
        f"INSERT INTO {kind.table} AS t (project_id, id, source_id{owner}, {kind.title}, price,"
        f" metadata, created_at) SELECT %(project_id)s, i.id, i.source_id{owner}, i.title, i.price,"
        f" i.metadata, %(now)s FROM jsonb_to_recordset(%(entries)s) {_COLUMNS} ORDER BY i.source_id"
        # Another transaction may have created one since we looked.
        f" ON CONFLICT (project_id, source_id) DO UPDATE"
        f" SET {kind.title} = coalesce(EXCLUDED.{kind.title}, t.{kind.title}),"
        " price = coalesce(EXCLUDED.price, t.price),"
        " metadata = CASE WHEN EXCLUDED.metadata = '{}' THEN t.metadata ELSE EXCLUDED.metadata END,"
        " updated_at = EXCLUDED.created_at WHERE t.binned_at IS NULL RETURNING t.source_id",
        {"project_id": uow.project_id, "now": uow.now, "entries": Jsonb(entries)},
    ).fetchall()
    missing = {entry["source_id"] for entry in entries}.difference(row[0] for row in stored)
    if missing:
        raise _in_bin(kind, min(missing))
