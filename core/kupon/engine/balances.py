"""The balance of a card: what came in, what went out, what is left.

Source: spec campaigns-loyalty-referral-gift, sections 5.1 and 7.1.
"""

from __future__ import annotations

from typing import NamedTuple


class Balance(NamedTuple):
    """Lifetime sums, none of which is negative.

    Units:  minor units or points; redeemed is less what rollbacks gave back.
    """

    income: int
    subtracted: int = 0
    expired: int = 0
    redeemed: int = 0

    @property
    def total(self) -> int:
        """What redemptions had or have to spend: the ledger's net figure."""
        return self.income - self.subtracted - self.expired

    @property
    def left(self) -> int:
        """What can be spent."""
        return self.total - self.redeemed
