"""A customer data platform and an engagement platform at once: what one tells goes round, and ends.

Each is played as somebody sets it up who wants all events everywhere: what Segment is told its
catalogue destination sends back, and what Braze is told a Canvas sends back by a webhook.
"""

from __future__ import annotations

import pytest
from tests.adapters.braze_platform import BrazePlatform
from tests.adapters.segment_platform import SegmentPlatform
from tests.adapters.test_braze import CONFIG as BRAZE
from tests.adapters.test_segment import CONFIG as SEGMENT

from kupon.testing.builders import amount_off, make_customer, make_voucher
from kupon.testing.platform import key_headers

REVIEW = "review_left"


@pytest.fixture
def manage(management_api, project):
    base = f"/management/v1/projects/{project.id}"

    def call(method, path, body):
        return getattr(management_api, method)(f"{base}{path}", json=body).expect()

    schema = {"properties": {"stars": {"type": "number", "optional": True}}}
    call("post", "/custom-event-schemas", {"name": REVIEW, "schema": schema})
    return call


def connect(manage, adapter, settings, style):
    body = {"adapter": adapter, "name": adapter, "settings": settings}
    key = manage("post", "/connections", body)["integration_key"]
    told = {
        "events": ["customer.custom_event"],
        "names": {"own": {"customer.custom_event": REVIEW}},
    }
    manage("put", f"/connections/{adapter}/outbound", told)
    if style is None:
        return {"X-App-Id": key["app_id"], "X-App-Token": key["app_token"]}
    return key_headers(style, key["app_id"], key["app_token"])


class Segment:
    """A workspace whose source of Kupon's calls feeds the catalogue destination."""

    def __init__(self, platform, app, manage):
        self.platform = platform
        self._app = app
        self._headers = connect(manage, "segment", platform.settings, "segment")
        self._handed_on = 0

    def told(self):
        return [each["properties"] for each in self.platform.calls_of("track")]

    def hand_on(self):
        new = self.told()[self._handed_on :]
        self._handed_on += len(new)
        for properties in new:
            self.tell(properties["metadata"])
        return len(new)

    def tell(self, metadata):
        body = {
            "type": "track",
            "event": REVIEW,
            "customer": {"source_id": "ada"},
            "metadata": metadata,
        }
        path = "/segmentio/event-processing"
        assert self._app.test_client().post(path, json=body, headers=self._headers).json == {}


class Braze:
    """A workspace with a Canvas that begins with Kupon's event, as the README shows it."""

    def __init__(self, platform, app, manage):
        self.platform = platform
        self._app = app
        self.headers = connect(manage, "braze", platform.settings, None)
        self._handed_on = 0

    def told(self):
        return [each["properties"] for each in self.platform.events]

    def hand_on(self):
        new = self.told()[self._handed_on :]
        self._handed_on += len(new)
        for properties in new:
            self.tell({"kupon_hops": str(properties["kupon_hops"])})
        return len(new)

    def tell(self, metadata):
        body = {"event": REVIEW, "customer": {"source_id": "ada"}, "metadata": metadata}
        answer = self._app.test_client().post("/v1/events", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.json


@pytest.fixture
def segment(app, manage):
    with SegmentPlatform(SEGMENT) as platform:
        yield Segment(platform, app, manage)


@pytest.fixture
def braze(app, manage):
    with BrazePlatform(BRAZE) as platform:
        yield Braze(platform, app, manage)


@pytest.mark.parametrize("first", ["segment", "braze"])
def test_an_event_ends_after_some_rounds(segment, braze, api, jobs, move_time, first):
    make_customer(api, source_id="ada")
    {"segment": segment, "braze": braze}[first].tell({"stars": 5})
    for _ in range(8):
        move_time(minutes=1)
        jobs()
        if segment.hand_on() + braze.hand_on() == 0:
            break
    else:
        pytest.fail("it goes round without end")
    assert 1 <= len(segment.told()) <= 3
    assert 1 <= len(braze.told()) <= 3


def test_nobody_is_told_what_he_told(segment, braze, api, jobs):
    make_customer(api, source_id="ada")
    braze.tell({"stars": 5})
    jobs()
    assert braze.told() == []
    (properties,) = segment.told()
    assert properties["metadata"] == {"stars": 5, "kupon_hops": 1}
    segment.tell({"stars": 4})
    jobs()
    assert len(segment.told()) == 1
    (properties,) = braze.told()
    assert properties["metadata"] == {"stars": 4, "kupon_hops": 1}


def test_nor_has_he_a_profile_written_that_he_changed(braze, app, manage, api, jobs):
    settings = {**braze.platform.settings, "fills_profiles": True}
    manage("put", "/connections/braze", {"settings": settings})
    customer = make_customer(api, source_id="ada", name="Ada")
    voucher = make_voucher(api, "SPRING-1", discount=amount_off(500))
    given = {"voucher": voucher["code"], "customer": {"id": customer["id"]}}
    api.post("/v1/publications", json=given).expect()
    path = f"/v1/customers/{customer['id']}"
    jobs()
    api.put(path, json={"name": "Bea"}).expect()
    jobs()
    assert braze.platform.profiles["ada"]["first_name"] == "Bea"
    by_braze = app.test_client().put(path, json={"name": "Cleo"}, headers=braze.headers)
    assert by_braze.status_code == 200
    jobs()
    assert braze.platform.profiles["ada"]["first_name"] == "Bea"
