"""How filters compare metadata: as the types that its schema gives to keys."""

from __future__ import annotations

from collections.abc import Iterator

from kupon.engine.metadata import MetadataSchema
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.uow import UnitOfWork

# Keys with their types; hashable, so that what was read by them can be kept.
Kinds = tuple[tuple[str, str], ...]


def load_kinds(uow: UnitOfWork, related_object: str) -> Kinds:
    """The types of a kind of object's metadata; `a.b` is key b of the nested object a."""
    schema = load_schemas(uow).get(related_object)
    return () if schema is None else tuple(sorted(_kinds(schema, "")))


def _kinds(schema: MetadataSchema, prefix: str) -> Iterator[tuple[str, str]]:
    for key, known in schema.properties.items():
        yield prefix + key, known.type
        if known.nested is not None:
            yield from _kinds(known.nested, f"{prefix}{key}.")
