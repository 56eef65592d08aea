"""Campaigns assigned to areas and stores: creation, change, what is printed and found."""

from __future__ import annotations

import pytest

from kupon.features.campaigns.service import access
from kupon.testing.builders import assigned_to, make_campaign, make_promotion, tier

NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze(NOW)


@pytest.fixture
def france(make_area):
    """The area France with Lyon and Paris, by their ids."""
    return make_area("France", "Lyon", "Paris")


def places(campaign):
    """What a campaign is assigned to, in short."""
    rows = campaign.get("access_settings_assignments", {"data": ()})["data"]
    return sorted(
        (row["area_id"], row.get("area_store_id", "*" if row["all_stores"] else "")) for row in rows
    )


def found(api, **wanted):
    query = {"access_settings": {"filter": wanted}, "order": "created_at"}
    return sorted(
        each["name"] for each in api.get("/v1/campaigns", query=query).expect()["campaigns"]
    )


def change(api, campaign, **lists):
    return api.put(f"/v1/campaigns/{campaign['id']}", json={"access_settings": lists})


def test_a_campaign_is_assigned_when_it_is_made(api, france, events):
    area, lyon, _ = france
    made = make_campaign(api, **assigned_to(areas=[area], all_stores=[area], stores=[lyon, lyon]))
    assigned = made["access_settings_assignments"]
    assert (assigned["object"], assigned["data_ref"], assigned["total"]) == ("list", "data", 3)
    common = {
        "area_id": area,
        "created_at": NOW,
        "object": "area_store_campaign_assignment",
    }
    assert [{**row, "id": ...} for row in assigned["data"]] == [
        {"id": ..., "all_stores": True, **common},
        {"id": ..., "all_stores": False, **common},
        {"id": ..., "all_stores": False, "area_store_id": lyon, **common},
    ]
    assert api.get(f"/v1/campaigns/{made['id']}").expect() == made
    [(name, payload)] = events()
    assert name == "campaign.created"
    assert payload["campaign"]["access_settings_assignments"] == assigned


def test_promotions_are_assigned_too(api, france):
    area, *_ = france
    made = make_promotion(api, tier(), **assigned_to(areas=[area]))
    assert places(made) == [(area, "")]


@pytest.mark.parametrize(
    "sent", [None, {}, {"assign": None}, {"assign": {}}, {"assign": {"areas_ids": []}}]
)
def test_a_campaign_is_for_nobody_in_particular(api, sent):
    made = make_campaign(api, access_settings=sent)
    assert "access_settings_assignments" not in made


def test_an_update_assigns_and_unassigns(api, france, move_time):
    area, lyon, paris = france
    made = make_campaign(api, **assigned_to(areas=[area], stores=[lyon]))
    kept = next(
        row for row in made["access_settings_assignments"]["data"] if "area_store_id" not in row
    )
    move_time(hours=1)
    changed = change(
        api,
        made,
        assign={"area_stores_ids": [paris], "areas_ids": [area]},
        unassign={"area_stores_ids": [lyon], "area_all_stores_ids": [area]},
    ).expect()
    assert places(changed) == [(area, ""), (area, paris)]
    assert kept in changed["access_settings_assignments"]["data"]
    assert places(change(api, made, unassign={"areas_ids": [area]}).expect()) == [(area, paris)]
    both = change(
        api, made, assign={"area_stores_ids": [paris]}, unassign={"area_stores_ids": [paris]}
    )
    assert places(both.expect()) == [(area, paris)]
    gone = change(api, made, unassign={"area_stores_ids": [paris]}).expect()
    assert "access_settings_assignments" not in gone


@pytest.mark.parametrize("part", ["assign", "unassign"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("areas_ids", "area"),
        ("area_all_stores_ids", "area"),
        ("area_stores_ids", "area_store"),
    ],
)
def test_what_does_not_exist_is_refused_and_nothing_changes(api, france, part, name, kind):
    area, *_ = france
    made = make_campaign(api, **assigned_to(areas=[area]))
    lists = {part: {"areas_ids": [area], name: [area, "x"] if kind == "area" else ["x"]}}
    refusal = change(api, made, **lists).refused(404, "not_found")
    assert (refusal["resource_type"], refusal["resource_id"]) == (kind, "x")
    assert api.get(f"/v1/campaigns/{made['id']}").expect() == made


def test_places_of_other_projects_do_not_exist(api, connect_api, new_project, france):
    area, lyon, _ = france
    stranger = connect_api(new_project())
    made = make_campaign(stranger)
    change(stranger, made, assign={"areas_ids": [area]}).refused(404, "not_found")
    change(stranger, made, assign={"area_stores_ids": [lyon]}).refused(404, "not_found")


def test_there_are_not_too_many_assignments(api, france, monkeypatch):
    area, lyon, paris = france
    monkeypatch.setattr(access, "MOST_ASSIGNMENTS", 2)
    made = make_campaign(api, **assigned_to(areas=[area], stores=[lyon]))
    refusal = change(api, made, assign={"area_stores_ids": [paris]})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Property .access_settings must NOT leave more than 2 assignments"
    )
    moved = change(
        api, made, assign={"area_stores_ids": [paris]}, unassign={"area_stores_ids": [lyon]}
    )
    assert places(moved.expect()) == [(area, ""), (area, paris)]


def test_campaigns_are_found_by_what_they_are_assigned_to(api, france):
    area, lyon, paris = france
    make_campaign(api, name="Area", **assigned_to(areas=[area]))
    make_campaign(api, name="All", **assigned_to(all_stores=[area]))
    make_campaign(api, name="Both", **assigned_to(areas=[area], stores=[lyon, paris]))
    make_campaign(api, name="None")
    assert found(api, areas_ids=[area]) == ["Area", "Both"]
    assert found(api, area_all_stores_ids=[area]) == ["All"]
    assert found(api, area_stores_ids=[paris, "ars_x"]) == ["Both"]
    assert found(api, area_stores_ids=[lyon], area_all_stores_ids=[area]) == ["All", "Both"]
    assert found(api, areas_ids=["ar_x"]) == []
    assert found(api, colours=["red"]) == ["All", "Area", "Both", "None"]


def test_a_listing_prints_assignments_when_asked_to(api, france):
    area, lyon, _ = france
    make_campaign(api, **assigned_to(areas=[area], stores=[lyon]))
    (plain,) = api.get("/v1/campaigns").expect()["campaigns"]
    assert "access_settings_assignments" not in plain
    query = {"expand": ["access_settings_assignments"]}
    (expanded,) = api.get("/v1/campaigns", query=query).expect()["campaigns"]
    assert places(expanded) == [(area, ""), (area, lyon)]


def test_a_campaign_that_is_gone_leaves_nothing(api, france, jobs, uow):
    area, *_ = france
    one = make_campaign(api, **assigned_to(areas=[area]))["id"]
    api.delete(f"/v1/campaigns/{one}", query={"force": True}).expect(202)
    jobs.run()
    rows = uow.reader.execute("SELECT 1 FROM campaign_access WHERE campaign_id = %s", (one,))
    assert rows.fetchall() == []
