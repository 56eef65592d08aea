"""Codes that the worker draws: how many, from what pattern, and through kills and clashes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kupon.features.campaigns import jobs as campaign_jobs
from kupon.features.vouchers.service import drawing
from kupon.jobs.relay import Relay
from kupon.jobs.worker import drain_lines
from kupon.runtime import clock
from kupon.storage.queries import outbox
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_campaign, make_voucher

HANDLER = "campaigns.generate_vouchers"


def names(events):
    return [name for name, _ in events()]


def action(api, number=0):
    """The last async action but `number`, with its result."""
    listed = api.get("/v1/async-actions").expect()["async_actions"]
    return api.get(f"/v1/async-actions/{listed[number]['id']}").expect()


def stored(uow, campaign_id):
    """The codes of a campaign as the table has them."""
    rows = uow.reader.execute(
        "SELECT code FROM vouchers WHERE project_id = %s AND campaign_id = %s",
        (uow.project_id, campaign_id),
    )
    return [row[0] for row in rows]


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(campaign_jobs, "SLICE", 100)
    monkeypatch.setattr(drawing, "WALKED_AT_ONCE", 150)


def test_the_request_answers_before_the_codes_are_there(api, jobs, events):
    made = make_campaign(api, name="Camp", vouchers_count=250)
    assert (made["creation_status"], made["vouchers_generation_status"]) == ("IN_PROGRESS",) * 2
    assert made["vouchers_count"] == 0
    waiting = action(api)
    assert (waiting["type"], waiting["status"]) == ("CAMPAIGN.VOUCHERS_GENERATE", "ENQUEUED")
    jobs()
    done = api.get("/v1/campaigns/Camp").expect()
    assert (done["creation_status"], done["vouchers_generation_status"]) == ("DONE", "DONE")
    assert done["vouchers_count"] == 250
    assert api.get("/v1/vouchers", query={"campaign": "Camp"}).expect()["total"] == 250
    finished = action(api)
    assert (finished["status"], finished["operation_status"]) == ("DONE", "SUCCESS")
    assert (finished["progress"], finished["request_id"]) == (100, waiting["request_id"])
    assert finished["result"] == {"message": "Generated 250 vouchers.", "done_count": 250}
    assert names(events) == [
        "campaign.vouchers.generation.started",
        "campaign.created",
        "campaign.vouchers.generation.completed",
    ]
    payload = events()[-1][1]
    assert (payload["campaign"]["id"], payload["count"]) == (made["id"], 250)


def test_twenty_thousand_codes_by_relay_and_worker(
    api, engine, settings, jobs, project, uow, move_time
):
    made = make_campaign(
        api,
        start_date="2026-01-01",
        validity_day_of_week=[1, 2],
        voucher={"redemption": {"quantity": 1}, "code_config": {"prefix": "P-", "length": 9}},
        vouchers_count=20_000,
    )
    relay = Relay(engine, jobs._client, jobs.registry)
    done = 0
    while relay.turn():
        done += drain_lines(engine, jobs.registry, project.id, HANDLER, [made["id"]])
    assert done == 2
    codes = stored(uow, made["id"])
    assert (len(codes), len(set(codes))) == (20_000, 20_000)
    assert {(code[:2], len(code)) for code in codes} == {("P-", 11)}
    sample = api.get("/v1/vouchers", query={"campaign_id": made["id"], "limit": 1}).expect()
    assert sample["total"] == 20_000
    (voucher,) = sample["vouchers"]
    assert voucher["discount"] == made["voucher"]["discount"]
    assert voucher["redemption"]["quantity"] == 1
    assert (voucher["start_date"], voucher["validity_day_of_week"]) == (
        "2026-01-01T00:00:00.000Z",
        [1, 2],
    )


def test_progress_is_told_between_slices(api, jobs, engine, project, small_slices):
    made = make_campaign(api, vouchers_count=250)
    one_slice(engine, jobs, project)
    assert (action(api)["status"], action(api)["progress"]) == ("IN_PROGRESS", 40)
    halfway = api.get(f"/v1/campaigns/{made['id']}").expect()
    assert (halfway["vouchers_count"], halfway["creation_status"]) == (100, "IN_PROGRESS")
    jobs()
    assert action(api)["status"] == "DONE"


def one_slice(engine, jobs, project, *, is_killed=False):
    """Do one slice as a worker does; a killed one never gets to its commit."""
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        (order_key,) = uow.reader.execute(
            "SELECT order_key FROM jobs WHERE project_id = %s AND handler = %s ORDER BY id LIMIT 1",
            (project.id, HANDLER),
        ).fetchone()
        (job,) = outbox.claim_jobs(uow, HANDLER, [order_key], 1)
        (again,) = jobs.registry.tasks[HANDLER].run(uow, [job.arguments])
        if is_killed:
            return
        if again is None:
            outbox.delete_jobs(uow, [job.id])
        else:
            outbox.postpone_job(uow, job.id, uow.now, dict(again.arguments))
        uow.commit()


@pytest.mark.parametrize("killed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_killed_worker_leaves_exactly_the_requested_number(
    api, jobs, engine, project, uow, small_slices, killed
):
    made = make_campaign(api, vouchers_count=250)
    for number in range(3):
        if number in killed:
            one_slice(engine, jobs, project, is_killed=True)
        one_slice(engine, jobs, project)
    assert jobs() == 0
    assert len(stored(uow, made["id"])) == 250
    campaign = api.get(f"/v1/campaigns/{made['id']}").expect()
    assert (campaign["vouchers_count"], campaign["creation_status"]) == (250, "DONE")


def test_a_pattern_is_used_to_its_last_code(api, jobs, uow, small_slices):
    config = {"pattern": "A###", "charset": "numbers"}
    made = make_campaign(api, vouchers_count=1000, voucher={"code_config": config})
    jobs()
    assert sorted(stored(uow, made["id"])) == [f"A{number:03}" for number in range(1000)]
    assert action(api)["operation_status"] == "SUCCESS"


def test_a_pattern_that_runs_dry_fails_the_generation(api, jobs, events, uow, small_slices):
    config = {"pattern": "B##", "charset": "numbers"}
    made = make_campaign(api, vouchers_count=90, voucher={"code_config": config})
    for number in range(20):
        make_voucher(api, f"B{number:02}")
    jobs()
    assert sorted(stored(uow, made["id"])) == [f"B{number}" for number in range(20, 100)]
    campaign = api.get(f"/v1/campaigns/{made['id']}").expect()
    assert (campaign["creation_status"], campaign["vouchers_generation_status"]) == (
        "DONE",
        "FAILED",
    )
    failed = action(api)
    assert (failed["status"], failed["operation_status"]) == ("FAILED", "FAILED")
    assert failed["result"] == {
        "message": "Generated 80 vouchers. The pattern has no codes left.",
        "done_count": 80,
    }
    name, payload = events()[-1]
    assert name == "campaign.vouchers.generation.failed"
    assert (payload["count"], payload["reason"]) == (80, "The pattern has no codes left.")


def test_two_campaigns_share_a_pattern_at_once(api, engine, jobs, project, uow, small_slices):
    config = {"code_config": {"pattern": "C###", "charset": "numbers"}}
    first = make_campaign(api, vouchers_count=500, voucher=config)
    second = make_campaign(api, vouchers_count=500, voucher=config)
    with ThreadPoolExecutor(2) as pool:
        drained = pool.map(
            lambda made: drain_lines(engine, jobs.registry, project.id, HANDLER, [made["id"]]),
            (first, second),
        )
        assert all(drained)
    assert jobs.failures() == []
    both = stored(uow, first["id"]) + stored(uow, second["id"])
    assert sorted(both) == [f"C{number:03}" for number in range(1000)]
    for made in (first, second):
        assert api.get(f"/v1/campaigns/{made['id']}").expect()["vouchers_count"] == 500


def test_two_generations_of_one_campaign_come_one_after_the_other(api, jobs, small_slices):
    made = make_campaign(api, vouchers_count=150)
    path = f"/v1/campaigns/{made['id']}"
    api.post(f"{path}/vouchers", query={"vouchers_count": 120}).expect(202)
    assert api.get(path).expect()["vouchers_generation_status"] == "IN_PROGRESS"
    jobs()
    campaign = api.get(path).expect()
    assert (campaign["vouchers_count"], campaign["vouchers_generation_status"]) == (270, "DONE")
    assert [action(api, number)["status"] for number in (0, 1)] == ["DONE", "DONE"]


def test_codes_added_meanwhile_count_too(api, jobs, engine, project, small_slices):
    made = make_campaign(api, vouchers_count=250)
    one_slice(engine, jobs, project)
    api.post(f"/v1/campaigns/{made['id']}/vouchers/MEANWHILE").expect()
    jobs()
    assert api.get(f"/v1/campaigns/{made['id']}").expect()["vouchers_count"] == 251
    listed = api.get("/v1/vouchers", query={"campaign_id": made["id"]}).expect()
    assert listed["total"] == 251


def test_later_codes_follow_a_change_of_the_campaign(api, jobs, engine, project, small_slices):
    made = make_campaign(api, vouchers_count=250)
    one_slice(engine, jobs, project)
    api.put(f"/v1/campaigns/{made['id']}", json={"start_date": "2026-05-01"}).expect()
    jobs()
    started = {"start_date": {"conditions": {"$has_value": ""}}}
    listed = api.get("/v1/vouchers", query={"filters": started}).expect()
    assert listed["total"] == 250
    assert api.get(f"/v1/campaigns/{made['id']}").expect()["creation_status"] == "DONE"


def test_a_deleted_campaign_gets_no_more_codes(api, jobs, engine, project, uow, small_slices):
    made = make_campaign(api, vouchers_count=250)
    one_slice(engine, jobs, project)
    api.delete(f"/v1/campaigns/{made['id']}", query={"force": True}).expect(202)
    jobs()
    assert stored(uow, made["id"]) == []
    generation = action(api, 1)
    assert (generation["type"], generation["status"]) == ("CAMPAIGN.VOUCHERS_GENERATE", "FAILED")
    assert generation["result"]["message"] == "Generated 100 vouchers. The campaign was deleted."
    assert action(api)["result"] == {"message": "Deleted 100 vouchers.", "done_count": 100}


def test_a_clash_in_a_roomy_pattern_costs_no_code(api, jobs, uow, monkeypatch):
    taken = [make_voucher(api, f"TAKEN{number}")["code"] for number in range(3)]
    fresh = drawing.draw

    def clashing(pattern, count, random_bytes):
        codes = fresh(pattern, count, random_bytes)
        return [*taken, *codes[3:]] if count == 50 else codes

    monkeypatch.setattr(drawing, "draw", clashing)
    made = make_campaign(api, vouchers_count=50)
    jobs()
    codes = stored(uow, made["id"])
    assert (len(set(codes)), set(codes) & set(taken)) == (50, set())
