"""Plugins: in which order they are called, which are loaded, and what stops the process."""

from __future__ import annotations

import logging

import pytest

from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.manager import BadPlugin, PluginFailed, Plugins
from kupon.hooks.types import RedemptionFacts, Refusal
from kupon.runtime.settings import BadSetting, Settings

REFUSING = """
    from kupon.hooks.types import Refusal

    @hookimpl
    def decide_redemption(redemption):
        who = redemption.settings.get("refuses")
        return Refusal("invalid_voucher", who) if who else None
"""


def test_foreign_plugins_come_first_and_all_are_sorted(install):
    install("zebra", "")
    install("alpha", "")
    names = [(plugin.name, plugin.is_bundled) for plugin in Plugins()]
    assert names[:2] == [("alpha", False), ("zebra", False)]
    bundled = [name for name, _ in names[2:]]
    assert bundled == sorted(bundled)
    assert all(is_bundled for _, is_bundled in names[2:])


def test_the_list_of_allowed_plugins_decides_which_are_loaded(install):
    install("zebra", "raise RuntimeError('loaded')")
    assert [plugin.name for plugin in Plugins(["blocklist"])] == ["blocklist"]
    assert list(Plugins([])) == []
    with pytest.raises(BadPlugin, match="plugins are not installed: nowhere"):
        Plugins(["blocklist", "nowhere"])


def test_what_a_plugin_tells_of_itself(install):
    install("zebra", '"""Stripes."""')
    plugin = Plugins(["zebra"]).find("zebra")
    assert plugin is not None
    assert (plugin.distribution, plugin.version, plugin.hooks) == ("foreign-zebra", "1.2", ())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        pytest.param("import nothing_such", "plugin zebra can't be loaded: No module", id="import"),
        pytest.param("@hookimpl\ndef decide_everything(): ...", "unknown hook", id="misspelt hook"),
        pytest.param(
            "@hookimpl\ndef on_events(events, colour): ...", "can't be loaded", id="wrong argument"
        ),
        pytest.param(
            "@hookimpl\ndef register_channels(): raise ValueError('no')",
            "register_channels of plugin zebra failed: no",
            id="breaking hook",
        ),
        pytest.param(
            "@hookimpl\ndef register_discount_kinds(): return {'PERCENT': print}",
            "plugin zebra: discount type PERCENT is a standard one",
            id="a name of the engine's",
        ),
        pytest.param(
            "@hookimpl\ndef register_rule_operators(): return {'$like': print}",
            r"rule operator \$like is registered twice: by zebra and text_operators",
            id="a name of another plugin's",
        ),
    ],
)
def test_a_bad_plugin_stops_the_process_and_is_named(install, source, complaint):
    install("zebra", source)
    with pytest.raises(BadPlugin, match=complaint):
        Tenants.load(Settings())


@pytest.mark.parametrize(
    ("hook", "returned"),
    [
        ("register_adapters", "['zebra']"),
        ("register_adapters", "5"),
        ("register_event_sinks", "[object()]"),
        ("register_channels", "[type('Channel', (), {'name': 'zebra'})]"),
        ("register_channels", "(1 / 0 for _ in 'x')"),
        ("register_discount_kinds", "['ZEBRA']"),
        ("register_discount_kinds", "{'ZEBRA': 3}"),
        ("register_rule_operators", "{'zebra': print}"),
        ("register_code_generators", "{'zebra': None}"),
        ("register_routes", "['/zebra']"),
        ("register_settings", "{}"),
        ("register_settings", "exit(3)"),
    ],
)
def test_what_a_hook_can_not_return_is_the_plugins_fault(install, hook, returned):
    install("zebra", f"@hookimpl\ndef {hook}(): return {returned}")
    with pytest.raises(BadPlugin, match=f"{hook} of plugin zebra failed: ."):
        Plugins(["zebra"]).collect()


def test_a_command_must_be_one(install):
    install("zebra", "@hookimpl\ndef register_commands(): return [print]")
    with pytest.raises(BadPlugin, match=r"register_commands of plugin zebra failed: .* no command"):
        Plugins(["zebra"]).commands()


def test_a_plugin_is_named_as_addresses_can_name_it(install):
    install("ze/bra", "", distribution="stripes")
    with pytest.raises(BadPlugin, match="plugin ze/bra of stripes can't be named so"):
        Plugins(["ze/bra"])


@pytest.mark.parametrize("answer", ["True", "'no'", "Refusal('no_such_key')", "1 / 0"])
def test_who_can_not_decide_is_named(install, answer):
    source = "from kupon.hooks.types import Refusal\n@hookimpl\n"
    install("zebra", f"{source}def decide_redemption(): return {answer}")
    with pytest.raises(
        PluginFailed, match=r"decide_redemption of plugin zebra (failed|returned .)"
    ):
        Plugins(["zebra"]).decide_redemption(_facts, {"zebra": {}})


def test_two_distributions_can_not_share_a_name(install):
    install("zebra", "", distribution="one")
    install("zebra", "", distribution="other")
    with pytest.raises(BadPlugin, match="plugin zebra is in two distributions: one, other"):
        Plugins()


def test_the_first_refusal_of_an_active_plugin_counts(install):
    install("zebra", REFUSING)
    install("alpha", REFUSING)
    plugins = Plugins(["alpha", "zebra"])

    def decide(active):
        return plugins.decide_redemption(lambda settings: _facts(settings), active)

    assert decide({}) is None
    assert decide({"alpha": {}, "zebra": {}}) is None
    assert decide({"zebra": {"refuses": "z"}}) == Refusal("invalid_voucher", "z")
    both = {"alpha": {"refuses": "a"}, "zebra": {"refuses": "z"}}
    assert decide(both) == Refusal("invalid_voucher", "a")


def _facts(settings):
    order = object()
    return RedemptionFacts(
        project_id="proj_1",
        customer=None,
        order=order,
        redeemables=[],
        metadata={},
        now=None,
        settings=settings,
    )


def test_calls_can_be_traced_without_what_they_are_about(install, caplog):
    install("zebra", REFUSING)
    plugins = Plugins(["zebra"], is_tracing=True)
    with caplog.at_level(logging.INFO, logger="kupon.plugins"):
        plugins.decide_redemption(
            lambda settings: _facts(settings), {"zebra": {"refuses": "olivia"}}
        )
    assert [record.message for record in caplog.records] == ["hook called", "hook returned"]
    assert caplog.records[0].hook == "decide_redemption"
    assert [record.plugin for record in caplog.records] == ["zebra", "zebra"]
    assert "olivia" not in "".join(str(record.__dict__) for record in caplog.records)


def test_settings_of_tenants_are_refused_by_name():
    with pytest.raises(BadSetting, match="KUPON_SECRET_KEYS holds something that is no key"):
        Tenants.load(Settings(plugins=(), secret_keys=("short",)))
    with pytest.raises(BadSetting, match=r"KUPON_ALLOWED_NETWORKS: .*everywhere"):
        Tenants.load(Settings(plugins=(), allowed_networks=("everywhere",)))
    with pytest.raises(BadSetting, match=r"KUPON_ALLOWED_PORTS: .*http"):
        Tenants.load(Settings(plugins=(), allowed_ports=("http",)))
