"""Statements on earning rules; `accruals` has those on what they have paid.

Source: spec campaigns-loyalty-referral-gift, section 7.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import NamedTuple

from sqlalchemy import Select, and_, func, select

from kupon.engine.access import may_edit, may_use
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import May, check_access
from kupon.storage.queries.projects import lock_project
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.loyalties import EarningRule
from kupon.storage.uow import UnitOfWork

KIND = "earning_rule"


class OwnedRule(NamedTuple):
    """A rule with the programme that it is of."""

    rule: EarningRule
    campaign: Campaign


_OWNS = and_(Campaign.project_id == EarningRule.project_id, Campaign.id == EarningRule.campaign_id)


def count_rules(uow: UnitOfWork) -> int:
    """How many rules the programmes of the project have, binned ones too.

    Locks:  the project's row, so that nobody adds any meanwhile.
    """
    lock_project(uow, uow.project_id)
    counted = uow.session.scalar(
        select(func.count())
        .select_from(EarningRule)
        .join(Campaign, _OWNS)
        .where(EarningRule.project_id == uow.project_id)
    )
    return counted or 0


def insert_rules(uow: UnitOfWork, rules: Sequence[EarningRule]) -> None:
    """Store rules of one programme."""
    uow.session.add_all(rules)
    uow.session.flush()


def get_rule(uow: UnitOfWork, campaign_id: str, rule_id: str) -> EarningRule:
    """A rule of a programme by id.

    Raises:  not_found.
    """
    rule = uow.session.scalar(_one(uow, rule_id, campaign_id))
    if rule is None:
        raise not_found(KIND, rule_id)
    return rule


def lock_rule(uow: UnitOfWork, campaign_id: str, rule_id: str) -> EarningRule:
    """A rule of a programme by id, for a change.

    Raises:  not_found.
    Locks:   the rule's row.
    """
    chosen = _one(uow, rule_id, campaign_id).with_for_update()
    rule = uow.session.scalar(chosen.execution_options(populate_existing=True))
    if rule is None:
        raise not_found(KIND, rule_id)
    return rule


def hold_any_rule(uow: UnitOfWork, rule_id: str, may: May = may_edit) -> EarningRule:
    """A rule by its id alone, for a change of what is assigned to it.

    Raises:  not_found; forbidden for a restricted key that may not use its programme.
    Locks:   the rule's row.
    """
    chosen = _one(uow, rule_id).with_for_update()
    rule = uow.session.scalar(chosen.execution_options(populate_existing=True))
    return _accessible(uow, rule_id, rule, may)


def get_any_rule(uow: UnitOfWork, rule_id: str) -> EarningRule:
    """A rule by its id alone.

    Raises:  as hold_any_rule.
    """
    return _accessible(uow, rule_id, uow.session.scalar(_one(uow, rule_id)), may_use)


def _accessible(uow: UnitOfWork, rule_id: str, rule: EarningRule | None, may: May) -> EarningRule:
    if rule is None:
        raise not_found(KIND, rule_id)
    check_access(uow, rule.campaign_id, may, otherwise=(KIND, rule_id))
    return rule


def _one(uow: UnitOfWork, rule_id: str, campaign_id: str | None = None) -> Select[EarningRule]:
    chosen = select(EarningRule).where(
        EarningRule.project_id == uow.project_id, EarningRule.id == rule_id
    )
    return chosen if campaign_id is None else chosen.where(EarningRule.campaign_id == campaign_id)


_RULES = Listing(
    EarningRule,
    fields={
        "campaign_id": TextField(EarningRule.campaign_id),
        "created_at": MomentField(EarningRule.created_at),
        "updated_at": MomentField(EarningRule.updated_at),
    },
)


def list_rules(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[EarningRule]:
    """One page of rules; the request's shortcut `campaign_id` says of which programme."""
    return fetch_page(uow, _RULES, request, tz=tz)


def list_campaign_rules(uow: UnitOfWork, campaign_id: str) -> Sequence[EarningRule]:
    """All rules of a programme, in the order in which they are asked."""
    return uow.session.scalars(
        select(EarningRule)
        .where(EarningRule.project_id == uow.project_id, EarningRule.campaign_id == campaign_id)
        .order_by(EarningRule.created_at, EarningRule.id)
    ).all()


def find_rules(uow: UnitOfWork, ids: Sequence[str]) -> Mapping[str, EarningRule]:
    """Those of the given rules that exist, by id."""
    found = uow.session.scalars(
        select(EarningRule).where(
            EarningRule.project_id == uow.project_id, among(EarningRule.id, [*ids])
        )
    )
    return {rule.id: rule for rule in found}


def find_listening(
    uow: UnitOfWork, events: Sequence[str], campaign_id: str | None = None
) -> list[OwnedRule]:
    """The enabled rules on some events, of enabled programmes or of one of them.

    Shapes:  in the order in which they are asked; time limits are left to the caller.
    """
    chosen = (
        select(EarningRule, Campaign)
        .join(Campaign, _OWNS)
        .where(
            EarningRule.project_id == uow.project_id,
            among(EarningRule.event, [*events]),
            EarningRule.is_active,
            Campaign.is_active,
            Campaign.binned_at.is_(None),
        )
        .order_by(EarningRule.created_at, EarningRule.id)
    )
    if campaign_id is not None:
        chosen = chosen.where(EarningRule.campaign_id == campaign_id)
    rows = uow.session.execute(chosen, execution_options={"populate_existing": True})
    return [OwnedRule(*row) for row in rows]


def save_rule(uow: UnitOfWork, rule: EarningRule) -> None:
    """Write what its caller changed of a rule."""
    rule.updated_at = uow.now
    uow.session.flush()


def delete_rule(uow: UnitOfWork, rule: EarningRule) -> None:
    """Remove a rule for good; what it has paid stays told.

    Locks:  the rule must be locked.
    """
    uow.session.delete(rule)
    uow.session.flush()
