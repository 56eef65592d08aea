"""Which plugins are active for a project, by API and command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kupon.cli.main import main
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork

SECRET = "canary-secret-0123456789"
CHANNEL = {"url": "http://letters.example.com/in", "secret": SECRET}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def path(project):
    return f"/management/v1/projects/{project.id}/plugins"


@pytest.fixture
def run(settings, monkeypatch):
    """Runs `kupon plugins` against this test's servers."""
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return lambda *words, **options: CliRunner().invoke(main, ["plugins", *words], **options)


def test_all_plugins_are_listed_as_the_project_sees_them(management_api, path):
    body = management_api.get(path).expect()
    assert body["object"] == "list"
    assert body["total"] == len(body["data"])
    plugins = {each["name"]: each for each in body["data"]}
    assert plugins["http_channel"] == {
        "object": "plugin",
        "name": "http_channel",
        "summary": "Hands published codes to a program of the shop, which sends the letter, mail or"
        " message itself.",
        "version": plugins["http_channel"]["version"],
        "distribution": "kupon",
        "hooks": ["register_channels", "register_settings"],
        "active": False,
        "settings_schema": [
            {
                "name": "url",
                "help": "The address that takes the messages.",
                "required": True,
                "secret": False,
            },
            {
                "name": "secret",
                "help": "What messages are signed with; at least 16 characters.",
                "required": True,
                "secret": True,
            },
        ],
    }


def test_a_plugin_is_activated_changed_and_deactivated(management_api, path, move_time):
    one = f"{path}/http_channel"
    active = management_api.put(one, json={"settings": CHANNEL}).expect()
    assert active["active"]
    assert active["settings"] == {"url": CHANNEL["url"], "secret": "********"}
    assert active["activated_at"] == "2026-03-01T12:00:00.000Z"
    assert "updated_at" not in active

    move_time.freeze("2026-03-01T13:00:00+00:00")
    moved = {"url": "http://other.example.com/in", "secret": "********"}
    changed = management_api.put(one, json={"settings": moved}).expect()
    assert changed["settings"] == moved
    assert changed["updated_at"] == "2026-03-01T13:00:00.000Z"
    assert management_api.get(one).expect() == changed

    assert management_api.delete(one).status == 204
    assert not management_api.get(one).expect()["active"]
    # Once more changes nothing.
    assert management_api.delete(one).status == 204


def test_secrets_are_encrypted_and_survive_the_mask(management_api, path, engine, project, tenants):
    one = f"{path}/http_channel"
    management_api.put(one, json={"settings": CHANNEL}).expect()
    kept = {"url": "http://other.example.com/in", "secret": "********"}
    management_api.put(one, json={"settings": kept}).expect()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        settings, secrets = uow.reader.execute(
            "SELECT settings, secrets FROM project_plugins WHERE project_id = %s", (project.id,)
        ).fetchone()
    assert settings == {"url": kept["url"]}
    assert SECRET not in secrets
    assert tenants.vault.open(secrets) == {"secret": SECRET}


@pytest.mark.parametrize(
    ("given", "details"),
    [
        pytest.param({}, "Property .settings should have required property 'url'", id="missing"),
        pytest.param(
            {**CHANNEL, "colour": "red"}, "Property .settings.colour Unknown field.", id="unknown"
        ),
        pytest.param(
            {**CHANNEL, "secret": "short"},
            "Property .settings.secret Shorter than minimum length 16.",
            id="broken rule",
        ),
        pytest.param(
            {"url": CHANNEL["url"], "secret": "********"},
            "Property .settings should have required property 'secret'",
            id="a mask of nothing",
        ),
        pytest.param([], "Property .settings must be object", id="no object"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(management_api, path, given, details):
    one = f"{path}/http_channel"
    answer = management_api.put(one, json={"settings": given})
    assert answer.refused(400, "invalid_payload")["details"] == details
    assert not management_api.get(one).expect()["active"]


def test_a_plugin_without_settings_takes_none(management_api, path):
    refused = management_api.put(f"{path}/luhn_codes", json={"settings": {"a": 1}})
    refused.refused(400, "invalid_payload")
    assert management_api.put(f"{path}/luhn_codes").expect()["settings"] == {}


def test_what_is_not_there_is_not_found(management_api, path):
    for method in ("GET", "PUT", "DELETE"):
        management_api.send(method, f"{path}/nowhere", json={}).refused(404, "not_found")
        elsewhere = "/management/v1/projects/proj_nowhere/plugins/luhn_codes"
        answer = management_api.send(method, elsewhere, json={})
        answer.refused(404, "not_found")
    management_api.get("/management/v1/projects/proj_nowhere/plugins").refused(404, "not_found")


def test_projects_do_not_see_each_others_activation(management_api, path, new_project):
    management_api.put(f"{path}/luhn_codes").expect()
    other = f"/management/v1/projects/{new_project().id}/plugins/luhn_codes"
    assert not management_api.get(other).expect()["active"]


def test_the_command_line_lists_activates_and_deactivates(run, project, management_api, path):
    sets = ["--set", f"url={CHANNEL['url']}", "--set", f"secret={SECRET}"]
    done = run("activate", project.id, "http_channel", *sets)
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output
    assert management_api.get(f"{path}/http_channel").expect()["active"]

    told = json.loads(run("--json").output)
    [mine] = [each for each in told if each["name"] == "http_channel"]
    assert project.id in mine["projects"]
    table = run().output.splitlines()
    assert table[0].split() == ["name", "version", "distribution", "hooks", "projects"]
    assert any(line.startswith("http_channel") and project.id in line for line in table)

    assert run("deactivate", project.id, "http_channel").exit_code == 0
    assert not management_api.get(f"{path}/http_channel").expect()["active"]


def test_settings_come_from_a_file_too(run, project, management_api, path):
    text = json.dumps({"source_ids": ["mallory"]})
    done = run("activate", project.id, "blocklist", "--settings", "-", input=text)
    assert done.exit_code == 0, done.output
    body = management_api.get(f"{path}/blocklist").expect()
    assert body["settings"] == {"source_ids": ["mallory"]}


@pytest.mark.parametrize(
    ("words", "told", "complaint"),
    [
        pytest.param(["nowhere"], "", "Cannot find plugin with id nowhere", id="unknown plugin"),
        pytest.param(["blocklist", "--set", "a"], "", "a is not NAME=VALUE", id="no pair"),
        pytest.param(["blocklist", "--settings", "-"], "{", "is not JSON", id="no JSON"),
        pytest.param(["blocklist", "--settings", "-"], "[]", "must hold an object", id="a list"),
        pytest.param(["blocklist", "--set", "a=1"], "", ".settings.a Unknown field", id="unknown"),
    ],
)
def test_the_command_line_names_what_is_wrong(run, project, words, told, complaint):
    done = run("activate", project.id, *words, input=told)
    assert done.exit_code != 0
    assert complaint in done.output
    assert "Traceback" not in done.output


def test_a_plugin_that_is_not_allowed_is_not_there(run, monkeypatch):
    def installed():
        listed = json.loads(run("--json").output)
        return [each["name"] for each in listed if each["installed"]]

    monkeypatch.setenv("KUPON_PLUGINS", "luhn_codes")
    assert installed() == ["luhn_codes"]
    monkeypatch.setenv("KUPON_PLUGINS", "none")
    assert installed() == []
    monkeypatch.setenv("KUPON_PLUGINS", "nowhere")
    failed = run()
    assert "plugins are not installed: nowhere" in failed.output


def test_who_is_active_and_no_longer_installed_is_listed(run, monkeypatch, project):
    assert run("activate", project.id, "event_log").exit_code == 0
    monkeypatch.setenv("KUPON_PLUGINS", "blocklist")
    listed = json.loads(run("--json").output)
    gone = next(each for each in listed if each["name"] == "event_log")
    assert (gone["installed"], project.id in gone["projects"]) == (False, True)
    [row] = [line for line in run().output.splitlines() if line.startswith("event_log ")]
    assert row.split()[:4] == ["event_log", "-", "-", "-"]
    assert run("deactivate", project.id, "event_log").exit_code == 0
