"""Segment's adapter: the contract, and what is odd about Segment."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.adapters.segment_platform import SegmentPlatform

from kupon.hooks.adapter import OK, Pending, Verdict
from kupon.hooks.commands import MergeCustomers, Stamp, TrackEvent, UpsertCustomer
from kupon.hooks.errors import Misconfigured, Refused, Unmappable
from kupon.testing import AdapterContract, Fault, forged, inbound
from kupon.testing.contract.checks import Case
from kupon.testing.fixtures import read_fixture
from kupon.testing.items import make_items
from kupon_segment.adapter import SegmentAdapter
from kupon_segment.client import SegmentClient
from kupon_segment.config import SegmentSettings

CONFIG = {
    "write_key": "canary-write-key-1",
    "shared_secret": "canary-shared-secret-2",
    "static_header": "canary-static-header-3",
    "profile_token": "canary-profile-token-4",
    "space_id": "spa_1",
    "public_token": "canary-public-token-5",
    "merges_aliases": True,
    "tracking_url": "{platform}",
    "profile_url": "{platform}",
    "public_url": "{platform}",
}
PROFILES = "/v1/spaces/spa_1/collections/users/profiles"


class TestSegment(AdapterContract):
    adapter = SegmentAdapter
    platform = SegmentPlatform
    config = CONFIG


@pytest.fixture
def case():
    with SegmentPlatform(CONFIG) as platform:
        yield Case(SegmentAdapter, platform)


def call(name):
    """A fixture's call."""
    return read_fixture("kupon_segment", f"receive.{name}").json


def meaning(case, **members):
    """What a call through the catalogue destination means."""
    path = {"identify": "customer-processing", "group": "group-processing"}
    request = inbound(members, path=path.get(members["type"], "event-processing"), has_key=True)
    return case.commands(request)


class TestSignatures:
    def test_is_the_one_that_segment_makes(self, case):
        """Source: spec adapters-marketing, section 8."""
        body = b'{"type":"identify","userId":"c-1001"}'
        adapter = case.make(settings={"shared_secret": "kupon-segment-secret"})
        signature = "14e6d6cb794c8d101e1bc2c7f95c1325075aa626"
        adapter.verify(inbound(body, headers={"X-Signature": signature}))
        with pytest.raises(Refused):
            adapter.verify(inbound(body, headers={"X-Signature": signature.upper()}))

    def test_of_a_batch_is_its_first_calls(self, case):
        request = case.platform.webhook(call("identify"), call("track"), is_batch=True)
        assert [each.event for each in case.receive(request)] == ["identify", "track"]
        spaced = b"[ \n" + request.body[1:]
        case.make().verify(forged(request, body=spaced))

    def test_of_a_batch_needs_the_header_besides(self, case):
        request = case.platform.webhook(call("identify"), call("track"), is_batch=True)
        headers = {**request.headers, "x-kupon-key": "another"}
        with pytest.raises(Refused):
            case.make().verify(forged(request, headers=headers))
        with pytest.raises(Refused):
            case.make(settings={"static_header": None}).verify(request)

    @pytest.mark.parametrize("body", [b"[", b"[]", b"[\xff]", b"[nonsense]"])
    def test_of_a_batch_without_a_first_call_is_none(self, case, body):
        request = case.platform.webhook(call("identify"), is_batch=True)
        with pytest.raises(Refused):
            case.make().verify(forged(request, body=body))

    def test_is_not_asked_for_where_the_integration_key_came(self, case):
        request = inbound(b"{}", path="test-authentication", has_key=True)
        case.make(settings={"shared_secret": None}).verify(request)
        assert case.receive(request) == []
        with pytest.raises(Misconfigured):
            case.make(settings={"shared_secret": None}).verify(forged(request, has_key=False))


class TestCatalogueDestination:
    def test_tells_of_customers(self, case):
        (command,) = meaning(
            case,
            type="identify",
            source_id="c-1001",
            first_name="Ana",
            last_name="Łęcka",
            email=None,
            postal_code="90-001",
            city="Łódź",
            metadata={"shoe_size": 38},
        )
        assert command == UpsertCustomer(
            source_id="c-1001",
            fields={
                "name": "Ana Łęcka",
                "email": None,
                "address": {"postal_code": "90-001", "city": "Łódź"},
                "metadata": {"shoe_size": 38},
            },
        )

    def test_tells_of_events(self, case):
        """Source: spec adapters-marketing, section 2.1 (sample)."""
        (command,) = meaning(
            case,
            type="track",
            event="Review Left",
            customer={"source_id": "c-1001", "email": "ana@example.org"},
            metadata={"stars": 5},
            referral={},
            loyalty={"code": "LOYAL-77"},
        )
        assert command == TrackEvent(
            source_id="c-1001",
            event="Review Left",
            customer={"email": "ana@example.org"},
            metadata={"stars": 5},
            loyalty={"code": "LOYAL-77"},
        )

    def test_names_the_type_by_its_path(self, case):
        request = inbound({"source_id": "c-1"}, path="customer-processing", has_key=True)
        assert case.commands(request) == [UpsertCustomer(source_id="c-1", fields={})]

    def test_may_mean_the_same_call_twice_but_not_at_once(self, case):
        request = inbound({"type": "track", "event": "Bought"}, has_key=True)
        (first,) = case.receive(request)
        (again,) = case.receive(request)
        later = forged(request, received_at=request.received_at + timedelta(seconds=2))
        (other,) = case.receive(later)
        assert first.id == again.id != other.id


class TestCalls:
    def test_of_one_user_are_one_subject(self, case):
        names = ("identify", "track", "page", "group", "alias")
        request = case.platform.webhook(*(call(name) for name in names), is_batch=True)
        assert {each.subject for each in case.receive(request)} == {"customer:c-1001"}

    def test_of_nobody_are_left_out(self, case):
        request = case.platform.webhook(call("identify.anonymous"))
        (delivery,) = case.receive(request)
        assert delivery.subject == f"call:{delivery.id}"
        with pytest.raises(Unmappable, match="it names no user"):
            case.make().process([delivery])

    @pytest.mark.parametrize("user", ["", " ", "null", "undefined", "0", 0])
    def test_of_a_user_that_stands_for_everybody_are_left_out(self, case, user):
        request = case.platform.webhook({**call("identify"), "userId": user})
        with pytest.raises(Unmappable):
            case.commands(request)

    def test_identify_and_group_are_states_by_themselves(self, case):
        (identify,) = case.commands(case.platform.webhook(call("identify")))
        (group,) = case.commands(case.platform.webhook(call("group")))
        assert identify.stamp == Stamp(at=datetime(2026, 2, 3, 10, tzinfo=UTC))
        assert group.stamp == Stamp(at=datetime(2026, 2, 3, 10, 4, tzinfo=UTC), part="group")
        assert group.fields == {
            "metadata": {"segment_group_id": "g-42", "plan": "business", "employees": 12}
        }

    @pytest.mark.parametrize(
        ("name", "event"),
        [
            ("page", "Viewed Pricing Page"),
            ("page.unnamed", "Viewed Page"),
            ("screen", "Viewed Basket Screen"),
        ],
    )
    def test_pages_and_screens_are_events(self, case, name, event):
        (command,) = case.commands(case.platform.webhook(call(name)))
        assert (command.event, command.customer) == (event, {})

    def test_alias_merges_only_where_that_is_wanted(self, case):
        request = case.platform.webhook(call("alias"))
        assert case.commands(request) == [
            MergeCustomers(from_source_id="c-0900", into_source_id="c-1001")
        ]
        deliveries = case.receive(request)
        assert case.make(settings={"merges_aliases": False}).process(deliveries) == []

    @pytest.mark.parametrize("odd", ["x", 5, True, [1], ["ab"], {"code": {}}, {"code": [1]}])
    @pytest.mark.parametrize("name", ["identify", "group", "track", "page"])
    def test_that_hold_no_object_where_one_belongs_say_nothing_there(self, case, name, odd):
        """Anybody who has a source's write key may send what he likes."""
        members = ("traits", "properties", "metadata", "referral", "loyalty", "customer", "context")
        whole = {**call(name), **dict.fromkeys(members, odd)}
        for each in (whole, {**call(name), "properties": dict.fromkeys(members, odd)}):
            (command,) = case.commands(case.platform.webhook(each))
            assert command.source_id == "c-1001"

    @pytest.mark.parametrize("odd", [{"id": 1}, ["c-1"], True, False])
    @pytest.mark.parametrize("member", ["userId", "source_id"])
    def test_of_a_user_that_is_no_name_are_left_out(self, case, member, odd):
        request = case.platform.webhook({**call("identify"), "userId": None, member: odd})
        with pytest.raises(Unmappable, match="it names no user"):
            case.commands(request)

    @pytest.mark.parametrize("kind", ["delete", "", None, {"a": 1}])
    def test_of_another_type_are_left_out(self, case, kind):
        with pytest.raises(Unmappable, match="no type that is known"):
            case.commands(case.platform.webhook({**call("track"), "type": kind}))

    @pytest.mark.parametrize("event", [None, "", {"a": 1}, [], True])
    def test_of_an_event_without_a_name_are_left_out(self, case, event):
        request = case.platform.webhook({**call("track"), "event": event})
        with pytest.raises(Unmappable, match="it names no event"):
            case.commands(request)

    def test_may_have_codes_of_digits(self, case):
        told = {"loyalty": {"code": 77}, "referral": {"code": "R-1", "referrer_id": 5, "x": 1}}
        (command,) = case.commands(case.platform.webhook({**call("track"), "properties": told}))
        assert command.loyalty == {"code": "77"}
        assert command.referral == {"code": "R-1", "referrer_id": "5"}

    def test_too_many_are_refused(self, case):
        calls = [{"type": "track", "messageId": str(n)} for n in range(4001)]
        request = case.platform.webhook(*calls, is_batch=True)
        with pytest.raises(Unmappable, match="more than 4000"):
            case.receive(request)


class TestPeople:
    """Source: spec adapters-marketing, sections 1.6 and 1.7."""

    def identify(self, case, settings=None, **members):
        request = case.platform.webhook({**call("identify"), **members})
        adapter = case.make(settings=settings)
        (command,) = adapter.process(adapter.receive(request))
        return command

    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            ("1990-05-17", "1990-05-17"),
            ("1990-05-17T22:30:00.000Z", "1990-05-17"),
            ("17.05.1990", None),
            ("1990", None),
            (1990, None),
            (None, None),
        ],
    )
    @pytest.mark.parametrize("trait", ["birthdate", "birthday"])
    def test_are_born_on_a_day(self, case, trait, sent, meant):
        assert self.identify(case, traits={trait: sent}).fields == {"birthdate": meant}

    def test_have_texts_where_numbers_came(self, case):
        traits = {"phone": 48301234567, "address": {"postalCode": 90001, "street": "Rynek 3"}}
        assert self.identify(case, traits=traits).fields == {
            "phone": "48301234567",
            "address": {"postal_code": "90001", "line_1": "Rynek 3"},
        }

    def test_keep_what_no_text_came_for(self, case):
        traits = {"phone": {"home": 1}, "email": True, "description": ["a"], "address": "Rynek 3"}
        assert self.identify(case, traits=traits).fields == {}

    def test_may_be_known_by_their_address(self, case):
        email = {"identifier": "email"}
        traits = {"email": " Ana@Example.org "}
        assert self.identify(case, email, traits=traits).source_id == "ana@example.org"
        context = {"traits": {"email": "ANA@example.org"}}
        assert self.identify(case, email, traits={}, context=context).source_id == "ana@example.org"
        assert self.identify(case, userId="C-1001").source_id == "C-1001"

    def test_may_be_known_by_an_identifier_of_their_own(self, case):
        loyal = {"identifier": "loyalty_id"}
        ids = [{"id": "L-7", "type": "loyalty_id"}, {"id": "x", "type": "ga"}, "odd"]
        command = self.identify(case, loyal, context={"externalIds": ids})
        assert command.source_id == "L-7"
        with pytest.raises(Unmappable, match="it names no user"):
            self.identify(case, loyal, context={"externalIds": []})
        request = inbound({"source_id": "L-8"}, path="customer-processing", has_key=True)
        adapter = case.make(settings=loyal)
        (delivery,) = adapter.receive(request)
        assert delivery.subject == "customer:L-8"
        assert adapter.process([delivery])[0].source_id == "L-8"

    def test_are_one_subject_by_the_same_name(self, case):
        adapter = case.make(settings={"identifier": "email"})
        calls = [{**call("identify"), "traits": {"email": each}} for each in ("A@b.co", "a@b.co ")]
        request = case.platform.webhook(*calls, is_batch=True)
        assert {each.subject for each in adapter.receive(request)} == {"customer:a@b.co"}


class TestRepetitions:
    def ids(self, case, seconds, **members):
        adapter = case.make(settings={"repeats_within_s": seconds})
        body = {"type": "track", "event": "Bought", "customer": {"source_id": "c-1"}, **members}
        request = inbound(body, path="event-processing", has_key=True)
        at = datetime(2026, 2, 3, 10, tzinfo=UTC)
        requests = [
            forged(request, received_at=at + timedelta(seconds=after)) for after in (0, 0.5, 40)
        ]
        return [adapter.receive(each)[0].id for each in requests]

    def test_without_a_message_id_are_known_for_a_second(self, case):
        first, again, later = self.ids(case, 1)
        assert first == again != later

    def test_may_be_known_for_longer(self, case):
        assert len(set(self.ids(case, 300))) == 1

    @pytest.mark.parametrize("type", ["identify", "group"])
    def test_of_customers_are_none(self, case, type):
        """Somebody may change a name and change it back in one second."""
        assert len(set(self.ids(case, 300, type=type))) == 3


class TestPushing:
    def test_an_event_is_a_track_call(self, case):
        (item,) = make_items("events", 1, event_names="title")
        assert case.make().push("events", [item]) == [OK]
        assert case.platform.calls_of("track") == [
            {
                "type": "track",
                "messageId": "kupon-ev_1",
                "userId": "customer-1",
                "event": "Customer Redemption Succeeded",
                "timestamp": "2026-02-03T10:00:01.000Z",
                "properties": {
                    "email": "zoe1@example.com",
                    "customer": {
                        "id": "cust_0001",
                        "email": "zoe1@example.com",
                        "source_id": "customer-1",
                        "name": "Zoë Łódź 1",
                    },
                    "kupon_event_id": "ev_1",
                    "voucher_code": "SPRING-1",
                    "order_amount": 12900,
                    "order_amount_major": 129.0,
                    "loyalty_balance": 0,
                },
            }
        ]

    def test_a_profile_is_an_identify_call(self, case):
        (item,) = make_items("profiles", 1)
        assert case.make().push("profiles", [item]) == [OK]
        assert case.platform.held("profiles") == {
            "customer-1": {"voucher_code": "000001", "loyalty_balance": 0}
        }

    def test_an_event_that_is_too_large_is_not_sent(self, case):
        """It would have all others refused that are sent with it."""
        small, large = make_items("events", 2)
        large = replace(large, properties={"text": "ż" * 16_400})
        told, refused = case.make().push("events", [small, large])
        assert told == OK
        assert (refused.verdict, refused.reason) == (
            Verdict.REJECTED,
            "the call is larger than the 32768 bytes that Segment takes",
        )
        assert set(case.platform.held("events")) == {"customer-1"}

    def test_a_batch_that_segment_refuses_is_halved(self, case):
        case.platform.refused = {"customer-1"}
        outcomes = case.make().push("events", make_items("events", 2))
        assert [each.verdict for each in outcomes] == [Verdict.REJECTED] * 2
        assert case.platform.held("events") == {}

    def test_a_merge_is_an_alias_call(self, case):
        (item,) = make_items("merges", 1)
        assert case.make().push("merges", [item]) == [OK]
        assert case.platform.calls_of("alias") == [
            {
                "type": "alias",
                "messageId": "kupon-merge_1",
                "previousId": "former-1",
                "userId": "customer-1",
            }
        ]
        nobody = replace(item, gone={"id": "cust_1", "source_id": None})
        (outcome,) = case.make().push("merges", [nobody])
        assert outcome.verdict is Verdict.REJECTED

    @pytest.mark.parametrize("body", [b"{}", b'{"success": false}', b"[]", b"ok"])
    def test_a_good_status_alone_takes_nothing(self, case, body):
        case.platform.fail(Fault(status=200, body=body), times=1)
        (outcome,) = case.make().push("events", make_items("events", 1))
        assert outcome.verdict is Verdict.RETRY

    def test_a_batch_that_a_proxy_finds_too_large_is_halved_too(self, case):
        case.platform.fail(Fault(status=413), times=1)
        outcomes = case.make().push("events", make_items("events", 2))
        assert {each.verdict for each in outcomes} == {Verdict.REJECTED}

    def test_a_workspace_without_a_write_key_is_told_nothing_and_stays_well(self, case):
        items = make_items("events", 2)
        outcomes = case.make(settings={"write_key": None}).push("events", items)
        assert [each.verdict for each in outcomes] == [Verdict.REJECTED] * 2
        assert "write_key" in outcomes[0].reason


class TestProfiles:
    def test_come_with_traits_and_identifier(self, case):
        for name in ("complete", "without-user-id"):
            fixture = read_fixture("kupon_segment", f"pull.profiles.{name}")
            case.platform.add("profiles", fixture.content)
        page = case.make().pull("profiles", None, None)
        assert page.commands == [
            UpsertCustomer(
                source_id="c-2001",
                fields={
                    "name": "Jan Kowalski",
                    "email": "jan@example.org",
                    "address": {
                        "line_1": "Rynek 3",
                        "city": "Kraków",
                        "postal_code": "31-042",
                        "country": "PL",
                    },
                },
            )
        ]
        assert page.skipped == [("use_2fCqtmUXcaL1ahfD5VqhmTnvLbJ", "it lacks the identifier")]
        assert page.cursor is None

    def test_that_are_gone_since_the_list_was_made_stop_no_others(self, case):
        first, second = case.platform.put("profiles", 2, changed_at=datetime.now(UTC))
        case.platform.fail("404", times=1, path=f"{PROFILES}/segment_id:use_{first}")
        page = case.make().pull("profiles", None, None)
        assert [each.source_id for each in page.commands] == [second]
        ((id, reason),) = page.skipped
        assert (id, reason[-3:]) == (f"use_{first}", "404")

    def test_may_be_known_by_another_identifier(self, case):
        fixture = read_fixture("kupon_segment", "pull.profiles.complete")
        case.platform.add("profiles", fixture.content)
        page = case.make(settings={"identifier": "email"}).pull("profiles", None, None)
        assert [each.source_id for each in page.commands] == ["jan@example.org"]

    def test_have_more_traits_than_segment_sends_by_itself(self, case):
        traits = {f"t{number}": number for number in range(11)} | {"email": "last@example.com"}
        ids = [{"id": "c-1", "type": "user_id"}]
        profile = {"segment_id": "use_1", "external_ids": ids, "traits": traits}
        case.platform.add("profiles", json.dumps(profile).encode())
        (customer,) = case.make().pull("profiles", None, None).commands
        assert customer.fields == {"email": "last@example.com"}


def test_erasing_may_keep_the_user_out_for_good(case):
    case.make(settings={"regulation": "SUPPRESS_WITH_DELETE"}).erase({"source_id": "c-1001"})
    (request,) = case.platform.calls("POST", "/regulations")
    assert request.json["regulationType"] == "SUPPRESS_WITH_DELETE"


def test_erasing_is_asked_for_by_the_user(case):
    told = case.make().erase({"source_id": "c-1001"})
    assert told == Pending("reg_1", "Regulation reg_1 was requested")
    assert case.make().erase_status("reg_1") == "Regulation reg_1 is finished"
    assert case.platform.erased == ["c-1001"]
    assert case.make().erase({"id": "cust_1"}) == "Nothing to erase: the customer has no source id"
    assert case.platform.erased == ["c-1001"]


@pytest.mark.parametrize(
    ("region", "hosts"),
    [
        ("us", ["api.segment.io", "profiles.segment.com", "api.segmentapis.com"]),
        (
            "eu",
            ["events.eu1.segmentapis.com", "profiles.euw1.segment.com", "eu1.api.segmentapis.com"],
        ),
    ],
)
def test_data_stays_in_its_region(case, region, hosts):
    asked = []

    class Asked(Exception):
        """Where a call would have gone."""

    class Listening:
        def call(self, method, url, **options):
            asked.append(url.split("/")[2])
            raise Asked

    given = {name: value for name, value in CONFIG.items() if not name.endswith("_url")}
    client = SegmentClient(SegmentSettings().load({**given, "region": region}), Listening())
    for work in (lambda: client.track([]), lambda: client.list_profiles("0")):
        with pytest.raises(Asked):
            work()
    with pytest.raises(Asked):
        client.regulate("c-1001")
    assert asked == hosts
