"""Codes of generators that make few of many, or none: their pattern ends, and nothing hangs."""

from __future__ import annotations

import pytest

from kupon.engine.codes import GENERATORS
from kupon.hooks.contained import contain_generator
from kupon.testing.builders import amount_off, make_campaign


@pytest.fixture
def ink():
    """As long as there is something in it, the broken generator works."""
    return []


@pytest.fixture
def generators(ink):
    def broken(code, random):
        if not ink:
            raise RuntimeError("no ink")
        return code

    GENERATORS.add("test_few", lambda code, random: f"FEW{random(3)}")
    GENERATORS.add("test_broken", contain_generator("zebra", broken))


def make(api, generator):
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}
    return api.post("/v1/vouchers", json={**body, "code_config": {"generator": generator}})


def test_a_campaign_ends_early_that_has_few_codes(api, jobs, generators):
    voucher = {
        "type": "DISCOUNT_VOUCHER",
        "discount": amount_off(100),
        "code_config": {"generator": "test_few"},
    }
    made = make_campaign(api, voucher=voucher, vouchers_count=10)
    jobs()
    done = api.get(f"/v1/campaigns/{made['id']}").expect()
    assert done["vouchers_count"] == 3
    assert done["vouchers_generation_status"] == "FAILED"


def test_a_campaign_fails_whose_generator_breaks(api, jobs, generators, ink):
    ink.append("blue")
    voucher = {
        "type": "DISCOUNT_VOUCHER",
        "discount": amount_off(100),
        "code_config": {"generator": "test_broken"},
    }
    made = make_campaign(api, voucher=voucher, vouchers_count=2)
    ink.clear()
    jobs()
    done = api.get(f"/v1/campaigns/{made['id']}").expect()
    assert (done["vouchers_count"], done["vouchers_generation_status"]) == (0, "FAILED")
    last = api.get("/v1/async-actions").expect()["async_actions"][0]["id"]
    result = api.get(f"/v1/async-actions/{last}").expect()["result"]
    assert "generator of plugin zebra has failed" in result["message"]


def test_one_code_more_than_there_are_is_refused_at_once(api, generators):
    codes = {make(api, "test_few").expect()["code"] for _ in range(3)}
    assert codes == {"FEW0", "FEW1", "FEW2"}
    refused = make(api, "test_few").refused(400, "invalid_code_config")
    assert refused["details"] == "Property .code_config has no codes left"


def test_a_generator_that_breaks_is_named(api, generators):
    refused = make(api, "test_broken").refused(400, "invalid_code_config")
    expected = "Property .code_config.generator of plugin zebra has failed"
    assert refused["details"] == expected
