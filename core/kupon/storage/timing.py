"""The dates of codes and campaigns as conditions on their rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_

from kupon.storage.criteria import Test


def has_expired(row: Any, now: datetime) -> Test:
    """Whether a row's expiration date has passed."""
    test: Test = row.expiration_date < now
    return test


def is_before_start(row: Any, now: datetime) -> Test:
    """Whether a row's start date is still to come."""
    test: Test = row.start_date > now
    return test


def is_in_time(row: Any, now: datetime) -> Test:
    """Whether a moment lies between a row's dates; recurring windows are not looked at."""
    return and_(
        or_(row.start_date.is_(None), row.start_date <= now),
        or_(row.expiration_date.is_(None), row.expiration_date >= now),
    )
