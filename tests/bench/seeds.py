"""What the measured server finds in its database: a shop with codes, customers and products."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from tests.bench import calls
from tests.bench.load import BUYERS

from kupon.runtime import ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Codes are a prefix and seven digits. The prefix tells what they are for.
VALIDATED = "VAL-"
REDEEMED = "RED-"
HOT = "HOT-0000000"
LIMITED = "LIM-"

VALIDATED_COUNT = 10_000
LIMITED_COUNT = 100
LIMIT = 200

_UNREACHED = 1_000_000_000
_COLUMNS = ("project_id", "id", "code", "code_key", "type", "campaign_id", "discount")
_COLUMNS += ("redemption_quantity", "created_at")


def seed(database_url: str, project_id: str, redeemed_count: int) -> None:
    """Fill an empty project; `redeemed_count` codes can be redeemed once each."""
    with psycopg.connect(database_url) as connection:
        _Shop(connection, project_id).fill(redeemed_count)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


class _Shop:
    def __init__(self, connection: psycopg.Connection[Any], project_id: str) -> None:
        self._connection = connection
        self._project_id = project_id
        self._now = datetime.now(UTC)

    def fill(self, redeemed_count: int) -> None:
        self._add_products()
        self._add_customers()
        self._add_codes("Validated", VALIDATED, VALIDATED_COUNT, 1)
        self._add_codes("Redeemed", REDEEMED, redeemed_count, 1)
        self._add_codes("Hot", HOT.removesuffix("0000000"), 1, _UNREACHED)
        self._add_codes("Limited", LIMITED, LIMITED_COUNT, LIMIT)
        self._add_yardstick()

    def _add_products(self) -> None:
        columns = ("project_id", "id", "source_id", "name", "price", "created_at")
        self._copy(
            "products",
            columns,
            [
                (self._project_id, ids.new_id("prod_"), source_id, name, price, self._now)
                for source_id, name, price in calls.PRODUCTS
            ],
        )

    def _add_customers(self) -> None:
        columns = ("project_id", "id", "source_id", "name", "email", "metadata", "created_at")
        project_id = self._project_id
        rest = ("buyer@example.com", json.dumps({"newsletter": True}), self._now)
        self._copy(
            "customers",
            columns,
            (
                (project_id, ids.new_id("cust_"), f"buyer-{n:07}", f"Buyer {n}", *rest)
                for n in range(BUYERS)
            ),
        )

    def _add_codes(self, campaign: str, prefix: str, count: int, quantity: int) -> None:
        campaign_id = self._add_campaign(campaign, quantity)
        discount = json.dumps(calls.DISCOUNT)
        rest = ("DISCOUNT_VOUCHER", campaign_id, discount, quantity, self._now)
        self._copy(
            "vouchers",
            _COLUMNS,
            (
                (self._project_id, ids.new_id("v_"), code, code, *rest)
                for code in (f"{prefix}{n:07}" for n in range(count))
            ),
        )

    def _add_campaign(self, name: str, quantity: int) -> str:
        campaign_id = ids.new_id("camp_")
        voucher = {"type": "DISCOUNT_VOUCHER", "discount": calls.DISCOUNT}
        voucher |= {"redemption": {"quantity": quantity}, "code_config": {"length": 11}}
        columns = ("project_id", "id", "name", "campaign_type", "type", "creation_status")
        columns += ("vouchers_generation_status", "voucher", "created_at")
        row = (self._project_id, campaign_id, name, "DISCOUNT_COUPONS", "STATIC", "DONE", "DONE")
        self._copy("campaigns", columns, [(*row, json.dumps(voucher), self._now)])
        return campaign_id

    def _add_yardstick(self) -> None:
        """The yardstick's own codes and uses, as bare as can be."""
        self._connection.execute(
            "CREATE TABLE yardstick_codes (code text PRIMARY KEY, used integer NOT NULL,"
            " quantity integer NOT NULL)"
        )
        self._connection.execute(
            "CREATE TABLE yardstick_uses (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " code text NOT NULL, customer text NOT NULL, used_at timestamptz NOT NULL)"
        )
        self._connection.execute(
            "INSERT INTO yardstick_codes SELECT code, 0, 1 FROM vouchers WHERE code LIKE %s",
            (f"{REDEEMED}%",),
        )

    def _copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
