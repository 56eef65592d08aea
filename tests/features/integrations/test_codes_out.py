"""Codes that are mirrored on a platform, and custom events that must not go round for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.hooks.adapter import OK, CodeItem
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_campaign, make_rule
from kupon_segment.adapter import SegmentAdapter


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def mirrored(monkeypatch):
    """What a platform that mirrors codes has been told, in order."""
    manifest, push, told = SegmentAdapter.manifest(), SegmentAdapter.push, []
    can = manifest.capabilities | {"codes.push"}
    widened = replace(manifest, capabilities=can)
    monkeypatch.setattr(SegmentAdapter, "manifest", classmethod(lambda _: widened))

    def take(self, kind, items):
        if kind != "codes":
            return push(self, kind, items)
        assert all(isinstance(item, CodeItem) for item in items)
        told.extend(items)
        return [OK] * len(items)

    monkeypatch.setattr(SegmentAdapter, "push", take)
    return told


@pytest.fixture
def segment(mirrored, platform, manage):
    return connect(platform, manage)


@pytest.fixture
def create(api):
    def make(code, **more):
        body = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
        return api.post(f"/v1/vouchers/{code}", json=body | more).expect()

    return make


def said(mirrored):
    """By code, whether it is to go."""
    return [(item.voucher["code"], item.is_retired) for item in mirrored]


def test_a_code_lives_as_long_as_it_is_of_use(segment, mirrored, api, jobs, create, give):
    create("ONCE", redemption={"quantity": 1})
    jobs()
    assert said(mirrored) == [("ONCE", False)]
    ada = api.post("/v1/customers", json={"source_id": "ada"}).expect()
    give("ONCE", ada)
    jobs()
    assert mirrored[-1].customer["source_id"] == "ada"
    body = {"redeemables": [{"object": "voucher", "id": "ONCE"}], "order": {"amount": 100}}
    redeemed = api.post("/v1/redemptions", json=body | {"customer": {"id": ada["id"]}}).expect()
    jobs()
    assert said(mirrored)[-1] == ("ONCE", True)
    api.post(f"/v1/redemptions/{redeemed['redemptions'][0]['id']}/rollback").expect()
    jobs()
    assert said(mirrored)[-1] == ("ONCE", False)
    assert len({item.id for item in mirrored}) == len(mirrored)
    api.post("/v1/vouchers/ONCE/disable").expect()
    jobs()
    assert said(mirrored)[-1] == ("ONCE", True)


def test_a_code_that_is_gone_is_taken_away(segment, mirrored, api, jobs, create):
    create("GONE")
    jobs()
    api.delete("/v1/vouchers/GONE", query={"force": "true"}).expect(204)
    jobs()
    assert said(mirrored) == [("GONE", False), ("GONE", True)]


def test_many_changes_are_one_item(segment, mirrored, api, jobs, create):
    segment.post("/pause")
    create("BUSY")
    for percent in (20, 30):
        discount = {"type": "PERCENT", "percent_off": percent}
        api.put("/v1/vouchers/BUSY", json={"discount": discount}).expect()
        jobs()
    segment.post("/resume")
    jobs()
    [item] = mirrored
    assert item.voucher["discount"]["percent_off"] == 30


def test_only_the_codes_of_chosen_campaigns_are_mirrored(segment, mirrored, jobs, create):
    segment.put("/outbound", json={"codes": {"campaigns": ["Spring"]}})
    create("ALONE")
    jobs()
    assert mirrored == []


def track(segment, app, metadata=None, **properties):
    call = {
        "type": "track",
        "messageId": f"m-{metadata}",
        "userId": "ada",
        "event": "signed_up",
        "properties": {"metadata": metadata or {}} | properties,
    }
    request = segment.platform.webhook(call)
    address = f"{segment.get()['address']}/webhook"
    answer = app.test_client().post(address, data=request.body, headers=request.headers)
    assert answer.status_code == 200, answer.data


def test_a_custom_event_reaches_others_and_ends_after_some_rounds(
    segment, platform, manage, app, jobs
):
    manage(
        "post", "/custom-event-schemas", json={"name": "signed_up", "schema": {"properties": {}}}
    )
    other = connect(platform, manage, "Second")
    for each in (segment, other):
        each.put("/outbound", json={"events": ["customer.custom_event"]})
    track(segment, app)
    jobs()
    [call] = segment.tracked("Customer Custom Event")
    assert call["properties"]["kupon_hops"] == 1
    assert "events.pushed" not in segment.totals()
    assert other.totals()["events.pushed"] == 1
    track(segment, app, {"kupon_hops": 2})
    jobs()
    assert segment.tracked()[-1]["properties"]["kupon_hops"] == 3
    track(segment, app, {"kupon_hops": 3})
    jobs()
    assert len(segment.tracked()) == 2
    events = manage("get", f"{segment.path}/deliveries", query={"state": "DONE"})["data"]
    assert [each["error"] for each in events if "error" in each] == [
        "the event signed_up has gone round 3 times"
    ]


@pytest.mark.parametrize("hops", [3, "3", 4.0, 10**30])
def test_an_event_that_has_gone_round_is_not_taken(segment, manage, app, api, jobs, hops):
    manage(
        "post", "/custom-event-schemas", json={"name": "signed_up", "schema": {"properties": {}}}
    )
    track(segment, app, {"kupon_hops": hops})
    jobs()
    assert api.get("/v1/customers/ada").status == 404


@pytest.mark.parametrize("hops", [2, "2", None, "many", -1, [3], {"n": 3}])
def test_an_event_that_has_not_is_taken(segment, manage, app, api, jobs, hops):
    manage(
        "post", "/custom-event-schemas", json={"name": "signed_up", "schema": {"properties": {}}}
    )
    track(segment, app, {"kupon_hops": hops})
    jobs()
    assert api.get("/v1/customers/ada").expect()["source_id"] == "ada"


def test_what_is_told_of_an_event_counts_when_it_comes_back(segment, manage, app, api, jobs):
    """Segment's webhooks hand on whole calls, with the properties that Kupon gave them."""
    manage(
        "post", "/custom-event-schemas", json={"name": "signed_up", "schema": {"properties": {}}}
    )
    track(segment, app, None, kupon_hops=3)
    jobs()
    assert api.get("/v1/customers/ada").status == 404


class TestWhatBefallsThem:
    @pytest.fixture
    def spring(self, api, segment, jobs):
        """A campaign of which one code was told, and another one not."""
        segment.post("/pause")
        make_campaign(api, name="Spring", type="AUTO_UPDATE")
        for code in ("KNOWN", "UNKNOWN"):
            api.post(f"/v1/campaigns/Spring/vouchers/{code}", json={}).expect()
        jobs()
        return api.get("/v1/campaigns/Spring").expect()

    @pytest.fixture
    def told(self, spring, segment, mirrored, engine, project, jobs):
        """What is told once the one code is known: `told()`."""
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            uow.driver.execute(
                "DELETE FROM outbound_items WHERE project_id = %s"
                " AND payload ->> 'code' = 'UNKNOWN'",
                (project.id,),
            )
            uow.commit()
        segment.post("/resume")
        jobs()
        assert said(mirrored) == [("KNOWN", False)]

        def news():
            del mirrored[:]
            jobs()
            return mirrored

        return news

    @pytest.mark.parametrize("of", ["voucher", "campaign"])
    def test_a_rule_of_theirs_is_told(self, api, spring, told, of):
        rule = make_rule(api)
        code = api.get("/v1/vouchers/KNOWN").expect()
        body = {of: {"voucher": code, "campaign": spring}[of]["id"]}
        path = f"/v1/validation-rules/{rule['id']}/assignments"
        assignment = api.post(path, json=body).expect()
        [item] = told()
        assert item.voucher["code"] == "KNOWN"
        assert item.voucher["validation_rules_assignments"]["total"] == 1
        api.delete(f"{path}/{assignment['id']}").expect(204)
        [item] = told()
        assert item.voucher["validation_rules_assignments"]["total"] == 0

    def test_a_campaign_that_ends_ends_its_codes(self, api, spring, told):
        api.post("/v1/campaigns/Spring/disable").expect()
        assert said(told()) == [("KNOWN", True)]
        api.post("/v1/campaigns/Spring/enable").expect()
        assert said(told()) == [("KNOWN", False)]
        api.delete("/v1/campaigns/Spring").expect(202)
        assert said(told()) == [("KNOWN", True)]
        assert said(told()) == []

    def test_what_a_campaign_spreads_to_its_codes_is_told(self, api, spring, told, uow):
        """Many codes get its dates long after the campaign's change was told."""

        def spread(after):
            uow.driver.execute(
                "UPDATE jobs SET available_at = now() + %s::interval, enqueued_at = NULL"
                " WHERE project_id = %s AND handler = 'campaigns.update_vouchers'",
                (after, uow.project_id),
            )
            uow.commit()

        ends = "2099-01-01T00:00:00.000Z"
        api.put("/v1/campaigns/Spring", json={"expiration_date": ends}).expect()
        spread("1 hour")
        assert [item.voucher.get("expiration_date") for item in told()] == [None]
        spread("-1 second")
        [item] = told()
        assert (item.voucher["code"], item.voucher["expiration_date"]) == ("KNOWN", ends)

    @pytest.mark.parametrize("of", ["voucher", "campaign"])
    def test_a_change_of_their_rule_is_told(self, api, spring, told, of):
        rule = make_rule(api)
        code = api.get("/v1/vouchers/KNOWN").expect()
        body = {of: {"voucher": code, "campaign": spring}[of]["id"]}
        api.post(f"/v1/validation-rules/{rule['id']}/assignments", json=body).expect()
        told()
        api.put(f"/v1/validation-rules/{rule['id']}", json={"name": "Another"}).expect()
        [item] = told()
        assert item.voucher["code"] == "KNOWN"
        other = make_rule(api)
        api.put(f"/v1/validation-rules/{other['id']}", json={"name": "Nobody's"}).expect()
        assert said(told()) == []
