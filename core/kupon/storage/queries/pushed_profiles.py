"""Statements on what platforms last got of customers.

Source: spec adapters-marketing, section 1.7 (echo guard).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kupon.storage.uow import UnitOfWork


def find_digests(
    uow: UnitOfWork, connection_id: str, customer_ids: Sequence[str]
) -> dict[str, str]:
    """The digests of what a connection's platform has of customers, by customer."""
    rows = uow.driver.execute(
        "SELECT customer_id, digest FROM pushed_profiles"
        " WHERE project_id = %s AND connection_id = %s AND customer_id = ANY(%s)",
        (uow.project_id, connection_id, list(customer_ids)),
    )
    return dict(rows.fetchall())


def save_digests(uow: UnitOfWork, connection_id: str, digests: Mapping[str, str]) -> None:
    """Remember what a platform has taken, of those customers that still exist.

    Locks:  the customers' rows against removal, by id.
    """
    if digests:
        uow.driver.execute(
            "INSERT INTO pushed_profiles (project_id, connection_id, customer_id, digest,"
            " pushed_at) SELECT c.project_id, %(connection)s, c.id, d.digest, %(now)s"
            " FROM (SELECT project_id, id FROM customers WHERE project_id = %(project)s"
            "  AND id = ANY(%(customers)s) ORDER BY id FOR KEY SHARE) c"
            " JOIN unnest(%(customers)s::text[], %(digests)s::text[]) AS d(customer_id, digest)"
            "  ON d.customer_id = c.id"
            " ON CONFLICT (project_id, connection_id, customer_id)"
            " DO UPDATE SET digest = excluded.digest, pushed_at = excluded.pushed_at",
            {
                "project": uow.project_id,
                "connection": connection_id,
                "customers": list(digests),
                "digests": list(digests.values()),
                "now": uow.now,
            },
        )


def forget_digests(uow: UnitOfWork, connection_id: str) -> None:
    """Forget what a platform has, so that it hears of everybody again."""
    uow.driver.execute(
        "DELETE FROM pushed_profiles WHERE project_id = %s AND connection_id = %s",
        (uow.project_id, connection_id),
    )
