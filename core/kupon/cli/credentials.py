"""The keys of the first project of a data folder, kept in its credentials.json."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kupon.local.private import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from kupon.runtime.settings import Settings

PROJECT_NAME = "Development"

_PROBE_S = 10.0
_UNAUTHORIZED = 401


def ensure_credentials(path: Path, settings: Settings, base_url: str) -> dict[str, str]:
    """Write the file unless it holds keys that this server accepts; keep its address current.

    Shapes:  what `provision` returns, and base_url.
    """
    known = _read(path)
    if known is None or not _is_accepted(known, base_url):
        from kupon.bootstrap import provision

        known = provision(settings, PROJECT_NAME)
    credentials = known | {"base_url": base_url}
    write_private(path, json.dumps(credentials, indent=2) + "\n")
    return credentials


def _read(path: Path) -> dict[str, str] | None:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _is_accepted(credentials: dict[str, str], base_url: str) -> bool:
    """Ask the running server, since the database may be another one than last time."""
    headers = {
        "X-App-Id": credentials.get("app_id", ""),
        "X-App-Token": credentials.get("app_token", ""),
    }
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_PROBE_S)
    try:
        connection.request("GET", "/v1/categories", headers=headers)
        return connection.getresponse().status != _UNAUTHORIZED
    finally:
        connection.close()
