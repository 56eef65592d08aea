"""Ten thousand events in from a Segment workspace, and out to one: until the last is through."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
from tests.adapters.segment_platform import SegmentPlatform
from tests.bench import calls, seeds
from tests.bench.load import OK, Load, Outcome
from tests.bench.rig import Rig

from kupon.bootstrap import provision
from kupon.runtime import ids
from kupon.runtime.settings import Settings
from kupon.testing.client import key_headers
from kupon.testing.platform import key_headers as integration_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EVENT = "Review Left"
_TYPE = "customer.custom_event"
_METADATA = {"stars": 5}
_SCHEMA = {"properties": {"stars": {"type": "number", "optional": False}}}
# The full number is that of the usual five seconds, and no more.
EVENTS = 10_000
_EVENTS_PER_S = 2_000

_PATIENCE_S = 600.0
_POLL_S = 0.5
_POLL_OF_PLATFORM_S = 0.01
_MIB = 2**20


def receive(clients: int, rig: Rig, seconds: float) -> dict[str, float]:
    """From the first request of the destination to the moment in which all are processed."""
    count = _count(seconds)
    # What follows from these events is not what is measured.
    connection = _Connection(rig, {}, events=[])
    headers = integration_headers("segment", *connection.integration_key)
    body = {
        "type": "track",
        "messageId": f"message-{calls.CODE_NUMBER}",
        "userId": f"buyer-{calls.BUYER_NUMBER}",
        "event": _EVENT,
        "properties": {"product": "mug", "metadata": _METADATA},
    }
    template = calls.write_request("/segmentio/event-processing", body, headers)
    memory = _Memory(rig)
    begun = time.perf_counter()
    rig.generator.begin(_burst(rig, template, clients, count))
    _wait_until(lambda: connection.fetch(_SETTLED) == count, memory, "events were processed")
    elapsed_s = time.perf_counter() - begun
    assert connection.fetch(_TRACKED) == count, "not every event was taken for one"
    answered = _all_taken(rig.generator.result(), count).figures()
    return {
        "events_per_s": count / elapsed_s,
        "answered_per_s": answered["per_s"],
        "answered_p95_ms": answered["p95_ms"],
        **memory.figures(),
    }


_SETTLED = "SELECT count(*) FROM inbox WHERE project_id = %s AND state <> 'WAITING'"
_TRACKED = "SELECT count(*) FROM custom_events WHERE project_id = %s"


def push(clients: int, rig: Rig, seconds: float) -> dict[str, float]:
    """From the resumption of a connection to the moment in which its platform has taken all."""
    count = _count(seconds)
    settings = {"write_key": "canary-write-key", "tracking_url": "{platform}"}
    with SegmentPlatform(settings) as platform:
        connection = _Connection(rig, platform.settings, events=[_TYPE])
        connection.order("pause")
        queued_per_s = _queue(rig, connection, clients, count)
        memory = _Memory(rig)
        begun = time.perf_counter()
        connection.order("resume")
        _wait_until(
            lambda: sum(map(len, platform.batches)) >= count,
            memory,
            "events were taken",
            poll_s=_POLL_OF_PLATFORM_S,
        )
        elapsed_s = time.perf_counter() - begun
        figures = memory.figures()
        # The last batch's outcome is still to be noted.
        rig.settle()
        assert connection.fetch(_LEFT) == 0, "events were left although all were taken"
        assert len(platform.calls_of("track")) == sum(map(len, platform.batches)) == count
    return {"events_per_s": count / elapsed_s, "queued_per_s": queued_per_s, **figures}


def _queue(rig: Rig, connection: _Connection, clients: int, count: int) -> float:
    """Have so many events wait for a platform, as the server comes to them; how many per second."""
    body = {
        "event": _EVENT,
        "customer": {"source_id": f"buyer-{calls.BUYER_NUMBER}"},
        "metadata": _METADATA,
    }
    template = calls.write_request("/v1/events", body, calls.key_headers(connection.keys))
    begun = time.perf_counter()
    _all_taken(rig.generator.run(_burst(rig, template, clients, count)), count)
    _wait_until(lambda: connection.fetch(_LEFT) == count, None, "events were queued")
    elapsed_s = time.perf_counter() - begun
    rig.settle()
    return count / elapsed_s


_LEFT = "SELECT count(*) FROM outbound_items WHERE project_id = %s"


def _count(seconds: float) -> int:
    return min(EVENTS, round(_EVENTS_PER_S * seconds))


def _burst(rig: Rig, template: bytes, clients: int, count: int) -> Load:
    return Load(rig.port, template, clients, _PATIENCE_S, at_most=count, warm_up_s=0.0)


def _all_taken(outcome: Outcome, count: int) -> Outcome:
    assert dict(outcome.statuses) == {OK: count}, (outcome.statuses, outcome.bodies[-1:])
    return outcome


class _Connection:
    """A new project whose customers are those of the load, and its connection with Segment."""

    def __init__(self, rig: Rig, settings: dict[str, Any], events: Sequence[str]) -> None:
        name = ids.new_id("Segment ")
        self.keys = provision(Settings(database_url=rig.database_url), name)
        with psycopg.connect(rig.database_url) as database:
            seeds.Shop(database, self.keys["project_id"]).add_customers()
        self._rig = rig
        self._headers = key_headers("management", self.keys)
        self._path = f"/management/v1/projects/{self.keys['project_id']}"
        self._call("POST", "/custom-event-schemas", {"name": _EVENT, "schema": _SCHEMA})
        body = {"adapter": "segment", "name": "Main", "settings": settings}
        made = self._call("POST", "/connections", body)
        self.integration_key = (
            made["integration_key"]["app_id"],
            made["integration_key"]["app_token"],
        )
        self._call("PUT", "/connections/Main/outbound", {"events": events})

    def order(self, verb: str) -> None:
        """Pause or resume it."""
        self._call("POST", f"/connections/Main/{verb}")

    def fetch(self, query: str) -> Any:
        """The first column of the first row, with the project's id as the only value."""
        return self._rig.fetch(query, self.keys["project_id"])

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return self._rig.call(method, f"{self._path}{path}", body, self._headers)


class _Memory:
    """What the worker holds, looked at again and again.

    Units:   MiB of resident memory.
    """

    def __init__(self, rig: Rig) -> None:
        below = psutil.Process(rig.server.process_id).children(recursive=True)
        self._workers = [each for each in below if each.cmdline()[-1:] == ["worker"]]
        assert self._workers, "there is no worker"
        self._before = self._peak = self._after = self._resident()

    def look(self) -> None:
        self._after = self._resident()
        self._peak = max(self._peak, self._after)

    def figures(self) -> dict[str, float]:
        """Before, after, and by how much the most exceeded the first."""
        return {
            "worker_mib_before": self._before,
            "worker_mib_after": self._after,
            "worker_mib_peak_growth": self._peak - self._before,
        }

    def _resident(self) -> float:
        return sum(float(each.memory_info().rss) for each in self._workers) / _MIB


def _wait_until(
    is_over: Callable[[], bool], memory: _Memory | None, what: str, poll_s: float = _POLL_S
) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not is_over():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all {what} after {_PATIENCE_S:.0f} s")
        if memory is not None:
            memory.look()
        time.sleep(poll_s)
