"""Answers kept for requests that are sent again under the same idempotency key.

A claim is a row of the request's own transaction: a twin waits on the primary key until the first
one has ended, then reads its answer; a rollback takes the claim away, so that a retry starts anew.

Source: ADR-0015; the reference has none (spec api-conventions, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kupon.kit.errors import KuponError
from kupon.storage.uow import UnitOfWork

KEPT_FOR = timedelta(hours=72)

# A conflict updates nothing, but waits for the first one's end and returns what it has left.
_CLAIM = (
    "INSERT INTO idempotency_keys AS kept (project_id, key, method, path, body_hash, created_at)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (project_id, key) DO UPDATE SET created_at = kept.created_at"
    " RETURNING kept.method, kept.path, kept.body_hash, kept.status, kept.body"
)
_STORE = "UPDATE idempotency_keys SET status = %s, body = %s WHERE project_id = %s AND key = %s"
_RELEASE = "DELETE FROM idempotency_keys WHERE project_id = %s AND key = %s"
_PURGE = "DELETE FROM idempotency_keys WHERE created_at < %s"


@dataclass(frozen=True, slots=True)
class Claim:
    """A request under its key; what must be equal when it is sent again."""

    key: str
    method: str
    path: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request with the key was answered."""

    status: int
    body: bytes


def claim(uow: UnitOfWork, request: Claim) -> StoredAnswer | None:
    """Take the key for this request, or read what the request that took it was answered.

    Shapes:  None when the key is ours; `store` must follow in the same unit of work.
    Raises:  KuponError idempotency_key_conflict when another request has the key.
    Locks:   waits for a twin that is still being worked on; so it comes before all other locks.
    """
    values = (request.method, request.path, request.body_hash)
    claimed = (uow.project_id, request.key, *values, uow.now)
    [(*kept, status, body)] = uow.driver.execute(_CLAIM, claimed).fetchall()
    if tuple(kept) != values:
        raise KuponError("idempotency_key_conflict")
    return None if status is None else StoredAnswer(status, body)


def store(uow: UnitOfWork, request: Claim, status: int, body: bytes) -> None:
    """Keep the answer under the claimed key; a server error gives the key back instead."""
    identity = (uow.project_id, request.key)
    if status >= 500:
        uow.driver.execute(_RELEASE, identity)
    else:
        uow.driver.execute(_STORE, (status, body, *identity))


def purge(uow: UnitOfWork, before: datetime) -> int:
    """Forget the keys of all projects that were claimed before a moment; returns how many."""
    return uow.driver.execute(_PURGE, (before,)).rowcount
