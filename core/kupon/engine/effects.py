"""What decisions ask storage to do; `storage.apply` carries it out under guards."""

from __future__ import annotations

from kupon.kit.lean import dataclass


@dataclass(frozen=True, slots=True)
class UseVoucher:
    """Count one use of a code, unless its quantity (less what sessions hold) is used up.

    Units:  credits are what a card pays, in minor units, and locked_credits what other sessions
        hold of it; both are 0 for what has no balance.
    """

    voucher_id: str
    locked_quantity: int
    credits: int = 0
    locked_credits: int = 0


@dataclass(frozen=True, slots=True)
class UseTier:
    """Count one use of a promotion tier, as long as it is active.

    Units: amount is the order's, discount_amount what the tier took off, in minor units.
    """

    tier_id: str
    amount: int
    discount_amount: int


Use = UseVoucher | UseTier


@dataclass(frozen=True, slots=True)
class RestoreVoucher:
    """Give one use of a code back, with the credits that it cost."""

    voucher_id: str
    credits: int = 0


@dataclass(frozen=True, slots=True)
class RestoreTier:
    """Take one use of a promotion tier out of its sums.

    Units: minor units, as in UseTier.
    """

    tier_id: str
    amount: int
    discount_amount: int


Restore = RestoreVoucher | RestoreTier
