"""What is measured, up and running: Kupon, the yardstick beside it, and the load generator."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import psycopg
from tests.bench import calls, promotions, seeds, yardstick
from tests.bench.load import OK, Generator, Load, Outcome

from kupon.bootstrap import provision
from kupon.local.launch import command
from kupon.runtime.settings import Settings
from kupon.testing.live import LiveServer, run_live_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
QUALIFICATIONS = "/v1/qualifications"

_START_S = 60.0
_STOP_S = 30.0
_SETTLE_S = 300.0
_POLL_S = 0.05
_CALLS_TO_REACH_ALL = 20


@dataclass(slots=True)
class Rig:
    """The servers, and how to load them.

    Shapes:  `used` counts the codes of a kind that were used up, by path; `projects` are the keys
        of those with promotions, by name.
    """

    server: LiveServer
    database_url: str
    port: int
    yardstick_port: int
    generator: Generator
    projects: Mapping[str, Mapping[str, str]]
    used: dict[str, int] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """A server key's headers."""
        return calls.key_headers(self.server.credentials)

    def load(self, path: str, code: str, connections: int, seconds: float, **options: Any) -> Load:
        """A load of Kupon; `code` may have CODE_NUMBER in it."""
        template = calls.write_request(path, calls.cart_body(code), self.headers)
        return Load(self.port, template, connections, seconds, **options)

    def qualification_load(self, project: str, seconds: float) -> Load:
        """A load of one client's qualifications in a project with promotions."""
        headers = calls.key_headers(self.projects[project])
        template = calls.write_request(QUALIFICATIONS, calls.qualification_body(), headers)
        return Load(self.port, template, 1, seconds)

    def yardstick_load(self, path: str, connections: int, seconds: float, **options: Any) -> Load:
        """The same load on a yardstick's path."""
        code = seeds.REDEEMED + calls.CODE_NUMBER
        return replace(
            self.load(path, code, connections, seconds, **options), port=self.yardstick_port
        )

    def measure(self, load: Load, check: Callable[[Any], None]) -> dict[str, float]:
        """Run a load of which every answer must be right; its figures."""
        return judged(self.generator.run(load), check).figures()

    def measure_once(self, path: str, load: Load, check: Callable[[Any], None]) -> dict[str, float]:
        """The same with codes that are used up; each call goes on where the last one stopped."""
        outcome = self.generator.run(replace(load, first=self.used.get(path, 0)))
        self.used[path] = self.used.get(path, 0) + outcome.sent
        return judged(outcome, check).figures()

    def qualify(self, project: str) -> None:
        """One qualification outside of a load, in a project with promotions."""
        body = json.loads(json.dumps(calls.qualification_body()) % _FIRST)
        keys = calls.key_headers(self.projects[project])
        calls.check_qualification(self.call("POST", QUALIFICATIONS, body, keys))

    def make_known(self, project: str) -> None:
        """Have both web processes load a project, whichever of them answers a call."""
        for _ in range(_CALLS_TO_REACH_ALL):
            self.qualify(project)

    def call(
        self, method: str, path: str, body: Any = None, keys: Mapping[str, str] | None = None
    ) -> Any:
        """One call outside of a load; the JSON of its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_S)
        try:
            headers = {**(keys or self.headers), "Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        assert response.status == OK, answer
        return answer

    def fetch(self, query: str, *values: Any) -> Any:
        """The first column of the first row."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            row = connection.execute(query, values).fetchone()  # type: ignore[call-overload]  # our own texts
        return row[0] if row else None

    def settle(self) -> float:
        """Wait until background work that earlier measurements caused is done; how long it took.

        Raises:  TimeoutError.
        """
        begun = time.monotonic()
        deadline = begun + _SETTLE_S
        while self.fetch(_BACKLOG):
            if time.monotonic() > deadline:
                raise TimeoutError(f"background work was not done after {_SETTLE_S:.0f} s")
            time.sleep(_POLL_S)
        return time.monotonic() - begun


_BACKLOG = (
    "SELECT (SELECT count(*) FROM events WHERE relayed_at IS NULL)"
    " + (SELECT count(*) FROM jobs WHERE dead_at IS NULL)"
)


def judged(outcome: Outcome, check: Callable[[Any], None]) -> Outcome:
    """The outcome, when every answer was 200 and those that were kept are right.

    Raises:  AssertionError.
    """
    assert set(outcome.statuses) == {OK}, (dict(outcome.statuses), outcome.bodies[-1:])
    assert outcome.bodies, "nothing was answered"
    assert outcome.latencies_s, "nothing was answered in time"
    for body in outcome.bodies:
        check(json.loads(body))
    return outcome


@contextmanager
def open_rig(folder: Path, redeemed_count: int) -> Iterator[Rig]:
    """Start everything and seed it; stop it in the end."""
    with Generator() as generator, run_live_server(folder) as server:
        sockets = (folder / "data" / "postgres.run").resolve()
        database_url = f"postgresql://kupon@/kupon?host={quote(str(sockets), safe='')}"
        seeds.seed(database_url, server.credentials["project_id"], redeemed_count)
        port = urlsplit(server.base_url).port or 0
        projects = _provision(database_url)
        rig = Rig(server, database_url, port, _free_port(), generator, projects)
        with _run_yardstick(rig, folder):
            yield rig


def _provision(database_url: str) -> dict[str, dict[str, str]]:
    settings = Settings(database_url=database_url)
    projects = {name: provision(settings, name) for name in promotions.PROJECTS}
    for name, keys in projects.items():
        promotions.seed(database_url, keys["project_id"], promotions.PROJECTS[name])
    return projects


@contextmanager
def _run_yardstick(rig: Rig, folder: Path) -> Iterator[None]:
    """Start the yardstick with a real answer of Kupon's to echo."""
    answer = rig.call(
        "POST", "/v1/validations", json.loads(json.dumps(calls.cart_body("VAL-0000000")) % _FIRST)
    )
    calls.check_validation(answer)
    path = folder / "answer.json"
    path.write_text(json.dumps(answer))
    settings = Settings(database_url=rig.database_url, port=rig.yardstick_port, web_processes=2)
    more = {yardstick.ANSWER_VARIABLE: str(path), "PYTHONPATH": str(ROOT)}
    with (folder / "yardstick.log").open("wb") as log:
        argv = [sys.executable, "-m", yardstick.__name__]
        process = subprocess.Popen(
            command(argv, folder=ROOT, dies_with=signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **settings.environment(), **more},
        )
    try:
        _wait_for(process, rig.yardstick_port)
        yield
    finally:
        process.terminate()
        process.wait(_STOP_S)


_FIRST = {"n": 0, "buyer": 0}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the yardstick did not start") from None
            time.sleep(_POLL_S)
        else:
            return
