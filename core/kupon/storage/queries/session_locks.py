"""Uses of codes, and credits of cards, that validation sessions hold.

Source: spec discounts-and-stacking, section 11.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kupon.kit.errors import RaceLost
from kupon.storage.ledger import LEFT
from kupon.storage.locks import lock_vouchers
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Hold:
    """One use of a code to be held, and of a card so many credits."""

    voucher: VoucherFacts
    credits: int = 0

    @property
    def is_limited(self) -> bool:
        """Whether there is not enough for everybody."""
        return self.credits > 0 or self.voucher.redemption_quantity is not None


def hold(uow: UnitOfWork, holds: Sequence[Hold], session_key: str, expires_at: datetime) -> None:
    """Hold what a session may use, in place of what it held before.

    Raises:  RaceLost when a limited code was used or held by someone else since it was read.
    Locks:   the limited codes, by id.
    """
    limited = [each for each in holds if each.is_limited]
    if limited:
        _claim(uow, limited)
    held = [each.voucher.id for each in holds]
    uow.driver.execute(
        "DELETE FROM session_locks"
        " WHERE project_id = %s AND session_key = %s AND voucher_id <> ALL(%s)",
        (uow.project_id, session_key, held),
    )
    uow.driver.execute(
        "INSERT INTO session_locks (project_id, voucher_id, session_key, expires_at, credits)"
        " SELECT %s, held.voucher_id, %s, %s, held.credits"
        " FROM unnest(%s::text[], %s::bigint[]) AS held(voucher_id, credits) ORDER BY 1"
        " ON CONFLICT (project_id, voucher_id, session_key)"
        " DO UPDATE SET expires_at = excluded.expires_at, credits = excluded.credits",
        (uow.project_id, session_key, expires_at, held, [each.credits for each in holds]),
    )


def _claim(uow: UnitOfWork, holds: Sequence[Hold]) -> None:
    """Bump the codes' lock revision, so that redemptions under way notice the new lock."""
    vouchers = [each.voucher for each in holds]
    lock_vouchers(uow, (voucher.id for voucher in vouchers))
    bumped = uow.driver.execute(
        "UPDATE vouchers v SET locks_revision = v.locks_revision + 1"
        " FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
        " AS seen(id, locked, revision, credits, locked_credits)"
        " WHERE v.project_id = %s AND v.id = seen.id AND v.locks_revision = seen.revision"
        " AND (v.redemption_quantity IS NULL"
        "  OR v.redeemed_quantity + seen.locked < v.redemption_quantity)"
        f" AND {LEFT.format('v')} - seen.locked_credits >= seen.credits",
        (
            [voucher.id for voucher in vouchers],
            [voucher.locked_quantity for voucher in vouchers],
            [voucher.locks_revision for voucher in vouchers],
            [each.credits for each in holds],
            [voucher.locked_credits for voucher in vouchers],
            uow.project_id,
        ),
    ).rowcount
    if bumped < len(vouchers):
        raise RaceLost


def locked_credits(uow: UnitOfWork, voucher_id: str) -> int:
    """What sessions hold of a card at this moment.

    Locks:  the card must be locked, so that no session takes more meanwhile.
    """
    row = uow.driver.execute(
        "SELECT coalesce(sum(credits), 0)::bigint FROM session_locks"
        " WHERE project_id = %s AND voucher_id = %s AND expires_at > %s",
        (uow.project_id, voucher_id, uow.now),
    ).fetchone()
    return int(row[0]) if row is not None else 0


def release(uow: UnitOfWork, voucher_id: str, session_key: str) -> bool:
    """Give back what a session holds of one code; whether it held any."""
    deleted = uow.driver.execute(
        "DELETE FROM session_locks"
        " WHERE project_id = %s AND voucher_id = %s AND session_key = %s AND expires_at > %s",
        (uow.project_id, voucher_id, session_key, uow.now),
    )
    return deleted.rowcount > 0


def release_all(uow: UnitOfWork, session_key: str) -> int:
    """Give back all that a session holds; of how many codes."""
    return uow.driver.execute(
        "DELETE FROM session_locks WHERE project_id = %s AND session_key = %s",
        (uow.project_id, session_key),
    ).rowcount


def extend(uow: UnitOfWork, session_key: str, expires_at: datetime) -> int:
    """Let a session hold at least until a moment what it holds now; how many codes."""
    return uow.driver.execute(
        "UPDATE session_locks SET expires_at = %s"
        " WHERE project_id = %s AND session_key = %s AND expires_at > %s AND expires_at < %s",
        (expires_at, uow.project_id, session_key, uow.now, expires_at),
    ).rowcount


def purge(uow: UnitOfWork) -> int:
    """Forget the locks of all projects that have expired; how many."""
    return uow.driver.execute(
        "DELETE FROM session_locks WHERE expires_at <= %s", (uow.now,)
    ).rowcount
