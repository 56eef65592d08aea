"""Statements on categories. Each change of one bumps the project's revision."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kupon.kit.errors import duplicate_found, not_found
from kupon.storage.queries.projects import bump_revision
from kupon.storage.refusing import refusing
from kupon.storage.tables.categories import Category
from kupon.storage.uow import UnitOfWork


def insert_category(uow: UnitOfWork, category_id: str, name: str, hierarchy: int) -> Category:
    """Store a category.

    Raises:  duplicate_found when the project has the name.
    """
    category = Category(
        project_id=uow.project_id,
        id=category_id,
        name=name,
        hierarchy=hierarchy,
        created_at=uow.now,
    )
    uow.session.add(category)
    save_category(uow, category)
    return category


def save_category(uow: UnitOfWork, category: Category) -> None:
    """Write a new or changed category.

    Raises:  duplicate_found when another one of the project has the name.
    """
    error = duplicate_found("category", "name", category.name)
    with refusing("uq_categories_project_id_name", error):
        uow.session.flush()
    bump_revision(uow, ("category", category.id))


def get_category(uow: UnitOfWork, category_id: str) -> Category:
    """A category by id.

    Raises:  not_found.
    """
    category = uow.session.get(Category, (uow.project_id, category_id))
    if category is None:
        raise not_found("category", category_id)
    return category


def list_categories(uow: UnitOfWork) -> Sequence[Category]:
    """All categories of the project, in the order in which they are applied."""
    return uow.session.scalars(
        select(Category)
        .where(Category.project_id == uow.project_id)
        .order_by(Category.hierarchy, Category.id)
    ).all()


def find_categories(uow: UnitOfWork, ids: Sequence[str]) -> Sequence[Category]:
    """Those of the given categories that exist."""
    if not ids:
        return []
    return uow.session.scalars(
        select(Category).where(Category.project_id == uow.project_id, Category.id.in_(ids))
    ).all()


def find_category_by_name(uow: UnitOfWork, name: str) -> Category | None:
    """The category of that name, or None."""
    return uow.session.scalar(
        select(Category).where(Category.project_id == uow.project_id, Category.name == name)
    )


def delete_category(uow: UnitOfWork, category: Category) -> None:
    """Remove a category; what referred to it counts as uncategorised."""
    uow.session.delete(category)
    uow.session.flush()
    bump_revision(uow, ("category", category.id))
