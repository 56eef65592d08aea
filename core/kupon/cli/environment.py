"""How commands read their settings, and tell what is wrong with them in one line."""

from __future__ import annotations

import click

from kupon.runtime.settings import BadSetting, Settings


def read_settings(*, needs_servers: bool = True) -> Settings:
    """Read the environment; a bad or missing value ends the command with its name."""
    try:
        settings = Settings.from_env()
        return settings.require_servers() if needs_servers else settings
    except BadSetting as problem:
        raise click.ClickException(str(problem)) from None
