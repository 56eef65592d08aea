"""The contract of adapters finds what is wrong: each mistake here is one that somebody makes."""

from __future__ import annotations

import logging
import re
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters import test_segment
from tests.adapters.segment_platform import SegmentPlatform

from kupon.hooks.adapter import OK, Adapter, Checked, Delivery, Health, Outcome, Verdict
from kupon.hooks.commands import Stamp, UpsertCustomer
from kupon.hooks.errors import AdapterError, Unmappable
from kupon.testing import AdapterContract, FakePlatform
from kupon.testing.contract import calling, hosting, mapping, paper, pulling, pushing, receiving
from kupon.testing.contract.checks import CHECKS, Case
from kupon_segment.adapter import SegmentAdapter

_NEXT = SegmentAdapter


def spoiled(**members):
    """Segment's adapter with some members replaced."""
    return type("Spoiled", (_NEXT,), members | {"__module__": SegmentAdapter.__module__})


@pytest.fixture
def platform():
    with SegmentPlatform(test_segment.CONFIG) as running:
        yield running


@pytest.fixture
def fails(platform):
    """Runs a check on a spoiled adapter, and returns what it complains of."""

    def run(promise, *arguments, **members):
        with pytest.raises((AssertionError, pytest.fail.Exception)) as complaint:
            promise(Case(spoiled(**members), platform), *arguments)
        return str(complaint.value)

    return run


def test_every_id_is_given_once():
    ids = [check.id for check in CHECKS]
    assert sorted(set(ids)) == sorted(ids)


def test_checks_come_by_capability():
    attached = {
        name.split("_")[1] for name in dir(test_segment.TestSegment) if name.startswith("test_")
    }
    assert {"a1", "a13", "r1", "r4", "p1", "u1", "e1"} <= attached
    assert not {"c1", "s1", "o1", "a12"} & attached


def test_an_exemption_is_a_skip_that_says_why():
    marks = test_segment.TestSegment.test_p2_changes_alone_can_be_asked_for.pytestmark
    (variants,) = [mark for mark in marks if mark.name == "parametrize"]
    ((skip,),) = [each.marks for each in variants.args[1]]
    assert skip.kwargs["reason"] == "exempt: the Profile API can't be asked for changes only"


def test_a_platform_must_be_able_to_play_its_part():
    with pytest.raises(TypeError, match="FakePlatform is no Sender: event"):

        class TestNothing(AdapterContract):
            adapter = SegmentAdapter
            platform = FakePlatform
            config = {}


class TestPromises:
    def test_a_method_too_few(self, fails):
        told = fails(paper.promises_are_kept, check=Adapter.check)
        assert "the capabilities need a method check" in told

    def test_a_method_too_many(self, fails):
        told = fails(paper.promises_are_kept, respond=lambda self, request, shop: None)
        assert "no capability that is declared has a method respond" in told

    def test_another_adapter_behind_the_entry_point(self, fails):
        assert "must bring Spoiled once" in fails(paper.entry_point_leads_to_it)


class TestSecrets:
    def test_in_an_error(self, fails):
        def erase(self, customer):
            raise ValueError(f"no answer with {self.config['public_token']}")

        told = fails(calling.secrets_are_told_to_nobody, _Log(), erase=erase)
        assert told.startswith("public_token is in")

    def test_in_a_log(self, fails, caplog):
        def erase(self, customer):
            logging.getLogger("acme").debug("asking with %s", self.config["write_key"])
            return "done"

        told = fails(calling.secrets_are_told_to_nobody, caplog, erase=erase)
        assert told.startswith("write_key is in")

    def test_in_what_the_adapter_looks_like(self, fails):
        def show(self):
            return f"Adapter({dict(self.config)})"

        assert fails(calling.secrets_are_told_to_nobody, _Log(), __repr__=show)


class _Log:
    records = ()

    def set_level(self, level):
        pass


class TestCalls:
    def test_past_the_client(self, fails, platform, monkeypatch):
        def erase(self, customer):
            urllib.request.urlopen(f"{platform.url}/elsewhere")

        told = fails(calling.calls_go_through_the_given_client, monkeypatch, erase=erase)
        assert "it connects to" in told

    def test_with_a_limit_of_its_own(self, fails, monkeypatch):
        def erase(self, customer):
            self.http.total_s = 600.0
            return "done"

        told = fails(calling.calls_go_through_the_given_client, monkeypatch, erase=erase)
        assert "erase changes the client's limit" in told

    def test_whose_failure_is_swallowed(self, fails):
        def push(self, kind, items):
            with suppress(AdapterError):
                self.client.track([{"userId": "c-1", "type": "track", "messageId": "1"}])
            return [OK] * len(items)

        told = fails(calling.failures_have_the_right_verdict, "push:events", push=push)
        assert "push:events: 401 is None, not AuthFailed" in told

    def test_whose_waiting_time_is_forgotten(self, fails):
        def push(self, kind, items):
            try:
                return _NEXT.push(self, kind, items)
            except calling.RateLimited:
                return [Outcome(Verdict.RETRY, "later")] * len(items)

        def forgetful(self, kind, items):
            return [replace(each, retry_after_s=None) for each in push(self, kind, items)]

        told = fails(calling.failures_have_the_right_verdict, "push:events", push=forgetful)
        assert "429" in told

    def test_whose_answer_is_believed_blindly(self, fails):
        def erase(self, customer):
            answer = self.http.call(
                "POST",
                f"{self.config['public_url']}/regulations",
                headers={"Authorization": f"Bearer {self.config['public_token']}"},
                json={"subjectIds": ["c-1"]},
                allow=(500,),
            ).json()
            return answer["data"]["regulateId"]

        told = fails(calling.failures_have_the_right_verdict, "erase", erase=erase)
        assert "KeyError" in told

    def test_of_a_check_that_raises(self, platform):
        def check(self):
            self.client.list_profiles("0")
            return Checked(Health.OK)

        with pytest.raises(calling.AuthFailed):
            calling.check_never_raises(Case(spoiled(check=check), platform))

    def test_of_a_check_that_asks_nobody(self, fails):
        told = fails(calling.check_never_raises, check=lambda self: Checked(Health.OK))
        assert "a look must ask the platform" in told


class TestTranslating:
    def test_changes_what_came(self, fails):
        def process(self, deliveries):
            for each in deliveries:
                each.payload.pop("type")
            return []

        assert fails(mapping.deliveries_are_not_changed, process=process)

    def test_passes_on_what_it_does_not_know(self, fails):
        def process(self, deliveries):
            fields = {"metadata": dict(deliveries[0].payload)}
            return [UpsertCustomer(source_id="c-1", fields=fields)]

        assert fails(mapping.every_fixture_maps, "receive.identify", process=process)

    @pytest.mark.parametrize(
        ("fields", "complaint"),
        [
            ({"nickname": "Ana"}, "nickname is unknown"),
            ({"name": 5}, "name: "),
            ({"address": {"street": "Rynek"}}, "address.street is unknown"),
        ],
    )
    def test_says_what_the_api_does_not_take(self, fails, fields, complaint):
        def process(self, deliveries):
            return [UpsertCustomer(source_id="c-1", fields=fields)]

        told = fails(mapping.commands_are_what_the_api_takes, "receive.identify", process=process)
        assert complaint in told

    @pytest.mark.parametrize("source_id", ["", "None", " c-1", 17])
    def test_names_everybody_the_same(self, fails, source_id):
        def process(self, deliveries):
            return [UpsertCustomer(source_id=source_id, fields={})]

        check = mapping.commands_are_what_the_api_takes
        assert fails(check, "receive.identify", process=process)


class TestReceiving:
    def test_anybody(self, fails):
        told = fails(receiving.only_the_platform_is_heard, verify=lambda self, request: None)
        assert told == "without x-signature: the request is let in"

    def test_by_a_body_that_was_read_first(self, platform):
        def verify(self, request):
            import json

            json.loads(request.body)
            _NEXT.verify(self, request)

        with pytest.raises(ValueError, match="Expecting"):
            receiving.only_the_platform_is_heard(Case(spoiled(verify=verify), platform))

    def test_under_new_ids_each_time(self, fails):
        def receive(self, request):
            ids = request.received_at.isoformat()
            return [replace(each, id=ids) for each in _NEXT.receive(self, request)]

        assert fails(receiving.repetitions_are_recognized, receive=receive)

    def test_an_event_that_means_nothing(self, fails):
        told = fails(
            receiving.every_event_is_understood, "track", process=lambda self, deliveries: []
        )
        assert told.startswith("no fixture of track means anything")

    def test_an_event_that_was_never_declared(self, fails):
        def receive(self, request):
            return [replace(each, event="track") for each in _NEXT.receive(self, request)]

        def process(self, deliveries):
            return [UpsertCustomer(source_id="c-1", fields={})]

        told = fails(receiving.unknown_events_are_passed_over, receive=receive, process=process)
        assert "it was taken for another event" in told

    def test_a_state_of_no_time(self, fails):
        def process(self, deliveries):
            try:
                found = _NEXT.process(self, deliveries)
            except Unmappable:
                return []
            states = [each for each in found if isinstance(each, UpsertCustomer)]
            return [replace(each, stamp=Stamp()) for each in states]

        assert "of when is" in fails(receiving.states_say_when_they_were, process=process)

    def test_a_body_that_breaks_it(self, platform):
        def receive(self, request):
            import json

            call = json.loads(request.body)
            return [Delivery(id=call["messageId"], event="x", subject="y:1", payload=call)]

        with pytest.raises(Exception, match=r"Expecting|KeyError|indices|subscriptable"):
            receiving.odd_bodies_are_no_bugs(Case(spoiled(receive=receive), platform))


class TestPulling:
    def test_the_first_page_only(self, fails):
        def pull(self, resource, cursor, since):
            return replace(_NEXT.pull(self, resource, cursor, since), cursor=None)

        told = fails(pulling.every_page_is_walked, "profiles", pull=pull)
        assert "of 4 records, pages of 3" in told

    def test_for_ever(self, fails):
        def pull(self, resource, cursor, since):
            return replace(_NEXT.pull(self, resource, None, since), cursor="0")

        told = fails(pulling.every_page_is_walked, "profiles", pull=pull)
        assert told == "the pull of profiles has no end"

    def test_asleep(self, fails, monkeypatch):
        def pull(self, resource, cursor, since):
            time.sleep(0.1)
            return _NEXT.pull(self, resource, cursor, since)

        told = fails(pulling.pulling_keeps_to_the_rate, "profiles", monkeypatch, pull=pull)
        assert told.startswith("it sleeps for 0.1 s")

    def test_everything_as_if_it_were_new(self, fails):
        assert fails(pulling.changes_alone_can_be_asked_for, "profiles")


class TestPushing:
    def test_in_requests_that_are_too_large(self, fails):
        def push(self, kind, items):
            return _NEXT.push(self, kind, [*items, *items])[: len(items)]

        assert fails(pushing.batches_keep_their_limit_and_order, "events", push=push)

    def test_backwards(self, fails):
        def push(self, kind, items):
            return _NEXT.push(self, kind, items[::-1])[::-1]

        assert fails(pushing.batches_keep_their_limit_and_order, "events", push=push)

    def test_under_a_new_id_each_time(self, fails):
        count = iter(range(1000))

        def push(self, kind, items):
            renamed = [replace(item, id=f"{item.id}-{next(count)}") for item in items]
            return _NEXT.push(self, kind, renamed)

        assert fails(pushing.pushing_again_changes_nothing, "events", push=push)

    def test_and_saying_that_it_worked(self, fails):
        def push(self, kind, items):
            _NEXT.push(self, kind, items)
            return [OK] * len(items)

        told = fails(pushing.verdicts_are_what_became_of_items, "events", push=push)
        assert told.startswith("customer-1: Outcome(verdict=<Verdict.OK")

    def test_nobody_s_events(self, fails):
        def push(self, kind, items):
            named = [
                replace(item, customer={**item.customer, "source_id": "everybody"})
                for item in items
            ]
            return _NEXT.push(self, kind, named)

        assert fails(pushing.nobody_is_not_told_of, "events", push=push)


def test_erasing_in_silence(fails):
    assert fails(hosting.erasure_says_what_was_done, erase=lambda self, customer: "")


class TestPlatforms:
    """The played platform itself."""

    def test_faults_end(self, platform):
        platform.fail("500", times=1)
        case = Case(SegmentAdapter, platform)
        assert case.make().check().health is Health.UNREACHABLE
        assert case.make().check().health is Health.OK

    def test_faults_may_be_of_some_paths(self, platform):
        platform.fail("401", path="/v1/batch")
        case = Case(SegmentAdapter, platform)
        assert case.make().check().health is Health.OK
        with pytest.raises(calling.AuthFailed):
            case.make().push("events", pushing.items_of(case, "events", 1))

    def test_what_nobody_plays_is_not_there(self, platform):
        case = Case(SegmentAdapter, platform)
        answer = case.client().send("GET", f"{platform.url}/nowhere", headers={})
        assert (answer.status, answer.json()) == (404, {"error": "Not Found"})

    def test_requests_are_remembered(self, platform):
        case = Case(SegmentAdapter, platform)
        case.client().send("GET", f"{platform.url}/a?b=c", headers={"X-D": "e"})
        (call,) = platform.calls("GET", "/a")
        assert (call.query, call.headers["x-d"]) == ({"b": "c"}, "e")

    def test_silence_is_over_when_it_stops(self, platform):
        platform.fail("time-out")
        case = Case(SegmentAdapter, platform, patience_s=0.2)
        before = time.monotonic()
        assert case.make().check().message == "the platform took too long"
        platform.stop()
        assert timedelta(seconds=time.monotonic() - before) < timedelta(seconds=5)


def test_the_guide_has_every_check():
    guide = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text()
    written = set(re.findall(r"^\| ([A-Z]\d+) \|", guide, re.MULTILINE))
    assert written == {check.id.rstrip("abc") for check in CHECKS}
