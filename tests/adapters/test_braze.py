"""Braze's adapter: the contract, and what is odd about Braze."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters.braze_platform import BrazePlatform

from kupon.hooks.adapter import OK, Checked, Health, Outcome, Verdict
from kupon.hooks.commands import SetAudienceMembership
from kupon.hooks.errors import (
    Misconfigured,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
    Unmappable,
)
from kupon.kit.errors import KuponError
from kupon.testing import AdapterContract, Fault, forged, inbound
from kupon.testing.contract.checks import Case
from kupon.testing.fixtures import read_fixture
from kupon.testing.items import make_items
from kupon_braze.adapter import BrazeAdapter
from kupon_braze.answers import outcomes_of, read_tracked
from kupon_braze.client import BrazeClient
from kupon_braze.config import BrazeSettings

CONFIG = {
    "api_key": "canary-braze-key-1",
    "instance": "EU-01",
    "rest_url": "{platform}",
}


class TestBraze(AdapterContract):
    adapter = BrazeAdapter
    platform = BrazePlatform
    config = CONFIG


@pytest.fixture
def case():
    with BrazePlatform(CONFIG) as platform:
        yield Case(BrazeAdapter, platform)


def fixture(name):
    return read_fixture("kupon_braze", name).json


class TestAudiences:
    def test_members_come_with_their_profile(self, case):
        (command,) = case.commands(case.platform.canvas(**fixture("receive.add")))
        assert command == SetAudienceMembership(
            source_id="c-1001",
            audience_id="608",
            is_member=True,
            list_key="brazeAudiences",
            customer={
                "email": "ana@example.org",
                "phone": "+48301234567",
                "name": "Ana Łęcka",
                "address": {"city": "Łódź", "country": "PL"},
            },
        )

    def test_what_a_template_left_empty_changes_nothing(self, case):
        (command,) = case.commands(case.platform.canvas(**fixture("receive.add.minimal")))
        assert command.customer == {}

    def test_who_leaves_is_not_changed(self, case):
        call = fixture("receive.add") | {"action": "Delete", "audience_id": 608}
        (command,) = case.commands(case.platform.canvas(**call))
        assert (command.is_member, command.audience_id, command.customer) == (False, "608", {})

    def test_may_be_listed_under_another_key(self, case):
        deliveries = case.receive(case.platform.canvas(**fixture("receive.delete")))
        (command,) = case.make(settings={"audience_list": "audiences"}).process(deliveries)
        assert command.list_key == "audiences"

    @pytest.mark.parametrize("user", ["", " ", "null", "undefined", "0", 0, None, [], {}, True])
    def test_of_nobody_are_passed_over(self, case, user):
        request = case.platform.canvas(**fixture("receive.add") | {"user_id": user})
        (delivery,) = case.receive(request)
        assert delivery.subject == f"webhook:{delivery.id}"
        with pytest.raises(Unmappable, match="it names no user"):
            case.make().process([delivery])

    @pytest.mark.parametrize(
        ("member", "reason"),
        [("audience_id", "it names no audience"), ("action", "must be add or delete")],
    )
    def test_that_say_too_little_are_passed_over(self, case, member, reason):
        call = {name: value for name, value in fixture("receive.add").items() if name != member}
        with pytest.raises(Unmappable, match=reason):
            case.commands(case.platform.canvas(**call))

    def test_calls_are_told_apart_by_their_dispatch(self, case):
        request = case.platform.canvas(**fixture("receive.add"))
        later = forged(request, received_at=request.received_at + timedelta(hours=1))
        other = case.platform.canvas(**fixture("receive.add") | {"dispatch_id": "another"})
        ids = [case.receive(each)[0].id for each in (request, later, other)]
        assert ids[0] == ids[1] != ids[2]

    def test_calls_without_a_dispatch_are_all_meant(self, case):
        """Somebody may join, leave and join again in one second."""
        request = case.platform.canvas(**fixture("receive.add.minimal"))
        later = forged(request, received_at=request.received_at + timedelta(milliseconds=1))
        assert case.receive(request)[0].id != case.receive(later)[0].id

    def test_of_one_user_are_one_subject(self, case):
        add, delete = (case.platform.canvas(**fixture(f"receive.{name}"))
                       for name in ("add", "delete"))  # fmt: skip
        subjects = {case.receive(each)[0].subject for each in (add, delete)}
        assert subjects == {"customer:c-1001"}

    def test_come_with_the_integration_key_only(self, case):
        request = forged(case.platform.canvas(**fixture("receive.add")), has_key=False)
        with pytest.raises(Refused):
            case.make().verify(request)

    @pytest.mark.parametrize("path", ["webhook", "customer-webhook/2", "contents"])
    def test_come_to_their_own_path(self, case, path):
        request = forged(case.platform.canvas(**fixture("receive.add")), path=path)
        with pytest.raises(Unmappable, match="the path"):
            case.receive(request)


class Desk:
    """A shop that knows one customer, and writes down what it is asked to publish."""

    def __init__(self):
        self.asked = []

    def find_customer(self, source_id):
        if source_id not in ("c-1001", "c-old"):
            raise KuponError("not_found")
        return {"id": "cust_1", "source_id": "c-1001"}

    def publish(self, body):
        self.asked.append(body)
        return {"voucher": {"code": "A"}, "customer": {"email": "ana@example.org"}}


class TestContent:
    def ask(self, case, shop, request=None, settings=None, **pairs):
        adapter = case.make(settings=settings)
        request = request or case.platform.content(**pairs)
        adapter.verify(request)
        assert adapter.answers(request)
        return adapter.respond(request, shop)

    def test_is_a_publication_without_the_customer(self, case):
        shop = Desk()
        answer = self.ask(case, shop, **fixture("content.campaign"))
        assert (answer.status, answer.body) == (200, {"voucher": {"code": "A"}})
        assert shop.asked == [
            {
                "customer": {"id": "cust_1"},
                "campaign": {"name": "Spring", "count": 1},
                "channel": "Braze",
                "source_id": "5c6c1f2e-8a47-4e3e-9a55-0b6d3c1f7e20c-1001",
            }
        ]

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ({"source_id": "dispatch-1"}, "dispatch-1c-1001"),
            ({"source_id": "campaign-1c-1001"}, "campaign-1c-1001"),
            ({"source_id": ""}, "braze:Spring:c-1001"),
            ({"voucher": "TEN"}, "braze:TEN:c-1001"),
        ],
    )
    def test_is_there_once_for_each_user(self, case, given, meant):
        shop = Desk()
        self.ask(case, shop, customer="c-1001", campaign="Spring", **given)
        (body,) = shop.asked
        assert body["source_id"] == meant
        assert ("voucher" in body) != ("campaign" in body)

    @pytest.mark.parametrize("form", ["query", "form", "json"])
    def test_may_be_asked_for_in_any_form(self, case, form):
        pairs = {"campaign": "Spring", "customer": "c-1001"}
        requests = {
            "query": inbound(method="GET", path="content", query=pairs, has_key=True),
            "form": inbound(
                b"campaign=Spring&customer=c-1001",
                path="content",
                headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
                has_key=True,
            ),
            "json": case.platform.content(**pairs),
        }
        shop = Desk()
        self.ask(case, shop, request=requests[form])
        assert shop.asked[0]["campaign"]["name"] == "Spring"

    def test_is_the_remaining_customers_after_a_merge_and_still_the_users(self, case):
        """What the user was given under the old name is asked for under it again."""
        shop = Desk()
        self.ask(case, shop, customer="c-old", campaign="Spring", source_id="s-")
        assert shop.asked[0]["customer"] == {"id": "cust_1"}
        assert shop.asked[0]["source_id"] == "s-c-old"

    def test_is_not_for_strangers_unless_they_are_to_become_customers(self, case):
        shop, pairs = Desk(), {"customer": "c-2", "campaign": "Spring"}
        with pytest.raises(KuponError, match="not_found"):
            self.ask(case, shop, **pairs)
        assert shop.asked == []
        self.ask(case, shop, settings={"creates_customers": True}, **pairs)
        assert shop.asked[0]["customer"] == {"source_id": "c-2"}

    @pytest.mark.parametrize(
        "pairs",
        [
            {"customer": "c-1001"},
            {"campaign": "Spring"},
            {"campaign": "Spring", "customer": ""},
            {"campaign": {"name": "Spring"}, "customer": "c-1001"},
        ],
    )
    def test_that_nobody_could_mean_is_refused(self, case, pairs):
        with pytest.raises(KuponError, match="invalid_payload"):
            self.ask(case, Desk(), **pairs)

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
    def test_that_nobody_can_read_is_refused(self, case, body):
        request = forged(case.platform.content(), body=body)
        with pytest.raises(KuponError, match="invalid_payload"):
            self.ask(case, Desk(), request=request)


class TestPushing:
    def test_an_event_is_a_custom_event(self, case):
        items = make_items("events", 2)
        assert case.make().push("events", items) == [OK, OK]
        assert case.platform.events[0] == {
            "external_id": "customer-1",
            "name": "customer.redemption.succeeded",
            "time": "2026-02-03T10:00:01.000Z",
            "properties": {
                "kupon_event_id": "ev_1",
                "voucher_code": "SPRING-1",
                "order_amount": 12900,
                "order_amount_major": 129.0,
                "loyalty_balance": 0,
            },
        }
        (call,) = case.platform.calls("POST", "/users/track")
        assert call.headers["x-braze-bulk"] == "true"

    def test_a_single_object_is_no_bulk(self, case):
        case.make().push("profiles", make_items("profiles", 1))
        (call,) = case.platform.calls("POST", "/users/track")
        assert "x-braze-bulk" not in call.headers

    def test_a_profile_is_attributes(self, case):
        (item,) = make_items("profiles", 1)
        gone = replace(item, attributes={"voucher_code": None, "external_id": "x"})
        assert case.make().push("profiles", [item]) == [OK]
        assert case.platform.profiles == {
            "customer-1": {"voucher_code": "000001", "loyalty_balance": 0}
        }
        assert case.make().push("profiles", [gone]) == [OK]
        assert case.platform.profiles == {"customer-1": {"loyalty_balance": 0}}

    def test_a_profile_may_be_filled(self, case):
        (item,) = make_items("profiles", 1)
        customer = item.customer | {"birthdate": "1990-05-17", "phone": "+48301234567"}
        adapter = case.make(settings={"fills_profiles": True})
        adapter.push("profiles", [replace(item, customer=customer)])
        assert case.platform.profiles["customer-1"] == {
            "voucher_code": "000001",
            "loyalty_balance": 0,
            "first_name": "Zoë",
            "last_name": "Łódź 1",
            "email": "zoe1@example.com",
            "phone": "+48301234567",
            "dob": "1990-05-17",
            "home_city": "Łódź",
            "country": "PL",
        }

    def test_what_braze_would_not_take_of_a_profile_is_left(self, case):
        (item,) = make_items("profiles", 1)
        odd = {"phone": "0301 234567", "address": {"country": "Poland"}, "name": " ", "email": None}
        adapter = case.make(settings={"fills_profiles": True})
        adapter.push("profiles", [replace(item, customer=item.customer | odd)])
        assert set(case.platform.profiles["customer-1"]) == {"voucher_code", "loyalty_balance"}

    def test_no_profiles_are_made_where_that_is_not_wanted(self, case):
        adapter = case.make(settings={"updates_only": True})
        assert adapter.push("profiles", make_items("profiles", 1)) == [OK]
        assert adapter.push("events", make_items("events", 1)) == [OK]
        assert (case.platform.profiles, case.platform.events) == ({}, [])

    def test_texts_are_cut_and_names_that_nobody_may_use_left_out(self, case):
        (item,) = make_items("events", 1)
        odd = {"text": "ż" * 300, "$set": 1, "": 1, "n" * 256: 1, "none": None, "order": {"$x": 1}}
        assert case.make().push("events", [replace(item, properties=odd)]) == [OK]
        (event,) = case.platform.events
        assert event["properties"] == {"text": "ż" * 255, "order": {}, "kupon_event_id": "ev_1"}

    def test_complaints_find_their_items(self, case):
        items = make_items("events", 5)
        items[1] = replace(items[1], customer={"id": "cust_2"})
        case.platform.refused = {"customer-3", "customer-5"}
        outcomes = case.make().push("events", items)
        verdicts = [each.verdict.value for each in outcomes]
        assert verdicts == ["OK", "REJECTED", "REJECTED", "OK", "REJECTED"]
        assert outcomes[1].reason == "the customer has no source id"
        assert outcomes[2].reason == "provided external_id is blacklisted and disallowed"

    def test_a_call_of_which_nothing_was_taken_has_its_complaints_too(self, case):
        case.platform.refused = {"customer-1", "customer-2"}
        outcomes = case.make().push("profiles", make_items("profiles", 2))
        assert {each.verdict for each in outcomes} == {Verdict.REJECTED}
        assert {each.reason for each in outcomes} == {
            "provided external_id is blacklisted and disallowed"
        }

    def test_calls_are_as_large_as_the_plan_allows(self, case):
        adapter = case.make(settings={"batch_limit": 50})
        assert adapter.push("events", make_items("events", 75)) == [OK] * 75
        assert [len(batch) for batch in case.platform.batches] == [50, 25]

    @pytest.mark.parametrize("fault", ["429", "503", "401", Fault(status=413)])
    def test_what_went_before_a_failure_is_there(self, case, fault):
        adapter = case.make(settings={"batch_limit": 2})
        case.platform.fail(Fault(status=201, body=b'{"message": "success"}'), times=1)
        case.platform.fail(fault, times=1)
        outcomes = adapter.push("events", make_items("events", 5))
        assert [each.verdict.value for each in outcomes] == ["OK", "OK", *["RETRY"] * 3]
        assert len(case.platform.calls()) == 2

    def test_waits_as_long_as_brazes_own_header_says(self, case):
        case.platform.fail(Fault(status=429, headers={"X-RateLimit-Reset": "9"}), times=1)
        with pytest.raises(RateLimited) as error:
            case.make().push("events", make_items("events", 1))
        assert error.value.retry_after_s == 9

    def test_an_unknown_key_may_be_a_404(self, case):
        case.platform.fail("404")
        with pytest.raises(Misconfigured, match="cluster"):
            case.make().push("events", make_items("events", 1))


class TestMerging:
    """Source: Braze's page "Merge users"."""

    def test_users_are_named_by_their_external_ids(self, case):
        assert case.make().push("merges", make_items("merges", 2)) == [OK, OK]
        (request,) = case.platform.calls("POST", "/users/merge")
        assert request.json["merge_updates"][1] == {
            "identifier_to_merge": {"external_id": "former-2"},
            "identifier_to_keep": {"external_id": "customer-2"},
        }

    def test_fifty_pairs_are_one_call(self, case):
        assert case.make().push("merges", make_items("merges", 51)) == [OK] * 51
        assert [len(batch) for batch in case.platform.batches] == [50, 1]

    def test_who_has_no_external_id_is_left_out(self, case):
        first, second = make_items("merges", 2)
        nobody = replace(first, gone={"id": "cust_9", "source_id": None})
        outcomes = case.make().push("merges", [nobody, second])
        assert [each.verdict for each in outcomes] == [Verdict.REJECTED, Verdict.OK]
        assert case.make().push("merges", [nobody])[0].verdict is Verdict.REJECTED
        assert len(case.platform.calls("POST", "/users/merge")) == 1

    def test_a_refusal_tells_why(self, case):
        case.platform.refused = {"former-1"}
        (outcome,) = case.make().push("merges", make_items("merges", 1))
        assert outcome.reason == "'identifier_to_merge' is not a valid identifier"

    def test_an_answer_of_another_shape_is_none(self, case):
        case.platform.fail(Fault(status=202, body=b"[]"), times=1)
        with pytest.raises(Unavailable):
            case.make().push("merges", make_items("merges", 1))


class TestAnswers:
    def read(self, name, array, count, status=201):
        tracked = read_tracked(status, fixture(f"track.{name}"))
        return list(outcomes_of(tracked, array, count))

    def test_success_and_maintenance_take_all(self):
        assert self.read("success", "events", 3) == [OK] * 3
        assert self.read("queued", "attributes", 2, status=202) == [OK] * 2

    def test_one_of_several_may_be_refused(self):
        outcomes = self.read("partial", "attributes", 3)
        assert [each.verdict.value for each in outcomes] == ["OK", "REJECTED", "OK"]
        assert outcomes[1].reason.startswith("'email_subscribe' must be")

    def test_a_fatal_message_refuses_all_of_them(self):
        first, second = self.read("fatal", "attributes", 2, status=400)
        assert first.reason.startswith("'external_id'")
        assert second == Outcome(
            Verdict.REJECTED,
            "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.",
        )
        assert self.read("fatal", "attributes", 1, status=201)[0].verdict is Verdict.REJECTED

    @pytest.mark.parametrize(
        ("count", "verdicts"),
        [(2, {Verdict.OK}), (1, {Verdict.REJECTED}), (None, {Verdict.REJECTED})],
    )
    def test_a_complaint_without_a_place_counts_where_something_is_missing(self, count, verdicts):
        body = {"message": "success", "errors": ["odd", {"index": 7, "input_array": "events"}]}
        body |= {} if count is None else {"events_processed": count}
        outcomes = outcomes_of(read_tracked(201, body), "events", 2)
        assert {each.verdict for each in outcomes} == verdicts


def test_a_look_says_that_the_key_may_be_another_clusters(case):
    assert case.make().check() == Checked(Health.OK)
    (call,) = case.platform.calls()
    assert json.loads(call.body) == {}
    found = case.make(settings={"api_key": "canary-another-key"}).check()
    assert found.health is Health.AUTH_FAILED
    assert found.message.endswith("a key opens its own cluster only")


def test_erasing_deletes_the_user(case):
    assert case.make().erase({"source_id": "c-1001"}) == "Profiles queued for deletion: 1"
    assert case.platform.deleted == ["c-1001"]
    assert case.make().erase({"id": "cust_1"}) == "Nothing to erase: the customer has no source id"


def test_a_refused_erasure_tells_why(case):
    refusal = {"message": "'external_ids' must be an array of up to 50 external ids"}
    case.platform.fail(Fault(status=400, body=json.dumps(refusal).encode()), times=1)
    with pytest.raises(Rejected, match="must be an array"):
        case.make().erase({"source_id": "c-1001"})


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("US-01", "rest.iad-01.braze.com"),
        ("US-08", "rest.iad-08.braze.com"),
        ("US-10", "rest.us-10.braze.com"),
        ("EU-02", "rest.fra-02.braze.eu"),
        ("JP-01", "rest.jp-01.braze.com"),
    ],
)
def test_a_workspace_is_in_its_cluster(instance, host):
    class Asked(Exception):
        """Where a call would have gone."""

    class Listening:
        def call(self, method, url, **options):
            raise Asked(url)

    settings = BrazeSettings().load({"api_key": "canary-braze-key-1", "instance": instance})
    with pytest.raises(Asked, match=f"https://{host}/users/track"):
        BrazeClient(settings, Listening()).track()
