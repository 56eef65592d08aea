"""How often and how much rules have already let through."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Key, Moment


class RuleCounter(Base):
    """One counter of one scope, for one window.

    Shapes: scope_id is the campaign, code or tier; counter is the rule's name with its period;
        party is the customer or key that it counts for, empty where it counts all; window_start is
        1970 for counters of all times. Missing rows are made from the redemptions when a rule
        first asks, and go when the rules of their scope change.
    """

    __tablename__ = "rule_counters"
    # Room for the value to change on its page, without touching the index.
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    project_id: Mapped[Key]
    scope_id: Mapped[Key]
    counter: Mapped[Key]
    party: Mapped[Key]
    window_start: Mapped[Moment] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
