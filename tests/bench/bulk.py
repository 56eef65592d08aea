"""A hundred thousand codes: how long they take, and what validations feel of it meanwhile."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from tests.bench import calls, seeds
from tests.bench.load import Load
from tests.bench.rig import Rig, judged

from kupon.engine.codes import draw, parse_code_config
from kupon.runtime import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = 100_000

_ROWS_PER_STATEMENT = 1000
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PATIENCE_S = 300.0
_POLL_S = 0.05
_REST_S = 1.0


def validation_load(rig: Rig, connections: int, seconds: float, **options: Any) -> Load:
    """Validations of one coupon after the other."""
    code, cycle = seeds.VALIDATED + calls.CODE_NUMBER, seeds.VALIDATED_COUNT
    return rig.load("/v1/validations", code, connections, seconds, cycle=cycle, **options)


def insert_rows(rig: Rig, _: float) -> dict[str, float]:
    """As many rows of a code's width by statements of 1,000 rows each; one unique index."""
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS yardstick_rows")
        connection.execute(
            "CREATE TABLE yardstick_rows (project_id text, id text, code text, type text,"
            " campaign_id text, discount jsonb, redemption_quantity bigint,"
            " created_at timestamptz, UNIQUE (project_id, code))"
        )
        rows = list(_rows())
        places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * _ROWS_PER_STATEMENT)
        statement = f"INSERT INTO yardstick_rows VALUES {places}"
        begun = time.perf_counter()
        for start in range(0, CODES, _ROWS_PER_STATEMENT):
            slice_ = rows[start : start + _ROWS_PER_STATEMENT]
            connection.execute(statement, [value for row in slice_ for value in row])
        return {"seconds": time.perf_counter() - begun}


def _rows() -> Iterator[tuple[Any, ...]]:
    project_id, campaign_id = ids.new_id("proj_"), ids.new_id("camp_")
    discount, now = json.dumps(calls.DISCOUNT), datetime.now(UTC)
    pattern = parse_code_config({"length": 10, "charset": _ALPHABET})
    drawn = draw(pattern, CODES, ids.random_bytes)
    for voucher_id, code in zip(ids.new_ids("v_", CODES), drawn, strict=True):
        yield (project_id, voucher_id, code, "DISCOUNT_VOUCHER", campaign_id, discount, 1, now)


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
    rig.generator.begin(validation_load(rig, 1, _PATIENCE_S, warm_up_s=_REST_S))
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
