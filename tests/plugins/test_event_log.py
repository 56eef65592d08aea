"""`kupon event-log`: events among the other lines of a log."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kupon_event_log.command import event_log

EVENTS = [
    {"id": "1", "type": "customer.created", "project_id": "p", "customer_id": "a"},
    {"id": "2", "type": "voucher.created", "project_id": "p", "customer_id": None},
    {"id": "3", "type": "customer.created", "project_id": "q", "customer_id": "b"},
]
LOG = "\n".join(
    [
        "no JSON",
        json.dumps({"message": "job failed"}),
        json.dumps(["event"]),
        json.dumps({"message": "event", "event": "nothing"}),
        *(json.dumps({"message": "event", "event": each}) for each in EVENTS),
    ]
)


def run(*words):
    done = CliRunner().invoke(event_log, words, input=LOG)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ((), "123"),
        (("--type", "voucher.created"), "2"),
        (("--type", "voucher.created", "--type", "customer.created"), "123"),
        (("--project", "q"), "3"),
        (("--customer", "a"), "1"),
        (("--customer", "nobody"), ""),
    ],
)
def test_events_are_picked(words, ids):
    assert [json.loads(line)["id"] for line in run(*words)] == list(ids)


def test_events_are_counted():
    assert [line.split() for line in run("--count")] == [
        ["2", "customer.created"],
        ["1", "voucher.created"],
    ]
