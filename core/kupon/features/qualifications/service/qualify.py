"""Qualification: what may qualify is looked at one by one until a page is full; nothing is kept.

Source: spec rules-and-qualification, section 14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.engine.qualify import Qualified, scenario_of
from kupon.features.qualifications import schemas
from kupon.features.qualifications.service.choosing import Choice
from kupon.features.qualifications.service.offers import Offer, stored_offers
from kupon.features.qualifications.service.pages import Cursor, next_page
from kupon.features.qualifications.service.search import Found, Search
from kupon.features.validation_rules.service import lists_of
from kupon.features.validations import service as validations
from kupon.features.validations.service import Loaded
from kupon.storage.offered import OffersWanted
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.uow import UnitOfWork

DEFAULT_LIMIT: Final = 5
_DEALS: Final = {"BEST_DEAL": -1, "LEAST_DEAL": 1}


def qualify(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """What qualifies, a page of it.

    Raises:  invalid_payload for a cursor that is no moment; not_found for an unknown customer or
        order id; metadata_validation_failed.
    """
    options = body.get("options") or {}
    cursor = Cursor.parse(options.get("starting_after"))
    scenario = scenario_of(body.get("scenario") or "ALL")
    filters = options.get("filters") or {}
    wanted = stored_offers(
        scenario,
        Choice(filters).kinds,
        None if cursor is None else cursor.before,
        has_customer=bool(body.get("customer") or body.get("tracking_id")),
    )
    loaded = load_named(uow, project, api_key, body, wanted)
    search = Search(uow, loaded, scenario, filters)
    limit = options.get("limit") or DEFAULT_LIMIT
    page, following = next_page(search.results(cursor, limit), cursor, limit)
    sorting = options.get("sorting_rule")
    if sorting in _DEALS:
        # UNCERTAIN: within the page, for the next one goes on by age (section 14.6).
        page.sort(key=lambda found: _DEALS[sorting] * found.taken)
    dumped = _dump_all(uow, loaded, page, frozenset(options.get("expand") or ()))
    answer = schemas.dump_page(dumped, following or search.rest, loaded.definitions)
    if loaded.customer is not None and loaded.tracking_id is not None:
        answer["tracking_id"] = loaded.tracking_id
    if loaded.body.get("order"):
        answer["order"] = schemas.dump_plain_order(loaded.order)
    return answer


def load_named(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    body: Mapping[str, Any],
    wanted: OffersWanted | None = None,
) -> Loaded:
    """What a request is about; a tracking id names the customer where nothing else does.

    Shapes:  wanted are offers to read along.
    Raises:  not_found for an unknown customer or order id; metadata_validation_failed.
    """
    customer, tracking_id = body.get("customer") or {}, body.get("tracking_id")
    if tracking_id and not (customer.get("id") or customer.get("source_id")):
        body = {**body, "customer": {**customer, "source_id": tracking_id}}
    return validations.load(uow, project, api_key, body, is_sent_first=True, offers=wanted)


def _dump_all(
    uow: UnitOfWork, loaded: Loaded, page: Sequence[Found], expand: frozenset[str]
) -> list[dict[str, Any]]:
    offers = [offer for found in page for offer in found.singles]
    articles = validations.find_articles(uow, [offer.redeemable for offer in offers])
    rules = _rule_lists(uow, offers) if "validation_rules" in expand else {}
    is_about_locks = bool(loaded.body.get("session"))

    def dump(
        offer: Offer, qualified: Qualified, stacked: Sequence[tuple[Offer, Qualified]] = ()
    ) -> dict[str, Any]:
        tiers = [dump(*single) for single in stacked]
        body = schemas.dump_offer(offer.redeemable, offer.facts, qualified, articles, tiers)
        if is_about_locks:
            schemas.add_locked_credits(body, offer.redeemable)
        body |= schemas.expand_offer(offer.facts, loaded.definitions, expand)
        if offer.facts.id in rules:
            body |= schemas.dump_rules(rules[offer.facts.id], qualified)
        return body

    return [dump(found.offer, found.qualified, found.stacked) for found in page]


def _rule_lists(uow: UnitOfWork, offers: Sequence[Offer]) -> dict[str, Any]:
    """The lists of rules that hold for offers, by the id of what is offered."""
    chains = []
    for offer in offers:
        chain = [Related(offer.redeemable.object, offer.facts.id)]
        if offer.redeemable.object != "campaign" and offer.facts.campaign_id is not None:
            chain.append(Related("campaign", offer.facts.campaign_id))
        chains.append(chain)
    lists = lists_of(uow, chains)
    return {offer.facts.id: each for offer, each in zip(offers, lists, strict=True)}
