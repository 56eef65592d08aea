"""The validation rule of a tier; it has one at most.

Source: spec rules-and-qualification, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kupon.features.validation_rules import service as rules
from kupon.storage.queries import rule_assignments, validation_rules
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.validation_rules import Hold
from kupon.storage.uow import UnitOfWork

_TYPE = "promotion_tier"


def dump_rules(uow: UnitOfWork, tier_ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """The wire's lists of assignments, by tier."""
    lists = rules.lists_of(uow, [[Related(_TYPE, tier_id)] for tier_id in tier_ids])
    return dict(zip(tier_ids, lists, strict=True))


def hold_rules(uow: UnitOfWork, bodies: Iterable[Mapping[str, Any]]) -> None:
    """Lock the rules that bodies name.

    Raises:  not_found.
    Locks:   the rules by ascending id, and so before the project's row, which a change of a rule
        locks after the rule.
    """
    for rule_id in sorted({rule_id for body in bodies for rule_id in _named(body) or ()}):
        validation_rules.lock_rule(uow, rule_id, Hold.CHANGE)


def set_rules(uow: UnitOfWork, tier_id: str, body: Mapping[str, Any]) -> None:
    """Give a tier the rule that a body names; a body that says nothing of rules changes nothing.

    Locks:  the tier must be written and locked, the rule must be held.
    """
    rules.attach(uow, Related(_TYPE, tier_id), _named(body))


def _named(body: Mapping[str, Any]) -> list[str] | None:
    """The rules in `validation_rules`, or in the assignments as they are answered."""
    if "validation_rules" in body:
        named: list[str] = body["validation_rules"]
        return named
    if "validation_rule_assignments" in body:
        return [sent["rule_id"] for sent in body["validation_rule_assignments"]["data"]]
    return None


def drop_rules(uow: UnitOfWork, tier_ids: Sequence[str]) -> None:
    """Take the rules from tiers that are about to be deleted.

    Locks:  the tiers must be locked.
    """
    rules.detach(uow, rule_assignments.find_assignments(uow, {_TYPE: tier_ids}))
