"""What is to know of codes from those who have them, read only where a rule or formula asks.

Source: spec rules-and-qualification, section 6.8; discounts-and-stacking, section 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kupon.engine.model import Redeemable, Voucher
from kupon.storage.queries import holders
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork

_BY_HOLDER = "publication.redeemable_by_linked_customer"
_OPERAND = "PUBLICATION_METADATA"


def with_holdings(
    uow: UnitOfWork,
    redeemables: Sequence[Redeemable],
    facts: Iterable[object],
    customer_id: str | None,
) -> tuple[Redeemable, ...]:
    """Redeemables with the customer among the holders of codes that were passed on to them, and
    with the metadata of the publications that gave codes away.

    Shapes:  facts are what storage knows of them, in any order; customer_id is None where there
        is no stored customer. Nothing is read for codes whose rules and formulas don't ask.
    """
    by_rule = [code.id for code in _codes(redeemables) if _is_asked_by_rule(code)]
    codes = (each for each in facts if isinstance(each, VoucherFacts))
    by_formula = [each.id for each in codes if _is_asked_by_formula(each)]
    if not (by_formula or (by_rule and customer_id is not None)):
        return tuple(redeemables)
    passed_on = holders.find_passed_on(uow, customer_id, by_rule) if customer_id else frozenset()
    metadata = holders.find_publication_metadata(uow, by_formula) if by_formula else {}
    return tuple(_with(each, passed_on, customer_id, metadata) for each in redeemables)


def _codes(redeemables: Iterable[Redeemable]) -> Iterable[Voucher]:
    return (each.source for each in redeemables if isinstance(each.source, Voucher))


def _is_asked_by_rule(code: Voucher) -> bool:
    return code.is_referral and any(_BY_HOLDER in rule.names for rule in code.rules)


def _is_asked_by_formula(facts: VoucherFacts) -> bool:
    if not facts.publish_count or facts.discount is None:
        return False
    return any(
        _OPERAND in formula
        for name, formula in facts.discount.items()
        if name.endswith("_formula") and isinstance(formula, str)
    )


def _with(
    redeemable: Redeemable,
    passed_on: frozenset[str],
    customer_id: str | None,
    metadata: Mapping[str, Mapping[str, Any]],
) -> Redeemable:
    code = redeemable.source
    if not isinstance(code, Voucher):
        return redeemable
    if code.id in passed_on and customer_id is not None:
        code = replace(code, holder_ids=code.holder_ids | {customer_id})
    if code.id in metadata:
        code = replace(code, publication_metadata=metadata[code.id])
    return redeemable if code is redeemable.source else replace(redeemable, source=code)
