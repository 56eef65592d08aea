"""What a request is about, loaded: its customer, its order, and the project's definitions.

Source: spec discounts-and-stacking, section 2.1; rules-and-qualification, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.model import Redeemable, Snapshot
from kupon.engine.order import Order
from kupon.engine.rules import Counter
from kupon.features.customers import service as customers
from kupon.features.orders import service as orders
from kupon.features.validations.service.circumstances import (
    CounterNames,
    asks_for,
    engine_customer,
)
from kupon.features.validations.service.incentives import find_articles, key_of
from kupon.features.validations.service.metadata import check_payload
from kupon.kit.errors import not_found
from kupon.kit.lean import dataclass
from kupon.storage.definitions import DefinitionCache, Definitions
from kupon.storage.offered import OffersWanted
from kupon.storage.queries import projects
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.orders import see_order
from kupon.storage.snapshots import Facts, Wanted, load_facts
from kupon.storage.uow import UnitOfWork

VOUCHER_ID_PREFIX = "v_"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One request with what storage knows of it.

    Shapes: order_body is the order to evaluate (the stored one where the request names one), order
        the engine's form of it, stored_order its stored form; customer is the stored one with what
        was sent of it.
    """

    body: Mapping[str, Any]
    facts: Facts
    definitions: Definitions
    customer: Mapping[str, Any] | None
    tracking_id: str | None
    order: Order
    order_body: Mapping[str, Any]
    stored_order: Mapping[str, Any] | None
    counter_names: CounterNames


_definitions = DefinitionCache()


def read_definitions(uow: UnitOfWork) -> Definitions:
    """The definitions of the unit's project as they are now."""
    return _definitions.get(uow, uow.project_id, projects.get_revision(uow))


def load(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    body: Mapping[str, Any],
    *,
    is_sent_first: bool = False,
    offers: OffersWanted | None = None,
) -> Loaded:
    """Load what a body names.

    Shapes:  api_key is the id of the calling key; is_sent_first says that what is sent of an order
        counts more than what is stored, however the order is named; offers are read along for a
        body that names no code.
    Raises:  metadata_validation_failed, not_found for an unknown customer or order id.
    """
    body = _untrack(project, body)
    facts = load_facts(uow, _wanted(project, body, offers))
    definitions = _definitions.get(uow, uow.project_id, facts.revision)
    check_payload(definitions.metadata_schemas, body)
    customer = customers.merge_customer(facts.customer, body.get("customer"))
    stored, order_body, order = _order(
        uow, facts, body.get("order") or {}, is_sent_first=is_sent_first
    )
    customer_id = None if customer is None else customer["id"]
    return Loaded(
        body=body,
        facts=facts,
        definitions=definitions,
        customer=customer,
        tracking_id=_tracking_id(project, body, customer),
        order=order,
        order_body=order_body,
        stored_order=stored,
        counter_names=CounterNames(definitions, customer_id, api_key, uow.now),
    )


def snapshot_of(
    uow: UnitOfWork,
    loaded: Loaded,
    redeemables: Sequence[Redeemable],
    counters: Mapping[tuple[str, Counter], int],
    *,
    is_about_segments: bool = False,
) -> Snapshot:
    """Everything that the engine may look at.

    Shapes:  is_about_segments says that segments and tiers will be asked for even if no rule of
        the redeemables does.
    """
    definitions = loaded.definitions
    has_figures = any(
        is_known and (is_about_segments or asks_for(name, redeemables))
        for name, is_known in (
            ("customer.segment", definitions.segments.has_figures),
            ("customer.loyalty.tier", definitions.programmes.asks_for_tiers),
        )
    )
    return Snapshot(
        now=uow.now,
        timezone=definitions.timezone,
        order=loaded.order,
        redeemables=tuple(redeemables),
        rules=definitions.stacking_rules,
        customer=engine_customer(uow, loaded.customer, loaded.facts, has_figures=has_figures),
        metadata=loaded.body.get("metadata") or {},
        api_keys=frozenset((loaded.counter_names.api_key,)),
        counters=counters,
        segments=definitions.segments,
        collections=definitions.collections,
        locations=definitions.locations,
        articles=find_articles(uow, redeemables),
    )


def _untrack(project: ProjectFacts, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body with the customer's own source id where a tracking id was sent for it."""
    sent = body.get("customer")
    if sent is None:
        return body
    customer = customers.untracked(project.tracking_key, sent)
    return body if customer is sent else {**body, "customer": customer}


def _tracking_id(
    project: ProjectFacts, body: Mapping[str, Any], customer: Mapping[str, Any] | None
) -> str | None:
    """How answers name the customer; what was sent where the request names none."""
    if customer is not None and customer.get("source_id"):
        return customers.encode_tracking_id(project.tracking_key, customer["source_id"])
    sent: str | None = body.get("tracking_id")
    return sent


def _wanted(project: ProjectFacts, body: Mapping[str, Any], offers: OffersWanted | None) -> Wanted:
    sent_redeemables = body.get("redeemables") or ()
    codes = [sent["id"] for sent in sent_redeemables if sent["object"] == "voucher"]
    customer = body.get("customer") or {}
    order = body.get("order") or {}
    session = body.get("session") or {}
    return Wanted(
        code_keys=[key_of(project, code) for code in codes],
        voucher_ids=[code for code in codes if code.startswith(VOUCHER_ID_PREFIX)],
        customer_id=customer.get("id"),
        customer_source_id=customer.get("source_id"),
        order_id=order.get("id"),
        order_source_id=order.get("source_id"),
        session_key=session.get("key"),
        catalogue_keys=orders.catalogue_keys(order.get("items") or ()),
        offers=offers,
    )


def _order(
    uow: UnitOfWork, facts: Facts, sent: Mapping[str, Any], *, is_sent_first: bool
) -> tuple[dict[str, Any] | None, Mapping[str, Any], Order]:
    """The stored order that the request names, the order to evaluate, and that as the engine's.

    Raises:  not_found for an order id that the project lacks.
    Source:  spec discounts-and-stacking, section 2.1, rule 6: what is sent next to an id
        overwrites the stored order, next to a source id the stored one stands.
    """
    if facts.order_id is None:
        if sent.get("id") is not None:
            raise not_found("order", sent["id"])
        return None, sent, orders.build_order(uow, sent, catalogue=facts.catalogue)
    stored = see_order(uow, facts.order_id)
    is_merged = is_sent_first or sent.get("id") is not None
    body = orders.merge_cart(stored, sent) if is_merged else stored
    return stored, body, orders.build_order(uow, body, known_lines=stored["items"])
