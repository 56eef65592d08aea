"""The terms of a programme's tiers: what is measured, from when a tier counts and until when.

Source: spec campaigns-loyalty-referral-gift, section 7.9; examples E29 and E30.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kupon.engine.definitions import Fields
from kupon.engine.loyalty.expiration import end_of_month
from kupon.engine.loyalty.spans import (
    SPANS,
    add_months,
    first_day,
    last_day,
    next_first_day,
    on_day,
)
from kupon.engine.periods import Period, parse_period

_OF_BALANCE: Final = ("BALANCE_DROP", "CUSTOM")
_OF_PERIODS: Final = ("END_OF_PERIOD", "END_OF_NEXT_PERIOD")
_MOST_MONTHS: Final = 1200
_MOST_DAYS: Final = 36525
_NO_EXTENSION: Final = Period(0, 0, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Moves a day on to the first or last day of a stretch of the calendar, never back.

    Shapes: months is the stretch's length, or month the only month that will do, from 1.
    UNCERTAIN: that START moves on to the next beginning (section 7.9).
    """

    is_to_end: bool
    months: int = 1
    month: int | None = None

    def apply(self, day: date) -> date:
        """Return the day that it is moved to."""
        if self.is_to_end:
            if self.month is not None:
                return end_of_month(day, self.month)
            return last_day(day, self.months)
        if self.month is not None:
            this_year = on_day(day.year, self.month, 1)
            return this_year if this_year >= day else on_day(day.year + 1, self.month, 1)
        first = first_day(day, self.months)
        return first if first == day else next_first_day(day, self.months)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPolicy:
    """The terms; as built without arguments those of a programme that states none.

    Shapes: period is the length in months of the calendar periods in which points count, None
        where the balance does.
    """

    period: int | None = None
    starts_next_period: bool = False
    ends: str = "BALANCE_DROP"
    extend: Period = _NO_EXTENSION
    rounding: Rounding | None = None

    def starts_on(self, reached: date) -> date:
        """Return the first day of a tier that was reached on a day."""
        if self.period is not None and self.starts_next_period:
            return next_first_day(reached, self.period)
        return reached

    def expires_on(self, starts_on: date) -> date | None:
        """Return the last day of a tier that counts from a day, None while its range is kept.

        UNCERTAIN: where it starts with the next period, that one is the period in which it was
            granted; CUSTOM counts from then, not from a drop of the balance (section 7.9).
        """
        if self.ends == "BALANCE_DROP":
            return None
        day = starts_on
        if self.period is not None:
            is_next = self.ends == "END_OF_NEXT_PERIOD"
            day = last_day(
                add_months(first_day(day, self.period), self.period * is_next), self.period
            )
        day = self._extended(day)
        return day if self.rounding is None else self.rounding.apply(day)

    def _extended(self, day: date) -> date:
        # The last day of a month stays one: a quarter and three months end with a quarter.
        is_last = self.period is not None and day == last_day(day, 1)
        moved = add_months(day, self.extend.months)
        if is_last and self.extend.months:
            moved = last_day(moved, 1)
        return moved + timedelta(days=self.extend.days)

    def is_period_start(self, day: date) -> bool:
        """Whether a new period of qualification begins on a day."""
        return self.period is not None and first_day(day, self.period) == day

    def span(self, day: date) -> tuple[date, date] | None:
        """Return the first and last day of the period around a day; None without periods."""
        if self.period is None:
            return None
        return first_day(day, self.period), last_day(day, self.period)


BY_BALANCE: Final = TierPolicy()


def parse_policy(raw: object, path: str) -> TierPolicy:
    """Read `loyalty_tiers_expiration`; without any, tiers follow the balance.

    Raises: DefinitionError.
    """
    if raw is None or raw == {}:
        return BY_BALANCE
    fields = Fields(raw, path)
    kinds = ("BALANCE", "POINTS_IN_PERIOD")
    is_by_period = fields.choice("qualification_type", kinds, None) == "POINTS_IN_PERIOD"
    end = _part(fields, "expiration_date")
    if is_by_period:
        ends = end.choice("type", _OF_PERIODS, None)
    else:
        ends = end.choice("type", _OF_BALANCE, "BALANCE_DROP")
    extend = _extension(end)
    if ends == "CUSTOM" and not extend:
        raise end.error("extend", "must be longer than zero")
    return TierPolicy(
        period=_period(fields) if is_by_period else None,
        starts_next_period=_starts_next_period(fields, is_by_period=is_by_period),
        ends=ends,
        extend=extend,
        rounding=_rounding(end),
    )


def _part(fields: Fields, name: str) -> Fields:
    part = fields.get(name)
    return Fields({} if part is None else part, fields.place(name))


def _period(fields: Fields) -> int:
    return SPANS[fields.choice("qualification_period", tuple(SPANS), None)]


def _starts_next_period(fields: Fields, *, is_by_period: bool) -> bool:
    starts = ("IMMEDIATE", "NEXT_PERIOD") if is_by_period else ("IMMEDIATE",)
    return _part(fields, "start_date").choice("type", starts, "IMMEDIATE") == "NEXT_PERIOD"


def _extension(fields: Fields) -> Period:
    text = fields.get("extend")
    if text in (None, ""):
        return _NO_EXTENSION
    period = parse_period(text)
    if period is None or period.rest:
        raise fields.error("extend", "must be an ISO 8601 duration of days or longer")
    if period.months > _MOST_MONTHS or period.days > _MOST_DAYS:
        raise fields.error("extend", "must not be longer than 100 years")
    return period


def _rounding(fields: Fields) -> Rounding | None:
    if fields.get("rounding") in (None, {}):
        return None
    part = _part(fields, "rounding")
    part.choice("unit", ("MONTH",), "MONTH")
    kind = part.choice("type", (*SPANS, "CUSTOM"), None)
    is_to_end = part.choice("strategy", ("START", "END"), "END") == "END"
    if kind != "CUSTOM":
        return Rounding(is_to_end=is_to_end, months=SPANS[kind])
    # Here the wire counts months from 0, in the expiration of points from 1.
    month = part.required_whole("value")
    if month > 11:
        raise part.error("value", "must be <= 11")
    return Rounding(is_to_end=is_to_end, month=month + 1)
