"""What tests of qualifications share: asking, ids of what qualifies, codes that somebody holds."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_publication, make_rule, make_voucher

MEMBERS = ("customer", "order", "tracking_id", "metadata", "session")


@pytest.fixture
def ask(api):
    """Asks: `ask("ALL", order=cart((1, 1000)), limit=9)`; the page of what qualifies."""

    def post(scenario=None, **words):
        return api.post("/v1/qualifications", json=body_of(scenario, **words)).expect()[
            "redeemables"
        ]

    return post


def body_of(scenario=None, **words):
    """A request's body; words that are no members of it are options."""
    body = {name: words.pop(name) for name in MEMBERS if name in words}
    if scenario is not None:
        body["scenario"] = scenario
    return body | {"options": {"limit": 50} | words}


@pytest.fixture
def qualifying(ask):
    """Asks, as `ask` does; the ids of what qualifies."""

    def ids(scenario=None, **words):
        return [row["id"] for row in ask(scenario, **words)["data"]]

    return ids


@pytest.fixture
def hold(api):
    """Makes a code that a customer holds: `hold(customer, "CODE", campaign_id)`."""

    def make(customer, code, campaign_id=None, **members):
        if campaign_id is None:
            make_voucher(api, code, **members)
        else:
            api.post(f"/v1/campaigns/{campaign_id}/vouchers/{code}", json=members).expect()
        make_publication(api, customer, voucher=code)
        return api.get(f"/v1/vouchers/{code}").expect()

    return make


@pytest.fixture
def rule(api):
    """Makes a rule of nodes that all must hold: `rule(asked("order.amount", more_than=[5]))`."""

    def make(*nodes, **members):
        rules = {str(number): node for number, node in enumerate(nodes, 1)}
        return make_rule(api, rules=rules | {"logic": " and ".join(rules)}, **members)["id"]

    return make


@pytest.fixture
def age(uow):
    """Gives rows of a table the moment of their creation: `age("vouchers", "2026-01-01")`."""

    def update(table, moment, ids=None):
        uow.driver.execute(
            f"UPDATE {table} SET created_at = %s WHERE project_id = %s"
            " AND (%s::text[] IS NULL OR id = ANY(%s))",
            (moment, uow.project_id, ids, ids),
        )
        if table in ("promotion_tiers", "promotion_stacks"):
            uow.note_changes(uow.project_id, [("", "")])
        uow.commit()

    return update
