"""A connection at work in a unit: whose it is, what the project allows, and what was noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.metadata import MetadataSchemas, check
from kupon.features.integrations.service.terms import OrderTerms
from kupon.features.redemptions.service import Caller
from kupon.hooks.tenancy import installed
from kupon.kit.calendar import Calendar
from kupon.storage.queries.customer_merging import find_alias
from kupon.storage.queries.keys import ProjectFacts, load_facts
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork


@dataclass(slots=True)
class Scene:
    """What commands of one connection are applied in.

    Shapes: notes are what an operator should know though nothing failed; counts go into the
        connection's statistics. tells_orders says that the platform is told what became of the
        incentives of its orders.
    """

    project: ProjectFacts
    schemas: MetadataSchemas
    connection_id: str
    api_key: str
    installed_at: datetime
    terms: OrderTerms
    tells_orders: bool = False
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def caller(self) -> Caller:
        """Through what redemptions come in, of orders that are charged already."""
        return Caller(channel_id=self.api_key, is_partial=True)

    def day(self, now: datetime) -> str:
        """The project's day of a moment."""
        return Calendar(now, ZoneInfo(self.project.timezone)).today.isoformat()

    def fitting(self, related_object: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A body without the metadata that its schema refuses, which is counted instead.

        Source:  spec adapters-marketing, section 1.6.
        """
        schema, sent = self.schemas.get(related_object), fields.get("metadata")
        if schema is None or not isinstance(sent, Mapping):
            return dict(fields)
        kept = {
            key: value
            for key, value in sent.items()
            if not check({key: value}, schema, is_creation=False)
        }
        self.counts["metadata.dropped"] += len(sent) - len(kept)
        return {**fields, "metadata": kept}

    def customer(
        self, uow: UnitOfWork, source_id: str, fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A customer's body by its source id, or by that of the customer it was merged into."""
        return {**self.fitting("customer", fields), "source_id": find_alias(uow, source_id)}


def open_scene(uow: UnitOfWork, row: Connection) -> Scene:
    """Let a unit work for a connection: what it causes from now on tells so."""
    api_key = row.key_id or row.id
    adapter = installed().contributions.adapters.get(row.adapter)
    uow.source = {"channel": "API", "api_key": {"name": row.name, "app_id": api_key}}
    uow.origin = f"connection:{row.id}"
    return Scene(
        project=load_facts(uow),
        schemas=load_schemas(uow),
        connection_id=row.id,
        api_key=api_key,
        installed_at=row.created_at,
        terms=OrderTerms.read(row.settings),
        tells_orders=adapter is not None and adapter.manifest().can("orders.push"),
    )
