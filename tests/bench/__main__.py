"""`make bench`: starts Kupon and the yardsticks, measures them by turns, prints JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.goals import GOALS, Goal, series_line
from tests.bench.rig import Rig, open_rig
from tests.bench.series import SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

# More than a fast machine redeems in one measurement of a second.
_CODES_PER_S = 4000


def main() -> int:
    options = _options()
    goals = [goal for goal in GOALS if not options.names or goal.name in options.names]
    wanted = {name for goal in goals for name in goal.needs}
    wanted |= set(SERIES) & set(options.names)
    if not options.names:
        wanted |= set(SERIES)
    order = [name for name in SERIES if name in wanted]
    redeemed_count = int(_CODES_PER_S * 2 * (options.seconds + 1) * options.repetitions)
    with (
        tempfile.TemporaryDirectory(prefix="kupon-bench-") as folder,
        open_rig(Path(folder), redeemed_count) as rig,
    ):
        samples = _measure(rig, order, options.seconds, options.repetitions)
    return _print(goals, order, samples)


def _options() -> argparse.Namespace:
    known = [*(goal.name for goal in GOALS), *SERIES]
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"all of them unless given: {', '.join(known)}")
    parser.add_argument("--seconds", type=float, default=5.0, help="of one measurement")
    parser.add_argument("--repetitions", type=int, default=5, help="of each, by turns")
    parser.add_argument("--quick", action="store_true", help="3 repetitions of a second")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.quick:
        options.seconds, options.repetitions = 1.0, 3
    return options


def _measure(
    rig: Rig, order: Sequence[str], seconds: float, repetitions: int
) -> dict[str, list[dict[str, float]]]:
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in order}
    for repetition in range(repetitions):
        # There and back, so that what drifts during the run falls on both sides of a ratio.
        for name in order if repetition % 2 == 0 else reversed(order):
            waited_s = rig.settle()
            figures = SERIES[name](rig, seconds)
            samples[name].append(figures)
            shown = ", ".join(f"{figure} {value:.4g}" for figure, value in figures.items())
            place = f"{repetition + 1}/{repetitions} {name}"
            print(f"{place}: {shown} (after a wait of {waited_s:.1f} s)", file=sys.stderr)
    return samples


def _print(
    goals: Sequence[Goal], order: Sequence[str], samples: dict[str, list[dict[str, float]]]
) -> int:
    lines: list[dict[str, Any]] = [goal.line(samples) for goal in goals]
    lines += [series_line(name, samples) for name in order]
    for line in lines:
        print(json.dumps(line))
    # A missed ratio may be the machine's mood; a use too many is not.
    is_oversold = any(line["name"] == "oversell" and line["value"] for line in lines)
    return 1 if is_oversold else 0


if __name__ == "__main__":
    sys.exit(main())
