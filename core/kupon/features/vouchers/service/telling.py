"""What events tell of the movements on cards, and of the cards themselves.

Source: spec events-webhooks-data, sections 4.1 and 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import schemas
from kupon.storage import snapshots
from kupon.storage.ledger import Line
from kupon.storage.queries import campaigns
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork


def stage_lines(uow: UnitOfWork, lines: Iterable[Line]) -> None:
    """Tell of movements, after their cards were written."""
    for line in lines:
        kind = "loyalty_card" if schemas.is_of_points(line) else "gift"
        payload = {
            "transaction": schemas.dump_transaction(line, None),
            "balance": schemas.dump_balance(line),
        }
        uow.stage(f"voucher.{kind}.transaction.created", line.voucher_id, payload)


def describe_cards(uow: UnitOfWork, voucher_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Cards and their campaigns in short, as the transaction sees them, by the card's id."""
    known = snapshots.find_vouchers(uow, sorted(set(voucher_ids)))
    owners = campaigns.find_campaigns(
        uow, [facts.campaign_id for facts in known.values() if facts.campaign_id is not None]
    )
    about: dict[str, dict[str, Any]] = {}
    for id, facts in known.items():
        about[id] = {"voucher": dump_simple(facts)}
        owner = owners.get(facts.campaign_id or "")
        if owner is not None:
            about[id]["campaign"] = schemas.dump_campaign_summary(owner)
    return about


def dump_simple(facts: VoucherFacts) -> dict[str, Any]:
    """The wire's SimpleVoucher."""
    whole = schemas.dump_voucher(
        facts, facts.campaign_name, None, campaign_type=facts.campaign_type
    )
    return schemas.dump_simple_voucher(whole)


def dump_whole(uow: UnitOfWork, known: Sequence[VoucherFacts]) -> list[dict[str, Any]]:
    """The wire's vouchers, each with the rules of its campaign beside its own."""
    lists = rules.lists_of(uow, [_ruled(facts) for facts in known])
    return [
        schemas.dump_voucher(
            facts, facts.campaign_name, None, rule_list, campaign_type=facts.campaign_type
        )
        for facts, rule_list in zip(known, lists, strict=True)
    ]


def _ruled(facts: VoucherFacts) -> list[Related]:
    own = Related("voucher", facts.id)
    return [own] if facts.campaign_id is None else [own, Related("campaign", facts.campaign_id)]
