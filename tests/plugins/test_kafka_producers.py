"""Producers stay open, are few, and none is used after a fork."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kupon.hooks.addresses import AddressGuard
from kupon_kafka.config import SinkSettings
from kupon_kafka.producers import Producers

pytestmark = pytest.mark.slow

GUARD = AddressGuard.read(["127.0.0.0/8"])


@pytest.fixture
def settings(cluster):
    def make(**changed):
        return SinkSettings().load({**cluster.settings, **changed})

    return make


def test_a_process_keeps_a_few_producers_open(settings):
    producers = Producers()
    first = producers.get("wh_0", settings(), GUARD)
    assert producers.get("wh_0", settings(), GUARD) is first
    for number in range(1, 12):
        producers.get(f"wh_{number}", settings(), GUARD)
    assert producers.get("wh_11", settings(), GUARD) is producers.get("wh_11", settings(), GUARD)
    assert producers.get("wh_0", settings(), GUARD) is not first
    assert len(producers) == 8


def test_other_settings_are_another_producer(settings):
    producers = Producers()
    first = producers.get("wh_0", settings(), GUARD)
    assert producers.get("wh_0", settings(largest_bytes=50_000), GUARD) is not first
    assert len(producers) == 1


FORK = """
import os, sys
from kupon.hooks.addresses import AddressGuard
from kupon_kafka.config import SinkSettings
from kupon_kafka.producers import Producers
from kupon_kafka.records import Outgoing

settings = SinkSettings().load({"bootstrap_servers": sys.argv[1], "security_protocol": "PLAINTEXT"})
guard = AddressGuard.read(["127.0.0.0/8"])
producers = Producers()
seen = []

def send(text):
    line = producers.get("wh_0", settings, guard)
    line.produce(Outgoing(sys.argv[2], b"k", text, []), lambda error, _: seen.append(error))
    return line.producer.flush(10)

assert send(b"before") == 0
child = os.fork()
if child == 0:
    producers.drop("other")
    os._exit(send(b"below") or seen != [None, None])
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert send(b"after") == 0
"""


def test_whoever_is_forked_opens_a_producer_of_its_own(cluster):
    argv = [sys.executable, "-W", "ignore", "-c", FORK, cluster.address, "forked"]
    subprocess.run(argv, check=True, timeout=60)
    assert [each.value() for each in cluster.read("forked")] == [b"before", b"below", b"after"]
