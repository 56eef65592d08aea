"""The header Idempotency-Key: a POST that is sent again is answered again, not done again.

An extension of ours; no caller needs it. Refusals that were recorded are answered again too;
what was rolled back leaves nothing and is done anew.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from flask import Request, Response

from kupon.kit.errors import invalid_payload
from kupon.storage import idempotency
from kupon.storage.idempotency import Claim, StoredAnswer
from kupon.storage.uow import UnitOfWork

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_LONGEST = 255


def claim(uow: UnitOfWork, request: Request) -> Claim | StoredAnswer | None:
    """The stored answer of an earlier twin; or the claim to store this answer under, if any."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not (0 < len(key) <= _LONGEST and key.isprintable()):
        raise invalid_payload(f"Header {HEADER} must have 1 to {_LONGEST} printable characters")
    claimed = Claim(
        key, request.method, _target(request), hashlib.sha256(request.get_data()).digest()
    )
    return idempotency.claim(uow, claimed) or claimed


def store(uow: UnitOfWork, claimed: Claim, response: Response) -> None:
    """Keep an answer for the twins that may come; part of the answer's own transaction."""
    idempotency.store(uow, claimed, response.status_code, response.get_data())


def replay(stored: StoredAnswer) -> Response:
    """The stored answer, marked as such."""
    mimetype = "application/json" if stored.body else None
    response = Response(stored.body, status=stored.status, mimetype=mimetype)
    response.headers[REPLAYED] = "true"
    return response


def _target(request: Request) -> str:
    query = request.query_string.decode("latin-1")
    return quote(request.path) + (f"?{query}" if query else "")
