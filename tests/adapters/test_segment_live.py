"""Segment and a running Kupon: users come in once, what becomes of their codes goes out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from urllib.parse import urljoin

import pytest
import requests
from tests.adapters.living import LiveProject, kill_worker, wait_until
from tests.adapters.segment_platform import SegmentPlatform
from tests.adapters.test_segment import CONFIG, call

from kupon.testing.builders import redeemable

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]

REDEEMED = "Customer Redemption Succeeded"
ROLLED_BACK = "Customer Redemption Rollback Succeeded"
USERS = 300
QUIET = {"in": 0, "parked": 0, "out": 0}


@pytest.fixture
def project(own_server):
    return LiveProject(own_server, "Segment")


class Workspace:
    """The platform as it calls the connection with the project."""

    def __init__(self, platform, project):
        self.platform = platform
        connection = project.connect("segment", platform.settings)
        self._url = urljoin(project.server.base_url, connection["address"])

    def tell(self, *calls):
        """Calls through "Webhooks (Actions)", which are repeated until they are taken."""
        request = self.platform.webhook(*calls, is_batch=len(calls) > 1)

        def is_taken():
            try:
                return self.platform.deliver(request, self._url).status_code == 200
            except requests.RequestException:
                return False

        wait_until(is_taken, "the calls are taken")

    def heard(self, name):
        """The track calls of a name that Segment has taken, each message once."""
        return [each for each in self.platform.calls_of("track") if each["event"] == name]


def publish(project, user):
    """The code that a customer is given, asked for twice."""
    body = {"campaign": "Spring", "customer": user, "source_id": f"spring-{user}"}
    codes = {
        project.call("POST", "/v1/publications", json=body)["voucher"]["code"] for _ in range(2)
    }
    assert len(codes) == 1
    return codes.pop()


def cart_of(user, code):
    order = {"redeemables": [redeemable(code)], "order": {"amount": 2000}}
    return order | {"customer": {"source_id": user}}


def test_a_user_becomes_a_customer_whose_redemption_is_heard(project):
    with SegmentPlatform(CONFIG) as platform:
        segment = Workspace(platform, project)
        old = call("identify") | {"messageId": "early", "timestamp": "2026-01-01T00:00:00Z"}
        old |= {"traits": {"name": "Somebody"}}
        for each in (call("identify"), old, call("identify"), call("identify"), old):
            segment.tell(each)
        wait_until(lambda: project.find_customer("c-1001"), "the customer is there")
        wait_until(lambda: project.waiting()["in"] == 0, "all is taken")
        assert project.find_customer("c-1001")["name"] != "Somebody"
        project.make_campaign("Spring")
        code = publish(project, "c-1001")
        cart = cart_of("c-1001", code)
        assert project.call("POST", "/v1/validations", json=cart)["valid"]
        paid = project.call("POST", "/v1/redemptions", json=cart)
        assert project.redeemed(code) == 1
        (told,) = wait_until(lambda: segment.heard(REDEEMED), "the redemption is heard")
        assert (told["userId"], told["properties"]["voucher_code"]) == ("c-1001", code)
        wait_until(
            lambda: platform.held("profiles").get("c-1001", {}).get("voucher_code") == code,
            "the profile has the code",
        )
        redemption = paid["redemptions"][0]["id"]
        project.call("POST", f"/v1/redemptions/{redemption}/rollback")
        assert project.redeemed(code) == 0
        wait_until(lambda: segment.heard(ROLLED_BACK), "the rollback is heard")
        wait_until(lambda: project.waiting() == QUIET, "nothing waits")
        assert [len(segment.heard(name)) for name in (REDEEMED, ROLLED_BACK)] == [1, 1]


EARNED = "Customer Rewarded Loyalty Points"


def make_programme(project, event):
    """A loyalty programme in which an event earns 100 points."""
    body = {"name": "Points", "type": "AUTO_UPDATE"}
    body["voucher"] = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}}
    programme = project.call("POST", "/v1/loyalties", json=body)
    schema = project.manage(
        "POST", "/custom-event-schemas", json={"name": event, "schema": {"properties": {}}}
    )
    rule = {
        "event": event,
        "custom_event": {"schema_id": schema["id"]},
        "loyalty": {"type": "FIXED", "points": 100},
    }
    project.call("POST", f"/v1/loyalties/{programme['id']}/earning-rules", json=[rule])
    return programme


def test_an_event_earns_points_that_are_heard_of(project):
    with SegmentPlatform(CONFIG) as platform:
        segment = Workspace(platform, project)
        programme = make_programme(project, "review_left")
        segment.tell(call("identify"))
        customer = wait_until(lambda: project.find_customer("c-1001"), "the customer is there")
        path = f"/v1/loyalties/{programme['id']}/members"
        body = {"customer": {"id": customer["id"]}}
        card = project.call("POST", path, json=body)["code"]
        track = call("track") | {"messageId": "review-1", "event": "review_left"}
        track["properties"] = {"loyalty": {"code": card}}
        for _ in range(3):
            segment.tell(track)
        (told,) = wait_until(lambda: segment.heard(EARNED), "the points are heard of")
        assert (told["userId"], told["properties"]["voucher_code"]) == ("c-1001", card)
        assert told["properties"]["loyalty_points_delta"] == 100
        wait_until(
            lambda: platform.held("profiles").get("c-1001", {}).get("loyalty_balance") == 100,
            "the profile has the points",
        )
        wait_until(lambda: project.waiting() == QUIET, "nothing waits")
        assert len(segment.heard(EARNED)) == 1
        balance = project.call("GET", f"/v1/vouchers/{card}")["loyalty_card"]["balance"]
        assert balance == 100


@pytest.mark.chaos
def test_many_users_at_once_are_all_there(project, own_server):
    """Each comes twice, in batches of another order, while workers are killed."""
    identify = [
        call("identify") | {"messageId": f"m-{n}", "userId": f"u-{n}", "traits": {"name": f"U {n}"}}
        for n in range(USERS)
    ]
    batches = [identify[n : n + 10] for n in range(0, USERS, 10)]
    batches += [batch[::-1] for batch in batches[::-1]]
    is_over = Event()

    def kill():
        while not is_over.wait(2.0):
            kill_worker(own_server)

    with SegmentPlatform(CONFIG) as platform, ThreadPoolExecutor(9) as pool:
        segment = Workspace(platform, project)
        killer = pool.submit(kill)
        try:
            list(pool.map(lambda batch: segment.tell(*batch), batches))
        finally:
            is_over.set()
        killer.result()
        kill_worker(own_server)
        wait_until(lambda: project.waiting()["in"] == 0, "all are taken", patience_s=240)
    totals = project.manage("GET", "/connections/Main/statistics")["totals"]
    assert totals["inbox.done"] == USERS
    assert project.call("GET", "/v1/customers?limit=1")["total"] == USERS
    assert project.find_customer("u-299")["name"] == "U 299"


class KillingPlatform(SegmentPlatform):
    """A workspace at which a worker dies once it has told something, before it hears the answer."""

    server = None
    kills = 0

    def answer(self, request):
        reply = super().answer(request)
        if self.server is not None and REDEEMED.encode() in request.body and self.kills < 2:
            self.kills += 1
            kill_worker(self.server)
        return reply


def test_a_killed_worker_tells_nothing_twice(project, own_server):
    with KillingPlatform(CONFIG) as platform:
        segment = Workspace(platform, project)
        platform.server = own_server
        project.make_campaign("Spring")
        codes = {}
        for number in range(5):
            user = f"user-{number}"
            codes[user] = publish(project, user)
            project.call("POST", "/v1/redemptions", json=cart_of(user, codes[user]))
        wait_until(lambda: platform.kills == 2, "workers were killed")
        wait_until(
            lambda: len(segment.heard(REDEEMED)) >= len(codes) and project.waiting() == QUIET,
            "all is heard",
            patience_s=240,
        )
        heard = [
            (each["userId"], each["properties"]["voucher_code"]) for each in segment.heard(REDEEMED)
        ]
        assert sorted(heard) == sorted(codes.items())
        assert [project.redeemed(code) for code in codes.values()] == [1] * len(codes)
