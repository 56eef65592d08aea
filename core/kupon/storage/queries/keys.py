"""Key pairs: look-up and creation."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.orm import Session

from kupon.engine.access import Level, Place, Scope
from kupon.kit.errors import not_found
from kupon.storage.tables import integrations
from kupon.storage.tables.projects import ApiKey, ManagementKey, Project
from kupon.storage.uow import UnitOfWork

# A server key that belongs to one integration, and may do what only integrations do.
INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What each request of a project needs to know about it."""

    id: str
    name: str
    timezone: str
    case_sensitive_codes: bool
    client_trusted_domains: tuple[str, ...]
    client_redeem_enabled: bool
    client_publish_enabled: bool
    client_loyalty_events_enabled: bool
    tracking_key: bytes


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key pair as it is checked.

    Shapes: kind is server, integration, client or management; scope is where a restricted key may
        be used, None for all other keys; connection_id is whose an integration's key is.
    """

    app_id: str
    name: str
    kind: str
    token_hash: bytes
    project: ProjectFacts | None
    scope: Scope | None = None
    connection_id: str | None = None

    @property
    def is_integration(self) -> bool:
        """Whether the key is one integration's own."""
        return self.kind == INTEGRATION

    @property
    def event_source(self) -> dict[str, Any]:
        """Through what its requests cause events, as the wire says it."""
        channel = "CLIENT_API" if self.kind == "client" else "API"
        return {"channel": channel, "api_key": {"name": self.name, "app_id": self.app_id}}

    @property
    def origin(self) -> str | None:
        """Which connection its requests come from, if they do from one."""
        return None if self.connection_id is None else f"connection:{self.connection_id}"


def hash_token(token: str) -> bytes:
    """SHA-256 of a secret. The secrets are long and random: a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).digest()


def find_key(engine: Engine, surface: str, app_id: str) -> KeyFacts | None:
    """An active key that opens a surface, or None."""
    kinds = ("server", INTEGRATION) if surface == "server" else (surface,)
    with engine.connect() as connection:
        if surface == "management":
            return _find_management_key(connection, app_id)
        row = connection.execute(
            select(
                ApiKey.token_hash,
                ApiKey.name.label("key_name"),
                ApiKey.kind,
                ApiKey.access,
                Project,
            )
            .join(Project, Project.id == ApiKey.project_id)
            .where(ApiKey.app_id == app_id, ApiKey.kind.in_(kinds), ApiKey.is_active)
        ).first()
        if row is None:
            return None
        owner = _find_owner(connection, row.id, app_id) if row.kind == INTEGRATION else None
    facts = _facts(row)
    scope = None if row.access is None else frozenset(map(_read_place, row.access))
    return KeyFacts(app_id, row.key_name, row.kind, bytes(row.token_hash), facts, scope, owner)


def _find_owner(connection: Connection, project_id: str, app_id: str) -> str | None:
    return connection.scalar(
        select(integrations.Connection.id).where(
            integrations.Connection.project_id == project_id,
            integrations.Connection.key_id == app_id,
        )
    )


def load_facts(uow: UnitOfWork) -> ProjectFacts:
    """What jobs need to know of the unit's project, as requests learn it from their key.

    Raises:  not_found.
    """
    row = uow.session.execute(select(Project.__table__).where(Project.id == uow.project_id)).first()
    if row is None:
        raise not_found("project", uow.project_id)
    return _facts(row)


def _facts(row: Row[Any]) -> ProjectFacts:
    return ProjectFacts(
        id=row.id,
        name=row.name,
        timezone=row.timezone,
        case_sensitive_codes=row.case_sensitive_codes,
        client_trusted_domains=tuple(row.client_trusted_domains),
        client_redeem_enabled=bool(row.client_settings.get("client_redeem_enabled")),
        client_publish_enabled=bool(row.client_settings.get("client_publish_enabled")),
        client_loyalty_events_enabled=bool(
            row.client_settings.get("client_loyalty_events_enabled")
        ),
        tracking_key=bytes(row.tracking_key),
    )


def _read_place(stored: dict[str, Any]) -> Place:
    return Place(Level(stored["level"]), stored["area_id"], stored["store_id"])


def _find_management_key(connection: Connection, app_id: str) -> KeyFacts | None:
    row = connection.execute(
        select(ManagementKey.token_hash).where(ManagementKey.app_id == app_id)
    ).first()
    if row is None:
        return None
    return KeyFacts(app_id, "", "management", bytes(row.token_hash), None)


def insert_key(
    session: Session,
    *,
    project_id: str,
    app_id: str,
    token: str,
    kind: str,
    name: str,
    now: datetime,
    scope: Scope | None = None,
) -> None:
    """Store a project's key pair; only the token's hash and last four characters are kept.

    Shapes:  scope is where a restricted key may be used.
    """
    session.add(
        ApiKey(
            project_id=project_id,
            app_id=app_id,
            kind=kind,
            name=name,
            token_hash=hash_token(token),
            token_last4=token[-4:],
            access=None if scope is None else [asdict(place) for place in scope],
            created_at=now,
        )
    )


def insert_management_key(session: Session, *, app_id: str, token: str, now: datetime) -> None:
    """Store a key pair of the management surface."""
    session.add(
        ManagementKey(
            app_id=app_id, token_hash=hash_token(token), token_last4=token[-4:], created_at=now
        )
    )
