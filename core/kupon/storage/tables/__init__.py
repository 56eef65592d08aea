"""The schema, one file per family; importing this package knows every table."""

from kupon.storage.tables import (  # noqa: F401 - registers the tables on Base.metadata
    activities,
    async_actions,
    campaigns,
    categories,
    customers,
    definition_activities,
    definition_changes,
    idempotency,
    locations,
    metadata_schemas,
    orders,
    outbox,
    product_collections,
    products,
    projects,
    promotions,
    redemptions,
    rule_counters,
    segments,
    validation_rules,
    vouchers,
)
from kupon.storage.tables.base import Base as Base
