"""Rules, tiers and stacks brought up to date by what changed: the same as all read anew."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.engine.asking import asked, cart, line

from kupon.engine.customer import Customer
from kupon.engine.model import Snapshot
from kupon.engine.qualify import SCENARIOS, scenario_of
from kupon.engine.rules import Rule
from kupon.runtime import clock
from kupon.storage.definitions import Definitions, load_definitions
from kupon.storage.queries.projects import purge_changes
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    amount_off,
    entry,
    included,
    make_campaign,
    make_product,
    make_promotion,
    make_rule,
    make_stack,
    make_tier,
    make_voucher,
    tier,
)
from kupon.testing.client import ApiClient
from kupon.testing.plugin import ProjectKeys

Load = Callable[..., Definitions]


@pytest.fixture
def load(engine: Engine, project: ProjectKeys) -> Load:
    """Reads the project's definitions, all of them or what changed since a known state."""

    def read(known: Definitions | None = None) -> Definitions:
        with UnitOfWork(engine, project_id=project.id, now=clock.now(), is_read_only=True) as uow:
            return load_definitions(uow, project.id, known)

    return read


def only(promotion: dict[str, Any]) -> str:
    id: str = promotion["promotion"]["tiers"][0]["id"]
    return id


def rich(amount: int) -> dict[str, Any]:
    node = {"name": "order.amount", "conditions": {"$more_than": [amount]}}
    return {"rules": {"1": node, "logic": "1"}}


def test_what_stayed_is_shared(api: ApiClient, load: Load) -> None:
    rule = make_rule(api, **rich(5))["id"]
    campaigns = [make_promotion(api, tier(validation_rules=[rule])) for _ in range(3)]
    first = load()
    index = first.promotions.index(scenario_of("ALL").omitted, clock.now())
    api.put(f"/v1/promotions/tiers/{only(campaigns[0])}", json={"name": "New"}).expect()

    second = load(first)

    assert second.programmes.rules is first.programmes.rules
    assert second.programmes.assigned is first.programmes.assigned
    assert second.programmes.stacks is first.programmes.stacks
    for place, campaign in enumerate(campaigns):
        tier_id = only(campaign)
        is_same = second.programmes.tiers[tier_id] is first.programmes.tiers[tier_id]
        assert is_same == (place > 0)
        is_same = second.promotions.candidate(tier_id) is first.promotions.candidate(tier_id)
        assert is_same == (place > 0)
    renewed = second.promotions.indexes[scenario_of("ALL").omitted]
    assert len(renewed.find(_cart(0))) == len(index.find(_cart(0))) == 3


def test_nothing_is_compiled_where_no_promotion_changed(api: ApiClient, load: Load) -> None:
    make_promotion(api, tier())
    first = load()
    make_rule(api)
    api.post("/v1/categories", json={"name": "New", "hierarchy": 1}).expect()
    second = load(first)
    assert second.revision > first.revision
    assert second.promotions is first.promotions
    assert load(second).promotions is first.promotions


def test_an_index_is_made_when_it_is_asked_for(api: ApiClient, load: Load) -> None:
    make_promotion(api, tier())
    promotions = load().promotions
    assert promotions.indexes == {}
    omitted = scenario_of("AUDIENCE_ONLY").omitted
    index = promotions.index(omitted, clock.now())
    assert promotions.index(omitted, clock.now()) is index
    assert list(promotions.indexes) == [omitted]
    assert promotions.candidate("promo_x") is None


def test_a_rule_is_read_when_something_first_has_it(api: ApiClient, load: Load) -> None:
    rule = make_rule(api, **rich(5))["id"]
    promotion = make_promotion(api, tier())
    first = load()
    assert first.programmes.rules == {}
    path = f"/v1/validation-rules/{rule}/assignments"
    body = {"related_object_type": "promotion_tier", "related_object_id": only(promotion)}
    api.post(path, json=body).expect()
    second = load(first)
    assert [each.id for each in _tier(second, only(promotion)).rules] == [rule]
    assert [each.id for each in second.programmes.rules_of("promotion_tier", only(promotion), None)]


def test_a_rule_that_cannot_be_read_lets_nobody_through(
    api: ApiClient, load: Load, uow: UnitOfWork, caplog: pytest.LogCaptureFixture
) -> None:
    rule = make_rule(api, **rich(5))["id"]
    promotion = make_promotion(api, tier(validation_rules=[rule]))
    uow.driver.execute(
        'UPDATE validation_rules SET rules = \'{"1": {"name": "gone.rule"}}\''
        " WHERE project_id = %s",
        (uow.project_id,),
    )
    uow.commit()
    (found,) = _tier(load(), only(promotion)).rules
    assert found.faults == ("Rule 'gone.rule' is not supported",)
    assert f"rule {rule} lets nobody through" in caplog.text


def test_a_schema_types_what_rules_compare(
    api: ApiClient, management_api: ApiClient, load: Load, project: ProjectKeys
) -> None:
    """The index asks for texts only where a key holds texts."""
    node = {"name": "customer.metadata", "property": "size", "conditions": {"$is": ["big"]}}
    rule = make_rule(api, rules={"1": node, "logic": "1"})["id"]
    make_promotion(api, tier(validation_rules=[rule]))
    states = [load()]
    size = {"type": "string", "optional": True, "array": False}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    body = {"related_object": "customer", "properties": {"size": size | {"type": "boolean"}}}
    made = management_api.post(path, json=body).expect()
    states.append(load(states[-1]))
    management_api.delete(f"{path}/{made['id']}").expect(204)
    states.append(load(states[-1]))
    found = [state.programmes.rules[rule].necessary().customer_metadata for state in states]
    assert found == [("size", {"big"}), None, ("size", {"big"})]


def test_where_it_is_not_known_what_changed_all_is_read(
    api: ApiClient, load: Load, uow: UnitOfWork
) -> None:
    promotion = make_promotion(api, tier())
    first = load()
    for name in ("One", "Two"):
        api.put(f"/v1/promotions/tiers/{only(promotion)}", json={"name": name}).expect()
    purge_changes(uow, kept=0)
    uow.commit()
    assert load(first).programmes.tiers[only(promotion)].name == "Two"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_changes_come_to_the_same_as_all_read_anew(
    api: ApiClient, management_api: ApiClient, load: Load, project: ProjectKeys, seed: int
) -> None:
    chance = random.Random(seed)
    shop = Shop(api, management_api, project.id, chance)
    known = load()
    for scenario in SCENARIOS:
        known.promotions.index(scenario_of(scenario).omitted, clock.now())
    for _ in range(25):
        done = [shop.change() for _ in range(chance.randint(1, 3))]
        known = load(known)
        assert _described(known) == _described(load()), done


class Shop:
    """Changes definitions at random, through the wire."""

    def __init__(
        self, api: ApiClient, management: ApiClient, project_id: str, chance: random.Random
    ) -> None:
        self.api, self.management, self.chance = api, management, chance
        self.schemas = f"/management/v1/projects/{project_id}/metadata-schemas"
        self.product = make_product(api, id="prod_mug", source_id="mug")
        self.count = 0
        for change in (self.new_category, self.new_campaign, self.new_rule, self.new_tier) * 3:
            change()

    def change(self) -> str:
        frequent = [
            *(self.new_category, self.new_rule, self.new_campaign, self.new_tier),
            *(self.new_stack, self.new_schema, self.new_code, self.switch),
            *(self.edit_tier, self.edit_rule, self.edit_campaign, self.edit_category),
            *(self.assign, self.assign),
        ]
        rare = [
            *(self.drop_tier, self.drop_rule, self.drop_stack, self.drop_campaign),
            *(self.drop_category, self.drop_schema),
        ]
        change = self.chance.choice(frequent * 2 + rare)
        change()
        return change.__name__

    def rows(self, path: str, name: str = "data") -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.api.get(path, query={"limit": 100}).expect()[name]
        return listed

    def some(self, path: str, name: str = "data") -> dict[str, Any] | None:
        rows = self.rows(path, name)
        return self.chance.choice(rows) if rows else None

    def promotion(self) -> dict[str, Any] | None:
        rows = self.rows("/v1/campaigns", "campaigns")
        found = [row for row in rows if row["campaign_type"] == "PROMOTION"]
        return self.chance.choice(found) if found else None

    def tier(self) -> dict[str, Any] | None:
        return self.some("/v1/promotions/tiers", "tiers")

    def category_id(self) -> str | None:
        row = self.some("/v1/categories")
        return None if row is None or self.chance.random() < 0.5 else row["id"]

    def name(self) -> str:
        self.count += 1
        return f"Name {self.count}"

    def definition(self) -> dict[str, Any]:
        limit = self.chance.randint(0, 3000)
        nodes = [
            {"name": "order.amount", "conditions": {"$more_than": [limit]}},
            {"name": "customer.metadata", "property": "size", "conditions": {"$is": ["big"]}},
            {"name": "order.items.any", "conditions": {"$is": [entry(self.product)]}},
            {"name": "campaign.orders.amount", "conditions": {"$less_than": [limit]}},
            {"name": "redemption.count.daily", "conditions": {"$less_than": [limit]}},
            {"name": "publication.redeemable_by_linked_customer", "conditions": {"$is": [True]}},
        ]
        chosen = self.chance.sample(nodes, self.chance.randint(0, 2))
        rules = {str(number): node for number, node in enumerate(chosen, 1)}
        logic = self.chance.choice([" and ", " or "]).join(rules)
        lists = included(entry(self.product)) if self.chance.random() < 0.3 else included()
        return {"rules": rules | {"logic": logic}, "applicable_to": lists}

    def new_category(self) -> None:
        body = {"name": self.name(), "hierarchy": self.chance.randint(1, 5)}
        self.api.post("/v1/categories", json=body).expect()

    def new_rule(self) -> None:
        make_rule(self.api, **self.definition())

    def new_campaign(self) -> None:
        make_promotion(self.api, tier(), name=self.name(), category_id=self.category_id())

    def new_tier(self) -> None:
        campaign = self.promotion()
        if campaign is not None:
            members = {"name": self.name(), "category_id": self.category_id()}
            make_tier(self.api, campaign["id"], active=self.chance.random() < 0.8, **members)

    def new_stack(self) -> None:
        campaign = self.promotion()
        if campaign is None:
            return
        tiers = self.rows(f"/v1/promotions/{campaign['id']}/tiers", "tiers")
        if tiers:
            ids = [
                row["id"] for row in self.chance.sample(tiers, self.chance.randint(1, len(tiers)))
            ]
            make_stack(self.api, campaign["id"], *ids, category_id=self.category_id())

    def new_schema(self) -> None:
        type = self.chance.choice(["string", "boolean"])
        size = {"type": type, "optional": True, "array": False}
        body = {"related_object": "customer", "properties": {"size": size}}
        assert self.management.post(self.schemas, json=body).status in (200, 409)

    def new_code(self) -> None:
        rule = self.some("/v1/validation-rules")
        rules = [] if rule is None else [rule["id"]]
        campaign = make_campaign(self.api)
        self.api.post(f"/v1/campaigns/{campaign['id']}/vouchers/C{self.name()[5:]}").expect()
        make_voucher(self.api, validation_rules=rules)
        self.api.put(f"/v1/vouchers/C{self.count}", json={"validation_rules": rules}).expect()

    def edit_tier(self) -> None:
        row = self.tier()
        if row is not None:
            body = {"action": {"discount": amount_off(self.chance.randint(1, 900))}}
            path = f"/v1/promotions/tiers/{row['id']}"
            self.api.put(path, json=body | {"category_id": self.category_id()}).expect()

    def edit_rule(self) -> None:
        row = self.some("/v1/validation-rules")
        if row is not None:
            self.api.put(f"/v1/validation-rules/{row['id']}", json=self.definition()).expect()

    def edit_campaign(self) -> None:
        row = self.promotion()
        if row is not None:
            path = f"/v1/campaigns/{row['id']}"
            day = clock.now() + timedelta(days=self.chance.choice([-1, 1]))
            body = {"category_id": self.category_id(), "expiration_date": day.isoformat()}
            self.api.put(path, json=body).expect()

    def edit_category(self) -> None:
        row = self.some("/v1/categories")
        if row is not None:
            body = {"hierarchy": self.chance.randint(1, 5)}
            self.api.put(f"/v1/categories/{row['id']}", json=body).expect()

    def switch(self) -> None:
        row, kind = self.tier(), "promotions/tiers"
        if self.chance.random() < 0.5:
            row, kind = self.promotion(), "campaigns"
        if row is not None:
            word = "disable" if row["active"] else "enable"
            self.api.post(f"/v1/{kind}/{row['id']}/{word}").expect()

    def assign(self) -> None:
        rule, row, kind = self.some("/v1/validation-rules"), self.tier(), "promotion_tier"
        if self.chance.random() < 0.4:
            row, kind = self.promotion(), "campaign"
        if rule is not None and row is not None:
            body = {"related_object_type": kind, "related_object_id": row["id"]}
            path = f"/v1/validation-rules/{rule['id']}/assignments"
            self.api.post(path, json=body, query={"force": True}).expect()

    def drop_tier(self) -> None:
        self._drop(self.tier(), "/v1/promotions/tiers/{id}")

    def drop_rule(self) -> None:
        self._drop(self.some("/v1/validation-rules"), "/v1/validation-rules/{id}")

    def drop_stack(self) -> None:
        row = self.some("/v1/promotions/stacks")
        if row is not None:
            self._drop(row, f"/v1/promotions/{row['campaign_id']}/stacks/{{id}}")

    def drop_campaign(self) -> None:
        row = self.promotion()
        if row is not None:
            self.api.delete(f"/v1/campaigns/{row['id']}").expect(202)

    def drop_category(self) -> None:
        row = self.some("/v1/categories")
        if row is not None:
            assert self.api.delete(f"/v1/categories/{row['id']}").status in (204, 400)

    def drop_schema(self) -> None:
        for row in self.management.get(self.schemas).expect()["data"]:
            self.management.delete(f"{self.schemas}/{row['id']}").expect(204)

    def _drop(self, row: dict[str, Any] | None, path: str) -> None:
        if row is not None:
            self.api.delete(path.format(id=row["id"])).expect(204)


def _cart(amount: int, *names: str, **facts: Any) -> Snapshot:
    order = cart(*(line(name) for name in names), amount=amount)
    return replace(asked(order=order, facts=facts), now=clock.now())


def _carts() -> Iterator[Snapshot]:
    big = Customer(id="cust_x", profile={"metadata": {"size": "big"}})
    for amount in (0, 500, 5000):
        for customer in (None, big):
            yield _cart(amount, "prod_mug", customer=customer)
            yield _cart(amount, customer=customer)


def _tier(definitions: Definitions, tier_id: str) -> Any:
    candidate = definitions.promotions.candidate(tier_id)
    assert candidate is not None
    return candidate.tier


def _rule(rule: Rule) -> Any:
    lists = rule.applicable_to.included
    return rule.id, rule.labels, rule.counters, len(lists), rule.necessary(), rule.faults


def _described(definitions: Definitions) -> dict[str, Any]:
    """A state in a form that compares: rules by what they say, tiers with their rules."""
    programmes, promotions = definitions.programmes, definitions.promotions
    tiers = {}
    for tier_id in programmes.tiers:
        found = _tier(definitions, tier_id)
        assert all(each is programmes.rules[each.id] for each in found.rules)
        tiers[tier_id] = (
            *(found.is_active, found.is_campaign_active, found.validity, found.campaign_validity),
            *(found.category, found.campaign_id, [each.id for each in found.rules]),
        )
    found_by = {
        (scenario, place): [
            each.tier.id
            for each in promotions.index(scenario_of(scenario).omitted, clock.now()).find(snapshot)
        ]
        for scenario in SCENARIOS
        for place, snapshot in enumerate(_carts())
    }
    return {
        "rules": {rule_id: _rule(each) for rule_id, each in programmes.rules.items()},
        "assigned": programmes.assigned,
        "tiers": programmes.tiers,
        "stacks": programmes.stacks,
        "counters": programmes.campaign_counters,
        "compiled": tiers,
        "found": found_by,
        "revision": definitions.revision,
    }
