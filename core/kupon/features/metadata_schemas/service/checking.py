"""Checking metadata that is about to be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.metadata import refuse_invalid
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.uow import UnitOfWork


def check_metadata(
    uow: UnitOfWork, related_object: str, body: Mapping[str, Any], *, is_creation: bool
) -> None:
    """Refuse a body whose metadata its project's schema does not allow.

    Shapes:  a body without metadata is only wrong where something is created without what is
        required.
    Raises:  metadata_validation_failed.
    """
    if is_creation or body.get("metadata"):
        schemas = load_schemas(uow)
        refuse_invalid(schemas, related_object, body.get("metadata"), is_creation=is_creation)
