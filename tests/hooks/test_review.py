"""What can be told of an adapter without letting it call anybody."""

from __future__ import annotations

import importlib
import sys

import pytest
from click.testing import CliRunner
from marshmallow import fields

from kupon.cli.adapters import adapters
from kupon.hooks.adapter import Adapter
from kupon.hooks.review import review, review_settings
from kupon.hooks.settings import SettingsSchema
from kupon_segment.adapter import SegmentAdapter


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A fresh adapter's package, which can be imported."""
    begin = ["new", "acme", "--kind", "cep", "--bundled", "--folder", str(tmp_path)]
    assert CliRunner().invoke(adapters, begin).exit_code == 0
    monkeypatch.syspath_prepend(tmp_path / "adapters")
    monkeypatch.setattr("kupon.hooks.adapter._manifests", {})
    yield tmp_path / "adapters" / "kupon_acme"
    for name in [name for name in sys.modules if name.partition(".")[0] == "kupon_acme"]:
        del sys.modules[name]


@pytest.fixture
def told(package):
    """What is found, by check."""

    def look():
        adapter = importlib.import_module("kupon_acme.adapter").AcmeAdapter
        return [(each.check, each.text) for each in review(adapter)]

    return look


def rewrite(package, name, old, new):
    file = package / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_bundled_one_is_well():
    assert review(SegmentAdapter) == []


def test_a_fresh_one_lacks_its_papers_and_its_entry_point(told):
    assert told() == [
        ("A2", "entry point acme of group kupon must name kupon_acme"),
        ("A13", "README.md needs a section Set-up"),
        ("A13", "README.md needs a section Scopes"),
        ("A13", "README.md needs a section Limits"),
        ("A13", "README.md needs a section Known gaps"),
        ("A13", "README.md needs a section Removal"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('id = "acme"', 'id = "other"', "id other must be the package's name without kupon_"),
        ('["events.push"]', "[]", "it declares no capability"),
        ('["events.push"]', '["events.fly"]', "the manifest: unknown capabilities: events.fly"),
        ('tier = "bronze"', 'tier = "silver"', "the manifest: tier silver needs incremental-pull"),
        ("[quality]", '[exempt]\nU2 = ""\n[quality]', "the manifest: exempt must give the reason"),
    ],
)
def test_a_manifest_that_is_wrong(package, told, old, new, complaint):
    rewrite(package, "manifest.toml", old, new)
    ((check, text),) = told()
    assert check == "A1"
    assert text.startswith(complaint)


def test_promises_that_are_not_kept(package, told):
    rewrite(package, "manifest.toml", '"events.push"', '"events.push", "cart.price"')
    found = [text for check, text in told() if check == "A3"]
    assert found == [
        "the capabilities need a method respond",
        "the capabilities need a method verify",
        "cart.price needs deadline_ms",
    ]


def test_fixtures_of_nowhere(package, told):
    (package / "fixtures" / "account.ok.json").write_text("{}")
    found = [text for check, text in told() if check == "A13" and "fixtures" in text]
    assert found == [
        "fixtures/README.md must say where account.ok.json is from",
        "fixtures/README.md must say when its sources were read",
    ]


def test_settings_that_hide_what_they_need():
    class Guessing(SettingsSchema):
        url = fields.Url(required=True)

    class Adapting(Adapter):
        settings = Guessing

    found = [each.text for each in review_settings(Adapting, {"url": "nonsense"})]
    assert found == [
        "setting url needs a description",
        "the given settings are refused for ['url']",
    ]


def test_settings_that_take_anything():
    class Taking(SettingsSchema):
        class Meta:
            unknown = "exclude"

    class Adapting(Adapter):
        settings = Taking

    assert [each.text for each in review_settings(Adapting)] == ["unknown settings must be refused"]
