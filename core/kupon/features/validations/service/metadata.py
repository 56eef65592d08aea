"""What the metadata in a request to validate or redeem may hold.

Source: spec rules-and-qualification, section 17.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.metadata import MetadataSchemas, refuse_invalid
from kupon.features.orders import service as orders


def check_payload(schemas: MetadataSchemas, body: Mapping[str, Any]) -> None:
    """Refuse a request in which a key of the redemption, customer or order breaks its schema.

    Raises:  metadata_validation_failed.
    """
    if not schemas:
        return
    refuse_invalid(schemas, "redemption", body.get("metadata"), is_creation=False)
    customer = body.get("customer") or {}
    refuse_invalid(schemas, "customer", customer.get("metadata"), is_creation=False)
    order = body.get("order") or {}
    orders.check_order_metadata(schemas, order, is_new=False, are_lines_new=False)


def check_creation(
    schemas: MetadataSchemas, body: Mapping[str, Any], *, is_new_order: bool
) -> None:
    """Refuse a redemption in which it, or the order that it stores, lacks a required key.

    Raises:  metadata_validation_failed.
    """
    if not schemas:
        return
    refuse_invalid(schemas, "redemption", body.get("metadata"), is_creation=True)
    order = body.get("order")
    if order:
        orders.check_order_metadata(schemas, order, is_new=is_new_order, are_lines_new=True)
