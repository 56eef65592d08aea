"""One piece of administration from the command line: one transaction, and errors in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kupon.cli.environment import read_settings
from kupon.kit.errors import KuponError
from kupon.runtime.log import configure_logging, redact_text
from kupon.runtime.settings import BadSetting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kupon.features.integrations.service.tenants import Tenants
    from kupon.hooks.gateway import Gateway
    from kupon.runtime.settings import Settings
    from kupon.storage.uow import UnitOfWork


@contextmanager
def administer(settings: Settings, project_id: str = "") -> Iterator[UnitOfWork]:
    """A unit of work that is committed in the end; what is refused ends the command in one line.

    So does a database that is away.
    """
    from kupon.storage.administration import single_unit
    from kupon.storage.savepoints import TRANSIENT

    configure_logging(settings)
    try:
        with single_unit(settings.database_url, project_id) as uow:
            yield uow
    except KuponError as error:
        raise click.ClickException(error.details or error.message) from None
    except TRANSIENT as error:
        lines = redact_text(str(error)).splitlines() or [type(error).__name__]
        raise click.ClickException(f"the database can't be used: {lines[0]}") from None


def load_tenants(settings: Settings) -> Tenants:
    """The plugins; one that can't be loaded ends the command with its name."""
    from kupon.features.integrations.service.tenants import Tenants

    with naming_bad_plugins():
        return Tenants.load(settings)


def install_plugins(settings: Settings) -> None:
    """Let plugins have their say in what a command does, as in requests and jobs."""
    from kupon.hooks.tenancy import install

    install(load_tenants(settings))


@contextmanager
def open_gateway() -> Iterator[Gateway]:
    """The way in for deliveries that a command of a plugin reads."""
    from kupon.cli.gateway import InboxGateway
    from kupon.storage.database import open_database

    settings = read_settings()
    configure_logging(settings)
    tenants = load_tenants(settings)
    engine = open_database(settings.database_url, pool_size=1)
    try:
        yield InboxGateway(engine, tenants)
    finally:
        engine.dispose()


@contextmanager
def naming_bad_plugins() -> Iterator[None]:
    """End the command in one line where a plugin, or a setting for plugins, is bad."""
    from kupon.hooks.manager import BadPlugin

    try:
        yield
    except (BadPlugin, BadSetting) as problem:
        raise click.ClickException(str(problem)) from None
