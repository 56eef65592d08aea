"""What the random requests are made of: one project with one object of each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fuzz.strategies import NEW, Known

from kupon.bootstrap import create_app
from kupon.hooks.tenancy import install
from kupon.storage.database import open_database
from kupon.testing.builders import (
    cart,
    make_campaign,
    make_customer,
    make_member,
    make_product,
    make_programme,
    make_publication,
    make_referral_campaign,
    make_rule,
    make_sku,
    make_voucher,
    percent_off,
    redeemable,
)
from kupon.testing.client import ApiClient, key_headers
from kupon.testing.plugin import NewProject
from kupon.testing.servers import open_database_copy
from kupon.testing.wire import WireDocument

DISCOUNT = {"type": "DISCOUNT_VOUCHER", "discount": percent_off(10, effect="APPLY_TO_ITEMS")}
RULES = {"1": {"name": "order.amount", "conditions": {"$more_than": [1]}}, "logic": "1"}
EARNING = {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 5}}
TIER = {"name": "Gold", "points": {"from": 0, "to": 100}}
COIN = {"coin": {"exchange_ratio": 1, "points_ratio": 1}}
CODES = {"code_config": {"pattern": "F-########"}}


@pytest.fixture(scope="package")
def fuzzed(servers, settings, tenants):
    """A client of an application whose jobs are never done, with keys for every surface."""
    with open_database_copy(servers) as database:
        # Nobody is slowed down: a refused call tells nothing about the input.
        app = create_app(replace(settings, database_url=database, client_rate_calls=0))
        # A process has one set of plugins, and this one goes with the application.
        install(tenants)
        pool = open_database(database, pool_size=1)
        project = NewProject(pool)()
        pairs = [key_headers(s, project.credentials) for s in ("server", "client", "management")]
        headers = {name: pair[name] for pair in pairs for name in pair}
        yield ApiClient(app, WireDocument(app), headers), project
        pool.dispose()
        app.extensions["kupon"].close()


@pytest.fixture
def known(fuzzed) -> Known:
    """New objects for each test, since another one may have deleted those before."""
    api, project = fuzzed
    customer, product = make_customer(api), make_product(api)
    sku, voucher = make_sku(api, product["id"]), make_voucher(api)
    campaign, rule = make_campaign(api, vouchers_count=1), make_rule(api, rules=RULES)
    ruled = make_voucher(api, validation_rules=[rule["id"]])
    [assignment] = ruled["validation_rules_assignments"]["data"]
    category = {"name": customer["id"], "hierarchy": 1}
    category = api.post("/v1/categories", json=category).expect()
    main = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": cart((1, 1000), (2, 500)),
        "options": {"expand": ["order"]},
    }
    done = api.post("/v1/redemptions", json=main).expect()
    redemption, order = done["redemptions"][0], done["order"]
    session = {"type": "LOCK", "key": "known-session"}
    api.post("/v1/validations", json=main | {"session": session}).expect()
    programme = _programme(api, customer)
    names = {
        "customer_id": [customer["id"], customer["source_id"]],
        "product_id": [product["id"], product["source_id"]],
        "sku_id": [sku["id"], sku["source_id"]],
        "code": [voucher["code"], voucher["id"], NEW],
        "campaign_id": [campaign["id"], campaign["name"], *programme.pop("campaign_id")],
        "category_id": [category["id"]],
        "rule_id": [rule["id"]],
        "assignment_id": [assignment["id"]],
        "order_id": [order["id"]],
        "redemption_id": [redemption["id"]],
        "parent_redemption_id": [redemption["id"]],
        "project_id": [project.id],
        "session_key": ["known-session"],
        "stacking_rules_id": _stacking_rules(api, project.id),
        **programme,
    }
    bodies = _bodies(main, customer, product, voucher)
    return Known(names, bodies | _loyalty_bodies(customer, programme))


def _programme(api: ApiClient, customer: Any) -> dict[str, list[str]]:
    """The names of what a loyalty programme, its member and a referral campaign consist of."""
    # A project may have so many earning rules only; those of earlier tests go first.
    for old in api.get("/v1/loyalties", query={"limit": 100}).expect()["campaigns"]:
        api.delete(f"/v1/loyalties/{old['id']}").expect()
    club, friends = make_programme(api, 500), make_referral_campaign(api)
    card = make_member(api, club, customer)
    code = make_publication(api, customer, campaign={"name": friends["id"]})["voucher"]
    path = f"/v1/loyalties/{club['id']}"
    api.post(f"{path}/earning-rules", json=[EARNING]).expect()
    api.post(f"{path}/tiers", json=[TIER]).expect()
    return {
        "campaign_id": [club["id"], club["name"], friends["id"]],
        "member_id": [card["id"], card["code"], code["code"]],
        "earning_rule_id": [
            each["id"] for each in api.get(f"{path}/earning-rules").expect()["data"]
        ],
        "loyalty_tier_id": [each["id"] for each in api.get(f"{path}/tiers").expect()["data"]],
    }


def _loyalty_bodies(customer: Any, programme: Any) -> dict[str, Any]:
    named, path = {"customer": {"id": customer["id"]}}, "/v1/loyalties/{campaign_id}"
    card = programme["member_id"][0]
    return {
        "POST /v1/loyalties": {"name": NEW, "voucher": {"loyalty_card": {"points": 5}}},
        f"PUT {path}": {"loyalty_card": {"points": 5}},
        f"POST {path}/members": named,
        f"POST {path}/earning-rules": [EARNING],
        f"POST {path}/tiers": [TIER | {"points": {"from": 1000, "to": 2000}}],
        f"POST {path}/members/{{member_id}}/balance": {"points": 5},
        "POST /v1/loyalties/members/{member_id}/balance": {"points": 5},
        f"POST {path}/members/{{member_id}}/transfers": [{"code": card, "points": 1}],
        f"POST {path}/qualifications": named | {"order": {"amount": 1000}},
        "POST /v1/rewards": {"name": NEW, "type": "COIN", "parameters": COIN},
    }


def _stacking_rules(api: ApiClient, project_id: str) -> list[str]:
    path = f"/management/v1/projects/{project_id}/stacking-rules"
    found = [rules["id"] for rules in api.get(path).expect()["data"] if "id" in rules]
    return found or [api.post(path, json={}).expect()["id"]]


def _bodies(main: Any, customer: Any, product: Any, voucher: Any) -> dict[str, Any]:
    single = {"customer": main["customer"], "order": main["order"]}
    return {
        "POST /v1/campaigns": {
            "name": NEW,
            "campaign_type": "DISCOUNT_COUPONS",
            "vouchers_count": 1,
            "voucher": DISCOUNT | CODES,
        },
        "POST /v1/categories": {"name": NEW, "hierarchy": 1},
        "POST /v1/customers": {"source_id": customer["source_id"], "name": "Ada Example"},
        "POST /v1/products": {"source_id": product["source_id"], "name": "Mug", "price": 100},
        "POST /v1/products/{product_id}/skus": {"sku": "Red mug", "price": 100},
        "POST /v1/orders": main["order"] | {"customer": main["customer"]},
        "POST /v1/validation-rules": {"name": NEW, "rules": RULES},
        "PUT /v1/validation-rules/{rule_id}": {"rules": RULES},
        "POST /v1/validation-rules/{rule_id}/assignments": {"voucher": voucher["code"]},
        "POST /v1/vouchers": DISCOUNT | CODES,
        "POST /v1/vouchers/{code}": DISCOUNT,
        "PUT /v1/vouchers/{code}": {"discount": voucher["discount"]},
        "POST /v1/vouchers/{code}/validate": single,
        "POST /v1/vouchers/{code}/redemption": single,
        "POST /v1/validations": main,
        "POST /v1/redemptions": main,
        "POST /client/v1/validations": main,
        "POST /client/v1/redemptions": main,
    }
