"""Changing and deleting single vouchers.

Source: spec campaigns-loyalty-referral-gift, sections 1.8, 3.3 and 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.codes import code_key
from kupon.features.categories import service as categories
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers.service.definitions import (
    merge_metadata,
    read_discount,
    read_time_limits,
    time_limits_of,
)
from kupon.features.vouchers.service.reading import dump_found, find, stage
from kupon.kit.errors import invalid_payload, not_found
from kupon.storage.queries import campaigns, holders, session_locks, vouchers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


def update_voucher(
    uow: UnitOfWork, project: ProjectFacts, name: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change one voucher; what the body doesn't name stays.

    Raises:  not_found; invalid_payload, metadata_validation_failed.
    """
    check_metadata(uow, "voucher", body, is_creation=False)
    found = _lock(uow, project, name)
    voucher = found.voucher
    was_active = voucher.is_active
    for column, value in read_time_limits(body, time_limits_of(voucher)).items():
        setattr(voucher, column, value)
    if "category" in body or "category_id" in body:
        voucher.category_id = categories.resolve_category(uow, body)
    # A card's credits are changed by movements only.
    if "discount" in body and voucher.discount is not None:
        voucher.discount = _changed_discount(voucher, body["discount"])
    voucher.voucher_metadata = merge_metadata(voucher.voucher_metadata, body)
    voucher.additional_info = body.get("additional_info", voucher.additional_info)
    voucher.is_active = body.get("active", voucher.is_active)
    vouchers.save_voucher(uow, voucher)
    rules.attach(uow, Related("voucher", voucher.id), body.get("validation_rules"))
    found = vouchers.get_voucher(uow, voucher.id, voucher.id)
    wire = dump_found(uow, found)
    stage(uow, "voucher.updated", found, wire)
    if voucher.is_active != was_active:
        stage(uow, _FLAG_EVENTS[voucher.is_active], found, wire)
    return wire


_FLAG_EVENTS = {True: "voucher.enabled", False: "voucher.disabled"}


def _changed_discount(voucher: Voucher, sent: Mapping[str, Any]) -> dict[str, Any]:
    stored = voucher.discount or {}
    if sent["type"] != stored.get("type"):
        raise invalid_payload("Property .discount.type cannot be changed")
    return read_discount(sent)


def set_active(
    uow: UnitOfWork, project: ProjectFacts, name: str, *, is_active: bool
) -> dict[str, Any]:
    """Enable or disable one voucher; nothing happens to one that is so already.

    Raises:  not_found.
    """
    found = _lock(uow, project, name)
    if found.voucher.is_active == is_active:
        return dump_found(uow, found)
    found.voucher.is_active = is_active
    vouchers.save_voucher(uow, found.voucher)
    wire = dump_found(uow, found)
    stage(uow, _FLAG_EVENTS[is_active], found, wire)
    return wire


def disable_unused(uow: UnitOfWork, voucher_ids: Sequence[str]) -> None:
    """Disable those of some codes that nobody has used yet.

    Locks:   the codes must be locked.
    """
    for found in holders.find_codes(uow, voucher_ids):
        uow.session.refresh(found.voucher)
        if found.voucher.is_active and not found.voucher.redeemed_quantity:
            found.voucher.is_active = False
            vouchers.save_voucher(uow, found.voucher)
            stage(uow, _FLAG_EVENTS[False], found, dump_found(uow, found))


def delete_voucher(uow: UnitOfWork, project: ProjectFacts, name: str, *, is_forced: bool) -> None:
    """Put one voucher into the bin, where its code stays taken, or remove it for good.

    Raises:  not_found.
    """
    owner = find(uow, project, name).campaign
    # Locked before its code: see storage/locks.py.
    campaign = None if owner is None else campaigns.lock_any_campaign(uow, owner.id)
    found = _lock(uow, project, name)
    stage(uow, "voucher.deleted", found, dump_found(uow, found))
    rules.detach(uow, [Related("voucher", found.voucher.id)])
    if is_forced:
        vouchers.delete_voucher(uow, found.voucher)
    else:
        vouchers.bin_voucher(uow, found.voucher)
    if campaign is not None:
        campaigns.count_codes(uow, campaign, gone=1, lost=found.voucher.balance.left)


def release_session(uow: UnitOfWork, project: ProjectFacts, name: str, session_key: str) -> None:
    """Give back the use of a code that a validation session holds.

    Raises:  not_found for the voucher, or for a session that holds nothing of it.
    """
    voucher = find(uow, project, name).voucher
    if not session_locks.release(uow, voucher.id, session_key):
        raise not_found("session", session_key)


def _lock(uow: UnitOfWork, project: ProjectFacts, name: str) -> FoundVoucher:
    key = code_key(name, is_case_sensitive=project.case_sensitive_codes)
    return vouchers.lock_voucher(uow, name, key)
