"""The older calls: which codes for everybody, and which campaigns, would do for a cart.

Source: spec rules-and-qualification, section 14.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from kupon.engine.qualify import Scenario, scenario_of
from kupon.features.campaigns import service as campaigns
from kupon.features.qualifications import schemas
from kupon.features.qualifications.service.qualify import load_named
from kupon.features.qualifications.service.search import Found, Search
from kupon.features.validations.service import Loaded
from kupon.features.vouchers import service as vouchers
from kupon.kit.timestamps import format_moment
from kupon.runtime import ids
from kupon.storage.queries.holders import find_codes
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork

T = TypeVar("T")

_NEWEST: Final = "-created_at"


def examine_vouchers(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    query: Mapping[str, Any],
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """Codes for everybody that would do.

    Raises:  not_found for an unknown customer or order id; metadata_validation_failed.
    """
    loaded = load_named(uow, project, api_key, body)
    results = _results(uow, loaded, replace(_scenario(query), has_campaigns=False), query)
    found = _first(results, query, _CODES)
    known = find_codes(uow, [each.offer.facts.id for each in found])
    wires = {wire["id"]: wire for wire in vouchers.dump_all(uow, known)}
    rows = [
        schemas.dump_examined(wires[each.offer.facts.id], each.offer.redeemable, each.qualified)
        for each in found
        if each.offer.facts.id in wires
    ]
    return _dump(uow, loaded, rows)


def examine_campaigns(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    query: Mapping[str, Any],
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """Campaigns with a code to give that would do.

    Raises:  not_found for an unknown customer or order id; metadata_validation_failed.
    """
    loaded = load_named(uow, project, api_key, body)
    results = _results(uow, loaded, replace(_scenario(query), has_standalone=False), query)
    found = results if _order(query) != _NEWEST else islice(results, query["limit"])
    wires = campaigns.dump_pools(uow, [each.offer.facts.id for each in found])
    return _dump(uow, loaded, _first(wires, query, _CAMPAIGNS))


def _scenario(query: Mapping[str, Any]) -> Scenario:
    scenario = scenario_of("AUDIENCE_ONLY" if query["audience_only"] else "ALL")
    return replace(scenario, has_tiers=False, has_held=False)


def _results(
    uow: UnitOfWork, loaded: Loaded, scenario: Scenario, query: Mapping[str, Any]
) -> Iterator[Found]:
    return Search(uow, loaded, scenario, {}).results(None, query["limit"])


def _order(query: Mapping[str, Any]) -> str:
    order: str = query.get("order") or _NEWEST
    return order


def _first(
    found: Iterable[T], query: Mapping[str, Any], ranks: Mapping[str, Callable[[T], Any]]
) -> list[T]:
    """The first in the order that was asked for, as many as asked for; they come newest first."""
    order = _order(query)
    if order != _NEWEST:
        name = order.removeprefix("-")
        found = sorted(found, key=ranks[name], reverse=order != name)
    return list(islice(found, query["limit"]))


def _changed_at(found: Found) -> datetime:
    facts = found.offer.facts
    changed_at = facts.updated_at if isinstance(facts, VoucherFacts) else None
    return changed_at or facts.created_at


_CODES: Final[Mapping[str, Callable[[Found], Any]]] = {
    "created_at": lambda found: found.created_at,
    "updated_at": _changed_at,
    "code": lambda found: found.offer.redeemable.id,
}
# UNCERTAIN: what the code of a campaign is; its name stands for it.
_CAMPAIGNS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "created_at": lambda wire: wire["created_at"],
    "updated_at": lambda wire: wire.get("updated_at") or wire["created_at"],
    "type": lambda wire: wire["type"],
    "code": lambda wire: wire["name"],
    "campaign": lambda wire: wire["name"],
    "category": lambda wire: wire.get("category") or "",
}


def _dump(uow: UnitOfWork, loaded: Loaded, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    body = {
        "id": ids.new_id("qual_"),
        "created_at": format_moment(uow.now),
        "object": "list",
        "data_ref": "data",
        "data": rows,
        "total": len(rows),
    }
    if loaded.tracking_id is not None:
        body["tracking_id"] = loaded.tracking_id
    return body
