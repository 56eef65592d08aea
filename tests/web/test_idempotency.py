"""Requests that are sent again under one key, on real connections."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from flask_smorest import Blueprint
from sqlalchemy import text

from kupon.kit.errors import KuponError
from kupon.runtime.settings import Settings
from kupon.testing.client import key_headers
from kupon.web.app import build_app
from kupon.web.endpoint import Context, Refused, endpoint
from kupon.web.fields import Whole, WireSchema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

    from kupon.testing.plugin import NewProject, ProjectKeys

PATIENCE_S = 30.0
KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


class Order(WireSchema):
    amount = Whole(required=True)


@dataclass
class Counter:
    """A shop's counter: counts what was done, and does it as the test wants."""

    served: list[int] = field(default_factory=list)
    has_come: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def serve(self, ctx: Context, amount: int) -> Any:
        self.served.append(amount)
        self.has_come.set()
        assert self.may_go.wait(PATIENCE_S)
        ctx.uow.stage("test.served", "counter", {"amount": amount})
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        if amount < 0:
            return Refused(KuponError("invalid_amount"))
        return None if amount == 0 else {"amount": amount, "place": len(self.served)}


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    made.may_go.set()
    return made


@pytest.fixture
def shop(settings: Settings, counter: Counter) -> Iterator[Flask]:
    blueprint = Blueprint("counter", __name__)

    @blueprint.post("/v1/counter")
    @endpoint(body=Order)
    def serve(ctx: Context, body: dict[str, Any]) -> Any:
        return counter.serve(ctx, body["amount"])

    @blueprint.post("/v1/till")
    @endpoint(body=Order)
    def serve_at_till(ctx: Context, body: dict[str, Any]) -> Any:
        return counter.serve(ctx, body["amount"])

    @blueprint.get("/v1/counter")
    @endpoint()
    def look(ctx: Context) -> Any:
        return {"served": len(counter.served)}

    app = build_app(settings, [blueprint])
    yield app
    app.extensions["kupon"].close()


@dataclass(frozen=True)
class Caller:
    """Sends requests of one project, in threads when asked."""

    app: Flask
    project: ProjectKeys

    def post(self, amount: int, key: str | None = "k", path: str = "/v1/counter") -> TestResponse:
        headers = key_headers("server", self.project.credentials)
        headers |= {} if key is None else {KEY: key}
        return self.app.test_client().post(path, json={"amount": amount}, headers=headers)

    def get(self) -> TestResponse:
        headers = key_headers("server", self.project.credentials) | {KEY: "k"}
        return self.app.test_client().get("/v1/counter", headers=headers)


@pytest.fixture
def caller(shop: Flask, project: ProjectKeys) -> Caller:
    return Caller(shop, project)


@pytest.fixture
def events(engine: Engine, project: ProjectKeys) -> Any:
    """How many events the project has committed."""

    def count() -> int:
        statement = text("SELECT count(*) FROM events WHERE project_id = :id")
        with engine.connect() as connection:
            return connection.execute(statement, {"id": project.id}).scalar_one()

    return count


@pytest.fixture
def claims(engine: Engine, project: ProjectKeys) -> Any:
    """The keys that the project has claimed."""

    def names() -> list[str]:
        statement = text("SELECT key FROM idempotency_keys WHERE project_id = :id ORDER BY key")
        with engine.connect() as connection:
            return list(connection.execute(statement, {"id": project.id}).scalars())

    return names


def test_sent_again_it_is_answered_again(caller: Caller, counter: Counter, events: Any) -> None:
    first, second = caller.post(5), caller.post(5)
    assert first.json == {"amount": 5, "place": 1}
    assert (second.status, second.data, second.mimetype) == (
        first.status,
        first.data,
        first.mimetype,
    )
    assert (first.headers.get(REPLAYED), second.headers.get(REPLAYED)) == (None, "true")
    assert (counter.served, events()) == ([5], 1)


def test_without_a_key_it_is_done_again(
    caller: Caller, counter: Counter, events: Any, claims: Any
) -> None:
    assert [caller.post(5, key=None).status_code for _ in range(2)] == [200, 200]
    assert (counter.served, events(), claims()) == ([5, 5], 2, [])


def test_an_empty_answer_is_answered_again(caller: Caller, counter: Counter) -> None:
    first, second = caller.post(0), caller.post(0)
    assert (first.status_code, second.status_code, second.data) == (204, 204, b"")
    assert (second.headers.get(REPLAYED), counter.served) == ("true", [0])


def test_a_recorded_refusal_is_answered_again(
    caller: Caller, counter: Counter, events: Any
) -> None:
    first, second = caller.post(-1), caller.post(-1)
    assert (first.status_code, second.status_code) == (400, 400)
    assert second.data == first.data
    assert (second.headers.get(REPLAYED), counter.served, events()) == ("true", [-1], 1)


@pytest.mark.parametrize(
    ("amount", "path"),
    [(6, "/v1/counter"), (5, "/v1/counter?dry_run=true"), (5, "/v1/till")],
    ids=["body", "query", "path"],
)
def test_a_key_serves_one_request_only(
    caller: Caller, counter: Counter, events: Any, amount: int, path: str
) -> None:
    caller.post(5)
    answer = caller.post(amount, path=path)
    assert (answer.status_code, (answer.json or {})["key"]) == (409, "idempotency_key_conflict")
    assert (counter.served, events()) == ([5], 1)


def test_projects_have_their_own_keys(
    caller: Caller, shop: Flask, new_project: NewProject, counter: Counter
) -> None:
    other = Caller(shop, new_project())
    assert [caller.post(5).status_code, other.post(6).status_code] == [200, 200]
    assert counter.served == [5, 6]


def test_get_has_no_use_for_a_key(caller: Caller, claims: Any) -> None:
    assert [caller.get().status_code for _ in range(2)] == [200, 200]
    assert claims() == []


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"], ids=["empty", "too long", "unprintable"])
def test_other_keys_are_refused(caller: Caller, counter: Counter, key: str) -> None:
    answer = caller.post(5, key=key)
    assert (answer.status_code, (answer.json or {})["details"]) == (
        400,
        "Header Idempotency-Key must have 1 to 255 printable characters",
    )
    assert counter.served == []


def test_the_longest_key(caller: Caller) -> None:
    assert caller.post(5, key="~" * 255).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"), [(KuponError("invalid_order"), 400), (RuntimeError("broken"), 500)]
)
def test_what_was_rolled_back_is_done_anew(
    caller: Caller, counter: Counter, events: Any, claims: Any, error: Exception, status: int
) -> None:
    counter.error = error
    assert caller.post(5).status_code == status
    assert (events(), claims()) == (0, [])
    assert caller.post(5).status_code == 200
    assert (counter.served, events(), claims()) == ([5, 5], 1, ["k"])


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def send_twins(
    threads: ThreadPoolExecutor, caller: Caller, counter: Counter, engine: Engine
) -> tuple[Future[TestResponse], Future[TestResponse]]:
    """Two equal requests; returns once the first is at work and the second waits for it."""
    counter.may_go.clear()
    first = threads.submit(caller.post, 5)
    assert counter.has_come.wait(PATIENCE_S)
    second = threads.submit(caller.post, 5)
    statement = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO idempotency_keys%'"
    )
    with engine.connect() as connection:
        for _ in range(int(PATIENCE_S * 100)):
            if connection.execute(statement).scalar_one() == 1:
                return first, second
            connection.rollback()
            threading.Event().wait(0.01)
    raise AssertionError("the twin does not wait")


@pytest.mark.race
def test_a_twin_waits_and_is_answered_alike(
    threads: ThreadPoolExecutor, caller: Caller, counter: Counter, engine: Engine, events: Any
) -> None:
    first, second = send_twins(threads, caller, counter, engine)
    counter.may_go.set()
    assert (first.result().json, second.result().json) == ({"amount": 5, "place": 1},) * 2
    assert (first.result().headers.get(REPLAYED), second.result().headers.get(REPLAYED)) == (
        None,
        "true",
    )
    assert (counter.served, events()) == ([5], 1)


@pytest.mark.race
def test_a_twin_does_the_work_that_the_first_could_not(
    threads: ThreadPoolExecutor, caller: Caller, counter: Counter, engine: Engine, events: Any
) -> None:
    counter.error = KuponError("invalid_order")
    first, second = send_twins(threads, caller, counter, engine)
    counter.may_go.set()
    assert (first.result().status_code, second.result().status_code) == (400, 200)
    assert second.result().headers.get(REPLAYED) is None
    assert (counter.served, events()) == ([5, 5], 1)


@pytest.mark.race
def test_a_twin_does_the_work_of_a_first_that_was_killed(
    threads: ThreadPoolExecutor, caller: Caller, counter: Counter, engine: Engine, events: Any
) -> None:
    first, second = send_twins(threads, caller, counter, engine)
    kill = text(
        "SELECT pg_terminate_backend(unnest(pg_blocking_pids(pid))) FROM pg_stat_activity"
        " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    with engine.connect() as connection:
        assert connection.execute(kill).scalars().all() == [True]
    counter.may_go.set()
    assert (first.result().status_code, second.result().status_code) == (503, 200)
    assert (counter.served, events()) == ([5, 5], 1)


@pytest.mark.race
def test_many_at_once_do_it_once(
    threads: ThreadPoolExecutor, caller: Caller, counter: Counter, events: Any
) -> None:
    answers = list(threads.map(lambda _: caller.post(5), range(24)))
    assert {answer.data for answer in answers} == {answers[0].data}
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert (counter.served, events()) == ([5], 1)
