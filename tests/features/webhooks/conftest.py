"""A project's server that is told of events, and what is kept of it."""

from __future__ import annotations

import pytest

from kupon.features.webhooks.jobs import wake_senders
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.platform import FakePlatform, Received, Reply, route


class Receiver(FakePlatform):
    """Takes whatever comes, unless it holds what is refused."""

    refused = b""

    @route("POST", "/hook")
    def hook(self, request: Received) -> Reply:
        return Reply({}, 422 if self.refused and self.refused in request.body else 200)

    @property
    def told(self):
        """The bodies that came."""
        return [call.json for call in self.calls()]

    @property
    def types(self):
        """Their types."""
        return [body["type"] for body in self.told]


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def webhooks(project):
    """The path of the project's webhooks."""
    return f"/management/v1/projects/{project.id}/webhooks"


@pytest.fixture
def subscribe(management_api, webhooks, receiver):
    """Makes a webhook of the receiver: `subscribe("customer.created")`; the wire's."""

    def post(*events, **members):
        body = {"target_url": f"{receiver.url}/hook", "events": list(events or ("*",)), **members}
        return management_api.post(webhooks, json=body).expect()

    return post


@pytest.fixture
def sink(management_api, project):
    """A receiver as it is kept: `sink(id)`; changes it when members are given."""

    def call(id, **members):
        path = f"/management/v1/projects/{project.id}/event-sinks/{id}"
        if members:
            return management_api.put(path, json=members).expect()
        return management_api.get(path).expect()

    return call


@pytest.fixture
def deliveries(api):
    """What was sent to a webhook, the oldest first: `deliveries(id)`."""

    def get(id, **query):
        query = {"order": "created_at", "limit": 100} | query
        return api.get(f"/v1/webhooks/{id}/deliveries", query=query).expect()["deliveries"]

    return get


@pytest.fixture
def look(engine, jobs):
    """Does what the scheduler does, then what is due."""

    def run():
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            wake_senders(uow)
            uow.commit()
        return jobs()

    return run
