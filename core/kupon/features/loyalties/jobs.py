"""The worker's part: the work of each night, and members judged anew, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from kupon.features.campaigns import service as campaigns
from kupon.features.loyalties.service import nightly, recalculating
from kupon.jobs.registry import Again, JobRegistry, Periodic
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork


def register(registry: JobRegistry) -> None:
    """Add the tasks of loyalty programmes."""
    registry.add_task(nightly.NIGHT, night)
    registry.add_task(recalculating.RECALCULATE, recalculate)
    registry.subscribe("loyalty_terms", judge_members, [campaigns.MEMBERS_TO_JUDGE])
    # Soon after each project's midnight, wherever on Earth that is.
    registry.periodic.append(
        Periodic("begin_loyalty_nights", timedelta(minutes=5), nightly.begin_nights)
    )


def judge_members(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Have all members of programmes follow the terms, which have changed."""
    for event in events:
        recalculating.begin_recalculation(uow, event.payload["campaign_id"], is_refresh=True)


def night(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Do the nightly work of one day of the project."""
    return Again(arguments) if nightly.night_slice(uow, **arguments) else None


def recalculate(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Judge the members of one programme anew."""
    end = recalculating.recalculation_slice(uow, **arguments)
    return None if end is None else Again({**arguments, "after": end})
