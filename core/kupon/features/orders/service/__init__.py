"""Use cases of orders; `cart` is the part that validations and redemptions share."""

from kupon.features.orders.service.cart import build_order as build_order
from kupon.features.orders.service.cart import catalogue_keys as catalogue_keys
from kupon.features.orders.service.cart import check_amounts as check_amounts
from kupon.features.orders.service.cart import merge_cart as merge_cart
from kupon.features.orders.service.cart import new_line_id as new_line_id
from kupon.features.orders.service.metadata import (
    check_order_metadata as check_order_metadata,
)
from kupon.features.orders.service.placing import create_order as create_order
from kupon.features.orders.service.placing import get_order as get_order
from kupon.features.orders.service.placing import list_orders as list_orders
from kupon.features.orders.service.placing import order_events as order_events
from kupon.features.orders.service.placing import update_order as update_order
