"""What is measured, by name: each series is a function that gives the figures of one repetition."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
from tests.bench import bulk, calls, engine, platforms, promotions, seeds, snapshot
from tests.bench.rig import Rig

Figures = dict[str, float]
Series = Callable[[Rig, float], Figures]

REDEMPTIONS = "/v1/redemptions"
CLIENTS = 8

_PGBENCH_SCALE = 10


def _echo(path: str, connections: int, rig: Rig, seconds: float) -> Figures:
    load = rig.yardstick_load(path, connections, seconds)
    return rig.measure(load, calls.check_validation)


def _use(connections: int, rig: Rig, seconds: float) -> Figures:
    load = rig.yardstick_load("/use", connections, seconds)
    return rig.measure_once("/use", load, calls.check_use)


def _validate(connections: int, rig: Rig, seconds: float) -> Figures:
    return rig.measure(bulk.validation_load(rig, connections, seconds), calls.check_validation)


def _redeem(connections: int, rig: Rig, seconds: float) -> Figures:
    load = rig.load(REDEMPTIONS, seeds.REDEEMED + calls.CODE_NUMBER, connections, seconds)
    return rig.measure_once(REDEMPTIONS, load, calls.check_redemption)


def _redeem_hot(rig: Rig, seconds: float) -> Figures:
    """Eight clients, one code, far from its limit."""
    return rig.measure(rig.load(REDEMPTIONS, seeds.HOT, CLIENTS, seconds), calls.check_redemption)


def _oversell(rig: Rig, seconds: float) -> Figures:
    """Three times as many calls as a code has uses, from eight clients."""
    number = rig.used["oversell"] = rig.used.get("oversell", -1) + 1
    code = f"{seeds.LIMITED}{number:07}"
    load = rig.load(REDEMPTIONS, code, CLIENTS, 120.0, at_most=3 * seeds.LIMIT, warm_up_s=0.0)
    outcome = rig.generator.run(load)
    assert set(outcome.statuses) <= {200, 400}, outcome.statuses
    successes = outcome.statuses[200]
    assert successes >= seeds.LIMIT, f"{seeds.LIMIT - successes} uses of {code} were refused"
    return {"redemptions": max(successes - seeds.LIMIT, rig.fetch(_OVERSOLD))}


# Over all codes of the run, by what was recorded and by what was counted.
_OVERSOLD = (
    "SELECT coalesce(sum(greatest(coalesce(r.successes, 0), v.redeemed_quantity)"
    " - v.redemption_quantity), 0)::bigint FROM vouchers v LEFT JOIN (SELECT voucher_id,"
    " count(*) AS successes FROM redemptions WHERE result = 'SUCCESS' GROUP BY voucher_id) r"
    " ON r.voucher_id = v.id"
    " WHERE greatest(coalesce(r.successes, 0), v.redeemed_quantity) > v.redemption_quantity"
)


def _pgbench(rig: Rig, seconds: float) -> Figures:
    """PostgreSQL's own benchmark on the same server, in a database of its own."""
    folder, port = rig.fetch(_SETTING, "unix_socket_directories"), rig.fetch(_SETTING, "port")
    program = Path(rig.fetch("SELECT setting FROM pg_config WHERE name = 'BINDIR'")) / "pgbench"
    run = [str(program), "-h", folder, "-p", port, "-U", "kupon"]
    if not rig.fetch("SELECT count(*) FROM pg_database WHERE datname = 'pgbench'"):
        with psycopg.connect(rig.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE pgbench")
        _output([*run, "-i", "-q", "-s", str(_PGBENCH_SCALE), "pgbench"])
    options = ["-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(seconds)))]
    found = re.search(r"tps = ([\d.]+)", _output([*run, *options, "pgbench"]))
    assert found is not None
    return {"per_s": float(found[1])}


_SETTING = "SELECT current_setting(%s)"


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _qualify(project: str, rig: Rig, seconds: float) -> Figures:
    rig.make_known(project)
    return rig.measure(rig.qualification_load(project, seconds), calls.check_qualification)


def _evaluate(_: Rig, seconds: float) -> Figures:
    return engine.measure(seconds)


SERIES: dict[str, Series] = {
    **{f"echo_{n}": partial(_echo, "/echo", n) for n in (1, CLIENTS)},
    **{f"lean_echo_{n}": partial(_echo, "/lean", n) for n in (1, CLIENTS)},
    **{f"validate_{n}": partial(_validate, n) for n in (1, CLIENTS)},
    **{f"raw_{n}": partial(_use, n) for n in (1, CLIENTS)},
    **{f"redeem_{n}": partial(_redeem, n) for n in (1, CLIENTS)},
    "redeem_hot_8": _redeem_hot,
    **{f"qualify_{name}": partial(_qualify, name) for name in promotions.PROJECTS},
    "snapshot_load": snapshot.load,
    "snapshot_request": snapshot.request,
    "pgbench_8": _pgbench,
    "oversell": _oversell,
    "engine": _evaluate,
    "insert_100k": bulk.insert_rows,
    "codes_100k": bulk.make_codes,
    "validate_1_bulk": bulk.validate_meanwhile,
    "inbound_events_per_s": partial(platforms.receive, CLIENTS),
    "outbound_events_per_s": partial(platforms.push, CLIENTS),
}
