"""The schema, one file per family; importing this package knows every table."""

from kupon.storage.tables import (  # noqa: F401 - registers the tables on Base.metadata
    activities,
    async_actions,
    campaigns,
    categories,
    customers,
    idempotency,
    orders,
    outbox,
    products,
    projects,
    redemptions,
    vouchers,
)
from kupon.storage.tables.base import Base as Base
