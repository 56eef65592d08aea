"""That a plugin is active for a project: its settings there, opened when they are first needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.hooks.settings import open_settings
from kupon.hooks.tenancy import Tenancy


class Activation:
    """What a project has set for a plugin.

    Shapes: settings may be shown, secrets are encrypted, None where there are none.
    """

    __slots__ = ("_opened", "plugin", "secrets", "settings")

    def __init__(self, plugin: str, settings: Mapping[str, Any], secrets: str | None) -> None:
        """Hold the settings as they are stored."""
        self.plugin = plugin
        self.settings = settings
        self.secrets = secrets
        self._opened: Mapping[str, Any] | None = None

    def opened(self, tenants: Tenancy) -> Mapping[str, Any]:
        """The settings as the plugin's schema loads them, secrets included.

        Raises:  Misconfigured where they can't be read.
        """
        if self._opened is None:
            schema = tenants.contributions.settings.get(self.plugin)
            self._opened = (
                {}
                if schema is None
                else open_settings(schema, tenants.vault, self.settings, self.secrets)
            )
        return self._opened
