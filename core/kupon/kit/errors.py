"""Every error that a caller can see, as one exception with a key from the catalogue.

KuponError                what the wire's error body says
├─ Unauthorized           401: no or wrong credentials
└─ everything else        built by `refuse(key, ...)` and its shorthands below
RaceLost                  internal: a guarded write found its row changed; never rendered

Source: spec api-conventions, section 6.
"""

from __future__ import annotations

from typing import Any

from kupon.kit.error_catalogue import CATALOGUE


class RaceLost(Exception):
    """A guarded statement changed no row: what was decided on is no longer so; decide anew."""


class KuponError(Exception):
    """An error with its wire body.

    Shapes: key is one of the catalogue; message defaults to the catalogue's text; extra holds
        further members of the body (`resource_id`, `resource_type`, `error`, ...).
    """

    def __init__(
        self, key: str, details: str | None = None, *, message: str | None = None, **extra: Any
    ) -> None:
        entry = CATALOGUE[key]
        self.key = key
        self.status = entry.status
        self.message = message or entry.message
        self.details = details
        self.extra = {name: value for name, value in extra.items() if value is not None}
        super().__init__(f"{key}: {details or self.message}")

    def body(self) -> dict[str, Any]:
        """The wire body without request id."""
        body: dict[str, Any] = {"code": self.status, "key": self.key, "message": self.message}
        if self.details is not None:
            body["details"] = self.details
        return body | self.extra


def not_found(resource_type: str, sent_id: str) -> KuponError:
    """404 for an id or alternative key that names nothing in the project."""
    kind = resource_type.replace("_", " ")
    return KuponError(
        "not_found",
        f"Cannot find {kind} with id {sent_id}",
        resource_id=sent_id,
        resource_type=resource_type,
    )


def duplicate_found(resource_type: str, what: str, value: str) -> KuponError:
    """409 for a second object with a name, code or identifier that must be unique."""
    return KuponError(
        "duplicate_found",
        f"Duplicated {resource_type} exists with {what} {value}",
        resource_id=value,
        resource_type=resource_type,
    )


def invalid_payload(details: str) -> KuponError:
    """400 for a body that breaks its schema; details name the place with a leading dot."""
    return KuponError("invalid_payload", details)


def invalid_query(details: str) -> KuponError:
    """400 for a query parameter that breaks its rule."""
    return KuponError("invalid_query_params", details)
