"""`kupon adapters`: which platforms Kupon can connect to, and beginning an adapter for another."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import click

from kupon.cli.administration import naming_bad_plugins
from kupon.cli.environment import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kupon.hooks.adapter import Adapter

_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_KINDS = ("commerce", "cdp", "cep", "cms", "bus")
# What an adapter of a kind most likely begins with.
_BEGINNING = {"commerce": "pull"}


@click.group()
def adapters() -> None:
    """List, check and begin adapters."""


@adapters.command("list")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def show(is_json: bool) -> None:
    """List the adapters that are installed."""
    found = [_facts(adapter) for _, adapter in sorted(_installed().items())]
    if is_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        click.echo("{id:20} {kind:10} {tier:8} {name}".format_map(each))
        click.echo(f"{'':20} {' '.join(each['capabilities'])}")


@adapters.command()
@click.argument("names", nargs=-1)
def check(names: tuple[str, ...]) -> None:
    """Look for what is wrong with adapters, all of them unless some are named.

    Their platforms are not called. The rest of the contract is checked by their tests, see
    docs/adapters.md.
    """
    from kupon.hooks.review import review

    installed = _installed()
    unknown = sorted(set(names) - installed.keys())
    if unknown:
        raise click.ClickException(f"not installed: {', '.join(unknown)}")
    is_wrong = False
    for name in names or sorted(installed):
        findings = review(installed[name])
        is_wrong = is_wrong or bool(findings)
        click.echo(f"{name}: {'well' if not findings else f'{len(findings)} findings'}")
        for each in findings:
            click.echo(f"  {each.check}  {each.text}")
    if is_wrong:
        raise SystemExit(1)


@adapters.command()
@click.argument("id")
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What the platform is.")
@click.option("--title", help="The platform's name as people write it.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to begin; the current folder.",
)
@click.option("--bundled", is_flag=True, help="Inside Kupon's own repository.")
def new(id: str, kind: str, title: str | None, folder: Path, bundled: bool) -> None:
    """Begin an adapter: a package that works with an imaginary platform, and its tests.

    ID names the platform ("acme_shop"). Change it from the inside out: manifest, fixtures, mapping,
    client, and what plays the platform; its tests tell what is still to be done.
    """
    if not _ID.fullmatch(id):
        raise click.ClickException("the id must be lower-case words joined by _")
    words = id.split("_")
    names = {
        "id": id,
        "dashed": "-".join(words),
        "name": "".join(word.capitalize() for word in words),
        "title": title or " ".join(word.capitalize() for word in words),
        "kind": kind,
        "tests": "tests.adapters." if bundled else "",
    }
    for path, text in _files(names, is_bundled=bundled):
        _write(folder / path, text)
    if bundled:
        click.echo(f'Now add to pyproject.toml, group kupon: {id} = "kupon_{id}"')


def _files(names: Mapping[str, str], *, is_bundled: bool) -> Iterator[tuple[Path, str]]:
    package, tests = _places(names, is_bundled=is_bundled)
    beginning = _BEGINNING.get(names["kind"], "push")
    for name in ("manifest.toml", "client.py", "mapping.py", "adapter.py"):
        yield package / name, _fill(f"{beginning}/{name}", names)
    yield package / "__init__.py", _fill("init.py", names)
    yield package / "config.py", _fill("config.py", names)
    yield package / "README.md", _fill("README.md", names)
    yield package / "fixtures" / "README.md", _fill("fixtures.md", names)
    yield tests / f"{names['id']}_platform.py", _fill(f"{beginning}/platform.py", names)
    yield tests / f"test_{names['id']}.py", _fill("test.py", names)
    if not is_bundled:
        yield Path(f"kupon-{names['dashed']}", "pyproject.toml"), _fill("pyproject.toml", names)


def _places(names: Mapping[str, str], *, is_bundled: bool) -> tuple[Path, Path]:
    package = f"kupon_{names['id']}"
    if is_bundled:
        return Path("adapters", package), Path("tests", "adapters")
    root = Path(f"kupon-{names['dashed']}")
    return root / "src" / package, root / "tests"


def _fill(name: str, names: Mapping[str, str]) -> str:
    folder = resources.files("kupon.cli").joinpath("templates", "adapter")
    text = folder.joinpath(*f"{name}.tmpl".split("/")).read_text(encoding="utf-8")
    return Template(text).substitute(names)


def _write(path: Path, text: str) -> None:
    if path.exists():
        raise click.ClickException(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(path)


def _facts(adapter: type[Adapter]) -> dict[str, Any]:
    manifest = adapter.manifest()
    return {
        "id": manifest.id,
        "name": manifest.name,
        "kind": manifest.kind,
        "api_version": manifest.api_version,
        "tier": manifest.tier,
        "capabilities": sorted(manifest.capabilities),
    }


def _installed() -> dict[str, type[Adapter]]:
    from kupon.hooks.manager import Plugins

    settings = read_settings(needs_servers=False)
    with naming_bad_plugins():
        return dict(Plugins(settings.plugins).collect().adapters)
