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
_COLUMNS = ("id", "code", "code_key", "type", "campaign_id", "discount")
_COLUMNS += ("redemption_quantity", "created_at")


def seed(database_url: str, project_id: str, redeemed_count: int) -> None:
    """Fill an empty project; `redeemed_count` codes can be redeemed once each."""
    with psycopg.connect(database_url) as connection:
        _fill(Shop(connection, project_id), redeemed_count)
        _add_yardstick(connection)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


class Shop:
    """One project, filled row by row through COPY; whatever it gets is created now."""

    def __init__(self, connection: psycopg.Connection[Any], project_id: str) -> None:
        self.project_id = project_id
        self.now = datetime.now(UTC)
        self._connection = connection

    def add_products(self) -> None:
        """The products of the cart."""
        columns = ("id", "source_id", "name", "price", "created_at")
        self.copy(
            "products",
            columns,
            [
                (ids.new_id("prod_"), source_id, name, price, self.now)
                for source_id, name, price in calls.PRODUCTS
            ],
        )

    def add_customers(self) -> Sequence[str]:
        """The customers that the load generator names; their ids."""
        columns = ("id", "source_id", "name", "email", "metadata", "created_at")
        rest = ("buyer@example.com", json.dumps({"newsletter": True, "club": "gold"}), self.now)
        customer_ids = list(ids.new_ids("cust_", BUYERS))
        self.copy(
            "customers",
            columns,
            (
                (customer_id, f"buyer-{n:07}", f"Buyer {n}", *rest)
                for n, customer_id in enumerate(customer_ids)
            ),
        )
        return customer_ids

    def add_codes(self, campaign: str, prefix: str, count: int, quantity: int) -> None:
        """A campaign of codes that may be used so many times each."""
        campaign_id = self._add_campaign(campaign, quantity)
        discount = json.dumps(calls.DISCOUNT)
        rest = ("DISCOUNT_VOUCHER", campaign_id, discount, quantity, self.now)
        self.copy(
            "vouchers",
            _COLUMNS,
            (
                (ids.new_id("v_"), code, code, *rest)
                for code in (f"{prefix}{n:07}" for n in range(count))
            ),
        )

    def _add_campaign(self, name: str, quantity: int) -> str:
        campaign_id = ids.new_id("camp_")
        voucher = {"type": "DISCOUNT_VOUCHER", "discount": calls.DISCOUNT}
        voucher |= {"redemption": {"quantity": quantity}, "code_config": {"length": 11}}
        columns = ("id", "name", "campaign_type", "type", "creation_status")
        columns += ("vouchers_generation_status", "voucher", "created_at")
        row = (campaign_id, name, "DISCOUNT_COUPONS", "STATIC", "DONE", "DONE")
        self.copy("campaigns", columns, [(*row, json.dumps(voucher), self.now)])
        return campaign_id

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of this project to a table."""
        statement = sql.SQL("COPY {} (project_id, {}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row((self.project_id, *row))


def _fill(shop: Shop, redeemed_count: int) -> None:
    shop.add_products()
    shop.add_customers()
    shop.add_codes("Validated", VALIDATED, VALIDATED_COUNT, 1)
    shop.add_codes("Redeemed", REDEEMED, redeemed_count, 1)
    shop.add_codes("Hot", HOT.removesuffix("0000000"), 1, _UNREACHED)
    shop.add_codes("Limited", LIMITED, LIMITED_COUNT, LIMIT)


def _add_yardstick(connection: psycopg.Connection[Any]) -> None:
    """The yardstick's own codes and uses, as bare as can be."""
    connection.execute(
        "CREATE TABLE yardstick_codes (code text PRIMARY KEY, used integer NOT NULL,"
        " quantity integer NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE yardstick_uses (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " code text NOT NULL, customer text NOT NULL, used_at timestamptz NOT NULL)"
    )
    connection.execute(
        "INSERT INTO yardstick_codes SELECT code, 0, 1 FROM vouchers WHERE code LIKE %s",
        (f"{REDEEMED}%",),
    )
