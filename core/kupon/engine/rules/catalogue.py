"""Every rule name; plugins add theirs.

Source: spec rules-and-qualification, section 6.
"""

from __future__ import annotations

from typing import Final

from kupon.engine.registry import Registry
from kupon.engine.rules import customers, items, lines, older, redemptions, volumes
from kupon.engine.rules.kinds import RuleKind

STANDARD_RULES: Final[Registry[RuleKind]] = Registry(
    "rule",
    {
        **customers.KINDS,
        **volumes.KINDS,
        **items.KINDS,
        **lines.KINDS,
        **older.KINDS,
        **redemptions.KINDS,
    },
)
