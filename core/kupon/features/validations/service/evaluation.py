"""From a request's body to the engine's verdict: load, then decide.

Source: spec discounts-and-stacking, sections 2.1, 3 and 10.4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kupon.engine.model import Evaluation, Redeemable, Snapshot
from kupon.engine.rules import NOTHING, Counter, Omitted
from kupon.engine.validate import evaluate
from kupon.features.validations.schemas import IncentiveFacts
from kupon.features.validations.service.incentives import Incentives, find_incentives
from kupon.features.validations.service.loading import Loaded, load, snapshot_of
from kupon.features.validations.service.points import Payment
from kupon.kit.lean import dataclass
from kupon.runtime import ids
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_counters import CounterKey, read_counters
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Case(Loaded):
    """One request, loaded and judged; incentives are what it names."""

    incentives: Incentives
    snapshot: Snapshot
    evaluation: Evaluation

    @property
    def expand(self) -> frozenset[str]:
        """What the answer should spell out; orders, if nothing else was asked for."""
        asked = (self.body.get("options") or {}).get("expand")
        return frozenset(asked) if asked is not None else _DEFAULT_EXPAND

    @property
    def has_order(self) -> bool:
        """Whether the request is about an order at all."""
        return bool(self.body.get("order"))

    def payment_of(self, redeemable: Redeemable) -> Payment | None:
        """What a loyalty card is spent on; None for anything else."""
        return self.incentives.payments.get((redeemable.object, redeemable.id))

    def facts_of(self, redeemable: Redeemable) -> IncentiveFacts | None:
        """What storage knows of a redeemable, None for an unknown one."""
        return self.incentives.known.get((redeemable.object, redeemable.id))


_DEFAULT_EXPAND = frozenset({"order"})

ReadCounters = Callable[[UnitOfWork, Collection[CounterKey]], Mapping[CounterKey, int]]


def assemble(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    body: Mapping[str, Any],
    read: ReadCounters = read_counters,
    *,
    is_partial: bool = False,
) -> Case:
    """Load what the body names and judge it.

    Shapes:  api_key is the id of the calling key; read looks at the counters of rules, or holds
        them for what is to be redeemed; is_partial passes over what does not apply, whatever the
        stacking rules say.
    Raises:  duplicated_redeemables, invalid_redeemables, metadata_validation_failed, not_found for
        an unknown customer or order id.
    """
    loaded = load(uow, project, api_key, body)
    incentives = find_incentives(
        uow,
        project,
        loaded.body["redeemables"],
        loaded.facts,
        loaded.definitions,
        loaded.customer,
    )
    wanted = loaded.counter_names.wanted(incentives.redeemables)
    counters = {wanted[key]: value for key, value in read(uow, wanted).items()}
    snapshot = snapshot_of(uow, loaded, incentives.redeemables, counters)
    if is_partial:
        rules = replace(snapshot.rules, redeemables_application_mode="PARTIAL")
        snapshot = replace(snapshot, rules=rules)
    return Case(
        **loaded.__dict__,
        incentives=incentives,
        snapshot=snapshot,
        evaluation=evaluate(snapshot),
    )


def read_asked_counters(
    uow: UnitOfWork, loaded: Loaded, redeemables: Sequence[Redeemable], omitted: Omitted = NOTHING
) -> dict[tuple[str, Counter], int]:
    """The counters that the rules of redeemables look at, without those that are not asked."""
    wanted = loaded.counter_names.wanted(redeemables)
    asked = {key: named for key, named in wanted.items() if key.counter not in omitted}
    return {asked[key]: value for key, value in read_counters(uow, asked).items()}


def new_session_key() -> str:
    """A key for a session whose caller named none."""
    return ids.new_id("ssn_")
