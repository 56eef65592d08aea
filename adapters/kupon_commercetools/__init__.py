"""commercetools: the cart asks Kupon for its price, orders redeem, the catalogue comes in.

Platform documents: HTTP API (Carts, Orders, Customers, Product Projections, Types), API Extensions,
Subscriptions, Messages, OAuth 2.0 client credentials flow.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon_commercetools.adapter import CommercetoolsAdapter


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """Bring the adapter."""
    return [CommercetoolsAdapter]
