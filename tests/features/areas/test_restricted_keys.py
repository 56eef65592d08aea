"""What a restricted key sees, uses and changes; the example of the specification over HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import literal, select

from kupon.engine.access import may_use
from kupon.storage.queries import areas, campaign_access
from kupon.testing.builders import (
    assigned_to,
    make_campaign,
    make_customer,
    make_programme,
    make_promotion,
    make_rule,
    make_stack,
    make_tier,
    make_voucher,
    promotion_tier,
    tier,
)

ORDER = {"amount": 10_000}


class World:
    """France, Germany and Poland with their stores, five campaigns and a restricted key.

    Source: spec rules-and-qualification, section 20, table.
    """

    def __init__(self, api, make_area, restricted_api):
        france, self.lyon, self.paris = make_area("France", "Lyon", "Paris")
        germany, hamburg, munich = make_area("Germany", "Hamburg", "Munich")
        poland, katowice, krakow = make_area("Poland", "Katowice", "Krakow")
        self.france = france
        self.germany = germany
        places = {
            "Lyon": assigned_to(stores=[self.lyon]),
            "Hamburg and Munich": assigned_to(stores=[hamburg, munich]),
            "Germany": assigned_to(areas=[germany]),
            "France and Lyon": assigned_to(areas=[france], stores=[self.lyon]),
            "Poland's stores": assigned_to(all_stores=[poland]),
            "Nowhere": {},
        }
        self.ids = {}
        for name, access in places.items():
            made = make_campaign(
                api, name=name, type="STANDALONE", voucher={"code": name}, **access
            )
            self.ids[name] = made["id"]
        self.named = {
            "areas_ids": [france],
            "area_all_stores_ids": [germany],
            "area_stores_ids": [katowice, krakow],
        }
        self.till = restricted_api(**self.named)


USED = ["France and Lyon", "Hamburg and Munich", "Poland's stores"]
EDITED = ["Hamburg and Munich"]
HIDDEN = ["Germany", "Lyon", "Nowhere"]


@pytest.fixture
def world(api, make_area, restricted_api):
    return World(api, make_area, restricted_api)


def refused(answer, id, type="campaign"):
    refusal = answer.refused(403, "forbidden")
    assert refusal["details"] == f"Resource {type} with id {id} is not accessible in given context"
    assert (refusal["resource_id"], refusal["resource_type"]) == (id, type)


def redeem(api, *codes):
    redeemables = [{"object": "voucher", "id": code} for code in codes]
    return api.post("/v1/redemptions", json={"redeemables": redeemables, "order": ORDER})


def test_campaigns_and_codes_are_listed_where_they_are_used(api, world):
    listed = world.till.get("/v1/campaigns").expect()
    assert sorted(each["name"] for each in listed["campaigns"]) == USED
    assert listed["total"] == len(USED)
    codes = world.till.get("/v1/vouchers").expect()
    assert sorted(each["code"] for each in codes["vouchers"]) == USED
    make_voucher(api, "ALONE")
    assert world.till.get("/v1/vouchers").expect()["total"] == len(USED)
    assert api.get("/v1/vouchers").expect()["total"] == len(world.ids) + 1


@pytest.mark.parametrize("name", [*USED, *HIDDEN])
def test_a_campaign_is_read_where_it_is_used(world, name):
    campaign_id, till = world.ids[name], world.till
    for path in (
        f"/v1/campaigns/{campaign_id}",
        f"/v1/campaigns/{campaign_id}/summary",
        f"/v1/campaigns/{campaign_id}/transactions",
        f"/v1/vouchers/{name}",
        f"/v1/vouchers/{name}/redemption",
        f"/v1/vouchers/{name}/transactions",
    ):
        if name in USED:
            till.get(path).expect()
        else:
            refused(till.get(path), campaign_id)


@pytest.mark.parametrize("name", [*USED, *HIDDEN])
def test_a_campaign_is_changed_where_all_of_it_is_covered(api, world, name, jobs):
    campaign_id, till = world.ids[name], world.till
    before = api.get(f"/v1/campaigns/{campaign_id}").expect()
    path, code = f"/v1/campaigns/{campaign_id}", f"/v1/vouchers/{name}"
    answers = [
        lambda: till.put(path, json={"description": "New"}),
        lambda: till.post(f"{path}/disable"),
        lambda: till.post(f"{path}/enable"),
        lambda: till.put(code, json={"metadata": {"a": 1}}),
        lambda: till.post(f"{code}/disable"),
        lambda: till.post(f"{code}/enable"),
        lambda: till.delete(code),
        lambda: till.delete(path),
    ]
    for ask in answers:
        if name in EDITED:
            assert ask().status < 300
        else:
            refused(ask(), campaign_id)
    if name not in EDITED:
        assert api.get(f"/v1/campaigns/{campaign_id}").expect() == before


def test_a_restricted_key_assigns_what_it_makes_to_its_own_places(api, world):
    till, body = world.till, {"voucher": {"type": "DISCOUNT_VOUCHER", "discount": DISCOUNT}}
    for access in (
        {},
        assigned_to(stores=[world.lyon]),
        assigned_to(areas=[world.france], stores=[world.lyon]),
        assigned_to(areas=[world.germany]),
    ):
        answer = till.post("/v1/campaigns", json={"name": "New", **body, **access})
        assert answer.refused(403, "forbidden")["details"] == (
            "Campaign must be assigned to areas and stores of the restricted key only"
        )
    assert api.get("/v1/campaigns", query={"limit": 100}).expect()["total"] == len(world.ids)
    made = make_campaign(till, name="New", vouchers_count=1, **assigned_to(areas=[world.france]))
    assert till.get("/v1/campaigns/New").expect() == made
    path = "/v1/campaigns/New"
    for lists in (
        {"assign": {"area_stores_ids": [world.lyon]}},
        {"unassign": {"areas_ids": [world.france]}},
    ):
        till.put(path, json={"access_settings": lists}).refused(403, "forbidden")
    assert api.get(path).expect() == made | {"vouchers_count": 1}
    make_promotion(till, tier(), **assigned_to(areas=[world.france]))


DISCOUNT = {"type": "PERCENT", "percent_off": 10}


def test_codes_are_added_to_campaigns_of_ones_own(api, world):
    till = world.till
    body = {"type": "DISCOUNT_VOUCHER", "discount": DISCOUNT}
    mine = make_campaign(api, name="Mine", **assigned_to(areas=[world.france]))["id"]
    shared = make_campaign(
        api, name="Shared", **assigned_to(areas=[world.france], stores=[world.lyon])
    )["id"]
    assert till.post("/v1/vouchers/A1", json={**body, "campaign": "Mine"}).expect()
    assert till.post(f"/v1/campaigns/{mine}/vouchers").expect()
    refused(till.post("/v1/vouchers/A2", json={**body, "campaign": "Shared"}), shared)
    refused(till.post(f"/v1/campaigns/{shared}/vouchers"), shared)
    refused(till.post(f"/v1/campaigns/{shared}/vouchers/A2"), shared)
    till.post("/v1/vouchers/A3", json=body).refused(403, "forbidden")
    api.get("/v1/vouchers/A2").refused(404, "not_found")
    api.get("/v1/vouchers/A3").refused(404, "not_found")


def test_a_code_without_campaign_is_nobodys_who_is_restricted(api, world):
    voucher = make_voucher(api, "ALONE")
    refused(world.till.get("/v1/vouchers/ALONE"), voucher["id"], "voucher")
    refused(world.till.put("/v1/vouchers/ALONE", json={}), voucher["id"], "voucher")
    redeem(world.till, "ALONE").refused(404, "not_found")


@pytest.mark.parametrize("name", [*USED, *HIDDEN])
def test_validation_and_redemption_know_what_is_covered(api, world, name):
    sent = {"redeemables": [{"object": "voucher", "id": name}], "order": ORDER}
    verdict = world.till.post("/v1/validations", json=sent).expect()
    old = world.till.post(f"/v1/vouchers/{name}/validate", json={"order": ORDER}).expect()
    if name in USED:
        assert verdict["valid"]
        assert old["valid"]
        redeem(world.till, name).expect()
        world.till.post(f"/v1/vouchers/{name}/redemption", json={"order": ORDER}).expect()
        return
    assert not verdict["valid"]
    assert not old["valid"]
    unknown = {"redeemables": [{"object": "voucher", "id": "NONE"}], "order": ORDER}
    expected = world.till.post("/v1/validations", json=unknown).expect()
    told, other = (
        each["inapplicable_redeemables"][0]["result"]["error"] for each in (verdict, expected)
    )
    assert (told["key"], told["details"].replace(name, "NONE")) == (other["key"], other["details"])
    redeem(world.till, name).refused(404, "not_found")
    assert api.get(f"/v1/vouchers/{name}").expect()["redemption"]["redeemed_quantity"] == 0
    api.post(f"/v1/vouchers/{name}/redemption", json={"order": ORDER}).expect()


def test_redemptions_are_seen_and_taken_back_where_they_are_covered(api, world):
    till = world.till
    seen = [redeem(api, name).expect()["redemptions"][0]["id"] for name in USED]
    hidden = [redeem(api, name).expect()["redemptions"][0]["id"] for name in ("Lyon", "Nowhere")]
    listed = till.get("/v1/redemptions").expect()
    assert sorted(each["id"] for each in listed["redemptions"]) == sorted(seen)
    assert listed["total"] == len(seen)
    for redemption_id, name in zip(hidden, ("Lyon", "Nowhere"), strict=True):
        path = f"/v1/redemptions/{redemption_id}"
        refused(till.get(path), world.ids[name])
        refused(till.post(f"{path}/rollback", json={}), world.ids[name])
        assert api.get(path).expect()["status"] == "SUCCEEDED"
    for redemption_id in seen:
        till.get(f"/v1/redemptions/{redemption_id}").expect()
        till.post(f"/v1/redemptions/{redemption_id}/rollback", json={}).expect()
    assert till.get("/v1/redemptions").expect()["total"] == 2 * len(seen)


def test_a_stack_is_seen_where_all_of_it_is_covered(api, world):
    till = world.till
    whole = redeem(till, *USED).expect()
    partly = redeem(api, USED[0], "Lyon").expect()
    parents = [answer["parent_redemption"]["id"] for answer in (whole, partly)]
    ids = {each["id"] for each in till.get("/v1/redemptions").expect()["redemptions"]}
    assert parents[0] in ids
    assert parents[1] not in ids
    assert {each["id"] for each in whole["redemptions"]} < ids
    assert len(ids) == len(USED) + 2
    assert till.get(f"/v1/redemptions/{parents[0]}").expect()["id"] == parents[0]
    refused(till.get(f"/v1/redemptions/{parents[1]}"), world.ids["Lyon"])
    rollbacks = f"/v1/redemptions/{parents[1]}/rollbacks"
    refused(till.post(rollbacks, json={}), world.ids["Lyon"])
    undone = till.post(f"/v1/redemptions/{parents[0]}/rollbacks", json={}).expect()
    ids = {each["id"] for each in till.get("/v1/redemptions").expect()["redemptions"]}
    assert undone["parent_rollback"]["id"] in ids
    refused(till.get("/v1/vouchers/Lyon/redemption"), world.ids["Lyon"])


def test_what_a_deleted_campaign_redeemed_is_still_there(api, world, jobs):
    made = redeem(api, USED[0]).expect()["redemptions"][0]["id"]
    api.delete(f"/v1/campaigns/{world.ids[USED[0]]}").expect(202)
    jobs.run()
    assert world.till.get(f"/v1/redemptions/{made}").expect()["id"] == made


@pytest.fixture
def promotions(api, world):
    """A promotion of France, shared with Lyon, and one of Lyon alone; each with a tier and a stack.

    The key uses the first two and changes the first.
    """

    def make(**places):
        made = make_promotion(api, tier(), tier(), **assigned_to(**places))
        tiers = [each["id"] for each in made["promotion"]["tiers"]]
        return made["id"], tiers, make_stack(api, made["id"], *tiers)["id"]

    return (
        make(areas=[world.france]),
        make(areas=[world.france], stores=[world.lyon]),
        make(stores=[world.lyon]),
    )


def test_tiers_and_stacks_follow_their_campaign(world, promotions):
    till = world.till
    listed = till.get("/v1/promotions/tiers").expect()
    assert {each["id"] for each in listed["tiers"]} == {*promotions[0][1], *promotions[1][1]}
    stacks = till.get("/v1/promotions/stacks").expect()
    assert {each["id"] for each in stacks["data"]} == {promotions[0][2], promotions[1][2]}
    for campaign, (one, _), stack in promotions[:2]:
        till.get(f"/v1/promotions/tiers/{one}").expect()
        till.get(f"/v1/promotions/{campaign}/tiers").expect()
        till.get(f"/v1/promotions/{campaign}/stacks").expect()
        till.get(f"/v1/promotions/{campaign}/stacks/{stack}").expect()
    campaign, (one, _), stack = promotions[2]
    refused(till.get(f"/v1/promotions/tiers/{one}"), campaign)
    refused(till.get(f"/v1/promotions/{campaign}/tiers"), campaign)
    refused(till.get(f"/v1/promotions/{campaign}/stacks"), campaign)
    refused(till.get(f"/v1/promotions/{campaign}/stacks/{stack}"), campaign)


def test_tiers_and_stacks_are_changed_where_their_campaign_is(world, promotions):
    till = world.till
    campaign, (one, two), stack = promotions[0]
    make_tier(till, campaign)
    till.put(f"/v1/promotions/tiers/{one}", json={"name": "New"}).expect()
    till.post(f"/v1/promotions/tiers/{one}/disable").expect()
    till.put(f"/v1/promotions/{campaign}/stacks/{stack}", json={"name": "New"}).expect()
    till.delete(f"/v1/promotions/tiers/{two}").expect(204)
    till.delete(f"/v1/promotions/{campaign}/stacks/{stack}").expect(204)
    for campaign, (one, _), stack in promotions[1:]:
        body = {"name": "New", "tiers": {"ids": [one]}}
        for answer in (
            till.post(f"/v1/promotions/{campaign}/tiers", json=tier()),
            till.put(f"/v1/promotions/tiers/{one}", json={"name": "New"}),
            till.post(f"/v1/promotions/tiers/{one}/disable"),
            till.delete(f"/v1/promotions/tiers/{one}"),
            till.post(f"/v1/promotions/{campaign}/stacks", json=body),
            till.put(f"/v1/promotions/{campaign}/stacks/{stack}", json={"name": "New"}),
            till.delete(f"/v1/promotions/{campaign}/stacks/{stack}"),
        ):
            refused(answer, campaign)


def test_uncovered_tiers_and_stacks_are_unknown_to_validations(world, promotions):
    def verdict(named):
        sent = {"redeemables": [named], "order": ORDER}
        return world.till.post("/v1/validations", json=sent)

    for _, (one, _), stack in promotions[:2]:
        assert verdict(promotion_tier(one)).expect()["valid"]
        assert verdict({"object": "promotion_stack", "id": stack}).expect()["valid"]
    _, (one, _), stack = promotions[2]
    [refusal] = verdict(promotion_tier(one)).expect()["inapplicable_redeemables"]
    assert refusal["id"] == one
    assert refusal["result"]["error"]["key"] == "not_found"
    verdict({"object": "promotion_stack", "id": stack}).refused(404, "not_found")


def test_rules_are_assigned_where_campaigns_are_used(api, world, promotions):
    till, rule = world.till, make_rule(api)["id"]
    path = f"/v1/validation-rules/{rule}/assignments"
    shared, hidden = promotions[1][0], promotions[2][0]
    named = [
        ("campaign", world.ids["France and Lyon"], world.ids["Lyon"], world.ids["Lyon"]),
        ("voucher", "France and Lyon", "Lyon", world.ids["Lyon"]),
        ("promotion_tier", promotions[1][1][0], promotions[2][1][0], hidden),
    ]
    assert shared != hidden
    for type, mine, other, campaign in named:
        made = till.post(path, json={type: mine}).expect()
        till.delete(f"{path}/{made['id']}").expect(204)
        refused(till.post(path, json={type: other}), campaign)
        made = api.post(path, json={type: other}).expect()
        refused(till.delete(f"{path}/{made['id']}"), campaign)
        api.delete(f"{path}/{made['id']}").expect(204)


def test_what_customers_hold_is_listed_where_it_is_covered(api, world, uow):
    customer = make_customer(api)["id"]
    uow.driver.execute(
        "WITH held AS (UPDATE vouchers SET holder_id = %s WHERE project_id = %s RETURNING *)"
        " INSERT INTO redeemable_holders"
        " (project_id, id, voucher_id, campaign_id, customer_id, holder_role, created_at)"
        " SELECT project_id, 'rh_' || id, id, campaign_id, holder_id, 'OWNER', now() FROM held",
        (customer, uow.project_id),
    )
    uow.commit()
    path = f"/v1/customers/{customer}/redeemables"
    assert api.get(path).expect()["total"] == len(world.ids)
    held = world.till.get(path).expect()
    assert {each["campaign_id"] for each in held["data"]} == {world.ids[name] for name in USED}


def test_a_new_store_gets_what_is_for_all_stores(api, world, make_area, restricted_api):
    area, first = make_area("Spain", "Madrid")
    make_campaign(api, name="Spain", **assigned_to(all_stores=[area]))
    later = api.post(f"/v1/areas/{area}/stores", json={"name": "Cadiz"}).expect()["id"]
    for store in (first, later):
        till = restricted_api(area_stores_ids=[store])
        assert till.get("/v1/campaigns").expect()["total"] == 1
    assert restricted_api(areas_ids=[area]).get("/v1/campaigns").expect()["total"] == 0


def test_storage_finds_what_the_engine_allows(world, uow):
    """The decision of `may_use` is written a second time as SQL."""
    uow.scope = areas.hold_places(uow, uow.project_id, world.named)
    is_visible = campaign_access.visibility(uow)
    for name, campaign_id in world.ids.items():
        places = campaign_access.places_of(campaign_access.list_access(uow, [campaign_id]))
        test = campaign_access.is_usable(uow, uow.scope, literal(campaign_id))
        found = uow.session.scalar(select(test))
        assert may_use(uow.scope, places) is found is is_visible(campaign_id) is (name in USED)
    assert not is_visible(None)


def test_nothing_is_read_for_other_keys(uow):
    is_visible = campaign_access.visibility(uow)
    assert uow._connection is None
    assert is_visible(None)
    assert is_visible("camp_x")


def test_a_restricted_key_knows_the_earning_rules_of_its_programmes_only(api, world):
    mine = make_programme(api, **assigned_to(areas=[world.france]))
    other = make_programme(api)
    body = [{"loyalty": {"type": "FIXED", "points": 1}}]
    paths = [f"/v1/loyalties/{each['id']}/earning-rules" for each in (mine, other)]
    made = [api.post(path, json=body).expect()[0] for path in paths]
    assert [world.till.get(path).status for path in paths] == [200, 403]
    assert [
        world.till.get(f"{path}/{rule['id']}").status
        for path, rule in zip(paths, made, strict=True)
    ] == [200, 403]
    assert world.till.post(paths[1], json=body).status == 403
    rule = make_rule(api)
    assignments = f"/v1/validation-rules/{rule['id']}/assignments"
    allowed, refused = (
        world.till.post(assignments, json={"earning_rule": each["id"]}) for each in made
    )
    assert (allowed.status, refused.status) == (200, 403)
    other_one = api.post(assignments, json={"earning_rule": made[1]["id"]}).expect()
    taken = [
        world.till.delete(f"{assignments}/{each['id']}").status
        for each in (allowed.json, other_one)
    ]
    assert taken == [204, 403]
