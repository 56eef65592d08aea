"""Codes that customers are given without anybody's request."""

from __future__ import annotations

import pytest

from kupon.features.publications import service
from kupon.kit.errors import KuponError
from kupon.storage.queries.campaigns import get_campaign
from kupon.storage.queries.keys import load_facts
from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_programme,
    make_referral_campaign,
)


@pytest.fixture
def join(uow):
    """Has a customer join a campaign, and commits: the code's id, or the error's key."""

    def run(campaign, customer, **members):
        facts = load_facts(uow)
        found = get_campaign(uow, campaign["id"]).campaign
        outcome = service.join(uow, facts, found, customer["id"], **members)
        told = outcome.key if isinstance(outcome, KuponError) else outcome.id
        uow.commit()
        return told

    return run


def test_a_code_is_published_where_there_is_none(api, join):
    ada = make_customer(api, source_id="ada")
    card = join(make_programme(api, 30), ada)
    shown = api.get(f"/v1/vouchers/{card}").expect()
    assert (shown["holder_id"], shown["publish"]["count"]) == (ada["id"], 1)
    assert shown["loyalty_card"]["balance"] == 30
    (told,) = api.get("/v1/publications").expect()["publications"]
    assert (told["channel"], told["result"]) == ("Automation", "SUCCESS")


def test_who_has_one_keeps_it(api, join):
    ada = make_customer(api)
    club, coupons = make_programme(api), make_campaign(api, type="AUTO_UPDATE")
    for campaign in (club, coupons):
        assert join(campaign, ada) == join(campaign, ada)


def test_a_deleted_code_is_none(api, join):
    ada, club = make_customer(api), make_programme(api)
    first = join(club, ada)
    api.delete(f"/v1/vouchers/{first}").expect(204)
    assert join(club, ada) != first


def test_referral_codes_refer(api, join):
    ada = make_customer(api)
    code = join(make_referral_campaign(api), ada, channel="Shop")
    assert api.get(f"/v1/vouchers/{code}").expect()["referrer_id"] == ada["id"]


def test_a_refusal_is_recorded(api, join):
    ada, empty = make_customer(api), make_campaign(api)
    assert join(empty, ada) == "no_voucher_suitable_for_publication"
    (told,) = api.get("/v1/publications").expect()["publications"]
    assert (told["result"], told["failure_code"]) == (
        "FAILURE",
        "no_voucher_suitable_for_publication",
    )


def test_nobody_joins_nothing(api, join, uow):
    club = make_programme(api)
    with pytest.raises(KuponError):
        join(club, {"id": "cust_none"})
