"""Unique constraints decide, not a look beforehand: their violation becomes the wire's error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import IntegrityError


@contextmanager
def refusing(constraint: str, error: Exception) -> Iterator[None]:
    """Raise `error` when a statement in the block violates `constraint`."""
    try:
        yield
    except (IntegrityError, psycopg.errors.IntegrityError) as violation:
        original = getattr(violation, "orig", violation)
        if (
            isinstance(original, psycopg.errors.IntegrityError)
            and original.diag.constraint_name == constraint
        ):
            raise error from None
        raise
