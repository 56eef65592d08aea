"""Async actions over HTTP: what callers see of bulk work while it runs and when it has ended."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from kupon.runtime import clock
from kupon.storage.queries import async_actions
from kupon.storage.uow import UnitOfWork
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject, ProjectKeys

GENERATE = "CAMPAIGN.VOUCHERS_GENERATE"
NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


class Bulk:
    """Bulk work as a worker does it, each step in a unit of its own."""

    def __init__(self, engine: Engine, project_id: str) -> None:
        self._engine = engine
        self._project_id = project_id

    def _unit(self) -> UnitOfWork:
        return UnitOfWork(
            self._engine, project_id=self._project_id, now=clock.now(), request_id="v-0f"
        )

    def ask(self, type: str = GENERATE) -> str:
        with self._unit() as uow:
            action_id = async_actions.insert_action(uow, type)
            uow.commit()
        return action_id

    def progress(self, action_id: str, percent: int) -> None:
        with self._unit() as uow:
            async_actions.report_progress(uow, action_id, percent)
            uow.commit()

    def finish(self, action_id: str, result: dict[str, Any], *, is_failed: bool = False) -> None:
        with self._unit() as uow:
            async_actions.finish(uow, action_id, result, is_failed=is_failed)
            uow.commit()


@pytest.fixture
def bulk(engine: Engine, project: ProjectKeys) -> Bulk:
    return Bulk(engine, project.id)


def asked_for(action_id: str) -> dict[str, Any]:
    return {
        "id": action_id,
        "type": GENERATE,
        "status": "ENQUEUED",
        "operation_status": "UNKNOWN",
        "progress": 0,
        "request_id": "v-0f",
        "created_at": NOW,
        "object": "async_action",
    }


def test_work_is_followed_from_request_to_result(
    api: ApiClient, bulk: Bulk, move_time: MoveTime
) -> None:
    action_id = bulk.ask()
    path = f"/v1/async-actions/{action_id}"
    assert action_id.startswith("aa_")
    assert api.get(path).expect() == asked_for(action_id)

    move_time(seconds=1)
    bulk.progress(action_id, 40)
    running = asked_for(action_id) | {
        "status": "IN_PROGRESS",
        "progress": 40,
        "updated_at": "2026-03-01T12:00:01.000Z",
    }
    assert api.get(path).expect() == running

    move_time(milliseconds=250)
    result = {"message": "3 vouchers generated successfully.", "done_count": 3}
    bulk.finish(action_id, result)
    done = running | {
        "status": "DONE",
        "operation_status": "SUCCESS",
        "progress": 100,
        "processing_time": 1250,
        "updated_at": "2026-03-01T12:00:01.250Z",
    }
    assert api.get(path).expect() == done | {"result": result}
    assert api.get("/v1/async-actions").expect()["async_actions"] == [done]

    bulk.progress(action_id, 50)
    assert api.get(path).expect() == done | {"result": result}


def test_only_the_end_is_a_hundred_percent(api: ApiClient, bulk: Bulk) -> None:
    action_id = bulk.ask()
    bulk.progress(action_id, 100)
    action = api.get(f"/v1/async-actions/{action_id}").expect()
    assert (action["status"], action["progress"]) == ("IN_PROGRESS", 99)


def test_work_that_gave_up_says_so(api: ApiClient, bulk: Bulk) -> None:
    action_id = bulk.ask()
    bulk.progress(action_id, 40)
    result = {"message": "gave up", "done_count": 0, "failed_count": 1, "failed": []}
    bulk.finish(action_id, result, is_failed=True)
    action = api.get(f"/v1/async-actions/{action_id}").expect()
    assert (action["status"], action["operation_status"]) == ("FAILED", "FAILED")
    assert (action["progress"], action["result"]) == (40, result)


def test_actions_are_listed_newest_first_and_reached_by_end_date(
    api: ApiClient, bulk: Bulk, move_time: MoveTime
) -> None:
    made = []
    for _ in range(3):
        made.append(bulk.ask())
        move_time(days=1)
    first = api.get("/v1/async-actions", query={"limit": 2}).expect()
    assert [row["id"] for row in first.pop("async_actions")] == [made[2], made[1]]
    assert first == {"object": "list", "data_ref": "async_actions", "has_more": True}
    rest = api.get("/v1/async-actions", query={"end_date": "2026-03-02"}).expect()
    assert [row["id"] for row in rest["async_actions"]] == [made[0]]
    assert rest["has_more"] is False


def test_an_unknown_action_is_not_found(
    api: ApiClient, bulk: Bulk, new_project: NewProject, connect_api: ConnectApi
) -> None:
    action_id = bulk.ask()
    stranger = connect_api(new_project())
    refusal = stranger.get(f"/v1/async-actions/{action_id}").refused(404, "not_found")
    assert refusal["details"] == f"Cannot find async action with id {action_id}"
    assert stranger.get("/v1/async-actions").expect()["async_actions"] == []
    assert api.get(f"/v1/async-actions/{action_id}").expect() == asked_for(action_id)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "end_date=never"])
def test_bad_listings_are_refused(api: ApiClient, query: str) -> None:
    api.get(f"/v1/async-actions?{query}").refused(400, "invalid_query_params")
