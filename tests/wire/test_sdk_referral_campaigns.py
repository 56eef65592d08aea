"""Answers about referral campaigns as the official SDK reads them, and bodies as it writes them."""

from __future__ import annotations

import voucherify as sdk

from kupon.testing.builders import make_customer, make_programme, percent_off


def parsed(model, answer):
    """What the SDK makes of an answer; it raises for what it can't read."""
    return getattr(sdk, model).from_dict(answer)


def written(model, body):
    """What the SDK sends for a body."""
    return getattr(sdk, model).from_dict(body).to_dict()


def test_campaigns_codes_and_referrers(api):
    club = make_programme(api, name="Club")
    reward = {
        "related_object_parent": {"id": club["id"], "name": "Club", "object": "CAMPAIGN"},
        "type": "LOYALTY_CARD",
        "amount": "100",
    }
    body = {
        "name": "Friends",
        "campaign_type": "REFERRAL_PROGRAM",
        "type": "AUTO_UPDATE",
        "referral_program": {"conversion_event_type": "redemption", "referee_reward": reward},
        "voucher": {
            "type": "DISCOUNT_VOUCHER",
            "discount": percent_off(10),
            "is_referral_code": True,
        },
    }
    sent = written("CampaignsCreateRequestBody", body)
    made = parsed("CampaignsCreateResponseBody", api.post("/v1/campaigns", json=sent).expect())
    assert made.referral_program.referee_reward.amount == "100"
    assert made.voucher.is_referral_code is True
    changes = {"referral_program": {"conversion_event_type": "redemption"}}
    sent = written("CampaignsUpdateRequestBody", changes)
    answer = parsed(
        "CampaignsUpdateResponseBody", api.put("/v1/campaigns/Friends", json=sent).expect()
    )
    assert answer.referral_program.conversion_event_type == "redemption"
    query = {"campaign_type": "REFERRAL_PROGRAM"}
    listed = parsed("CampaignsListResponseBody", api.get("/v1/campaigns", query=query).expect())
    assert [campaign.name for campaign in listed.campaigns] == ["Friends"]
    ada = make_customer(api, source_id="ada")
    sent = {"customer": {"id": ada["id"]}, "campaign": {"name": "Friends", "count": 1}}
    given = parsed(
        "PublicationsCreateResponseBody", api.post("/v1/publications", json=sent).expect()
    )
    assert given.voucher.is_referral_code is True
    code = parsed("VouchersGetResponseBody", api.get(f"/v1/vouchers/{given.voucher.id}").expect())
    assert code.referrer_id == ada["id"]
    wallet = parsed(
        "CustomersRedeemablesListResponseBody", api.get("/v1/customers/ada/redeemables").expect()
    )
    assert [each.holder_role for each in wallet.data] == ["REFERRER"]
    summary = api.get("/v1/campaigns/Friends/summary").expect()
    assert parsed("CampaignsSummaryGetResponseBody", summary)
    customer = parsed("CustomersGetResponseBody", api.get("/v1/customers/ada").expect())
    assert customer.loyalty.referred_customers == 0
