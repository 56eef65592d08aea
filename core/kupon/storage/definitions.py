"""A project's definitions as evaluations use them, kept in the process until they change.

Source: spec discounts-and-stacking, section 9.1.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.collections import Collections
from kupon.engine.locations import Locations
from kupon.engine.metadata import MetadataSchemas
from kupon.engine.model import Category, StackingRules
from kupon.engine.segments import Segments
from kupon.hooks.activation import Activation
from kupon.kit.errors import not_found
from kupon.kit.timestamps import format_moment
from kupon.runtime.memory import uncollected
from kupon.storage.programmes import Programmes, load_programmes
from kupon.storage.promotions import Promotions, compile_promotions
from kupon.storage.queries.listeners import Listeners, load_listeners
from kupon.storage.queries.locations import load_locations
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.queries.product_collections import load_collections
from kupon.storage.queries.project_plugins import load_activations
from kupon.storage.queries.projects import find_changes
from kupon.storage.queries.segments import load_segments
from kupon.storage.uow import UnitOfWork

MOST_PROJECTS = 1000

_NEVER_ECHOED = frozenset(
    (
        "discount_calculation_mode",
        "initial_amount_mode_categories",
        "discounted_amount_mode_categories",
    )
)


@dataclass(frozen=True, slots=True)
class CategoryDefinition:
    """A category for the engine, and as answers print it."""

    category: Category
    wire: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Definitions:
    """What holds for every evaluation of a project at one revision.

    Shapes: stacking_rules_wire and the categories' wire forms go into answers as they are; they
        are shared by all requests, so nobody may change them.
    """

    revision: int
    timezone: ZoneInfo
    week_start: int
    stacking_rules: StackingRules
    stacking_rules_wire: Mapping[str, Any]
    categories: Mapping[str, CategoryDefinition]
    segments: Segments
    collections: Collections
    locations: Locations
    metadata_schemas: MetadataSchemas
    programmes: Programmes
    promotions: Promotions
    plugins: Mapping[str, Activation] = field(default_factory=dict)
    listeners: Listeners = field(default_factory=Listeners)

    def category(self, category_id: str | None) -> Mapping[str, Any] | None:
        """A category as answers print it, with its role in stacking; None if it doesn't exist."""
        found = self.categories.get(category_id) if category_id is not None else None
        return None if found is None else found.wire

    def engine_category(self, category_id: str | None) -> Category | None:
        """A category as the engine takes it; None if it doesn't exist."""
        found = self.categories.get(category_id) if category_id is not None else None
        return None if found is None else found.category


class DefinitionCache:
    """The definitions of the projects that this process has served lately; safe for threads."""

    def __init__(self, most: int = MOST_PROJECTS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Definitions] = OrderedDict()

    def get(self, uow: UnitOfWork, project_id: str, revision: int) -> Definitions:
        """The definitions of a project whose revision was just read to be `revision`.

        Shapes:  read only when the revision is another than the known one. A unit of work that
            changes definitions must not ask: what it has not committed would be kept.
        Raises:  not_found for an unknown project.
        """
        with self._lock:
            known = self._known.get(project_id)
            if known is not None and known.revision == revision:
                self._known.move_to_end(project_id)
                return known
        with uncollected():
            definitions = load_definitions(uow, project_id, known)
        with self._lock:
            self._known[project_id] = definitions
            self._known.move_to_end(project_id)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return definitions


_STATEMENT = (
    "SELECT p.revision, p.timezone, p.week_start, p.stacking_rules,"
    " c.id, c.name, c.hierarchy, c.created_at, c.updated_at"
    " FROM projects p LEFT JOIN categories c ON c.project_id = p.id"
    " WHERE p.id = %s ORDER BY c.hierarchy, c.id"
)


def load_definitions(
    uow: UnitOfWork, project_id: str, known: Definitions | None = None
) -> Definitions:
    """Read the definitions of a project; known is an older state to start from.

    Shapes:  what comes by the hundred is read anew each time, rules and promotions only where
        they changed.
    Raises:  not_found.
    """
    rows = uow.reader.execute(_STATEMENT, (project_id,)).fetchall()
    if not rows:
        raise not_found("project", project_id)
    revision, timezone, week_start, stored, *_ = rows[0]
    rules = read_stacking_rules(stored)
    changes = None if known is None else find_changes(uow, known.revision)
    categories = {row[4]: _category(row[4:], rules) for row in rows if row[4] is not None}
    schemas = load_schemas(uow)
    programmes = load_programmes(uow, schemas, None if known is None else known.programmes, changes)
    return Definitions(
        revision=revision,
        timezone=ZoneInfo(timezone),
        week_start=week_start,
        stacking_rules=rules,
        stacking_rules_wire=_echo(rules),
        categories=categories,
        segments=load_segments(uow),
        collections=load_collections(uow),
        locations=load_locations(uow),
        metadata_schemas=schemas,
        programmes=programmes,
        promotions=compile_promotions(
            programmes,
            {category_id: found.category for category_id, found in categories.items()},
            Promotions() if known is None else known.promotions,
            uow.now,
        ),
        plugins=load_activations(uow),
        listeners=load_listeners(uow),
    )


def read_stacking_rules(stored: Mapping[str, Any] | None) -> StackingRules:
    """Stored rules for the engine; fields that were never set have their defaults.

    Source:  spec discounts-and-stacking, section 9.1.
    """
    names = {each.name for each in fields(StackingRules)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in (stored or {}).items()
        if name in names
    }
    return StackingRules(**values)


def write_stacking_rules(rules: StackingRules) -> dict[str, Any]:
    """All rules as they are stored and as the management surface prints them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(rules).items()
    }


def _echo(rules: StackingRules) -> dict[str, Any]:
    wire = {
        name: value
        for name, value in write_stacking_rules(rules).items()
        if value is not None and name not in _NEVER_ECHOED
    }
    # UNCERTAIN: the reference requires a number here, and says of the default that nothing limits
    # a category but the limit of all (discounts-and-stacking, K5).
    wire.setdefault("applicable_redeemables_per_category_limit", rules.applicable_redeemables_limit)
    return wire


def _category(row: tuple[Any, ...], rules: StackingRules) -> CategoryDefinition:
    category_id, name, hierarchy, created_at, updated_at = row
    wire = {
        "id": category_id,
        "name": name,
        "hierarchy": hierarchy,
        "object": "category",
        "created_at": format_moment(created_at),
    }
    if updated_at is not None:
        wire["updated_at"] = format_moment(updated_at)
    if category_id in rules.exclusive_categories:
        wire["stacking_rules_type"] = "EXCLUSIVE"
    elif category_id in rules.joint_categories:
        wire["stacking_rules_type"] = "JOINT"
    return CategoryDefinition(Category(id=category_id, hierarchy=hierarchy), wire)
