"""`kupon secrets`: the keys with which secrets of connections are encrypted."""

from __future__ import annotations

import click

from kupon.cli.administration import administer
from kupon.cli.environment import read_settings


@click.group()
def secrets() -> None:
    """Look after the keys in KUPON_SECRET_KEYS."""


@secrets.command()
def new_key() -> None:
    """Print a fresh key."""
    from kupon.runtime.vault import Vault

    click.echo(Vault.new_key())


@secrets.command()
def rotate() -> None:
    """Encrypt all secrets anew with the first key.

    To replace a key: put a fresh one in front of it, restart all processes, rotate, and only then
    take the old one away.
    """
    from kupon.features.integrations.service.connections.secrets import rotate as reseal
    from kupon.runtime.vault import NoKeys, UnknownKey, Vault

    settings = read_settings()
    try:
        vault = Vault(settings.secret_keys)
        with administer(settings) as uow:
            count = reseal(uow, vault)
    except (NoKeys, UnknownKey) as error:
        raise click.ClickException(str(error)) from None
    except ValueError:
        raise click.ClickException("KUPON_SECRET_KEYS holds something that is no key") from None
    click.echo(f"{count} secrets were encrypted anew")
