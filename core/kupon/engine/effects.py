"""What decisions ask storage to do; `storage.apply` carries it out under guards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UseVoucher:
    """Count one use of a code, unless its quantity (less what sessions hold) is used up."""

    voucher_id: str
    locked_quantity: int


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
    """Give one use of a code back."""

    voucher_id: str


@dataclass(frozen=True, slots=True)
class RestoreTier:
    """Take one use of a promotion tier out of its sums.

    Units: minor units, as in UseTier.
    """

    tier_id: str
    amount: int
    discount_amount: int


Restore = RestoreVoucher | RestoreTier
