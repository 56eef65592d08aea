"""What one evaluation looks at, read in one statement: codes, locks, customer, order, articles.

Round trips cost, rows do not: each code is a row, and what the request names once (project,
customer, order) is repeated on it.
Source: performance.md, lessons 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from kupon.engine.balances import Balance
from kupon.engine.discounts import Discount
from kupon.engine.discounts.effects import APPLY_TO_ORDER
from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import Category, Voucher
from kupon.engine.rules import Rule
from kupon.kit.lean import dataclass
from kupon.storage.catalogue import (
    ENTRY_COLUMNS,
    NO_KEYS,
    Catalogue,
    CatalogueKeys,
    entries_statement,
    read_catalogue,
)
from kupon.storage.offered import Offered, OffersWanted, read_names
from kupon.storage.prepared import run
from kupon.storage.stored_definitions import read_discount, read_validity
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """A code as it was read, with what its campaign adds.

    Shapes: locked_quantity counts the uses that other sessions hold (0 for an unlimited code),
        locked_credits what they hold of a card's balance; rule_id is the code's own rule, beside
        its campaign's.
    """

    id: str
    code: str
    code_key: str
    type: str
    campaign_id: str | None
    category_id: str | None
    discount: dict[str, Any] | None
    start_date: datetime | None
    expiration_date: datetime | None
    validity_timeframe: dict[str, Any] | None
    validity_day_of_week: list[int] | None
    validity_hours: dict[str, Any] | None
    is_active: bool
    additional_info: str | None
    voucher_metadata: dict[str, Any]
    redemption_quantity: int | None
    redeemed_quantity: int
    gift_effect: str | None
    balance_income: int
    balance_subtracted: int
    balance_expired: int
    balance_redeemed: int
    pending_points: int
    next_expiration_date: date | None
    next_expiration_points: int | None
    locks_revision: int
    publish_count: int
    holder_id: str | None
    created_at: datetime
    updated_at: datetime | None
    locked_quantity: int
    locked_credits: int
    campaign_name: str | None
    campaign_type: str | None
    is_campaign_active: bool
    campaign_category_id: str | None
    rule_id: str | None

    @property
    def balance(self) -> Balance:
        """The balance of a card; nothing of anything else."""
        return Balance(
            self.balance_income,
            self.balance_subtracted,
            self.balance_expired,
            self.balance_redeemed,
        )

    def with_balance(self, balance: Balance) -> VoucherFacts:
        """The code with another balance."""
        sums = {f"balance_{name}": value for name, value in balance._asdict().items()}
        return replace(self, **sums)

    @property
    def incentive_metadata(self) -> Mapping[str, Any]:
        """The metadata of the code, by the name that tiers have for theirs too."""
        return self.voucher_metadata

    @property
    def effective_category_id(self) -> str | None:
        """The campaign's category where there is a campaign, else the code's own."""
        return self.category_id if self.campaign_id is None else self.campaign_category_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request names.

    Shapes: code_keys are folded where the project's codes are; voucher_ids are those names that
        look like ids of codes; the customer and the order are named by id or by source id; offers
        are wanted of the same customer, and only where no code is named.
    """

    code_keys: Sequence[str]
    voucher_ids: Sequence[str]
    customer_id: str | None = None
    customer_source_id: str | None = None
    order_id: str | None = None
    order_source_id: str | None = None
    session_key: str | None = None
    catalogue_keys: CatalogueKeys = NO_KEYS
    offers: OffersWanted | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found.

    Shapes: vouchers by code key and by id; customer as the table has it; static_segments are the
        ids of those that list the customer; order_id is that of the stored order the request
        names, if there is one; offered are the names of the offers, None where none were wanted.
    """

    revision: int
    vouchers: Mapping[str, VoucherFacts]
    customer: Mapping[str, Any] | None
    static_segments: frozenset[str]
    order_id: str | None
    catalogue: Catalogue
    offered: Offered | None = None


_VOUCHER_COLUMNS = (
    "v.id, v.code, v.code_key, v.type, v.campaign_id, v.category_id, v.discount,"
    " v.start_date, v.expiration_date, v.validity_timeframe, v.validity_day_of_week,"
    " v.validity_hours, v.is_active, v.additional_info, v.metadata AS voucher_metadata,"
    " v.redemption_quantity, v.redeemed_quantity, v.gift_effect, v.balance_income,"
    " v.balance_subtracted, v.balance_expired, v.balance_redeemed, v.pending_points,"
    " v.next_expiration_date, v.next_expiration_points, v.locks_revision,"
    " v.publish_count,"
    " v.holder_id, v.created_at, v.updated_at,"
    " CASE WHEN v.redemption_quantity IS NULL THEN 0 ELSE ("
    "  SELECT count(*) FROM session_locks l WHERE l.project_id = v.project_id"
    "  AND l.voucher_id = v.id AND l.expires_at > %(now)s"
    "  AND l.session_key IS DISTINCT FROM %(session_key)s) END AS locked_quantity,"
    " CASE WHEN v.discount IS NOT NULL THEN 0 ELSE ("
    "  SELECT coalesce(sum(l.credits), 0)::bigint FROM session_locks l"
    "  WHERE l.project_id = v.project_id AND l.voucher_id = v.id AND l.expires_at > %(now)s"
    "  AND l.session_key IS DISTINCT FROM %(session_key)s) END AS locked_credits,"
    " c.name AS campaign_name, c.campaign_type,"
    " coalesce(c.is_active, true) AS is_campaign_active,"
    " c.category_id AS campaign_category_id,"
    " (SELECT a.rule_id FROM validation_rule_assignments a WHERE a.project_id = v.project_id"
    "  AND a.related_object_type = 'voucher' AND a.related_object_id = v.id) AS rule_id"
)

_VOUCHERS = (
    "vouchers v LEFT JOIN campaigns c ON c.project_id = v.project_id AND c.id = v.campaign_id"
)
_VISIBLE = "v.binned_at IS NULL AND c.binned_at IS NULL"

_CUSTOMER_KEYS = {"customer_id": "cu.id", "customer_source_id": "cu.source_id"}
_ORDER_KEYS = {"order_id": "o.id", "order_source_id": "o.source_id"}
# The id of the customer, by how the request names one.
_CUSTOMER_IDS = {
    None: "NULL",
    "customer_id": "%(customer_id)s",
    "customer_source_id": (
        "(SELECT cu.id FROM customers cu WHERE cu.project_id = %(project_id)s"
        " AND cu.source_id = %(customer_source_id)s)"
    ),
}


@lru_cache(maxsize=256)
def _statement(
    customer_key: str | None, order_key: str | None, entries: str | None, has_ids: bool
) -> str:
    """The text for one way of naming things; each is prepared once per connection."""
    condition = "v.code_key = ANY(%(code_keys)s)"
    if has_ids:
        condition = f"({condition} OR v.id = ANY(%(voucher_ids)s))"
    return (
        f"SELECT {_named(customer_key, order_key, entries)}, {_VOUCHER_COLUMNS} FROM projects p"
        f" LEFT JOIN ({_VOUCHERS}) ON v.project_id = p.id AND {_VISIBLE} AND {condition}"
        " WHERE p.id = %(project_id)s"
    )


@lru_cache(maxsize=256)
def _offering_statement(
    customer_key: str | None,
    order_key: str | None,
    entries: str | None,
    offers: str,
) -> str:
    """The same with the names of offers instead of codes."""
    return (
        f"SELECT {_named(customer_key, order_key, entries)},"
        " (SELECT jsonb_agg(jsonb_build_array(f.created_at, f.id, f.is_code))"
        f" FROM ({offers}) AS f) FROM projects p WHERE p.id = %(project_id)s"
    )


def _named(customer_key: str | None, order_key: str | None, entries: str | None) -> str:
    """The columns with what a request names once."""
    customer, order, catalogue = "NULL::jsonb", "NULL::text", "NULL::jsonb"
    if entries:
        columns = ", ".join(f"e{number}" for number in range(ENTRY_COLUMNS))
        catalogue = (
            f"(SELECT jsonb_agg(jsonb_build_array({columns})) FROM ({entries}) AS e({columns}))"
        )
    if customer_key:
        customer = (
            "(SELECT jsonb_build_array(to_jsonb(cu), (SELECT jsonb_agg(m.segment_id)"
            "  FROM segment_members m"
            "  WHERE m.project_id = cu.project_id AND m.customer_id = cu.id))"
            " FROM customers cu WHERE cu.project_id = p.id"
            f" AND {_CUSTOMER_KEYS[customer_key]} = %({customer_key})s)"
        )
    if order_key:
        order = (
            "(SELECT o.id FROM orders o WHERE o.project_id = p.id"
            f" AND {_ORDER_KEYS[order_key]} = %({order_key})s)"
        )
    return f"p.revision, {customer}, {order}, {catalogue}"


def load_facts(uow: UnitOfWork, wanted: Wanted) -> Facts:
    """Read everything that a request names; what is missing is simply not there.

    Source:  one joined statement, see the module's docstring.
    """
    parameters: dict[str, Any] = {"project_id": uow.project_id, "now": uow.now}
    names = (
        _first_named(wanted, _CUSTOMER_KEYS, parameters),
        _first_named(wanted, _ORDER_KEYS, parameters),
        _catalogued(wanted, parameters),
    )
    offered, vouchers = None, {}
    if wanted.offers is not None:
        offers = wanted.offers.statement(_CUSTOMER_IDS[names[0]])
        statement = _offering_statement(*names, offers)
        rows = run(uow.reader, statement, parameters | wanted.offers.parameters)
        offered = Offered(wanted.offers, read_names(rows[0][4] or ()))
    else:
        parameters |= _of_codes(wanted)
        statement = _statement(*names, bool(wanted.voucher_ids))
        rows = run(uow.reader, statement, parameters)
        vouchers = _by_names(VoucherFacts(*row[4:]) for row in rows if row[4] is not None)
    revision, known, order_id, found = rows[0][:4]
    customer, segments = known or (None, None)
    catalogue = read_catalogue(found or (), wanted.catalogue_keys)
    static_segments = frozenset(segments or ())
    return Facts(revision, vouchers, customer, static_segments, order_id, catalogue, offered)


def _catalogued(wanted: Wanted, parameters: dict[str, Any]) -> str | None:
    entries = entries_statement(wanted.catalogue_keys)
    if entries is not None:
        parameters["products"] = list(wanted.catalogue_keys.products)
        parameters["skus"] = list(wanted.catalogue_keys.skus)
    return entries


def _of_codes(wanted: Wanted) -> dict[str, Any]:
    parameters = {"code_keys": list(wanted.code_keys), "session_key": wanted.session_key}
    if wanted.voucher_ids:
        parameters["voucher_ids"] = list(wanted.voucher_ids)
    return parameters


def _by_names(vouchers: Iterable[VoucherFacts]) -> dict[str, VoucherFacts]:
    return {name: voucher for voucher in vouchers for name in (voucher.code_key, voucher.id)}


def _first_named(wanted: Wanted, keys: Mapping[str, str], parameters: dict[str, Any]) -> str | None:
    for name in keys:
        value = getattr(wanted, name)
        if value is not None:
            parameters[name] = value
            return name
    return None


def find_vouchers(uow: UnitOfWork, voucher_ids: Sequence[str]) -> dict[str, VoucherFacts]:
    """Those of the given codes that exist, by id."""
    if not voucher_ids:
        return {}
    return {row.id: row for row in _read_vouchers(uow, "v.id = ANY(%(names)s)", voucher_ids)}


def find_voucher(uow: UnitOfWork, code_key: str, sent: str) -> VoucherFacts | None:
    """The code of a key, else of an id, as a path names it; None where there is none."""
    rows = list(_read_vouchers(uow, "v.code_key = ANY(%(names)s)", [code_key]))
    rows += _read_vouchers(uow, "v.id = ANY(%(names)s)", [sent]) if not rows else []
    return rows[0] if rows else None


def _read_vouchers(uow: UnitOfWork, condition: str, names: Sequence[str]) -> Iterator[VoucherFacts]:
    rows = uow.reader.execute(
        f"SELECT {_VOUCHER_COLUMNS} FROM {_VOUCHERS}"
        f" WHERE v.project_id = %(project_id)s AND {_VISIBLE} AND {condition}",
        {
            "project_id": uow.project_id,
            "now": uow.now,
            "session_key": None,
            "names": list(names),
        },
    )
    return (VoucherFacts(*row) for row in rows)


def to_engine(
    facts: VoucherFacts,
    rules: tuple[Rule, ...],
    category: Category | None,
    credits: int | None = None,
) -> Voucher:
    """The code as the engine judges it.

    Shapes:  credits are what is asked of a card, None for as much as there is.
    """
    is_referral = facts.campaign_type == REFERRAL_PROGRAM
    return Voucher(
        id=facts.id,
        code=facts.code,
        worth=_worth(facts, credits),
        validity=read_validity(facts),
        is_active=facts.is_active,
        is_campaign_active=facts.is_campaign_active,
        quantity=facts.redemption_quantity,
        redeemed_quantity=facts.redeemed_quantity,
        locked_quantity=facts.locked_quantity,
        publish_count=facts.publish_count,
        holder_ids=_NOBODY if facts.holder_id is None else frozenset((facts.holder_id,)),
        is_referral=is_referral,
        referrer_id=facts.holder_id if is_referral else None,
        category=category,
        campaign_id=facts.campaign_id,
        rules=rules,
        metadata=facts.voucher_metadata,
    )


def _worth(facts: VoucherFacts, credits: int | None) -> Discount | GiftCredits:
    if facts.discount is not None:
        return read_discount(orjson.dumps(facts.discount))
    return GiftCredits(
        effect=facts.gift_effect or APPLY_TO_ORDER,
        balance=facts.balance.left,
        locked=facts.locked_credits,
        asked=credits,
    )


_NOBODY: frozenset[str] = frozenset()
