"""A played cluster of Kafka, and both ways between it and a project."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def cluster():
    # Whoever tests other plugins does without the client library.
    from tests.plugins.kafka_cluster import Cluster

    return Cluster()


@pytest.fixture
def topic(project):
    return f"events.{project.id}"


@pytest.fixture
def sink(management_api, project, cluster, topic):
    """Makes a receiver of events: `sink(bootstrap_servers=...)`; changes it when there is one."""
    path = f"/management/v1/projects/{project.id}/event-sinks"
    made = []

    def make(**changed):
        settings = {**cluster.settings, "topic": topic, **changed}
        if made:
            return management_api.put(f"{path}/{made[0]}", json={"settings": settings}).expect()
        body = {"sink": "kafka", "events": ["*"], "settings": settings}
        answer = management_api.post(path, json=body).expect()
        made.append(answer["id"])
        return answer

    return make


@pytest.fixture
def connect(management_api, project, cluster):
    """Makes the connection "Bus": `connect(topic=...)`."""

    def make(**changed):
        body = {"adapter": "kafka", "name": "Bus", "settings": {**cluster.settings, **changed}}
        path = f"/management/v1/projects/{project.id}/connections"
        return management_api.post(path, json=body).expect()

    return make


@pytest.fixture
def consume(settings, project):
    """Starts a subscriber: `consume(connection)`; it is ended after the test."""
    variables = {
        "KUPON_DATABASE_URL": settings.database_url,
        "KUPON_REDIS_URL": settings.redis_url,
        "KUPON_SECRET_KEYS": ",".join(settings.secret_keys),
        "KUPON_ALLOWED_NETWORKS": ",".join(settings.allowed_networks),
    }
    started = []

    def start(connection, *options):
        argv = [sys.executable, "-m", "kupon.cli.main", "kafka", "consume"]
        process = subprocess.Popen(
            [*argv, project.id, connection, *options], env=os.environ | variables
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
