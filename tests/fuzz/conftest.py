"""What the random requests are made of: one project with one object of each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fuzz.strategies import NEW, Known

from kupon.bootstrap import create_app
from kupon.storage.database import open_database
from kupon.testing.builders import (
    cart,
    make_campaign,
    make_customer,
    make_product,
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
CODES = {"code_config": {"pattern": "F-########"}}


@pytest.fixture(scope="package")
def fuzzed(servers, settings):
    """A client of an application whose jobs are never done, with keys for every surface."""
    with open_database_copy(servers) as database:
        # Nobody is slowed down: a refused call tells nothing about the input.
        app = create_app(replace(settings, database_url=database, client_rate_calls=0))
        pool = open_database(database, pool_size=1)
        project = NewProject(pool)()
        pairs = [key_headers(s, project.credentials) for s in ("server", "client", "management")]
        headers = {name: pair[name] for pair in pairs for name in pair}
        yield ApiClient(app, WireDocument(app), headers), project
        pool.dispose()
        app.extensions["kupon"].engine.dispose()


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
    names = {
        "customer_id": [customer["id"], customer["source_id"]],
        "product_id": [product["id"], product["source_id"]],
        "sku_id": [sku["id"], sku["source_id"]],
        "code": [voucher["code"], voucher["id"], NEW],
        "campaign_id": [campaign["id"], campaign["name"]],
        "category_id": [category["id"]],
        "rule_id": [rule["id"]],
        "assignment_id": [assignment["id"]],
        "order_id": [order["id"]],
        "redemption_id": [redemption["id"]],
        "parent_redemption_id": [redemption["id"]],
        "project_id": [project.id],
        "session_key": ["known-session"],
        "stacking_rules_id": _stacking_rules(api, project.id),
    }
    return Known(names, _bodies(main, customer, product, voucher))


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
