"""What decisions ask storage to do; `storage.apply` carries it out under guards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UseVoucher:
    """Count one use of a code, unless its quantity (less what sessions hold) is used up."""

    voucher_id: str
    locked_quantity: int


@dataclass(frozen=True, slots=True)
class RestoreVoucher:
    """Give one use of a code back."""

    voucher_id: str
