"""Lists of tiers, for servers and for browsers."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_promotion, make_tier, tier

PATHS = ["/v1/promotions/tiers", "/client/v1/promotions/tiers"]


@pytest.fixture(params=PATHS)
def listing(request, api, client_api):
    """Call it with a query for the names of a page, on either surface."""
    caller = client_api if request.param.startswith("/client") else api

    def read(**query):
        return caller.get(request.param, query=query).expect()

    return read


def names(listed):
    return [row["name"] for row in listed["tiers"]]


def test_tiers_of_all_campaigns_are_listed(api, listing, move_time):
    for name in ("a", "b", "c"):
        made = make_promotion(api, tier(name=name, metadata={"n": name}))
        move_time(hours=1)
    whole = listing()
    assert {name: whole[name] for name in ("object", "data_ref", "total", "has_more")} == {
        "object": "list",
        "data_ref": "tiers",
        "total": 3,
        "has_more": False,
    }
    assert names(whole) == ["c", "b", "a"]
    assert whole["tiers"][0] == made["promotion"]["tiers"][0]
    first = listing(limit=2, order="created_at")
    assert (names(first), first["total"], first["has_more"]) == (["a", "b"], 3, True)
    last = listing(limit=2, page=2, order="created_at")
    assert (names(last), last["total"], last["has_more"]) == (["c"], 3, False)
    api.put(f"/v1/promotions/tiers/{whole['tiers'][2]['id']}", json={}).expect()
    assert names(listing(order="-updated_at"))[0] == "a"


def test_a_project_without_tiers_lists_none(listing, connect_api, new_project):
    other = connect_api(new_project())
    make_promotion(other, tier())
    assert listing() == {
        "object": "list",
        "data_ref": "tiers",
        "tiers": [],
        "total": 0,
        "has_more": False,
    }


@pytest.mark.uncertain
def test_available_are_tiers_that_are_enabled_and_not_expired(api, listing):
    past, future = "2026-02-01", "2026-04-01"
    make_promotion(
        api,
        tier(name="plain"),
        tier(name="later", start_date=future),
        tier(name="ending", expiration_date=future),
        tier(name="ended", expiration_date=past),
        tier(name="off", active=False),
    )
    make_promotion(api, tier(name="of a campaign that ended"), expiration_date=past)
    disabled = make_promotion(api, tier(name="of a disabled campaign"))
    api.post(f"/v1/campaigns/{disabled['id']}/disable").expect()
    available = listing(is_available="true", order="created_at")
    assert (names(available), available["total"]) == (["plain", "later", "ending"], 3)
    assert listing(is_available="false")["total"] == listing()["total"] == 7


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "query", [{"is_available": "maybe"}, {"order": "name"}, {"limit": 0}, {"page": "x"}]
)
def test_a_bad_query_is_refused(api, client_api, path, query):
    caller = client_api if path.startswith("/client") else api
    caller.get(path, query=query).refused(400, "invalid_query_params")


def test_a_tier_in_a_list_is_the_tier(api, campaign):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = make_tier(api, campaign["id"], category="Spring", banner="Save!")
    assert made["categories"] == [category]
    for path in (f"/v1/promotions/{campaign['id']}/tiers", "/v1/promotions/tiers"):
        assert api.get(path).expect()["tiers"] == [made]
