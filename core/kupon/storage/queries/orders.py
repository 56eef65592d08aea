"""Statements on orders. Rows are dicts of the table's columns without project_id.

Source: spec api-conventions, sections 7, 9 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from kupon.kit.errors import RaceLost, duplicate_found, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.refusing import refusing
from kupon.storage.tables.orders import Order
from kupon.storage.uow import UnitOfWork

Row = dict[str, Any]

_NAMES = tuple(column.name for column in Order.__table__.columns if column.name != "project_id")
_COLUMNS = ", ".join(_NAMES)


def find_order(
    uow: UnitOfWork,
    *,
    id: str | None = None,
    source_id: str | None = None,
    is_locked: bool = False,
) -> Row | None:
    """The order of an id, else the one of a source id; None where there is none.

    Locks:   the order's row, when asked to.
    """
    column, value = ("id", id) if id is not None else ("source_id", source_id)
    return _fetch(
        uow,
        f"SELECT {_COLUMNS} FROM orders WHERE project_id = %(project_id)s"
        f" AND {column} = %(value)s{' FOR UPDATE' if is_locked else ''}",
        {"value": value},
    )


def get_order(uow: UnitOfWork, reference: str) -> Row:
    """The order that a path names: by id, else by source id.

    Raises:  not_found.
    """
    row = _fetch(
        uow,
        f"SELECT {_COLUMNS} FROM orders WHERE project_id = %(project_id)s"
        " AND (id = %(value)s OR source_id = %(value)s) ORDER BY id = %(value)s DESC LIMIT 1",
        {"value": reference},
    )
    if row is None:
        raise not_found("order", reference)
    return row


def see_order(uow: UnitOfWork, order_id: str) -> Row:
    """An order that something is to be decided about.

    Shapes:  besides the columns `version`, which is another one after each change: dates tell no
        more than milliseconds.
    Raises:  not_found.
    """
    row = _fetch(
        uow,
        f"SELECT {_COLUMNS}, xmin::text AS version FROM orders"
        " WHERE project_id = %(project_id)s AND id = %(value)s",
        {"value": order_id},
    )
    if row is None:
        raise not_found("order", order_id)
    return row


def insert_order(uow: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Store a new order.

    Raises:  RaceLost when another request has stored the source id since we looked.
    """
    values = ", ".join(f"%({name})s" for name in _NAMES)
    stored = _fetch(
        uow,
        f"INSERT INTO orders (project_id, {_COLUMNS}) VALUES (%(project_id)s, {values})"
        " ON CONFLICT (project_id, source_id) DO NOTHING RETURNING id",
        _parameters(row),
    )
    if stored is None:
        raise RaceLost


def update_order(uow: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Write a changed order, whose row is locked.

    Raises:  duplicate_found when another order of the project has the source id.
    """
    values = ", ".join(f"{name} = %({name})s" for name in _NAMES if name != "id")
    error = duplicate_found("order", "source_id", str(row["source_id"]))
    with refusing("uq_orders_project_id_source_id", error):
        uow.driver.execute(
            f"UPDATE orders SET {values} WHERE project_id = %(project_id)s AND id = %(id)s",
            _parameters(row) | {"project_id": uow.project_id},
        )


_ORDERS = Listing(
    Order,
    fields={
        "created_at": MomentField(Order.created_at),
        "updated_at": MomentField(Order.updated_at),
    },
)


def list_orders(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[Row]:
    """One page of orders; plain dates are days of the time zone."""
    page = fetch_page(uow, _ORDERS, request, tz=tz)
    return Page([_as_row(order) for order in page.rows], page.total, page.has_more)


def _as_row(order: Order) -> Row:
    return {
        column.name: getattr(order, attribute.key)
        for attribute in Order.__mapper__.column_attrs
        for column in attribute.columns
        if column.name != "project_id"
    }


def _parameters(row: Mapping[str, Any]) -> Row:
    return {
        name: Jsonb(value) if isinstance(value, dict | list) else value
        for name, value in row.items()
    }


def _fetch(uow: UnitOfWork, statement: str, parameters: Row) -> Row | None:
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        parameters["project_id"] = uow.project_id
        return cursor.execute(statement, parameters).fetchone()
