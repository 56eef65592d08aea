"""Where platforms call: each connection's own address, and the adapters' fixed prefixes.

Source: spec adapters-marketing, sections 1.1 and 6.1.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping

from flask import Flask, current_app, request

from kupon.features.integrations.service.inbound.receiving import answer
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import InboundRequest, InboundResponse
from kupon.hooks.manifest import Manifest
from kupon.kit.errors import KuponError
from kupon.storage.queries import connections, keys
from kupon.storage.queries.connections import Keyed
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork
from kupon.web.body import read_bytes
from kupon.web.rate_limit import check_platform
from kupon.web.raw import raw

METHODS = ["GET", "POST"]
Pair = tuple[str, str]
Header = Callable[[str, str], str]


def mount(app: Flask, tenants: Tenants) -> None:
    """Add the addresses of connections, and the prefixes of the adapters that are installed."""
    _add(app, "/integrations/<token>", "integration", _receive)
    for adapter in tenants.contributions.adapters.values():
        manifest = adapter.manifest()
        if manifest.prefix is not None:
            view = _of_prefix(manifest)
            _add(app, f"/{manifest.prefix}", f"integration_{manifest.id}", view)


def _add(app: Flask, path: str, name: str, view: Callable[..., InboundResponse]) -> None:
    wrapped = raw(view)
    for rule in (path, f"{path}/<path:rest>"):
        app.add_url_rule(rule, name, wrapped, methods=METHODS)


def _receive(uow: UnitOfWork, tenants: Tenants, token: str, rest: str = "") -> InboundResponse:
    row = connections.find_by_token(uow, token)
    if row is None:
        raise KuponError("not_found", "There is no such connection")
    adapter = tenants.contributions.adapters.get(row.adapter)
    if adapter is None:
        # The platform is to ask again, and not to take it for the end of the connection.
        raise KuponError("service_unavailable", "The connection is not configured")
    manifest = adapter.manifest()
    keyed = _find_keyed(uow, manifest) if manifest.key_style is not None else None
    has_key = keyed is not None and keyed.id == row.id
    return _answer(uow, tenants, row, manifest, rest, has_key=has_key)


def _of_prefix(manifest: Manifest) -> Callable[..., InboundResponse]:
    def receive(uow: UnitOfWork, tenants: Tenants, rest: str = "") -> InboundResponse:
        row = _find_keyed(uow, manifest)
        if row is None:
            raise KuponError("unauthorized")
        return _answer(uow, tenants, row, manifest, rest, has_key=True)

    return receive


def _answer(
    uow: UnitOfWork,
    tenants: Tenants,
    row: Connection,
    manifest: Manifest,
    rest: str,
    *,
    has_key: bool,
) -> InboundResponse:
    # The address or the key has told whose it is.
    uow.project_id = row.project_id
    request.max_content_length = min(manifest.body_limit, request.max_content_length or 2**63)
    sent = InboundRequest(
        method=request.method,
        path=rest,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.args.to_dict(),
        body=read_bytes(),
        received_at=uow.now,
        has_key=has_key,
    )
    limiter = current_app.extensions["kupon"].limiter
    return answer(uow, tenants, row, sent, lambda: check_platform(limiter, row.project_id))


def _find_keyed(uow: UnitOfWork, manifest: Manifest) -> Connection | None:
    """The connection whose integration key came with the request, if it is right."""
    pair = _PAIRS[manifest.key_style or ""](request.headers.get)
    found: Keyed | None = None
    if pair is not None:
        found = connections.find_by_key(uow, manifest.id, pair[0])
    known = b"" if found is None else found.token_hash
    given = keys.hash_token("" if pair is None else pair[1])
    is_right = hmac.compare_digest(given, known)
    return found.connection if found is not None and is_right else None


def _segment_pair(header: Header) -> Pair | None:
    """Basic of the identifier, with or without a colon, and the secret in base64."""
    scheme, _, encoded = header("Authorization", "").partition(" ")
    app_id, secret = _decoded(encoded), _decoded(header("secret-key", ""))
    if scheme.lower() != "basic" or not app_id or not secret:
        return None
    return app_id.partition(":")[0], secret


def _decoded(encoded: str) -> str | None:
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        return None
    # No name in the database holds one.
    return None if "\0" in text else text


def _named_pair(id_header: str, secret_header: str) -> Callable[[Header], Pair | None]:
    def read(header: Header) -> Pair | None:
        app_id, secret = header(id_header, ""), header(secret_header, "")
        return (app_id, secret) if app_id and secret else None

    return read


_PAIRS: Mapping[str, Callable[[Header], Pair | None]] = {
    "segment": _segment_pair,
    "camel": _named_pair("applicationId", "secretKey"),
    "plain": _named_pair("application-id", "secret-key"),
}
