"""Many new codes in one statement, and how many codes of a pattern there are.

Source: spec campaigns-loyalty-referral-gift, section 2; performance.md (bulk: few statements).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from kupon.engine.codes import CodePattern
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTemplate:
    """What all codes of a slice have in common; balance_income is what cards begin with.

    Shapes: made_by is the integration key that asked for a code that it names.
    """

    type: str
    discount: Mapping[str, Any] | None
    campaign_id: str | None = None
    category_id: str | None = None
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    validity_timeframe: Mapping[str, Any] | None = None
    validity_day_of_week: Sequence[int] | None = None
    validity_hours: Mapping[str, Any] | None = None
    redemption_quantity: int | None = None
    gift_effect: str | None = None
    balance_income: int = 0
    is_active: bool = True
    additional_info: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class NewCodes:
    """Codes to insert: one id and one unique key for each, in the same order, without line ends."""

    ids: Sequence[str]
    codes: Sequence[str]
    keys: Sequence[str]


_LINE = "\n"

_CANDIDATES = (
    " unnest(string_to_array(%(ids)s, %(line)s), string_to_array(%(codes)s, %(line)s),"
    " string_to_array(%(keys)s, %(line)s)) AS drawn(id, code, key)"
)
_INSERT_FROM = (
    "INSERT INTO vouchers (project_id, id, code, code_key, type, discount, campaign_id,"
    " category_id, start_date, expiration_date, validity_timeframe, validity_day_of_week,"
    " validity_hours, redemption_quantity, gift_effect, balance_income, is_active,"
    " additional_info, metadata, made_by, created_at)"
    " SELECT %(project_id)s, id, code, key, %(type)s, %(discount)s::jsonb,"
    " %(campaign_id)s, %(category_id)s, %(start_date)s, %(expiration_date)s,"
    " %(validity_timeframe)s::jsonb, %(validity_day_of_week)s::jsonb, %(validity_hours)s::jsonb,"
    " %(redemption_quantity)s, %(gift_effect)s, %(balance_income)s, %(is_active)s,"
    " %(additional_info)s, %(metadata)s::jsonb, %(made_by)s, %(now)s"
    " FROM"
)
_INSERT = _INSERT_FROM + _CANDIDATES
_UNLESS_TAKEN = " ON CONFLICT (project_id, code_key) DO NOTHING"
_INSERT_FREE = (
    "WITH new AS MATERIALIZED (SELECT * FROM" + _CANDIDATES + " WHERE NOT EXISTS (SELECT 1 FROM"
    " vouchers taken WHERE taken.project_id = %(project_id)s AND taken.code_key = drawn.key)"
    " LIMIT %(limit)s),"
    " added AS (" + _INSERT_FROM + " new" + _UNLESS_TAKEN + " RETURNING id)"
    " SELECT (SELECT count(*) FROM new), added.id FROM (SELECT) one LEFT JOIN added ON true"
)


def insert_codes(
    uow: UnitOfWork, template: CodeTemplate, new: NewCodes, *, is_roomy: bool = False
) -> int:
    """Insert the codes that are free, bin included; how many were.

    Shapes:  is_roomy says that hardly any is taken: then a cheaper statement is tried first, which
        inserts all or none.
    Locks:   waits for a transaction that is inserting one of the codes; new should be sorted by
        key, and nothing else inserted in this transaction, so that nobody waits in a circle.
    """
    values = _values(uow, template, new)
    if is_roomy:
        uow.driver.execute("SAVEPOINT codes")
        try:
            return uow.driver.execute(_INSERT, values).rowcount
        except UniqueViolation:
            uow.driver.execute("ROLLBACK TO SAVEPOINT codes")
    return uow.driver.execute(_INSERT + _UNLESS_TAKEN, values).rowcount


class Inserted(NamedTuple):
    """What became of candidates: the ids of the new codes, and whether none is left among them.

    Shapes: is_used_up is False too when others took candidates meanwhile and it is not known.
    """

    ids: list[str]
    is_used_up: bool


def insert_free_codes(
    uow: UnitOfWork, template: CodeTemplate, candidates: NewCodes, limit: int
) -> Inserted:
    """Insert at most `limit` of the candidates, those that are free.

    Locks:   as insert_codes.
    """
    rows = uow.driver.execute(
        _INSERT_FREE, _values(uow, template, candidates) | {"limit": limit}
    ).fetchall()
    return Inserted([row[1] for row in rows if row[1] is not None], rows[0][0] < limit)


def _values(uow: UnitOfWork, template: CodeTemplate, new: NewCodes) -> dict[str, Any]:
    return {
        "project_id": uow.project_id,
        "now": uow.now,
        # One text splits faster in the server than an array is quoted here.
        "line": _LINE,
        "ids": _LINE.join(new.ids),
        "codes": _LINE.join(new.codes),
        "keys": _LINE.join(new.keys),
        "type": template.type,
        "discount": _json(template.discount),
        "campaign_id": template.campaign_id,
        "category_id": template.category_id,
        "start_date": template.start_date,
        "expiration_date": template.expiration_date,
        "validity_timeframe": _json(template.validity_timeframe),
        "validity_day_of_week": _json(template.validity_day_of_week),
        "validity_hours": _json(template.validity_hours),
        "redemption_quantity": template.redemption_quantity,
        "gift_effect": template.gift_effect,
        "balance_income": template.balance_income,
        "is_active": template.is_active,
        "additional_info": template.additional_info,
        "metadata": Jsonb(template.metadata),
        "made_by": template.made_by,
    }


def _json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def count_made(uow: UnitOfWork, pattern: CodePattern, *, is_case_sensitive: bool) -> int:
    """How many codes of the project a pattern describes, bin included."""
    row = uow.reader.execute(
        "SELECT count(*) FROM vouchers WHERE project_id = %s AND code_key ~ %s",
        (uow.project_id, _expression(pattern, is_case_sensitive)),
    ).fetchone()
    return int(row[0]) if row is not None else 0


def _expression(pattern: CodePattern, is_case_sensitive: bool) -> str:
    """A regular expression that the pattern's code keys match, and no others."""

    def quoted(text: str) -> str:
        folded = text if is_case_sensitive else text.casefold()
        return "".join(char if char.isalnum() else f"\\{char}" for char in folded)

    one = f"(?:{'|'.join(map(quoted, pattern.charset))})"
    body = "".join(one if char == "#" else quoted(char) for char in pattern.pattern)
    return f"^{quoted(pattern.prefix)}{body}{quoted(pattern.postfix)}$"
