"""Bodies as the official SDK writes them: null for everything that was not given."""

from __future__ import annotations

import pytest
import voucherify as sdk

from kupon.testing.builders import (
    cart,
    make_campaign,
    make_customer,
    make_product,
    make_promotion,
    make_sku,
    make_voucher,
    percent_off,
    redeemable,
    tier,
)

DISCOUNT = {"type": "DISCOUNT_VOUCHER", "discount": percent_off(10)}


def _written(model: str, body: dict) -> dict:
    """What the SDK sends; the test is about its nulls."""
    sent = getattr(sdk, model).from_dict(body).to_dict()
    assert None in sent.values()
    return sent


@pytest.mark.parametrize(
    ("path", "model", "body"),
    [
        (
            "/v1/campaigns",
            "CampaignsCreateRequestBody",
            {"name": "A", "campaign_type": "DISCOUNT_COUPONS", "voucher": DISCOUNT},
        ),
        ("/v1/vouchers", "VouchersCreateRequestBody", DISCOUNT),
        ("/v1/vouchers/A", "VouchersCreateWithSpecificCodeRequestBody", DISCOUNT),
        ("/v1/customers", "CustomersCreateRequestBody", {"source_id": "a"}),
        ("/v1/products", "ProductsCreateRequestBody", {"source_id": "a", "name": "A"}),
        ("/v1/orders", "OrdersCreateRequestBody", {"source_id": "a", "amount": 100}),
    ],
)
def test_creation_takes_null_for_absence(api, path, model, body):
    api.post(path, json=_written(model, body)).expect()


def test_updates_take_null_for_absence(api):
    campaign, voucher = make_campaign(api), make_voucher(api)
    customer, product = make_customer(api), make_product(api)
    sku = make_sku(api, product["id"])
    order = api.post("/v1/orders", json=cart((1, 100))).expect()
    for path, model, body in [
        (f"campaigns/{campaign['id']}", "CampaignsUpdateRequestBody", {"description": "B"}),
        (f"vouchers/{voucher['code']}", "VouchersUpdateRequestBody", {"active": False}),
        (f"customers/{customer['id']}", "CustomersUpdateRequestBody", {"name": "B"}),
        (f"products/{product['id']}", "ProductsUpdateRequestBody", {"name": "B"}),
        (
            f"products/{product['id']}/skus/{sku['id']}",
            "ProductsSkusUpdateRequestBody",
            {"sku": "B"},
        ),
        (f"orders/{order['id']}", "OrdersUpdateRequestBody", {"status": "PAID"}),
    ]:
        api.put(f"/v1/{path}", json=_written(model, body)).expect()


def test_the_main_job_takes_null_for_absence(api):
    customer, voucher = make_customer(api), make_voucher(api)
    request = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": cart((2, 1000)),
    }
    validation = _written("ValidationsValidateRequestBody", request)
    assert api.post("/v1/validations", json=validation).expect()["order"]["total_amount"] == 1800
    redemption = _written("RedemptionsRedeemRequestBody", request)
    redeemed = api.post("/v1/redemptions", json=redemption).expect()
    assert redeemed["order"]["total_amount"] == 1800
    rollback = _written("RedemptionsRollbackCreateRequestBody", {"reason": "B"})
    path = f"/v1/redemptions/{redeemed['redemptions'][0]['id']}/rollback"
    assert api.post(path, json=rollback).expect()["result"] == "SUCCESS"


def test_naming_a_customer_does_not_empty_its_profile(api):
    customer, voucher = make_customer(api), make_voucher(api)
    request = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": {"amount": 1000},
    }
    api.post("/v1/redemptions", json=_written("RedemptionsRedeemRequestBody", request)).expect()
    stored = api.get(f"/v1/customers/{customer['id']}").expect()
    assert (stored["name"], stored["email"]) == (customer["name"], customer["email"])


def test_publications_take_null_for_absence(api):
    voucher, campaign = make_voucher(api), make_campaign(api, vouchers_count=1)
    for source in ({"voucher": voucher["code"]}, {"campaign": {"name": campaign["name"]}}):
        body = _written(
            "PublicationsCreateRequestBody", {**source, "customer": {"source_id": "ada"}}
        )
        answer = api.post("/v1/publications", json=body).expect()
        parsed = sdk.PublicationsCreateResponseBody.from_dict(answer)
        assert parsed.voucher.code == answer["voucher"]["code"]
        assert parsed.customer.source_id == "ada"
    listed = sdk.PublicationsListResponseBody.from_dict(api.get("/v1/publications").expect())
    assert [row.voucher.object for row in listed.publications] == ["voucher"] * 2


def test_templates_take_null_for_absence(api):
    path = "/v1/templates/campaigns"
    campaign = make_campaign(
        api,
        description="Ten off",
        start_date="2026-01-01T00:00:00.000Z",
        metadata={"season": "spring"},
        voucher={"redemption": {"quantity": 3}},
    )
    promotion = make_promotion(api, tier(banner="Take it", metadata={"a": 1}))
    first = promotion["promotion"]["tiers"][0]
    templates = [
        sdk.TemplatesCampaignsCreateTemplateResponseBody.from_dict(
            api.post(path, json=_written("TemplatesCampaignsCreateRequestBody", body)).expect()
        )
        for body in (
            {"campaign_id": campaign["id"], "name": "Coupons"},
            {"promotion_tier_id": first["id"], "name": "Tier"},
        )
    ]
    body = _written("TemplatesCampaignsCampaignSetupCreateRequestBody", {"name": "Again"})
    answer = api.post(f"{path}/{templates[0].id}/campaign-setup", json=body).expect()
    made = sdk.TemplatesCampaignsCampaignSetupCreateResponseBody.from_dict(answer)
    assert (made.campaign.description, made.campaign.metadata) == ("Ten off", {"season": "spring"})
    assert answer["campaign"]["start_date"] == campaign["start_date"]
    assert made.campaign.voucher.redemption.quantity == 3
    body = {"name": "Again", "campaign_id": promotion["id"]}
    body = _written("TemplatesCampaignsTierSetupCreateRequestBody", body)
    answer = api.post(f"{path}/{templates[1].id}/tier-setup", json=body).expect()
    added = sdk.TemplatesCampaignsTierSetupCreateResponseBody.from_dict(answer)
    tier_made = added.promotion_tier
    assert (tier_made.banner, tier_made.active, tier_made.hierarchy) == ("Take it", True, 2)
    listed = api.get(path, query={"include_total": True, "order": "id"}).expect()
    rows = sdk.TemplatesCampaignsListResponseBody.from_dict(listed)
    assert ([row.name for row in rows.data], rows.total) == (["Coupons", "Tier"], 2)


def test_the_bin_is_read_by_the_sdk(api):
    make_voucher(api, "GONE")
    api.delete("/v1/vouchers/GONE").expect(204)
    listed = sdk.TrashBinListResponseBody.from_dict(api.get("/v1/trash-bin").expect())
    assert [(row.object, row.resource_name) for row in listed.data] == [("voucher", "GONE")]
