"""A hundred thousand codes: how long they take, and what validations feel of it meanwhile."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import psycopg
from tests.bench import calls, seeds
from tests.bench.load import Load
from tests.bench.rig import Rig, judged

from kupon.runtime import ids

CODES = 100_000

_ROWS_PER_STATEMENT = 1000
_PATIENCE_S = 300.0
_POLL_S = 0.05
_REST_S = 1.0


def validation_load(rig: Rig, connections: int, seconds: float) -> Load:
    """Validations of one coupon after the other."""
    code = seeds.VALIDATED + calls.CODE_NUMBER
    return rig.load("/v1/validations", code, connections, seconds, cycle=seeds.VALIDATED_COUNT)


def insert_rows(rig: Rig, _: float) -> dict[str, float]:
    """As many rows by statements of 1,000 rows each into a table with a unique index."""
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS yardstick_rows")
        connection.execute(
            "CREATE TABLE yardstick_rows (project_id text NOT NULL, code text NOT NULL,"
            " type text NOT NULL, created_at timestamptz NOT NULL, UNIQUE (project_id, code))"
        )
        codes = [ids.choose("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", 10) for _ in range(CODES)]
        now = datetime.now(UTC)
        places = ", ".join(["(%s, %s, %s, %s)"] * _ROWS_PER_STATEMENT)
        statement = f"INSERT INTO yardstick_rows VALUES {places}"
        begun = time.perf_counter()
        for start in range(0, CODES, _ROWS_PER_STATEMENT):
            rows = [("p", code, "D", now) for code in codes[start : start + _ROWS_PER_STATEMENT]]
            connection.execute(statement, [value for row in rows for value in row])
        return {"seconds": time.perf_counter() - begun}


def make_codes(rig: Rig, _: float) -> dict[str, float]:
    """From the request for a campaign to the moment in which all its codes can be read."""
    begun = time.perf_counter()
    campaign_id = _request_codes(rig)
    _wait_for_codes(rig, campaign_id, _POLL_S)
    listed = rig.call("GET", f"/v1/vouchers?campaign_id={campaign_id}&limit=1")
    elapsed_s = time.perf_counter() - begun
    assert listed["total"] == CODES, listed["total"]
    _tidy_up(rig)
    return {"seconds": elapsed_s}


def validate_meanwhile(rig: Rig, _: float) -> dict[str, float]:
    """One client's validations while such a campaign is being made."""
    rig.generator.begin(validation_load(rig, 1, _PATIENCE_S))
    time.sleep(_REST_S)
    _wait_for_codes(rig, _request_codes(rig), 5 * _POLL_S)
    outcome = judged(rig.generator.end(), calls.check_validation)
    _tidy_up(rig)
    return outcome.figures()


def _request_codes(rig: Rig) -> str:
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": calls.DISCOUNT}
    voucher |= {"redemption": {"quantity": 1}, "code_config": {"length": 10}}
    body = {"name": ids.new_id("Bulk "), "campaign_type": "DISCOUNT_COUPONS", "type": "STATIC"}
    answer = rig.call(
        "POST", "/v1/campaigns", {**body, "vouchers_count": CODES, "voucher": voucher}
    )
    return str(answer["id"])


def _wait_for_codes(rig: Rig, campaign_id: str, poll_s: float) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while rig.call("GET", f"/v1/campaigns/{campaign_id}")["creation_status"] != "DONE":
        if time.monotonic() > deadline:
            raise TimeoutError(f"the codes were not there after {_PATIENCE_S:.0f} s")
        time.sleep(poll_s)


def _tidy_up(rig: Rig) -> None:
    # Otherwise PostgreSQL does it by itself, in the middle of some later measurement.
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE vouchers")
