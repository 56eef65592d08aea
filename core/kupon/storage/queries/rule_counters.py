"""Counters behind rules: read, held for a redemption, moved with it, moved back by its rollback.

A rule is any expression over its counters, so no single guarded UPDATE can stand for it. A
redemption under such a rule therefore holds its counters from before it decides until it commits.

Source: spec rules-and-qualification, sections 6.6, 6.7 and 6.9.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from kupon.storage.uow import UnitOfWork

ALL_TIMES: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY: Final = ""


class CounterKey(NamedTuple):
    """A row of the table: what is counted, for whom, since when."""

    scope_id: str
    counter: str
    party: str
    window_start: datetime


_SUCCEEDED = (
    "FROM redemptions r WHERE r.project_id = %(project_id)s AND r.object = 'redemption'"
    " AND r.result = 'SUCCESS' AND r.status = 'SUCCEEDED' AND r.created_at >= k.window_start"
    " AND (k.party = '' OR r.customer_id = k.party OR r.channel_id = k.party)"
)
# What a counter without a row counts up to: its name tells what is summed, and over what.
_PAST = (
    "CASE WHEN k.counter = 'campaign.orders.amount' THEN"
    f" (SELECT coalesce(sum((r.order_figures->>'amount')::bigint), 0) {_SUCCEEDED}"
    "  AND (r.campaign_id = k.scope_id OR r.related_object_id = k.scope_id))"
    " WHEN k.counter = 'campaign.orders.amount_discounted' THEN"
    " (SELECT coalesce(sum((r.order_figures->>'total_applied_discount_amount')::bigint), 0)"
    f"  {_SUCCEEDED} AND (r.campaign_id = k.scope_id OR r.related_object_id = k.scope_id))"
    " WHEN k.counter = 'redemption.gift.amount' THEN"
    f" (SELECT coalesce(sum(r.amount), 0) {_SUCCEEDED}"
    "  AND (r.campaign_id = k.scope_id OR r.related_object_id = k.scope_id))"
    " WHEN k.counter LIKE 'campaign.%%' THEN"
    f" (SELECT count(*) {_SUCCEEDED}"
    "  AND (r.campaign_id = k.scope_id OR r.related_object_id = k.scope_id))"
    f" ELSE (SELECT count(*) {_SUCCEEDED} AND r.related_object_id = k.scope_id) END"
)
_KEYS = (
    "unnest(%(scopes)s::text[], %(counters)s::text[], %(parties)s::text[],"
    " %(windows)s::timestamptz[]) AS k(scope_id, counter, party, window_start)"
)
_ROW = (
    "c.project_id = %(project_id)s AND c.scope_id = k.scope_id AND c.counter = k.counter"
    " AND c.party = k.party AND c.window_start = k.window_start"
)


def read_counters(uow: UnitOfWork, keys: Collection[CounterKey]) -> dict[CounterKey, int]:
    """What counters stand at; one without a row is counted from the redemptions."""
    if not keys:
        return {}
    rows = uow.reader.execute(
        f"SELECT k.scope_id, k.counter, k.party, k.window_start, coalesce(c.value, {_PAST})"
        f" FROM {_KEYS} LEFT JOIN rule_counters c ON {_ROW}",
        _columns(uow, list(keys)),
    )
    return {CounterKey(*row[:4]): row[4] for row in rows}


def hold_counters(uow: UnitOfWork, keys: Collection[CounterKey]) -> dict[CounterKey, int]:
    """What counters stand at, and nobody moves them before this transaction ends.

    Locks:  counters by scope, name, party and window; before any code.
    """
    if not keys:
        return {}
    parameters = _columns(uow, sorted(keys))
    uow.driver.execute(
        "INSERT INTO rule_counters (project_id, scope_id, counter, party, window_start, value)"
        f" SELECT %(project_id)s, k.scope_id, k.counter, k.party, k.window_start, {_PAST}"
        f" FROM {_KEYS} WHERE NOT EXISTS (SELECT 1 FROM rule_counters c WHERE {_ROW})"
        " ORDER BY 2, 3, 4, 5 ON CONFLICT DO NOTHING",
        parameters,
    )
    rows = uow.driver.execute(
        "SELECT c.scope_id, c.counter, c.party, c.window_start, c.value"
        f" FROM rule_counters c JOIN {_KEYS} ON {_ROW}"
        " ORDER BY 1, 2, 3, 4 FOR UPDATE OF c",
        parameters,
    )
    return {CounterKey(*row[:4]): row[4] for row in rows}


def move_counters(uow: UnitOfWork, moves: Mapping[CounterKey, int]) -> None:
    """Add to counters; one without a row is left to be counted when a rule asks.

    Locks:  counters in the order of their keys; a redemption has held them before.
    """
    moves = {key: by for key, by in moves.items() if by}
    if not moves:
        return
    keys = sorted(moves)
    uow.driver.execute(
        "WITH held AS (SELECT c.scope_id, c.counter, c.party, c.window_start"
        f"  FROM rule_counters c JOIN {_KEYS} ON {_ROW} ORDER BY 1, 2, 3, 4 FOR UPDATE OF c)"
        " UPDATE rule_counters c SET value = c.value + k.moved FROM held,"
        " unnest(%(scopes)s::text[], %(counters)s::text[], %(parties)s::text[],"
        "  %(windows)s::timestamptz[], %(moved)s::bigint[])"
        "  AS k(scope_id, counter, party, window_start, moved)"
        f" WHERE {_ROW} AND held.scope_id = k.scope_id AND held.counter = k.counter"
        " AND held.party = k.party AND held.window_start = k.window_start",
        _columns(uow, keys) | {"moved": [moves[key] for key in keys]},
    )


def drop_counters(uow: UnitOfWork, scope_ids: Collection[str]) -> None:
    """Forget what was counted for scopes whose rules have changed: it may have missed uses.

    Shapes:  scopes are campaigns, codes and tiers; those of the latter's campaigns go as well.
    """
    uow.driver.execute(
        "DELETE FROM rule_counters WHERE project_id = %(project_id)s"
        " AND (scope_id = ANY(%(ids)s) OR scope_id IN ("
        "  SELECT campaign_id FROM vouchers WHERE project_id = %(project_id)s AND id = ANY(%(ids)s)"
        "  UNION SELECT campaign_id FROM promotion_tiers"
        "  WHERE project_id = %(project_id)s AND id = ANY(%(ids)s)))",
        {"project_id": uow.project_id, "ids": list(scope_ids)},
    )


def drop_counters_of_rule(uow: UnitOfWork, rule_id: str) -> None:
    """Forget what was counted for everything that has a rule, and for its campaigns."""
    uow.driver.execute(
        "DELETE FROM rule_counters c USING validation_rule_assignments a"
        " LEFT JOIN vouchers v ON v.project_id = a.project_id AND v.id = a.related_object_id"
        " LEFT JOIN promotion_tiers t ON t.project_id = a.project_id AND t.id = a.related_object_id"
        " WHERE a.project_id = %s AND a.rule_id = %s AND c.project_id = a.project_id"
        " AND c.scope_id IN (a.related_object_id, v.campaign_id, t.campaign_id)",
        (uow.project_id, rule_id),
    )


def _columns(uow: UnitOfWork, keys: Sequence[CounterKey]) -> dict[str, Any]:
    return {
        "project_id": uow.project_id,
        "scopes": [key.scope_id for key in keys],
        "counters": [key.counter for key in keys],
        "parties": [key.party for key in keys],
        "windows": [key.window_start for key in keys],
    }
