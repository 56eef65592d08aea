"""Who may see, use and change a campaign: keys and campaigns are assigned to areas and stores.

An area, all stores of an area and a single store are three separate levels: to have an area gives
none of its stores, and the reverse.

Source: spec rules-and-qualification, section 20.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What an assignment is to."""

    AREA = "AREA"
    ALL_STORES = "ALL_STORES"
    STORE = "STORE"


@dataclass(frozen=True, slots=True)
class Place:
    """An area, all stores that it has and will have, or one store of it.

    Shapes: store_id is set for a store only.
    """

    level: Level
    area_id: str
    store_id: str | None = None


# What a restricted key is assigned to.
Scope = frozenset[Place]


def covers(one: Place, other: Place) -> bool:
    """Return whether what is assigned to one place has the other too."""
    if one == other:
        return True
    is_within = one.level is Level.ALL_STORES and other.level is Level.STORE
    return is_within and one.area_id == other.area_id


def may_use(scope: Scope, places: Collection[Place]) -> bool:
    """Return whether a scope may see and use a campaign of the given places.

    Shapes: a campaign for all stores is for each of them, whoever has only one included.
    """
    return any(covers(mine, place) or covers(place, mine) for mine in scope for place in places)


def may_edit(scope: Scope, places: Collection[Place]) -> bool:
    """Return whether a scope may change and delete a campaign of the given places: all are its."""
    return bool(places) and all(any(covers(mine, place) for mine in scope) for place in places)
