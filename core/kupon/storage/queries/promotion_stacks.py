"""Statements on promotion stacks. Each change of one bumps the project's revision.

Whoever changes a stack has its campaign locked: the tiers of a campaign cannot vanish meanwhile.
Source: spec campaigns-loyalty-referral-gift, section 4.2; api-conventions, section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from sqlalchemy import and_, delete, select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import narrowed
from kupon.storage.queries.projects import bump_revision
from kupon.storage.tables.categories import Category
from kupon.storage.tables.promotions import PromotionStack
from kupon.storage.uow import UnitOfWork


class FoundStack(NamedTuple):
    """A stack with its category."""

    stack: PromotionStack
    category: Category | None


def insert_stack(uow: UnitOfWork, stack: PromotionStack) -> None:
    """Store a stack."""
    uow.session.add(stack)
    uow.session.flush()
    bump_revision(uow, ("promotion_stack", stack.id))


def get_stack(uow: UnitOfWork, campaign_id: str, stack_id: str) -> FoundStack:
    """A stack of a campaign by id.

    Raises:  not_found.
    """
    row = uow.session.execute(
        select(PromotionStack, Category)
        .outerjoin(
            Category,
            and_(
                Category.project_id == PromotionStack.project_id,
                Category.id == PromotionStack.category_id,
            ),
        )
        .where(
            PromotionStack.project_id == uow.project_id,
            PromotionStack.campaign_id == campaign_id,
            PromotionStack.id == stack_id,
        )
    ).first()
    if row is None:
        raise not_found("promotion_stack", stack_id)
    return FoundStack(*row)


def list_stacks(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[PromotionStack]:
    """One page of the project's stacks."""
    return fetch_page(uow, narrowed(uow, _STACKS, PromotionStack.campaign_id), request, tz=tz)


def list_campaign_stacks(uow: UnitOfWork, campaign_id: str) -> Sequence[PromotionStack]:
    """All stacks of a campaign, the newest first."""
    return uow.session.scalars(
        select(PromotionStack)
        .where(
            PromotionStack.project_id == uow.project_id, PromotionStack.campaign_id == campaign_id
        )
        .order_by(PromotionStack.created_at.desc(), PromotionStack.id.desc())
    ).all()


def remove_tier(uow: UnitOfWork, campaign_id: str, tier_id: str) -> Sequence[PromotionStack]:
    """Take a tier out of the stacks of its campaign; those that had it."""
    stacks = uow.session.scalars(
        select(PromotionStack)
        .where(
            PromotionStack.project_id == uow.project_id,
            PromotionStack.campaign_id == campaign_id,
            PromotionStack.tier_ids.contains([tier_id]),
        )
        .order_by(PromotionStack.id)
    ).all()
    for stack in stacks:
        stack.tier_ids = [listed for listed in stack.tier_ids if listed != tier_id]
        save_stack(uow, stack)
    return stacks


def save_stack(uow: UnitOfWork, stack: PromotionStack) -> None:
    """Write what its caller changed of a stack."""
    stack.updated_at = uow.now
    uow.session.flush()
    bump_revision(uow, ("promotion_stack", stack.id))


def delete_stack(uow: UnitOfWork, stack: PromotionStack) -> None:
    """Remove a stack for good; its tiers stay."""
    uow.session.delete(stack)
    uow.session.flush()
    bump_revision(uow, ("promotion_stack", stack.id))


def delete_campaign_stacks(uow: UnitOfWork, campaign_id: str) -> None:
    """Remove all stacks of a campaign for good."""
    gone = uow.session.scalars(
        delete(PromotionStack)
        .where(
            PromotionStack.project_id == uow.project_id, PromotionStack.campaign_id == campaign_id
        )
        .returning(PromotionStack.id)
    ).all()
    if gone:
        bump_revision(uow, *(("promotion_stack", stack_id) for stack_id in gone))


_STACKS = Listing(
    PromotionStack,
    fields={
        "created_at": MomentField(PromotionStack.created_at),
        "updated_at": MomentField(PromotionStack.updated_at),
        "name": TextField(PromotionStack.name),
    },
)
