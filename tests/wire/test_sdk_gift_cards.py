"""Answers about gift cards as the official SDK reads them, and bodies as it writes them."""

from __future__ import annotations

import pytest
import voucherify as sdk

from kupon.testing.builders import make_customer, make_gift_campaign, make_gift_card, redeemable


def parsed(model, answer):
    """What the SDK makes of an answer; it raises for what it can't read."""
    return getattr(sdk, model).from_dict(answer)


def written(model, body):
    """What the SDK sends for a body."""
    return getattr(sdk, model).from_dict(body).to_dict()


@pytest.fixture
def card(api):
    make_gift_campaign(api, 1000, name="Gifts")
    return api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()


def test_campaigns_and_codes(api, jobs):
    body = {
        "name": "Gifts",
        "campaign_type": "GIFT_VOUCHERS",
        "vouchers_count": 2,
        "voucher": {"type": "GIFT_VOUCHER", "gift": {"amount": 1000, "balance": 1000}},
    }
    sent = written("CampaignsCreateRequestBody", body)
    campaign = parsed("CampaignsCreateResponseBody", api.post("/v1/campaigns", json=sent).expect())
    assert campaign.voucher.gift.amount == 1000
    jobs()
    listed = parsed("VouchersListResponseBody", api.get("/v1/vouchers").expect())
    assert [voucher.gift.balance for voucher in listed.vouchers] == [1000, 1000]
    body = {"gift": {"amount": 2000, "balance": 2000, "effect": "APPLY_TO_ITEMS"}}
    sent = written("CampaignsUpdateRequestBody", body)
    answer = api.put("/v1/campaigns/Gifts", json=sent).expect()
    assert parsed("CampaignsUpdateResponseBody", answer).voucher.gift.amount == 2000
    summary = api.get("/v1/campaigns/Gifts/summary").expect()
    assert parsed("CampaignsSummaryGetResponseBody", summary)
    body = {"type": "GIFT_VOUCHER", "gift": {"amount": 5, "balance": 5}}
    sent = written("VouchersCreateWithSpecificCodeRequestBody", body)
    voucher = api.post("/v1/vouchers/ALONE", json=sent).expect()
    made = parsed("VouchersCreateResponseBody", voucher)
    assert (made.gift.balance, made.gift.effect) == (5, "APPLY_TO_ORDER")


@pytest.mark.usefixtures("card")
def test_balances_and_ledgers(api):
    body = {"amount": 500, "source_id": "s-1", "reason": "thanks"}
    sent = written("VouchersBalanceUpdateRequestBody", body)
    answer = api.post("/v1/vouchers/CARD/balance", json=sent).expect()
    assert parsed("VouchersBalanceUpdateResponseBody", answer).balance == 1500
    body = {"redeemables": [redeemable("CARD")], "order": {"source_id": "o", "amount": 300}}
    done = api.post("/v1/redemptions", json=body).expect()
    api.post(f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback").expect()
    for path, model in (
        ("/v1/vouchers/CARD/transactions", "VouchersTransactionsListResponseBody"),
        ("/v1/campaigns/Gifts/transactions", "CampaignsTransactionsListResponseBody"),
    ):
        lines = parsed(model, api.get(path).expect()).data
        assert [line.details.balance.balance for line in lines] == [1500, 1200, 1500]
        assert lines[0].related_transaction_id == lines[1].id
        assert lines[1].details.order.source_id == "o"


def test_standalone_ledgers(api):
    make_gift_card(api, "CARD")
    api.post("/v1/vouchers/CARD/balance", json={"amount": 500}).expect()
    body = {"redeemables": [redeemable("CARD")], "order": {"amount": 300}}
    api.post("/v1/redemptions", json=body).expect()
    answer = api.get("/v1/vouchers/CARD/transactions").expect()
    assert len(parsed("VouchersTransactionsListResponseBody", answer).data) == 2


@pytest.mark.usefixtures("card")
def test_carts(api):
    make_customer(api, source_id="ada")
    body = {"voucher": "CARD", "customer": {"source_id": "ada"}}
    api.post("/v1/publications", json=body).expect()
    body = {
        "redeemables": [redeemable("CARD", gift={"credits": 300})],
        "order": {"amount": 1000},
        "customer": {"source_id": "ada"},
    }
    answer = api.post("/v1/validations", json=body).expect()
    checked = parsed("ValidationsValidateResponseBody", answer)
    assert checked.redeemables[0].result.gift.credits == 300
    asked = {**{name: body[name] for name in ("order", "customer")}, "session": {"type": "LOCK"}}
    answer = api.post("/v1/qualifications", json=asked).expect()
    found = parsed("QualificationsCheckEligibilityResponseBody", answer)
    assert found.redeemables.data[0].result.gift.locked_credits == 0
    answer = api.post("/v1/redemptions", json=body).expect()
    done = parsed("RedemptionsRedeemResponseBody", answer).redemptions[0]
    assert (done.amount, done.gift.amount) == (300, 300)
    answer = api.post(f"/v1/redemptions/{done.id}/rollback").expect()
    undone = parsed("RedemptionsRollbackCreateResponseBody", answer)
    assert (undone.amount, undone.gift.amount) == (-300, -300)
    held = api.get("/v1/customers/ada/redeemables").expect()
    assert (
        parsed("CustomersRedeemablesListResponseBody", held).data[0].redeemable.status == "ACTIVE"
    )
