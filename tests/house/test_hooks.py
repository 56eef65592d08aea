"""Every hook is written down as it is, and used by a tenant of our own."""

from __future__ import annotations

import inspect
import re

from tests.house import sources

from kupon.hooks import specs
from kupon.hooks.manager import Plugins

LABELS = [
    "Called",
    "Arguments",
    "Returns",
    "Merge",
    "Transaction",
    "May block",
    "On error",
    "Since",
]
KINDS = ("register_", "decide_", "on_")


def _hooks():
    found = inspect.getmembers(specs, inspect.isfunction)
    return {name: spec for name, spec in found if spec.__module__ == specs.__name__}


def _labels(spec):
    """The labels of a specification with their texts, each in one line."""
    text = inspect.cleandoc(spec.__doc__).partition("\n\n")[2]
    lines = re.sub(r"\n\s+", " ", text).splitlines()
    return dict(re.split(r":\s+", line, maxsplit=1) for line in lines)


def _sections():
    text = (sources.ROOT / "docs" / "hooks.md").read_text()
    parts = re.split(r"^### `(\w+)\((.*?)\)`$", text, flags=re.MULTILINE)[1:]
    names, arguments, bodies = parts[::3], parts[1::3], parts[2::3]
    return dict(zip(names, zip(arguments, bodies, strict=True), strict=True))


def _users():
    users = {}
    for plugin in Plugins():
        for hook in plugin.hooks if plugin.is_bundled else ():
            users.setdefault(hook, []).append(f"kupon_{plugin.name}")
    return {hook: sorted(names) for hook, names in users.items()}


def test_every_hook_says_the_same_of_itself_in_the_same_order():
    for name, spec in _hooks().items():
        assert list(_labels(spec)) == LABELS, name
        assert name.startswith(KINDS), name


def test_every_argument_is_typed():
    for name, spec in _hooks().items():
        signature = inspect.signature(spec)
        assert signature.return_annotation is not inspect.Signature.empty, name
        for argument in signature.parameters.values():
            assert argument.annotation is not inspect.Parameter.empty, name


def test_the_guide_tells_of_every_hook_as_it_is():
    sections = _sections()
    assert sections.keys() == _hooks().keys()
    for name, spec in _hooks().items():
        arguments, body = sections[name]
        assert arguments == ", ".join(inspect.signature(spec).parameters), name
        assert dict(re.findall(r"^\| ([A-Z][\w ]+) \| (.+) \|$", body, re.MULTILINE)) == (
            _labels(spec)
        ), name


def test_every_hook_has_a_tenant_of_our_own_which_the_guide_names():
    users = _users()
    assert users.keys() == _hooks().keys()
    for name, (_, body) in _sections().items():
        bundled = re.search(r"^Bundled: (.+)\.$", body, re.MULTILINE | re.DOTALL)
        assert bundled is not None, name
        named = set(re.findall(r"`(\w+)`", bundled[1]))
        assert named, name
        assert named <= set(users[name]), name
