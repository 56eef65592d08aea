"""What tests of templates share: storing one, and making something of it."""

from __future__ import annotations

import pytest

PATH = "/v1/templates/campaigns"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def make_template(api):
    """Stores a template: `make_template(campaign_id=..., name="Spring")`."""
    return lambda **members: api.post(PATH, json=members).expect()


@pytest.fixture
def set_up(api):
    """Makes a campaign of a template, or a tier where a `campaign_id` is given; the answer."""

    def post(template, **members):
        verb = "tier-setup" if "campaign_id" in members else "campaign-setup"
        return api.post(f"{PATH}/{template['id']}/{verb}", json=members)

    return post


@pytest.fixture
def whole(api):
    """Reads what a template holds."""

    def get(template):
        query = {"expand": "json_template"}
        return api.get(f"{PATH}/{template['id']}", query=query).expect()["json_template"]

    return get


@pytest.fixture
def categories(api):
    """Two categories, `seasonal` and `news`."""
    for name in ("seasonal", "news"):
        api.post("/v1/categories", json={"name": name, "hierarchy": 1}).expect()
