"""Shopify: products, customers and orders of a shop come in, Kupon's codes go out as discounts.

Platform documents: GraphQL Admin API 2026-10, webhooks, privacy law compliance, client credentials
grant, API limits.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon_shopify.adapter import ShopifyAdapter


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """Bring the adapter."""
    return [ShopifyAdapter]
