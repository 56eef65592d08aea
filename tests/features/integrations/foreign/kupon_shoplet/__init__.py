"""Shoplet, a small imaginary shop, as a foreign distribution would bring it."""

from kupon.hooks import hookimpl
from kupon_shoplet.adapter import ShopletAdapter


@hookimpl
def register_adapters():
    """Bring the adapter."""
    return [ShopletAdapter]
