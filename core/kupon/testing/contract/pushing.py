"""Checks of what is pushed to the platform (U1-U4)."""

from __future__ import annotations

import itertools
from dataclasses import replace

from kupon.hooks.adapter import EventItem, Item, OrderItem, Outcome, Verdict
from kupon.hooks.errors import Retry
from kupon.testing.contract.checks import Case, check, items_of, kinds
from kupon.testing.contract.pulling import UsedUp
from kupon.testing.items import key_of


@check("U1", "*.push", each=kinds("push"))
def batches_keep_their_limit_and_order(case: Case, kind: str) -> None:
    """A full batch goes out whole, no request is above the limit, and items keep their order."""
    limit = case.manifest.batch_limit
    items = items_of(case, kind, limit)
    outcomes = case.make().push(kind, items)
    assert [each.verdict for each in outcomes] == [Verdict.OK] * limit
    batches = [batch for batch in case.platform.batches if batch]
    assert all(len(batch) <= limit for batch in batches)
    assert list(itertools.chain(*batches)) == [key_of(item) for item in items]
    assert case.make().push(kind, []) == [], "nothing to push is no call"


@check("U2", "*.push", each=kinds("push"))
def pushing_again_changes_nothing(case: Case, kind: str) -> None:
    """What was pushed and is pushed again, since the answer was lost, is there once."""
    items = items_of(case, kind, min(3, case.manifest.batch_limit))
    case.make().push(kind, items)
    once = dict(case.platform.held(kind))
    assert set(once) == {key_of(item) for item in items}
    outcomes = case.make().push(kind, items)
    assert dict(case.platform.held(kind)) == once
    assert [each.verdict for each in outcomes] == [Verdict.OK] * len(items)


@check("U3", "*.push", rule="partial-failures", each=kinds("push"))
def verdicts_are_what_became_of_items(case: Case, kind: str) -> None:
    """Exactly what the platform has is said to be there; what it refuses has a reason."""
    items = items_of(case, kind, min(3, case.manifest.batch_limit))
    refused = items[len(items) // 2]
    case.platform.refused.add(key_of(refused))
    outcomes = case.make().push(kind, items)
    assert len(outcomes) == len(items)
    held = case.platform.held(kind)
    for item, outcome in zip(items, outcomes, strict=True):
        is_there = key_of(item) in held
        assert is_there == (outcome.verdict is Verdict.OK), f"{key_of(item)}: {outcome}"
        assert is_there or outcome.reason, f"{key_of(item)}: no reason is given"
    assert outcomes[items.index(refused)].verdict is Verdict.REJECTED
    whole = case.platform.takes_all_or_none
    if not (whole if isinstance(whole, bool) else kind in whole):
        assert [each.verdict for each in outcomes].count(Verdict.OK) == len(items) - 1


_OF_CUSTOMERS = ["events.push", "profiles.push", "merges.push"]


@check("U4", _OF_CUSTOMERS, each=kinds("push", but=["codes", "orders"]))
def nobody_is_not_told_of(case: Case, kind: str) -> None:
    """An item of a customer without a source id is refused, and keeps no other from going."""
    if case.manifest.batch_limit == 1:
        return
    known, unknown = items_of(case, kind, 2)
    nobody = _of_nobody(unknown)
    outcomes = case.make().push(kind, [nobody, known])
    assert [each.verdict for each in outcomes] == [Verdict.REJECTED, Verdict.OK]
    assert set(case.platform.held(kind)) == {key_of(known)}


@check("U5", "*.push", each=kinds("push"))
def pushing_keeps_to_the_rate(case: Case, kind: str) -> None:
    """When the rate is used up everything is to be tried later, and nothing is sent."""
    items = items_of(case, kind, 1)
    adapter = case.make(http=case.client(pace=UsedUp()))
    try:
        (outcome,) = adapter.push(kind, items)
    except Retry as error:
        outcome = Outcome(Verdict.RETRY, str(error), error.retry_after_s)
    assert outcome.verdict is Verdict.RETRY
    assert outcome.retry_after_s == UsedUp.WAIT_S
    assert case.playing.log == []


@check("U6", "events.push")
def events_can_be_told_apart(case: Case) -> None:
    """Each event carries its id and its moment, so that a repetition can be recognized."""
    (item,) = items_of(case, "events", 1)
    assert isinstance(item, EventItem)
    case.make().push("events", [item])
    sent = b"".join(call.body for call in case.playing.calls()).decode()
    assert item.id in sent
    assert (
        item.occurred_at.strftime("%Y-%m-%dT%H:%M:%S") in sent
        or str(int(item.occurred_at.timestamp())) in sent
    )


def _of_nobody(item: Item) -> Item:
    assert not isinstance(item, OrderItem)
    return replace(item, customer={**(item.customer or {}), "source_id": None})
