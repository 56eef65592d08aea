"""The one order in which rows are locked.

The customer who is given codes first, then counters of rules, the order, rewards by id, tiers by
id, codes by id, session locks.

Every transaction that locks more than one row goes this way, whatever order its request lists
things in; so no two of them can wait for each other. What a card buys by itself is found out with
the card locked: where that gives a customer the first card of another campaign, PostgreSQL may have
to end a circle of waiting, and the attempt is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable

from kupon.storage.uow import UnitOfWork


def lock_tiers(uow: UnitOfWork, tier_ids: Iterable[str]) -> None:
    """Lock several promotion tiers of the project.

    Locks:  tiers by ascending id.
    """
    uow.driver.execute(
        "SELECT 1 FROM promotion_tiers WHERE project_id = %s AND id = ANY(%s)"
        " ORDER BY id FOR NO KEY UPDATE",
        (uow.project_id, sorted(tier_ids)),
    )


def lock_vouchers(uow: UnitOfWork, voucher_ids: Iterable[str]) -> None:
    """Lock several codes of the project.

    Locks:  vouchers by ascending id.
    """
    uow.driver.execute(
        "SELECT 1 FROM vouchers WHERE project_id = %s AND id = ANY(%s) ORDER BY id FOR UPDATE",
        (uow.project_id, sorted(voucher_ids)),
    )
