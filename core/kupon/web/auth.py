"""Who calls: key pairs in headers, checked in constant time.

Source: spec api-conventions, sections 2 and 3.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import Request

from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.storage.database import Engine
from kupon.storage.queries import keys
from kupon.storage.queries.keys import KeyFacts

HEADERS = {
    "server": ("X-App-Id", "X-App-Token"),
    "client": ("X-Client-Application-Id", "X-Client-Token"),
    "management": ("X-Management-Id", "X-Management-Token"),
}

# A blocked key stops working within this time in every process.
CACHE_S = 5.0

_NO_HASH = keys.hash_token("")


class KeyRing:
    """The key pairs that this process has seen lately."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, str], tuple[float, KeyFacts]] = {}

    def authenticate(self, surface: str, request: Request) -> KeyFacts:
        """The caller's key on one surface (server, client or management).

        Raises:  KuponError unauthorized for a missing, unknown or wrong pair, and on the client
            surface for an origin outside the project's list.
        """
        id_header, token_header = HEADERS[surface]
        app_id = request.headers.get(id_header, "")
        token = request.headers.get(token_header, "")
        key = self._find(surface, app_id) if app_id else None
        is_right = hmac.compare_digest(
            keys.hash_token(token), key.token_hash if key is not None else _NO_HASH
        )
        if key is None or not is_right:
            raise KuponError("unauthorized")
        if surface == "client":
            _check_origin(key, request.headers.get("Origin", ""))
        return key

    def _find(self, surface: str, app_id: str) -> KeyFacts | None:
        known = self._known.get((surface, app_id))
        if known is not None and known[0] > clock.monotonic_s():
            return known[1]
        key = keys.find_key(self._engine, surface, app_id)
        if key is not None:
            self._known[surface, app_id] = (clock.monotonic_s() + CACHE_S, key)
        return key


def _check_origin(key: KeyFacts, origin: str) -> None:
    domains = key.project.client_trusted_domains if key.project else ()
    if not origin or not any(_matches(domain, origin) for domain in domains):
        raise KuponError("unauthorized")


def _matches(domain: str, origin: str) -> bool:
    """Whether an allow-list entry (`*`, a full origin or a bare host) covers an Origin header."""
    if domain == "*":
        return True
    domain, origin = domain.lower().rstrip("/"), origin.lower().rstrip("/")
    return domain in (origin, urlsplit(origin).hostname, urlsplit(origin).netloc)
