"""What is measured, by name: each series is a function that gives the figures of one repetition."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from tests.bench import bulk, calls, engine, seeds
from tests.bench.load import OK
from tests.bench.rig import Rig

Figures = dict[str, float]
Series = Callable[[Rig, float], Figures]

VALIDATIONS = "/v1/validations"
REDEMPTIONS = "/v1/redemptions"

_PGBENCH_SCALE = 10
_HAMMERED = 3


def _echo(connections: int) -> Series:
    def run(rig: Rig, seconds: float) -> Figures:
        load = rig.yardstick_load("/echo", connections, seconds)
        return rig.measure(load, calls.check_validation)

    return run


def _validate(connections: int) -> Series:
    def run(rig: Rig, seconds: float) -> Figures:
        load = rig.load(VALIDATIONS, seeds.VALIDATED + calls.CODE_NUMBER, connections, seconds)
        load.cycle = seeds.VALIDATED_COUNT
        return rig.measure(load, calls.check_validation)

    return run


def _use(connections: int) -> Series:
    def run(rig: Rig, seconds: float) -> Figures:
        load = rig.yardstick_load("/use", connections, seconds)
        return rig.measure_once("/use", load, calls.check_use)

    return run


def _redeem(connections: int) -> Series:
    def run(rig: Rig, seconds: float) -> Figures:
        load = rig.load(REDEMPTIONS, seeds.REDEEMED + calls.CODE_NUMBER, connections, seconds)
        return rig.measure_once(REDEMPTIONS, load, calls.check_redemption)

    return run


def _redeem_hot(rig: Rig, seconds: float) -> Figures:
    """Eight clients, one code, far from its limit."""
    load = rig.load(REDEMPTIONS, seeds.HOT, 8, seconds)
    return rig.measure(load, calls.check_redemption)
