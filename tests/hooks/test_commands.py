"""Commands of plugins beside Kupon's own, and what a bad plugin leaves of the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from kupon.cli.main import main

GREETING = """
    import click

    @click.command(name={name!r})
    def greet():
        click.echo("hello")

    @hookimpl
    def register_commands():
        return [greet]
"""


@pytest.fixture
def run(monkeypatch):
    def invoke(*words, plugins="zebra"):
        monkeypatch.setenv("KUPON_PLUGINS", plugins)
        return CliRunner().invoke(main, words)

    return invoke


def test_a_command_of_a_plugin_is_listed_and_run(install, run):
    install("zebra", GREETING.format(name="greet"))
    assert "greet" in run("--help").output
    assert run("greet").output == "hello\n"
    assert run("greet", plugins="none").exit_code == 2


def test_a_name_of_our_own_is_refused(install, run):
    install("zebra", GREETING.format(name="migrate"))
    failed = run("--help")
    assert failed.exit_code == 1
    assert failed.output == "Error: command migrate of plugin zebra is Kupon's own\n"


def test_a_broken_plugin_is_named_and_leaves_our_own_commands(install, run):
    install("zebra", "raise RuntimeError('broken')")
    failed = run("greet")
    assert failed.exit_code == 1
    assert failed.output == "Error: plugin zebra can't be loaded: broken\n"
    assert run("migrate", "--help").exit_code == 0


@pytest.mark.parametrize("process", ["web", "worker", "relay", "scheduler"])
def test_a_process_says_in_one_line_which_plugin_it_lacks(run, settings, monkeypatch, process):
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    failed = run(process, plugins="nowhere")
    assert failed.exit_code == 1
    assert failed.output == "Error: plugins are not installed: nowhere\n"
