"""What the metadata of an order and of its lines may hold.

Source: spec rules-and-qualification, section 17.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.metadata import MetadataSchemas, refuse_invalid


def check_order_metadata(
    schemas: MetadataSchemas, body: Mapping[str, Any], *, is_new: bool, are_lines_new: bool
) -> None:
    """Refuse an order whose metadata, or that of a line or its article, its schema doesn't allow.

    Shapes:  is_new tells that the order is about to be created, are_lines_new that its lines are.
    Raises:  metadata_validation_failed.
    """
    if not schemas:
        return
    refuse_invalid(schemas, "order", body.get("metadata"), is_creation=is_new)
    for line in body.get("items") or ():
        refuse_invalid(schemas, "order_item", line.get("metadata"), is_creation=are_lines_new)
        for kind in ("product", "sku"):
            # UNCERTAIN: SKUs have the schema of products (rules-and-qualification, section 17).
            article = line.get(kind) or {}
            refuse_invalid(schemas, "product", article.get("metadata"), is_creation=False)
