from __future__ import annotations

from dataclasses import field, replace

import pytest

from kupon.kit.lean import cached_property, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True, eq=False)
class Made:
    count: list[int] = field(default_factory=list)

    @cached_property
    def length(self) -> int:
        """How often it was worked out."""
        self.count.append(1)
        return len(self.count)


def test_it_is_a_dataclass_like_a_frozen_one() -> None:
    point = Point(x=1)
    assert (point, hash(point)) == (Point(x=1, y=0), hash(Point(x=1)))
    assert replace(point, y=2) == Point(x=1, y=2) != point
    assert not hasattr(point, "__dict__")


def test_without_equality_each_is_one_of_its_own() -> None:
    made = Made()
    assert made != Made()
    assert {made: 1}[made] == 1


def test_what_may_change_is_no_case_for_it() -> None:
    with pytest.raises(TypeError, match="ordinary"):
        dataclass(frozen=False)(type("Open", (), {}))


def test_a_cached_property_is_worked_out_once() -> None:
    made = Made()
    assert [made.length, made.length, made.count] == [1, 1, [1]]
    assert Made.length.__doc__ == "How often it was worked out."
