"""Codes that are mirrored on a platform, and custom events that must not go round for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.hooks.adapter import OK, CodeItem
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


def track(segment, app, metadata=None):
    call = {
        "type": "track",
        "messageId": f"m-{metadata}",
        "userId": "ada",
        "event": "signed_up",
        "properties": {"metadata": metadata or {}},
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
