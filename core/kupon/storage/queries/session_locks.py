"""Uses of codes that validation sessions hold.

Source: spec discounts-and-stacking, section 11.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kupon.kit.errors import RaceLost
from kupon.storage.locks import lock_vouchers
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork


def hold(
    uow: UnitOfWork, vouchers: Sequence[VoucherFacts], session_key: str, expires_at: datetime
) -> None:
    """Hold one use of each code for a session, in place of what it held before.

    Raises:  RaceLost when a limited code was used or held by someone else since it was read.
    Locks:   the limited codes, by id.
    """
    limited = [voucher for voucher in vouchers if voucher.redemption_quantity is not None]
    if limited:
        _claim(uow, limited)
    held = [voucher.id for voucher in vouchers]
    uow.driver.execute(
        "DELETE FROM session_locks"
        " WHERE project_id = %s AND session_key = %s AND voucher_id <> ALL(%s)",
        (uow.project_id, session_key, held),
    )
    uow.driver.execute(
        "INSERT INTO session_locks (project_id, voucher_id, session_key, expires_at)"
        " SELECT %s, voucher_id, %s, %s FROM unnest(%s::text[]) AS voucher_id ORDER BY voucher_id"
        " ON CONFLICT (project_id, voucher_id, session_key)"
        " DO UPDATE SET expires_at = excluded.expires_at",
        (uow.project_id, session_key, expires_at, held),
    )


def _claim(uow: UnitOfWork, vouchers: Sequence[VoucherFacts]) -> None:
    """Bump the codes' lock revision, so that redemptions under way notice the new lock."""
    lock_vouchers(uow, (voucher.id for voucher in vouchers))
    bumped = uow.driver.execute(
        "UPDATE vouchers v SET locks_revision = v.locks_revision + 1"
        " FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS seen(id, locked, revision)"
        " WHERE v.project_id = %s AND v.id = seen.id AND v.locks_revision = seen.revision"
        " AND v.redeemed_quantity + seen.locked < v.redemption_quantity",
        (
            [voucher.id for voucher in vouchers],
            [voucher.locked_quantity for voucher in vouchers],
            [voucher.locks_revision for voucher in vouchers],
            uow.project_id,
        ),
    ).rowcount
    if bumped < len(vouchers):
        raise RaceLost


def release(uow: UnitOfWork, voucher_id: str, session_key: str) -> bool:
    """Give back what a session holds of one code; whether it held any."""
    deleted = uow.driver.execute(
        "DELETE FROM session_locks"
        " WHERE project_id = %s AND voucher_id = %s AND session_key = %s AND expires_at > %s",
        (uow.project_id, voucher_id, session_key, uow.now),
    )
    return deleted.rowcount > 0


def purge(uow: UnitOfWork) -> int:
    """Forget the locks of all projects that have expired; how many."""
    return uow.driver.execute(
        "DELETE FROM session_locks WHERE expires_at <= %s", (uow.now,)
    ).rowcount
