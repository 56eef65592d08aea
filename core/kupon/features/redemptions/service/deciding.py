"""Asking the plugins of a project whether they mind a redemption.

Source: house B8 (`decide_` hooks).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kupon.engine.model import Step
from kupon.engine.refusals import Refusal
from kupon.features.validations.service import Case
from kupon.hooks.activation import Activation
from kupon.hooks.tenancy import installed
from kupon.hooks.types import RedemptionFacts
from kupon.storage.uow import UnitOfWork

_HOOK = "decide_redemption"


def ask_plugins(uow: UnitOfWork, case: Case, applied: Sequence[Step]) -> Refusal | None:
    """The first refusal of a plugin that is active for the project, None where nobody minds.

    Raises:  whatever a plugin raises, and Misconfigured where its settings can't be read.
    """
    active = case.definitions.plugins
    if not (active and applied):
        return None
    tenants = installed()
    if not tenants.plugins.deciders(_HOOK, active):
        return None
    redeemables = [_describe(case, step) for step in applied]

    def facts(activation: Activation) -> RedemptionFacts:
        return RedemptionFacts(
            project_id=uow.project_id,
            customer=case.customer,
            order=case.evaluation.end,
            redeemables=redeemables,
            metadata=case.body.get("metadata") or {},
            now=uow.now,
            settings=activation.opened(tenants),
        )

    return tenants.plugins.decide_redemption(facts, active)


def _describe(case: Case, step: Step) -> dict[str, Any]:
    redeemable = step.redeemable
    facts = case.facts_of(redeemable)
    campaign_id = None if facts is None else facts.campaign_id
    return {"object": redeemable.object, "id": redeemable.id, "campaign_id": campaign_id}
