"""`kupon connections`, `kupon checkouts`, `kupon sync`: files, schedules, runs, and mistakes."""

from __future__ import annotations

import json

import pytest
from tests.adapters.segment_platform import SegmentPlatform
from tests.cli.calling import call
from tests.features.integrations.segment import CONFIG

from kupon.hooks.settings import MASK
from kupon.runtime import clock


@pytest.fixture
def run(settings):
    """Runs `kupon ...` against the tests' installation; its output, read if it is JSON."""
    variables = {
        "KUPON_DATABASE_URL": settings.database_url,
        "KUPON_REDIS_URL": settings.redis_url,
        "KUPON_SECRET_KEYS": ",".join(settings.secret_keys),
        "KUPON_ALLOWED_NETWORKS": ",".join(settings.allowed_networks),
        "WRITE_KEY": "canary-write",
        "DIGITS": "123456",
    }

    def run(*words, fails=False, given=None, **others):
        done = call(*words, env=variables | others, input=given)
        assert (done.exit_code != 0) == fails, done.output
        assert done.exception is None or isinstance(done.exception, SystemExit)
        try:
            return json.loads(done.output)
        except ValueError:
            return done.output

    return run


@pytest.fixture
def segment(run, project):
    made = run(
        *("connections", "create", project.id, "segment", "CDP"),
        *("--set", "write_key=${WRITE_KEY}", "--set", "region=eu"),
    )
    return made["id"]


def test_single_settings_are_changed_and_taken_back(run, project, segment):
    assert run("connections", "show", project.id, segment)["settings"]["write_key"] == MASK
    changed = run("connections", "set", project.id, "CDP", "region=us")
    assert changed["settings"] == {"write_key": MASK, "region": "us"}
    changed = run("connections", "set", project.id, "CDP", "region=null")
    assert changed["settings"] == {"write_key": MASK}
    # A variable is a text, whatever it looks like.
    assert run("connections", "set", project.id, "CDP", "write_key=${DIGITS}")


def test_a_look_that_finds_something_wrong_ends_with_1(run, project, segment):
    run("connections", "set", project.id, "CDP", "tracking_url=http://127.0.0.1:1")
    found = run("connections", "check", project.id, "CDP", fails=True)
    assert found["health"] == "UNREACHABLE"


def test_a_database_that_is_away_is_told_in_one_line(run, project):
    away = "postgresql://kupon:canary-password@127.0.0.1:1/kupon"
    output = run("connections", "list", project.id, fails=True, KUPON_DATABASE_URL=away)
    assert output.startswith("Error: the database can't be used: ")
    assert output.count("\n") == 1
    assert "canary" not in output


def test_a_file_makes_connections_what_it_says(run, project):
    file = f"""
        project = "{project.id}"

        [[connections]]
        name = "CDP"
        adapter = "segment"
        settings.write_key = "${{WRITE_KEY}}"
        schedule.profiles = {{ every = "PT15M", full_every = "P7D" }}
        outbound.events = ["customer.redemption.succeeded"]

        [[connections]]
        name = "Second"
        adapter = "segment"
    """
    made = run("connections", "apply", "-", given=file)
    assert [each["name"] for each in made] == ["CDP", "Second"]
    assert "integration_key" in made[0]
    again = run("connections", "apply", "-", given=file)
    assert [each["id"] for each in again] == [each["id"] for each in made]
    assert again[0]["schedule"] == {"profiles": {"every": "PT15M", "full_every": "P7D"}}
    assert run("outbound", "show", project.id, "CDP")["events"] == ["customer.redemption.succeeded"]
    without = file.replace("schedule.profiles", "settings.region = 'eu'\n#")
    changed = run("connections", "apply", "-", given=without)
    assert changed[0]["settings"]["region"] == "eu"
    assert changed[0]["schedule"] == again[0]["schedule"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("settings.regoin = 'eu'", "CDP: Property .settings.regoin Unknown field."),
        ("setings.region = 'eu'", "CDP: Property .setings Unknown field."),
        ("settings.region = 'MARS'", "CDP: Property .settings.region"),
        ("settings.write_key = '${NOT_SET}'", "the variable NOT_SET is not set"),
        ("settings = 7", "CDP: Property .settings"),
        ("schedule.orders.every = 'PT1H'", "CDP: Property .schedule.orders must be one of"),
        ("schedule.profiles.every = 'daily'", "CDP: Property .schedule.profiles.every"),
        ("outbound.events = ['no.such']", "CDP: Property .events names no type"),
        ("settings = [", "the file can't be read"),
        ('settings.space_id = "a\\u0000b"', "must not contain a null character"),
        ("[[connections]]\nname = 'First'\nadapter = 'segment'", "has First more than once"),
    ],
)
def test_a_file_with_a_mistake_changes_nothing(run, project, line, told):
    file = f"""
        project = "{project.id}"
        [[connections]]
        name = "First"
        adapter = "segment"
        [[connections]]
        name = "CDP"
        adapter = "segment"
        {line}
    """
    assert told in run("connections", "apply", "-", given=file, fails=True)
    assert run("connections", "list", project.id) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["connections", "create", "{}", "nothing", "N"], ".adapter names none that is installed"),
        (["connections", "create", "{}", "segment", ""], "Property .name"),
        (["connections", "create", "{}", "segment", "N", "--set", "region"], "not NAME=VALUE"),
        (["connections", "create", "proj_no", "segment", "N"], "project"),
        (["connections", "show", "{}", "nobody"], "nobody"),
        (["connections", "set", "{}", "CDP", "region=MARS"], "Property .settings.region"),
        (["connections", "set", "{}", "CDP", "what=1"], "Property .settings.what"),
        (["connections", "deliveries", "{}", "CDP", "--state", "LOST"], "--state"),
        (["connections", "provision", "{}", "CDP"], "installs nothing"),
        (["connections", "replay", "{}", "CDP", "7"], "7"),
        (["connections", "replay", "{}", "CDP", str(2**63)], "not in the range"),
        (["connections", "deliveries", "{}", "CDP", "--after", str(2**63)], "not in the range"),
        (["connections", "set", "{}", "CDP", "write_key=${{NOWHERE}}"], "NOWHERE is not set"),
        (["checkouts", "list", "{}", "CDP", "--state", "LOST"], "--state"),
        (["checkouts", "show", "{}", "CDP", "17"], "17"),
        (["checkouts", "redeem", "{}", "CDP", "17"], "17"),
        (["checkouts", "list", "{}", "nobody"], "nobody"),
        (["sync", "start", "{}", "CDP", "orders"], ".resource must be one that is pulled"),
        (["sync", "schedule", "{}", "CDP", "profiles"], "Give a resource with durations"),
        (["sync", "schedule", "{}", "CDP", "--every", "PT1H"], "Give a resource with durations"),
        (["sync", "schedule", "{}", "CDP", "orders", "--every", "PT1H"], "must be one of"),
        (["sync", "schedule", "{}", "CDP", "profiles", "--every", "1h"], "ISO 8601"),
        (["sync", "watch", "{}", "CDP", "sync_no"], "sync_no"),
    ],
)
def test_mistakes_are_told_in_one_line(run, project, segment, words, told):
    output = run(*(word.format(project.id) for word in words), fails=True)
    assert told in output
    assert "Traceback" not in output


def test_a_schedule_is_set_shown_and_taken_away(run, project, segment):
    said = ("--every", "PT1H", "--full-every", "P7D", "--overlap", "PT10M")
    schedule = run("sync", "schedule", project.id, "CDP", "profiles", *said)
    assert schedule == {"profiles": {"every": "PT1H", "full_every": "P7D", "overlap": "PT10M"}}
    assert run("sync", "schedule", project.id, "CDP") == schedule
    assert run("sync", "schedule", project.id, "CDP", "profiles", "--off") == {}


def test_a_run_is_watched_to_its_end(run, project, jobs):
    with SegmentPlatform(CONFIG) as platform:
        pairs = [f"{name}={value}" for name, value in platform.settings.items()]
        sets = [word for pair in pairs for word in ("--set", pair)]
        run("connections", "create", project.id, "segment", "CDP", *sets)
        platform.put("profiles", 7, changed_at=clock.now())
        begun = run("sync", "start", project.id, "CDP", "profiles", "--full", "--no-wait")
        assert (begun["state"], begun["mode"]) == ("WAITING", "FULL")
        jobs()
        assert "DONE: 7 taken, 0 not" in run("sync", "watch", project.id, "CDP", begun["id"])
        [listed] = run("sync", "list", project.id, "CDP")
        assert (listed["id"], listed["state"]) == (begun["id"], "DONE")
        canceled = run("sync", "cancel", project.id, "CDP", begun["id"])
        assert canceled["state"] == "DONE"
        assert "is DONE" in run("sync", "resume", project.id, "CDP", begun["id"], fails=True)
