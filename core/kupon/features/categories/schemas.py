"""Wire shapes of categories."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.categories import Category as CategoryRow
from kupon.web.fields import (
    CountedList,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
)
from kupon.web.query import Switch

LONGEST_NAME = 500
HIERARCHY = between(0, 2**31 - 1)


class CategoryCreate(WireSchema):
    """Body of creation."""

    name = Text(required=True, validate=at_most(LONGEST_NAME))
    hierarchy = Whole(required=True, validate=HIERARCHY)


class CategoryUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(validate=at_most(LONGEST_NAME))
    hierarchy = Whole(validate=HIERARCHY)


class CategoryDeletion(WireSchema):
    """What to do about stacking rules that name the category: drop it there too, or refuse."""

    remove_from_stacking_rules = Switch(load_default=False)


class Category(WireSchema):
    """A category."""

    id = Text(required=True)
    name = Text(required=True)
    hierarchy = Whole(required=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class CategoryList(CountedList):
    """All categories of the project."""

    data = Many(Part(Category), required=True)


def dump_category(row: CategoryRow) -> dict[str, Any]:
    """The wire's category."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "hierarchy": row.hierarchy,
        "created_at": format_moment(row.created_at),
    }
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body | {"object": "category"}
