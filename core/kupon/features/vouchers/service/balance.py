"""Balances of cards: what is added and taken off by hand, and the ledger that tells of it.

Source: spec campaigns-loyalty-referral-gift, sections 5.2, 5.3 and 7.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.codes import code_key
from kupon.engine.definitions import LARGEST_WHOLE
from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.points import LOYALTY_CARD
from kupon.features.vouchers import schemas
from kupon.features.vouchers.service.points import (
    adjust_points,
    stage_points_changed,
    today_of,
)
from kupon.features.vouchers.service.reading import dump_found, find
from kupon.features.vouchers.service.telling import stage_lines
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage import ledger
from kupon.storage.ledger import (
    AUTOMATIC,
    CREDITS_ADDITION,
    CREDITS_REMOVAL,
    MANUAL,
    Line,
    Movement,
)
from kupon.storage.listing import Page
from kupon.storage.points import lock_cards
from kupon.storage.queries import holders, session_locks, voucher_transactions, vouchers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.tables.vouchers import Voucher, VoucherTransaction
from kupon.storage.uow import UnitOfWork


def update_balance(
    uow: UnitOfWork,
    project: ProjectFacts,
    name: str,
    body: Mapping[str, Any],
    *,
    is_repeatable: bool = False,
) -> dict[str, Any]:
    """Add to the credits of a gift card or the points of a loyalty card, or take off them.

    Shapes:  where it is repeatable, the same amount for the same card under the same source id is
        answered as the first time: messages ask several times while they are rendered.
    Raises:  not_found; invalid_payload for nothing to do; invalid_add_balance_params for what has
        no balance, or not enough; duplicate_source_id; of loyalty cards as adjust_points.
    """
    if body["amount"] == 0:
        raise invalid_payload("Property .amount must not be 0")
    key = code_key(name, is_case_sensitive=project.case_sensitive_codes)
    found = vouchers.lock_voucher(uow, name, key)
    told = _find_told(uow, found.voucher, body) if is_repeatable else None
    if told is not None:
        return schemas.dump_adjusted(told)
    if found.voucher.type == LOYALTY_CARD:
        return _update_points(uow, project, found.voucher.id, body)
    _check(uow, found.voucher, body["amount"])
    line = ledger.adjust(uow, _movement(uow, found.voucher, body))
    uow.session.refresh(found.voucher)
    stage_lines(uow, [line])
    _stage(uow, found, line)
    return schemas.dump_balance(line)


def _find_told(
    uow: UnitOfWork, voucher: Voucher, body: Mapping[str, Any]
) -> VoucherTransaction | None:
    """What was written of the same request before."""
    if body.get("source_id") is None:
        return None
    line = voucher_transactions.find_by_source(uow, body["source_id"])
    is_same = line is not None and (line.voucher_id, line.amount) == (voucher.id, body["amount"])
    return line if is_same else None


def available_credits(uow: UnitOfWork, voucher_id: str) -> int:
    """What can be taken off a gift card; nothing off one that is gone.

    Locks:   the card must be locked.
    """
    found = holders.find_codes(uow, [voucher_id])
    if not found:
        return 0
    uow.session.refresh(found[0].voucher)
    held = session_locks.locked_credits(uow, voucher_id)
    return max(found[0].voucher.balance.left - held, 0)


def move_credits(uow: UnitOfWork, voucher_id: str, amount: int) -> Line:
    """Add to the credits of a gift card, or take off them, without anybody's own request.

    Raises:  invalid_add_balance_params for what has no balance, not enough, or too much.
    Locks:   the card must be locked.
    """
    [found] = holders.find_codes(uow, [voucher_id])
    uow.session.refresh(found.voucher)
    _check(uow, found.voucher, amount)
    body = {"amount": amount}
    movement = replace(
        _movement(uow, found.voucher, body), source="Automation", operation_type=AUTOMATIC
    )
    line = ledger.adjust(uow, movement)
    uow.session.refresh(found.voucher)
    stage_lines(uow, [line])
    _stage(uow, found, line)
    return line


def _update_points(
    uow: UnitOfWork, project: ProjectFacts, voucher_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    card, today = lock_cards(uow, [voucher_id])[voucher_id], today_of(uow, project)
    line = adjust_points(
        uow,
        card,
        body["amount"],
        today=today,
        expires_on=card.expires_on(today),
        reason=body.get("reason"),
        source_id=body.get("source_id"),
    )
    stage_points_changed(uow, [card])
    return schemas.dump_adjusted(line)


def _check(uow: UnitOfWork, voucher: Voucher, amount: int) -> None:
    if voucher.type != GIFT_VOUCHER:
        raise KuponError(
            "invalid_add_balance_params",
            f"Voucher {voucher.code} of type {voucher.type} has no balance",
        )
    if amount > 0 and voucher.balance.income + amount > LARGEST_WHOLE:
        raise KuponError(
            "invalid_add_balance_params", f"A card takes at most {LARGEST_WHOLE} in all"
        )
    # UNCERTAIN: what sessions hold can't be taken off (campaigns-loyalty-referral-gift, L9).
    held = session_locks.locked_credits(uow, voucher.id) if amount < 0 else 0
    if voucher.balance.left - held + amount < 0:
        raise KuponError(
            "invalid_add_balance_params",
            f"The balance is {voucher.balance.left}, of which sessions hold {held}",
        )


def _movement(uow: UnitOfWork, voucher: Voucher, body: Mapping[str, Any]) -> Movement:
    return Movement(
        id=ids.new_id("vtx_"),
        voucher_id=voucher.id,
        campaign_id=voucher.campaign_id,
        type=CREDITS_ADDITION if body["amount"] > 0 else CREDITS_REMOVAL,
        amount=body["amount"],
        operation_type=MANUAL,
        source="API",
        reason=body.get("reason"),
        source_id=body.get("source_id"),
        created_at=uow.now,
    )


def _stage(uow: UnitOfWork, found: FoundVoucher, line: Line) -> None:
    payload = {
        "voucher": dump_found(uow, found),
        "balance": schemas.dump_balance(line),
        "transaction": schemas.dump_transaction(line, None),
    }
    if found.campaign is not None:
        payload["campaign"] = schemas.dump_campaign_summary(found.campaign)
    # Also of a removal: the wire has no other word for it (events-webhooks-data, 4.3).
    uow.stage("voucher.gift.balance_added", line.voucher_id, payload)


def list_transactions(
    uow: UnitOfWork, project: ProjectFacts, name: str, request: PageRequest
) -> dict[str, Any]:
    """A page of the movements on a card; what has no balance has none."""
    voucher = find(uow, project, name).voucher
    tz = ZoneInfo(project.timezone)
    return dump_transactions(
        uow, voucher_transactions.list_of_voucher(uow, voucher.id, request, tz)
    )


def dump_transactions(uow: UnitOfWork, page: Page[VoucherTransaction]) -> dict[str, Any]:
    """The wire's page of movements."""
    names = voucher_transactions.find_order_names(uow, _orders(page.rows))
    return list_body(
        "data",
        [schemas.dump_transaction(row, names.get(row.order_id or "")) for row in page.rows],
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def _orders(rows: Sequence[VoucherTransaction]) -> list[str]:
    return list({row.order_id for row in rows if row.order_id is not None})
