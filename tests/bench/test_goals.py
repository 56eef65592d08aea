"""The benchmark's own arithmetic: medians, ratios, and what counts as met."""

from __future__ import annotations

import pytest
from tests.bench import calls
from tests.bench.goals import Goal, series_line
from tests.bench.load import Outcome


def per_s(*values):
    return [{"per_s": value} for value in values]


@pytest.mark.parametrize(
    ("bounds", "is_met"),
    [
        pytest.param({"at_least": 0.25}, True, id="just enough"),
        pytest.param({"at_least": 0.26}, False, id="too slow"),
        pytest.param({"at_most": 0.25}, True, id="just below the bound"),
        pytest.param({"at_most": 0.24}, False, id="too much"),
    ],
)
def test_a_ratio_is_one_of_medians(bounds, is_met):
    goal = Goal(name="g", series="a", yardstick="b", figure="per_s", **bounds)
    line = goal.line({"a": per_s(100, 900, 200), "b": per_s(800, 1, 900)})
    assert (line["value"], line["is_met"], line["unit"]) == (0.25, is_met, "ratio")
    assert line["samples"] == {"a": [100, 900, 200], "b": [800, 1, 900]}


def test_one_bad_repetition_is_enough_where_nothing_may_happen():
    goal = Goal(name="oversell", series="o", figure="redemptions", at_most=0)
    line = goal.line({"o": [{"redemptions": 0}, {"redemptions": 1}, {"redemptions": 0}]})
    assert (line["value"], line["is_met"], line["goal"]) == (1, False, "<= 0")


def test_plain_figures_are_medians():
    samples = {"echo_8": [{"per_s": n, "p50_ms": n / 10} for n in (10, 30, 20)]}
    assert series_line("echo_8", samples) == {
        "name": "echo_8",
        "value": 20,
        "goal": None,
        "unit": "requests/s",
        "p50_ms": 2.0,
        "samples": [10, 30, 20],
    }


def test_of_memory_the_most_that_was_added_counts():
    figures = ("events_per_s", "worker_mib_before", "worker_mib_peak_growth")
    samples = {"in": [dict(zip(figures, each, strict=True)) for each in ((9, 1, 4), (8, 2, 0))]}
    line = series_line("in", samples)
    assert (line["value"], line["unit"]) == (8.5, "events/s")
    assert (line["worker_mib_before"], line["worker_mib_peak_growth"]) == (1.5, 4)


def test_quantiles_are_latencies_that_occurred():
    outcome = Outcome(elapsed_s=2.0, latencies_s=[n / 1000 for n in range(101)])
    figures = outcome.figures()
    assert figures == {"per_s": 50.5, "p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0}


def test_the_length_of_a_request_is_that_of_what_is_sent():
    template = calls.write_request(
        "/echo", calls.cart_body(f"A-{calls.CODE_NUMBER}"), {"X-App-Id": "a"}
    )
    head, _, body = (template % {b"n": 7, b"buyer": 8}).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
    assert b'"A-0000007"' in body
    assert b'"buyer-0000008"' in body
