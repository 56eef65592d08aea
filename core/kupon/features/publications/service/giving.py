"""Giving codes to a customer, once it is decided which: all that is written down of it.

Source: spec campaigns-loyalty-referral-gift, sections 1.6, 6.2, 7.4 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.periods import parse_period
from kupon.engine.points import LOYALTY_CARD
from kupon.features.customers import service as customers
from kupon.features.publications.schemas import CHANNEL
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage import points
from kupon.storage.queries import holders, publications
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM, Campaign
from kupon.storage.tables.publications import OWNER, REFERRER
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """A platform whose messages ask by a query, several times while they are rendered.

    Shapes: key is its integration key; what it asks again within the time is the same question.
    """

    key: str
    repeats_within: timedelta


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; the voucher is named where there is one, else the campaign."""

    project: ProjectFacts
    body: Mapping[str, Any]
    voucher_name: str | None
    campaign_name: str | None
    count: int
    source_id: str | None
    joins_once: bool
    asker: Asker | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What the request names: a locked voucher, with its campaign if it has one, or a campaign."""

    campaign: Campaign | None
    voucher: Voucher | None = None

    @property
    def campaign_id(self) -> str | None:
        return None if self.campaign is None else self.campaign.id

    @property
    def voucher_type(self) -> str:
        if self.voucher is not None:
            return self.voucher.type
        type: str = self.campaign.voucher["type"] if self.campaign is not None else ""
        return type


def give(
    uow: UnitOfWork,
    request: Request,
    target: Target,
    customer: Row,
    codes: Sequence[Voucher],
) -> Row:
    """Make codes the customer's; the publication.

    Locks:  the customer and the codes must be locked.
    """
    row = _row(uow, request, target, customer, codes, result="SUCCESS")
    publications.insert_publication(uow, row)
    _start_lives(uow, request.project, target.campaign, codes)
    is_referral = target.campaign is not None and target.campaign.campaign_type == REFERRAL_PROGRAM
    holders.hold_codes(uow, codes, row, REFERRER if is_referral else OWNER)
    _open_cards(uow, request.project, codes)
    named = {"publication_id": row["id"], "customer_id": customer["id"]}
    for code in codes:
        uow.stage("voucher.published", code.id, {**named, "voucher_id": code.id})
    uow.stage("publication.succeeded", customer["id"], named)
    # Who joins a programme may be in a tier at once.
    vouchers.stage_points_changed(uow, [code for code in codes if code.type == LOYALTY_CARD])
    return row


def record_failure(
    uow: UnitOfWork, request: Request, target: Target, customer: Row, error: KuponError
) -> None:
    """Write down that a customer did not get what was asked for."""
    codes = () if target.voucher is None else (target.voucher,)
    failure = {"failure_code": error.key, "failure_message": error.message}
    row = _row(uow, request, target, customer, codes, result="FAILURE", **failure)
    publications.insert_publication(uow, row)
    named = {"publication_id": row["id"], "customer_id": customer["id"]}
    uow.stage("publication.failed", customer["id"], named)


def _row(
    uow: UnitOfWork,
    request: Request,
    target: Target,
    customer: Row,
    codes: Sequence[Voucher],
    *,
    result: str,
    failure_code: str | None = None,
    failure_message: str | None = None,
) -> Row:
    source_id, key = customer["source_id"], request.project.tracking_key
    return {
        "id": ids.new_id("pub_"),
        "campaign_id": target.campaign_id,
        "voucher_ids": [code.id for code in codes],
        "voucher_codes": [code.code for code in codes],
        "voucher_type": target.voucher_type,
        "customer_id": customer["id"],
        "tracking_id": None if not source_id else customers.encode_tracking_id(key, source_id),
        "source_id": request.source_id,
        "channel": request.body.get("channel") or CHANNEL,
        "made_by": None if request.asker is None else request.asker.key,
        "metadata": request.body.get("metadata") or {},
        "result": result,
        "failure_code": failure_code,
        "failure_message": failure_message,
        "created_at": uow.now,
    }


def _start_lives(
    uow: UnitOfWork, project: ProjectFacts, campaign: Campaign | None, codes: Sequence[Voucher]
) -> None:
    """Let the time begin for which codes of such a campaign live, whatever its own end.

    Source:  spec campaigns-loyalty-referral-gift, section 1.6. UNCERTAIN there: a later start of
        the code's own stays.
    """
    lifetime = campaign and parse_period(campaign.activity_duration_after_publishing)
    if not lifetime:
        return
    end = lifetime.after(uow.now, ZoneInfo(project.timezone))
    for code in codes:
        code.start_date = max(uow.now, code.start_date or uow.now)
        code.expiration_date = end


def _open_cards(uow: UnitOfWork, project: ProjectFacts, codes: Sequence[Voucher]) -> None:
    """Let the time begin that points have which cards were made with."""
    cards = [code for code in codes if code.type == LOYALTY_CARD and code.balance.left]
    if not cards:
        return
    today = uow.now.astimezone(ZoneInfo(project.timezone)).date()
    points.open_cards(uow, [card.id for card in cards], today=today)
    for card in cards:
        uow.session.refresh(card)
