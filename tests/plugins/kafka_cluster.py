"""A cluster of Kafka that librdkafka plays inside one of its own clients.

It has no access control, no compaction, and makes topics with four partitions. It ends with that
client.
"""

from __future__ import annotations

import ctypes
import logging
from pathlib import Path

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition

from kupon.runtime import clock

_log = logging.getLogger("kupon.kafka")
PARTITIONS = range(4)
UNKNOWN_TOPIC = 3
# A reader of a played cluster gets stuck now and then; another one does not.
_TRIES = 6


class Cluster:
    """One broker, for tests."""

    def __init__(self):
        self._keeper = Producer(
            {
                "bootstrap.servers": "played.example:9092",
                "test.mock.num.brokers": 1,
                "logger": _log,
            }
        )
        [broker] = self._keeper.list_topics(timeout=10).brokers.values()
        self.address = f"{broker.host}:{broker.port}"
        self._producer = Producer({"bootstrap.servers": self.address, "logger": _log})

    @property
    def settings(self):
        return {"bootstrap_servers": self.address, "security_protocol": "PLAINTEXT"}

    def fail(self, topic, code=UNKNOWN_TOPIC):
        """Have a topic answer an error; 0 mends it."""
        # Only librdkafka's own interface has the switch.
        [path] = Path(confluent_kafka.__file__).parent.parent.glob("confluent_kafka.libs/librdk*")
        library = ctypes.CDLL(str(path))
        library.rd_kafka_handle_mock_cluster.restype = ctypes.c_void_p
        handle = ctypes.c_void_p.from_address(id(self._keeper) + object.__basicsize__)
        cluster = ctypes.c_void_p(library.rd_kafka_handle_mock_cluster(handle))
        library.rd_kafka_mock_topic_set_error(cluster, topic.encode(), code)

    def write(self, topic, *records):
        """Write records: (key, value, headers)."""
        for key, value, headers in records:
            self._producer.produce(topic, key=key, value=value, headers=headers)
        assert self._producer.flush(10) == 0

    def read(self, topic):
        """All records of a topic, partition by partition, without joining a group."""
        for _ in range(_TRIES):
            wanted, found = self._read(topic)
            if len(found) == wanted:
                return sorted(found, key=lambda each: (each.partition(), each.offset()))
        raise AssertionError(f"{len(found)} of {wanted} records of {topic} could be read")

    def _read(self, topic):
        """How many records a topic has, and those that one reader got in some seconds."""
        options = {"bootstrap.servers": self.address, "group.id": "reader", "logger": _log}
        reader = Consumer(options | {"enable.auto.commit": False})
        known = reader.list_topics(topic, timeout=10).topics[topic].partitions
        ends = {
            place: reader.get_watermark_offsets(TopicPartition(topic, place), timeout=10)[1]
            for place in known
        }
        reader.assign([TopicPartition(topic, place, 0) for place in known])
        wanted, found = sum(ends.values()), []
        ends_at = clock.monotonic_s() + 10
        while len(found) < wanted and clock.monotonic_s() < ends_at:
            found += [each for each in reader.consume(500, 0.2) if each.error() is None]
        reader.close()
        return wanted, found

    def committed(self, group, topic):
        """How many records of a topic a group has read."""
        options = {"bootstrap.servers": self.address, "group.id": group, "logger": _log}
        asker = Consumer(options)
        places = [TopicPartition(topic, place) for place in PARTITIONS]
        found = asker.committed(places, timeout=10)
        asker.close()
        return sum(max(each.offset, 0) for each in found)
