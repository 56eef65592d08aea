"""Where codes to give away come from: the one that is named, a campaign's, or new ones.

Source: spec campaigns-loyalty-referral-gift, sections 3.2 and 9.3.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, RaceLost
from kupon.storage.queries import campaigns, holders
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


def take_named(
    uow: UnitOfWork, voucher: Voucher, campaign: Campaign | None
) -> Sequence[Voucher] | KuponError:
    """This code, if it can be given away. A campaign that is off does not matter.

    Refuses: voucher_already_published, voucher_cannot_be_published.
    Locks:   the voucher must be locked.
    """
    if voucher.publish_count:
        return KuponError(
            "voucher_already_published", f"Voucher '{voucher.id}' has already been published"
        )
    if not voucher.is_active:
        return _unsuited(voucher, "is not active")
    if _has_ended(uow, voucher) or (campaign is not None and _has_ended(uow, campaign)):
        return _unsuited(voucher, "has expired")
    return [voucher]


def _unsuited(voucher: Voucher, reason: str) -> KuponError:
    return KuponError("voucher_cannot_be_published", f"Voucher '{voucher.id}' {reason}")


def _has_ended(uow: UnitOfWork, row: Voucher | Campaign) -> bool:
    return row.expiration_date is not None and row.expiration_date < uow.now


def take(
    uow: UnitOfWork, project: ProjectFacts, campaign: Campaign, count: int
) -> Sequence[Voucher] | KuponError:
    """So many codes of a campaign that nobody has; a campaign that grows gets those it lacks.

    Refuses: no_voucher_suitable_for_publication.
    Locks:   the codes; the campaign before them where it grows.
    """
    codes: Sequence[Voucher] = ()
    if not _has_ended(uow, campaign):
        codes = holders.take_codes(uow, campaign.id, count)
        if not codes and campaign.type == "AUTO_UPDATE":
            codes = _grow(uow, project, campaign.id, count)
        elif not codes:
            codes = holders.take_last_codes(uow, campaign.id, count)
    if len(codes) == count:
        return codes
    return KuponError(
        "no_voucher_suitable_for_publication", "Couldn't create new vouchers for publication"
    )


def _grow(
    uow: UnitOfWork, project: ProjectFacts, campaign_id: str, count: int
) -> Sequence[Voucher]:
    """What is left of a campaign's codes, and new ones."""
    campaign = campaigns.lock_any_campaign(uow, campaign_id)
    if campaign is None or campaign.binned_at is not None:
        raise RaceLost
    left = holders.take_free_codes(uow, campaign_id, count)
    if len(left) == count:
        return left
    pattern = vouchers.read_code_pattern(
        uow, project, campaign.voucher["code_config"], ".code_config"
    )
    template = vouchers.campaign_template(campaign)
    made = vouchers.draw_few(
        uow,
        template,
        pattern,
        count - len(left),
        is_case_sensitive=project.case_sensitive_codes,
    )
    given = len(made) * template.balance_income
    campaigns.count_codes(uow, campaign, made=len(made), given=given)
    return [*left, *(found.voucher for found in holders.find_codes(uow, made))]
