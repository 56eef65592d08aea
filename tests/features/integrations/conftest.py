"""An imaginary shop that is connected with the project of a test."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from kupon.kit.timestamps import format_moment
from kupon.runtime import clock, ids
from kupon.testing import FakePlatform, Reply, route
from kupon.testing.answer import Answer

FOREIGN = Path(__file__).parent / "foreign"
SECRET = "canary-shoplet"


def signature(body, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def told(topic, key="", **members):
    """What the shop tells."""
    return {"id": ids.new_id("evt_"), "topic": topic, "key": key, **members}


class ShopletPlatform(FakePlatform):
    """The shop at its HTTP edge."""

    def __init__(self):
        super().__init__({"url": "{platform}", "secret": SECRET})
        self.orders = {}
        self.hooks = set()

    @route("GET", "/me")
    def me(self, _):
        return Reply({})

    @route("GET", "/orders/<key>")
    def order(self, _, key):
        return Reply(self.orders[key])

    @route("PUT", "/hooks/<name>")
    def put_hook(self, _, name):
        self.hooks.add(name)
        return Reply({"id": name})

    @route("DELETE", "/hooks/<name>")
    def delete_hook(self, _, name):
        self.hooks.discard(name)
        return Reply({})


@pytest.fixture
def platform():
    with ShopletPlatform() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def shoplet(app, tenants):
    """The adapter, registered with the application and with the workers."""
    sys.path.insert(0, str(FOREIGN))
    from kupon_shoplet.adapter import ShopletAdapter

    for each in (tenants, app.extensions["kupon"].tenants):
        each.contributions.adapters["shoplet"] = ShopletAdapter
    yield ShopletAdapter
    sys.path.remove(str(FOREIGN))


class Connected:
    """A connection of the test's project, and the platform's side of it."""

    def __init__(self, app, manage, body, number="connection"):
        self._app = app
        self.manage = manage
        self.body = body
        self.id = body["id"]
        self.path = f"/connections/{self.id}"

    def send(self, *events, secret=SECRET, path="", raw=None, headers=None):
        """Send events in one request."""
        body = json.dumps(list(events)).encode() if raw is None else raw
        sent = {"X-Shoplet-Signature": signature(body, secret)} | (headers or {})
        address = self.body["address"] + (f"/{path}" if path else "")
        response = self._app.test_client().post(address, data=body, headers=sent)
        is_json = response.mimetype == "application/json"
        return Answer(
            response.status_code,
            response.json if is_json else None,
            response.headers,
            response.data,
        )

    def tell(self, topic, key="", **members):
        """Send one event; what it was."""
        event = told(topic, key, **members)
        self.send(event).expect()
        return event

    def deliveries(self, state):
        return self.manage("get", f"{self.path}/deliveries", query={"state": state})["data"]

    def statistics(self):
        return self.manage("get", f"{self.path}/statistics")

    def checkouts(self):
        return self.manage("get", f"{self.path}/checkouts")["data"]

    def now(self):
        return self.manage("get", self.path)


@pytest.fixture
def manage(management_api, project):
    """Calls of the project's administration: `manage("get", "/connections")`; the JSON."""

    def call(method, path, status=200, **options):
        send = getattr(management_api, method)
        return send(f"/management/v1/projects/{project.id}{path}", **options).expect(status)

    return call


@pytest.fixture
def connect(app, manage):
    """Connects a shop: `connect(url=...)`."""

    def make(name="Shop", **settings):
        body = {"adapter": "shoplet", "name": name, "settings": {"secret": SECRET, **settings}}
        return Connected(app, manage, manage("post", "/connections", json=body))

    return make


@pytest.fixture
def shop(connect):
    return connect()


def moment(offset_s=0):
    from datetime import timedelta

    return format_moment(clock.now() + timedelta(seconds=offset_s))


@pytest.fixture
def run_processes(settings):
    """Processes of this installation, as in production: `with run_processes() as worker`."""

    def start(*arguments):
        variables = {
            "KUPON_DATABASE_URL": settings.database_url,
            "KUPON_REDIS_URL": settings.redis_url,
            "KUPON_SECRET_KEYS": ",".join(settings.secret_keys),
            "KUPON_ALLOWED_NETWORKS": ",".join(settings.allowed_networks),
        }
        argv = [sys.executable, "-m", "kupon.cli.main", *arguments]
        return subprocess.Popen(argv, env=os.environ | variables)

    @contextmanager
    def run():
        relay, worker = start("relay"), start("worker")
        try:
            yield worker
        finally:
            for process in (worker, relay):
                process.terminate()
                process.wait(30)

    return run
