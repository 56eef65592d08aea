"""What a web process keeps of a project: how long it takes to load and renew, how large it is."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from tests.bench.rig import Rig

from kupon.engine.qualify import scenario_of
from kupon.runtime import clock
from kupon.storage.database import open_database
from kupon.storage.definitions import DefinitionCache, Definitions
from kupon.storage.queries.projects import get_revision
from kupon.storage.uow import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Iterator

TIERS = 10_000

_OMITTED = scenario_of("ALL").omitted
_CHANGED = "promo_00001"


def load(rig: Rig, _: float) -> dict[str, float]:
    """Load everything, index it, load what one changed tier makes new, without a web server.

    Shapes:  memory is what Python holds, by tracemalloc, in a run of its own, for it slows it down.
    """
    with _reads(rig) as reads:
        cache = DefinitionCache()
        begun = time.perf_counter()
        definitions = _loaded(reads, cache)
        loaded = time.perf_counter()
        definitions.promotions.index(_OMITTED, reads.now)
        indexed = time.perf_counter()
        _change(rig, "promotion_tier", _CHANGED)
        changed = time.perf_counter()
        _loaded(reads, cache)
        renewed = time.perf_counter()
        kib = _memory_kib(reads)
    return {
        "ms": (indexed - begun) * 1000,
        "index_ms": (indexed - loaded) * 1000,
        "delta_ms": (renewed - changed) * 1000,
        "ms_per_1000": (indexed - begun) * 1000 / (TIERS / 1000),
        "kib_per_1000": kib / (TIERS / 1000),
    }


def request(rig: Rig, _: float) -> dict[str, float]:
    """The first qualification that a web process answers when all, or one tier, has changed."""
    _ask(rig)
    _change(rig, "", "")
    first_ms = _ask(rig)
    # Otherwise one tier would not be all that is new.
    rig.make_known("10k")
    _change(rig, "promotion_tier", _CHANGED)
    return {"ms": first_ms, "delta_ms": _ask(rig), "next_ms": min(_ask(rig) for _ in range(20))}


def _ask(rig: Rig) -> float:
    begun = time.perf_counter()
    rig.qualify("10k")
    return (time.perf_counter() - begun) * 1000


@contextmanager
def _reads(rig: Rig) -> Iterator[UnitOfWork]:
    pool = open_database(rig.database_url, pool_size=1)
    project_id = rig.projects["10k"]["project_id"]
    with UnitOfWork(pool, project_id=project_id, now=clock.now(), is_read_only=True) as reads:
        yield reads
    pool.dispose()


def _loaded(reads: UnitOfWork, cache: DefinitionCache) -> Definitions:
    definitions = cache.get(reads, reads.project_id, get_revision(reads))
    assert len(definitions.programmes.tiers) == TIERS
    return definitions


def _memory_kib(reads: UnitOfWork) -> float:
    tracemalloc.start()
    try:
        definitions = _loaded(reads, DefinitionCache())
        definitions.promotions.index(_OMITTED, reads.now)
        return tracemalloc.get_traced_memory()[0] / 1024
    finally:
        tracemalloc.stop()


def _change(rig: Rig, kind: str, name: str) -> None:
    """Let a definition have changed, as the unit of work writes it down."""
    project_id = rig.projects["10k"]["project_id"]
    with psycopg.connect(rig.database_url) as connection:
        values: dict[str, Any] = {"project": project_id, "kind": kind, "name": name}
        connection.execute(
            "UPDATE promotion_tiers SET name = name || '.' WHERE project_id = %(project)s"
            " AND id = %(name)s",
            values,
        )
        connection.execute(
            "WITH p AS (UPDATE projects SET revision = revision + 1 WHERE id = %(project)s"
            " RETURNING revision) INSERT INTO definition_changes (project_id, revision, kind,"
            " object_id) SELECT %(project)s, revision, %(kind)s, %(name)s FROM p",
            values,
        )
