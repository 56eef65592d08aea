"""Use cases of categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.categories import schemas
from kupon.kit.errors import KuponError, not_found
from kupon.kit.pages import list_body
from kupon.runtime import ids
from kupon.storage.queries import categories, stacking_rules
from kupon.storage.uow import UnitOfWork


def create_category(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a category; its name must be new to the project."""
    row = categories.insert_category(uow, ids.new_id("cat_"), body["name"], body["hierarchy"])
    return schemas.dump_category(row)


def get_category(uow: UnitOfWork, category_id: str) -> dict[str, Any]:
    """One category."""
    return schemas.dump_category(categories.get_category(uow, category_id))


def list_categories(uow: UnitOfWork) -> dict[str, Any]:
    """All categories, the first applied first."""
    rows = [schemas.dump_category(row) for row in categories.list_categories(uow)]
    return list_body("data", rows, total=len(rows))


def update_category(uow: UnitOfWork, category_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change name or hierarchy."""
    row = categories.get_category(uow, category_id)
    row.name = body.get("name", row.name)
    row.hierarchy = body.get("hierarchy", row.hierarchy)
    row.updated_at = uow.now
    categories.save_category(uow, row)
    return schemas.dump_category(row)


def delete_category(uow: UnitOfWork, category_id: str, *, is_dropped_from_rules: bool) -> None:
    """Remove a category; stacking rules that name it must be told to drop it."""
    categories.delete_category(uow, categories.get_category(uow, category_id))
    rules = stacking_rules.lock_stacking_rules(uow, uow.project_id)
    if rules is None or (rest := _without(rules, category_id)) == rules:
        return
    if not is_dropped_from_rules:
        raise _in_use(category_id, rules["id"])
    stacking_rules.save_stacking_rules(uow, uow.project_id, rest)


def _without(rules: Mapping[str, Any], category_id: str) -> dict[str, Any]:
    """Stacking rules without any mention of a category, in lists or as a key of limits."""
    rest = dict(rules)
    for name, value in rules.items():
        if isinstance(value, list):
            rest[name] = [listed for listed in value if listed != category_id]
        elif isinstance(value, dict):
            rest[name] = {key: limit for key, limit in value.items() if key != category_id}
    return rest


def _in_use(category_id: str, rules_id: str) -> KuponError:
    return KuponError(
        "resource_in_use",
        f"Resource category with id {category_id} is in use by stacking_rules"
        f" with ids [{rules_id}]",
        resource_id=category_id,
        resource_type="category",
        related_object_ids=[rules_id],
        related_object_type="stacking_rules",
        related_object_total=1,
    )


def resolve_category(uow: UnitOfWork, body: Mapping[str, Any]) -> str | None:
    """The id that a body's `category_id` or `category` (a name) means; None clears it.

    Raises:  not_found for an id or name that the project lacks.
    """
    if body.get("category_id"):
        return categories.get_category(uow, body["category_id"]).id
    if body.get("category"):
        row = categories.find_category_by_name(uow, body["category"])
        if row is None:
            raise not_found("category", body["category"])
        return row.id
    return None
