"""How many points an order would earn if it were paid now; nothing is written.

Source: spec campaigns-loyalty-referral-gift, section 7.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.filters import Surroundings
from kupon.engine.loyalty.earning import ORDER_PAID
from kupon.features.customers import service as customers
from kupon.features.loyalties.schemas import estimates as schemas
from kupon.features.loyalties.service.earning import (
    Scene,
    find_held_tiers,
    is_running,
    is_usable,
)
from kupon.features.loyalties.service.programmes import find_programme
from kupon.features.validations import service as validations
from kupon.features.validations.service import Loaded
from kupon.kit.errors import KuponError, invalid_payload
from kupon.storage import snapshots
from kupon.storage.queries import accruals, earning_rules
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork


def estimate(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, name: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """What the rules on paid orders would give to a customer for an order, stored or not.

    Shapes:  api_key is the id of the calling key.
    Raises:  not_found for the programme, the customer or the order; campaign_not_active,
        campaign_not_allow_auto_join, loyalty_card_not_active; invalid_payload for a customer of
        whom nothing is said; metadata_validation_failed.
    """
    campaign = find_programme(uow, name)
    if not customers.says_something(body["customer"]):
        raise invalid_payload("Property .customer must name a customer")
    loaded = validations.load(uow, project, api_key, body)
    scene = _scene_of(uow, loaded)
    if not is_running(campaign, scene):
        raise _refusal("campaign_not_active", f"Loyalty campaign '{campaign.name}' is not active")
    cards = _find_cards(uow, scene)
    card = _check_card(campaign, cards, scene)
    tiers = find_held_tiers(uow, [each.id for each in cards.values()], scene)
    tier = None if card is None else tiers.get(card.id)
    found = earning_rules.find_listening(uow, [ORDER_PAID], campaign.id)
    rules = [each for each in found if each.rule.custom_event_schema_id is None]
    points = sum(scene.points(each, tier) for each in rules if scene.allows(each))
    return schemas.dump_estimate(campaign, points)


def _scene_of(uow: UnitOfWork, loaded: Loaded) -> Scene:
    definitions = loaded.definitions
    customer = validations.engine_customer(uow, loaded.customer, loaded.facts, has_figures=True)
    return Scene(
        customer=customer or Customer(),
        order=loaded.order,
        metadata=None,
        surroundings=Surroundings(Moment(uow.now, definitions.timezone), definitions.locations),
        definitions=definitions,
    )


def _find_cards(uow: UnitOfWork, scene: Scene) -> dict[str, VoucherFacts]:
    """The customer's cards by programme."""
    if scene.customer.id is None:
        return {}
    held = accruals.find_held_cards(uow, scene.customer.id)
    found = snapshots.find_vouchers(uow, [card.id for card in held.values()])
    return {campaign_id: found[card.id] for campaign_id, card in held.items() if card.id in found}


def _check_card(
    campaign: Campaign, cards: Mapping[str, VoucherFacts], scene: Scene
) -> VoucherFacts | None:
    """The card that the points would go to; None for a customer who would join.

    Raises:  campaign_not_allow_auto_join, loyalty_card_not_active.
    """
    card = cards.get(campaign.id)
    if card is None and not campaign.auto_join:
        raise _refusal(
            "campaign_not_allow_auto_join",
            f"Loyalty campaign '{campaign.name}' does not allow auto-join for non-members",
        )
    if card is not None and not is_usable(card, scene.surroundings.moment.now):
        raise _refusal(
            "loyalty_card_not_active", f"Customer's loyalty card '{card.code}' is not active"
        )
    return card


def _refusal(key: str, message: str) -> KuponError:
    return KuponError(key, message=message)
