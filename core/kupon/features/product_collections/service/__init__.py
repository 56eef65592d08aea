"""Use cases of product collections."""

from kupon.features.product_collections.service.definitions import (
    create_collection as create_collection,
)
from kupon.features.product_collections.service.definitions import (
    delete_collection as delete_collection,
)
from kupon.features.product_collections.service.definitions import get_collection as get_collection
from kupon.features.product_collections.service.definitions import (
    list_activities as list_activities,
)
from kupon.features.product_collections.service.definitions import (
    list_collections as list_collections,
)
from kupon.features.product_collections.service.definitions import (
    update_collection as update_collection,
)
from kupon.features.product_collections.service.members import list_products as list_products
