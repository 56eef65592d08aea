"""The marks of hook specifications and of their implementations."""

from __future__ import annotations

from typing import Final

import pluggy

NAME: Final = "kupon"

hookspec = pluggy.HookspecMarker(NAME)
hookimpl = pluggy.HookimplMarker(NAME)
