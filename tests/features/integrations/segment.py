"""A Segment workspace that is connected with the project of a test, as its adapter knows it."""

from __future__ import annotations

from threading import Event

from tests.adapters.segment_platform import SegmentPlatform

from kupon.runtime import clock

CONFIG = {
    "write_key": "canary-write-key-1",
    "shared_secret": "canary-shared-secret-2",
    "static_header": "canary-static-header-3",
    "profile_token": "canary-profile-token-4",
    "space_id": "spa_1",
    "public_token": "canary-public-token-5",
    "tracking_url": "{platform}",
    "profile_url": "{platform}",
    "public_url": "{platform}",
}


class Workspace:
    """The connection, as operators see it, and the platform behind it."""

    def __init__(self, platform, manage, body):
        self.platform = platform
        self.id = body["id"]
        self.path = f"/connections/{self.id}"
        self._manage = manage

    def get(self, path="", **options):
        return self._manage("get", f"{self.path}{path}", **options)

    def post(self, path, **options):
        return self._manage("post", f"{self.path}{path}", **options)

    def put(self, path="", **options):
        return self._manage("put", f"{self.path}{path}", **options)

    def items(self, state=None, kind=None):
        """What waits for the platform or was not taken."""
        query = {"state": state, "kind": kind, "limit": "100"}
        given = {name: value for name, value in query.items() if value is not None}
        return self.get("/outbound/items", query=given)["data"]

    def totals(self):
        return self.get("/statistics")["totals"]

    def tracked(self, name=None):
        """The track calls that were taken, each once."""
        calls = self.platform.calls_of("track")
        return [call for call in calls if name in (None, call["event"])]

    def traits(self, source_id):
        """The traits of the last identify call of a user."""
        return self.platform.held("profiles").get(source_id)

    def batch_sizes(self):
        return [len(batch) for batch in self.platform.batches]


def run_platform():
    """The workspace at its HTTP edge."""
    return SegmentPlatform(CONFIG)


def connect(platform, manage, name="Segment"):
    """Connect a project with the workspace."""
    body = {"adapter": "segment", "name": name, "settings": platform.settings}
    return Workspace(platform, manage, manage("post", "/connections", json=body))


class KillingPlatform(SegmentPlatform):
    """A workspace that ends a process which calls it, once it has done what it was asked."""

    def __init__(self, kills_at):
        super().__init__(CONFIG)
        self._kills_at = kills_at
        self._victim = None
        self._is_killed = Event()

    def kill(self, process):
        """Wait for the call, and for the end of the process."""
        self._victim = process
        assert self._is_killed.wait(90), "nobody called"
        process.wait(30)

    def answer(self, request):
        reply = super().answer(request)
        if not self._is_killed.is_set() and self._kills_at(request, self):
            while self._victim is None:
                clock.sleep(0.01)
            self._victim.kill()
            self._is_killed.set()
        return reply
