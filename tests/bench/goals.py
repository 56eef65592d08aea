"""The goals: ratios of two series' medians, with what they should be at least or at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Samples = Mapping[str, Sequence[Mapping[str, float]]]

UNITS = {
    "per_s": "requests/s",
    "events_per_s": "events/s",
    "seconds": "s",
    "ms": "ms",
    "us": "us",
    "redemptions": "redemptions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure of one series, divided by that of another one where there is a yardstick."""

    name: str
    series: str
    yardstick: str | None = None
    figure: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def needs(self) -> list[str]:
        """The series that must be measured."""
        return [self.series] if self.yardstick is None else [self.series, self.yardstick]

    def line(self, samples: Samples) -> dict[str, Any]:
        """What came of it."""
        of = {name: _values(samples, name, self.figure) for name in self.needs}
        value = median(of[self.series])
        if self.yardstick is not None:
            value /= median(of[self.yardstick])
        # Of what must never happen, the worst repetition counts.
        value = max(of[self.series]) if self.at_most == 0 else value
        return {
            "name": self.name,
            "value": round(value, 3),
            "goal": self._wording(),
            "is_met": self._is_met(value),
            "unit": UNITS[self.figure] if self.yardstick is None else "ratio",
            "figure": self.figure,
            "samples": of,
        }

    def _wording(self) -> str:
        return f">= {self.at_least}" if self.at_most is None else f"<= {self.at_most}"

    def _is_met(self, value: float) -> bool:
        if self.at_most is None:
            return self.at_least is not None and value >= self.at_least
        return value <= self.at_most


GOALS = (
    Goal(
        name="validate_vs_echo",
        series="validate_8",
        yardstick="echo_8",
        figure="per_s",
        at_least=0.20,
    ),
    Goal(
        name="validate_p50_vs_echo",
        series="validate_1",
        yardstick="echo_1",
        figure="p50_ms",
        at_most=5,
    ),
    Goal(name="redeem_vs_raw", series="redeem_8", yardstick="raw_8", figure="per_s", at_least=0.50),
    Goal(
        name="redeem_vs_pgbench",
        series="redeem_8",
        yardstick="pgbench_8",
        figure="per_s",
        at_least=0.15,
    ),
    Goal(
        name="hot_code_vs_distinct",
        series="redeem_hot_8",
        yardstick="redeem_8",
        figure="per_s",
        at_least=0.5,
    ),
    Goal(
        name="qualify_10k_vs_10",
        series="qualify_10k",
        yardstick="qualify_10",
        figure="p50_ms",
        at_most=1.3,
    ),
    Goal(
        name="qualify_100_vs_10",
        series="qualify_100",
        yardstick="qualify_10",
        figure="p50_ms",
        at_most=1.1,
    ),
    Goal(
        name="qualify_unfilterable_10k_vs_10",
        series="qualify_unfilterable_10k",
        yardstick="qualify_unfilterable_10",
        figure="p50_ms",
        at_most=9,
    ),
    Goal(
        name="qualify_vs_validate",
        series="qualify_10",
        yardstick="validate_1",
        figure="p50_ms",
        at_most=1.5,
    ),
    Goal(name="oversell", series="oversell", figure="redemptions", at_most=0),
    Goal(
        name="codes_100k_vs_insert",
        series="codes_100k",
        yardstick="insert_100k",
        figure="seconds",
        at_most=1,
    ),
    Goal(
        name="validate_p95_under_bulk",
        series="validate_1_bulk",
        yardstick="validate_1",
        figure="p95_ms",
        at_most=2,
    ),
    Goal(name="engine_us", series="engine", figure="us", at_most=1000),
)


# A leak shows in one repetition.
_WORST = frozenset({"worker_mib_peak_growth"})


def series_line(name: str, samples: Samples) -> dict[str, Any]:
    """The plain figures of one series: medians over the repetitions, of some the largest."""
    figure, *others = samples[name][0]
    return {
        "name": name,
        "value": round(median(_values(samples, name, figure)), 3),
        "goal": None,
        "unit": UNITS[figure],
        **{other: round(_chosen(samples, name, other), 3) for other in others},
        "samples": _values(samples, name, figure),
    }


def _chosen(samples: Samples, name: str, figure: str) -> float:
    values = _values(samples, name, figure)
    return max(values) if figure in _WORST else median(values)


def _values(samples: Samples, name: str, figure: str) -> list[float]:
    return [round(sample[figure], 3) for sample in samples[name]]
