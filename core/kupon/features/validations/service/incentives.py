"""From the redeemables that a request names to what the engine judges.

Source: spec discounts-and-stacking, sections 3 and 10.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kupon.engine.model import Category, Redeemable, Voucher
from kupon.engine.rules import Rule
from kupon.engine.situation import Article
from kupon.features.orders import service as orders
from kupon.features.validations.schemas import IncentiveFacts
from kupon.features.validations.service.holdings import with_holdings
from kupon.features.validations.service.points import Payment, find_payments
from kupon.features.vouchers.service import code_key
from kupon.kit.errors import KuponError
from kupon.kit.lean import dataclass
from kupon.storage.catalogue import CatalogueEntry, find_prices
from kupon.storage.definitions import Definitions
from kupon.storage.programmes import tier_to_engine
from kupon.storage.queries.campaign_access import visibility
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.promotions import StackFacts
from kupon.storage.snapshots import Facts, VoucherFacts, to_engine
from kupon.storage.uow import UnitOfWork

Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Incentives:
    """What a request names, found.

    Shapes: known holds what storage knows of each redeemable, by kind and id as sent, payments
        what its loyalty cards are spent on; stack is the promotion stack that the tiers come
        from, None where none was asked for.
    """

    redeemables: tuple[Redeemable, ...]
    known: Mapping[tuple[str, str], IncentiveFacts]
    payments: Mapping[tuple[str, str], Payment]
    stack: StackFacts | None = None


def find_incentives(
    uow: UnitOfWork,
    project: ProjectFacts,
    sent: Sequence[Sent],
    facts: Facts,
    definitions: Definitions,
    customer: Mapping[str, Any] | None,
) -> Incentives:
    """Match a request's redeemables with what storage has read.

    Shapes:  of campaigns that the caller may not know there is nothing.
    Raises:  duplicated_redeemables, invalid_redeemables.
    """
    is_visible = visibility(uow)
    named, stack = _unstacked(sent, definitions, is_visible)
    known = {}
    for kind, name in named:
        found = _find(kind, name, project, facts, definitions)
        if found is not None and is_visible(found.campaign_id):
            known[kind, name] = found
    _check(sent, named, known, definitions)
    asked = {(each["object"], each["id"]): _credits(each) for each in sent}
    payments = find_payments(uow, sent, known, definitions, customer)
    redeemables = [
        _redeemable(
            kind,
            name,
            known.get((kind, name)),
            definitions,
            stack,
            payments.get((kind, name)) or asked.get((kind, name)),
        )
        for kind, name in named
    ]
    customer_id = None if customer is None else customer["id"]
    return Incentives(
        redeemables=with_holdings(uow, redeemables, known.values(), customer_id),
        known=known,
        payments=payments,
        stack=stack,
    )


def _credits(sent: Sent) -> int | None:
    credits: int | None = sent["gift"].get("credits") if "gift" in sent else None
    return credits


def _unstacked(
    sent: Sequence[Sent], definitions: Definitions, is_visible: Callable[[str | None], bool]
) -> tuple[list[tuple[str, str]], StackFacts | None]:
    """Kinds and ids, with the tiers of a stack in its place; a stack must stand alone."""
    stack = None
    named = []
    for redeemable in sent:
        kind, name = redeemable["object"], redeemable["id"]
        found = definitions.programmes.stacks.get(name) if kind == "promotion_stack" else None
        if found is None or not is_visible(found.campaign_id):
            named.append((kind, name))
        else:
            stack = found
            named += [("promotion_tier", tier_id) for tier_id in found.tier_ids]
    return named, stack


def _find(
    kind: str, name: str, project: ProjectFacts, facts: Facts, definitions: Definitions
) -> IncentiveFacts | None:
    if kind == "voucher":
        return facts.vouchers.get(key_of(project, name)) or facts.vouchers.get(name)
    if kind == "promotion_tier":
        return definitions.programmes.tiers.get(name)
    return None


def key_of(project: ProjectFacts, code: str) -> str:
    """A code as the project tells codes apart."""
    return code_key(code, is_case_sensitive=project.case_sensitive_codes)


def _check(
    sent: Sequence[Sent],
    named: Sequence[tuple[str, str]],
    known: Mapping[tuple[str, str], IncentiveFacts],
    definitions: Definitions,
) -> None:
    names = [
        (kind, known[kind, name].id if (kind, name) in known else name) for kind, name in named
    ]
    if len(set(names)) < len(names):
        raise KuponError("duplicated_redeemables")
    limit = definitions.stacking_rules.redeemables_limit
    if len(sent) > limit:
        raise KuponError("invalid_redeemables", f"At most {limit} redeemables can be sent at once")
    if len(sent) > 1 and any(redeemable["object"] == "promotion_stack" for redeemable in sent):
        raise KuponError(
            "invalid_redeemables", "Promotion Stack cannot be use with other redeemables"
        )


def _redeemable(
    kind: str,
    name: str,
    known: IncentiveFacts | None,
    definitions: Definitions,
    stack: StackFacts | None,
    asked: Payment | int | None,
) -> Redeemable:
    if known is None:
        return Redeemable(object=kind, id=name)
    category = definitions.engine_category(known.effective_category_id)
    programmes = definitions.programmes
    if isinstance(known, VoucherFacts):
        of_campaign = programmes.campaign_rule(known.campaign_id)
        rules = programmes.named_rules(known.rule_id, of_campaign)
        if isinstance(asked, Payment):
            source = as_payment(known, rules, category, asked, definitions)
        else:
            source = to_engine(known, rules, category, asked)
        return Redeemable(object=kind, id=name, source=source)
    if category is None and stack is not None:
        # UNCERTAIN: the stack's category stands in for the tier's (discounts-and-stacking, 9.1).
        category = definitions.engine_category(stack.category_id)
    rules = programmes.rules_of(kind, known.id, known.campaign_id)
    tier = tier_to_engine(known, rules, category)
    return Redeemable(
        object=kind, id=name, source=tier, stack_id=None if stack is None else stack.id
    )


def as_payment(
    known: VoucherFacts,
    rules: tuple[Rule, ...],
    category: Category | None,
    payment: Payment,
    definitions: Definitions,
) -> Voucher:
    """A loyalty card that is spent on a reward, whose rules must hold too."""
    if payment.offer is not None:
        own = definitions.programmes.rule_of(("reward_assignment", payment.offer.assignment.id))
        rules = (*rules, own) if own is not None else rules
    return replace(to_engine(known, rules, category), worth=payment.worth)


def find_articles(uow: UnitOfWork, redeemables: Iterable[Redeemable]) -> dict[str, Article]:
    """The articles that incentives may put into the cart, by the names they have there.

    Shapes:  nothing is read unless an incentive gives units; what the catalogue lacks is a product
        without facts.
    """
    names = {
        name
        for redeemable in redeemables
        if redeemable.source is not None
        for name in getattr(redeemable.source.worth, "unit_types", ())
    }
    if not names:
        return {}
    catalogue = find_prices(uow, names, names)
    articles = {name: _article("product", entry) for name, entry in catalogue.products.items()}
    articles |= {name: _article("sku", entry) for name, entry in catalogue.skus.items()}
    unknown = names - articles.keys()
    return articles | {
        name: Article(kind="product", id=name, line_id=orders.new_line_id()) for name in unknown
    }


def _article(kind: str, entry: CatalogueEntry) -> Article:
    product = entry.product or entry
    return Article(
        kind=kind,
        id=entry.id,
        source_id=entry.source_id,
        price=product.price if entry.price is None else entry.price,
        product_id=product.id,
        product=_stated("name", product),
        sku=_stated("sku", entry) if kind == "sku" else {},
        line_id=orders.new_line_id(),
    )


def _stated(title: str, entry: CatalogueEntry) -> dict[str, Any]:
    facts = {"id": entry.id, "source_id": entry.source_id, title: entry.name, "price": entry.price}
    return {name: value for name, value in facts.items() if value is not None}
