"""From a request's body to the engine's verdict: load, then decide.

Source: spec discounts-and-stacking, sections 2.1, 3 and 10.4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kupon.engine.model import Evaluation, Redeemable, Snapshot
from kupon.engine.order import Order
from kupon.engine.validate import evaluate
from kupon.features.customers import service as customers
from kupon.features.orders import service as orders
from kupon.features.validations.schemas import IncentiveFacts
from kupon.features.validations.service.circumstances import CounterNames, engine_customer
from kupon.features.validations.service.incentives import (
    Incentives,
    find_articles,
    find_incentives,
    key_of,
)
from kupon.features.validations.service.metadata import check_payload
from kupon.kit.errors import not_found
from kupon.runtime import ids
from kupon.storage.definitions import DefinitionCache, Definitions
from kupon.storage.queries import projects
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.orders import get_order
from kupon.storage.queries.rule_counters import CounterKey, read_counters
from kupon.storage.snapshots import Facts, Wanted, load_facts
from kupon.storage.uow import UnitOfWork

VOUCHER_ID_PREFIX = "v_"


@dataclass(frozen=True, slots=True)
class Case:
    """One request, loaded and judged.

    Shapes: incentives are what the request names; order_body is the order that was evaluated (the
        stored one where the request names one), stored_order its stored form.
    """

    body: Mapping[str, Any]
    facts: Facts
    incentives: Incentives
    definitions: Definitions
    customer: Mapping[str, Any] | None
    tracking_id: str | None
    order_body: Mapping[str, Any]
    stored_order: Mapping[str, Any] | None
    counter_names: CounterNames
    snapshot: Snapshot
    evaluation: Evaluation

    @property
    def expand(self) -> frozenset[str]:
        """What the answer should spell out; orders, if nothing else was asked for."""
        asked = (self.body.get("options") or {}).get("expand")
        return frozenset(asked) if asked is not None else _DEFAULT_EXPAND

    @property
    def has_order(self) -> bool:
        """Whether the request is about an order at all."""
        return bool(self.body.get("order"))

    def facts_of(self, redeemable: Redeemable) -> IncentiveFacts | None:
        """What storage knows of a redeemable, None for an unknown one."""
        return self.incentives.known.get((redeemable.object, redeemable.id))


_DEFAULT_EXPAND = frozenset({"order"})

_definitions = DefinitionCache()


def read_definitions(uow: UnitOfWork) -> Definitions:
    """The definitions of the unit's project as they are now."""
    return _definitions.get(uow, uow.project_id, projects.get_revision(uow))


ReadCounters = Callable[[UnitOfWork, Collection[CounterKey]], Mapping[CounterKey, int]]


def assemble(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    body: Mapping[str, Any],
    read: ReadCounters = read_counters,
) -> Case:
    """Load what the body names and judge it.

    Shapes:  api_key is the id of the calling key; read looks at the counters of rules, or holds
        them for what is to be redeemed.
    Raises:  duplicated_redeemables, invalid_redeemables, metadata_validation_failed, not_found for
        an unknown customer or order id.
    """
    body = _untrack(project, body)
    facts = load_facts(uow, _wanted(project, body))
    definitions = _definitions.get(uow, uow.project_id, facts.revision)
    check_payload(definitions.metadata_schemas, body)
    customer = customers.merge_customer(facts.customer, body.get("customer"))
    stored, order_body, order = _order(uow, facts, body.get("order") or {})
    incentives = find_incentives(project, body["redeemables"], facts, definitions)
    customer_id = None if customer is None else customer["id"]
    names = CounterNames(definitions, customer_id, api_key, uow.now)
    wanted = names.wanted(incentives.redeemables)
    counted = read(uow, wanted)
    snapshot = Snapshot(
        now=uow.now,
        timezone=definitions.timezone,
        order=order,
        redeemables=incentives.redeemables,
        rules=definitions.stacking_rules,
        customer=engine_customer(uow, customer, facts, incentives.redeemables),
        metadata=body.get("metadata") or {},
        api_keys=frozenset((api_key,)),
        counters={wanted[key]: value for key, value in counted.items()},
        segments=definitions.segments,
        collections=definitions.collections,
        locations=definitions.locations,
        articles=find_articles(uow, incentives.redeemables),
        week_start=definitions.week_start,
    )
    return Case(
        body=body,
        facts=facts,
        incentives=incentives,
        definitions=definitions,
        customer=customer,
        tracking_id=_tracking_id(project, body, customer),
        order_body=order_body,
        stored_order=stored,
        counter_names=names,
        snapshot=snapshot,
        evaluation=evaluate(snapshot),
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


def _wanted(project: ProjectFacts, body: Mapping[str, Any]) -> Wanted:
    codes = [sent["id"] for sent in body["redeemables"] if sent["object"] == "voucher"]
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
    )


def _order(
    uow: UnitOfWork, facts: Facts, sent: Mapping[str, Any]
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
    stored = get_order(uow, facts.order_id)
    body = orders.merge_cart(stored, sent) if sent.get("id") is not None else stored
    return stored, body, orders.build_order(uow, body, known_lines=stored["items"])


def new_session_key() -> str:
    """A key for a session whose caller named none."""
    return ids.new_id("ssn_")
