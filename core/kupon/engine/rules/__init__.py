"""Validation rules: who may redeem what, with which cart, how often.

A rule is read once by `parse_rule` and judged any number of times by `Rule.judge`. Plugins add
names with `STANDARD_RULES.extended(...)` and hand the longer table to `parse_rule`.

Source: spec rules-and-qualification, sections 1 to 13.
"""

from __future__ import annotations

from kupon.engine.rules.catalogue import STANDARD_RULES
from kupon.engine.rules.counters import PERIODS, Counter, window_start
from kupon.engine.rules.kinds import NodeDefinition, Picking, Reading, RuleKind
from kupon.engine.rules.necessary import Necessary, necessary
from kupon.engine.rules.omissions import NOTHING, Omitted, omitted_by
from kupon.engine.rules.parse import parse_rule, parse_stored_rule
from kupon.engine.rules.rule import Rule
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import ORDER_VIOLATED, Failure, Judgement, violation_details

__all__ = [
    "NOTHING",
    "ORDER_VIOLATED",
    "PERIODS",
    "STANDARD_RULES",
    "Counter",
    "Failure",
    "Judgement",
    "Match",
    "Necessary",
    "NodeDefinition",
    "Omitted",
    "Picking",
    "Reading",
    "Rule",
    "RuleKind",
    "Subject",
    "necessary",
    "omitted_by",
    "parse_rule",
    "parse_stored_rule",
    "violation_details",
    "window_start",
]
