"""Drawing codes: at random while a pattern is roomy, one after the other when it is nearly full.

Source: spec campaigns-loyalty-referral-gift, section 2 (generation algorithm).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import gcd
from typing import NamedTuple

from kupon.engine.codes import CodePattern, code_at, code_key, draw, finished
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage.queries import voucher_batches
from kupon.storage.queries.voucher_batches import CodeTemplate, NewCodes
from kupon.storage.uow import UnitOfWork

# How many codes of a nearly full pattern one slice looks at.
WALKED_AT_ONCE = 5000
_RANDOM_TRIES = 5
# Beyond this a pattern cannot be nearly full.
_LARGEST_WALKED = 10**9
# From here on drawing thousands of codes beside millions hits a taken one next to never.
_ROOMY = 10**12


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through all codes of a pattern, from a random one in equal random steps.

    Shapes: capacity and step have no common divisor, so every code comes once; position counts
        the codes that were passed.
    """

    start: int
    step: int
    position: int = 0

    def codes(self, pattern: CodePattern) -> Iterator[str]:
        """The next codes on the way."""
        for place in range(self.position, self.onward(pattern).position):
            yield code_at(pattern, (self.start + self.step * place) % pattern.capacity)

    def onward(self, pattern: CodePattern) -> Walk:
        """The walk behind these codes."""
        return replace(self, position=min(pattern.capacity, self.position + WALKED_AT_ONCE))

    def over(self, pattern: CodePattern) -> Walk:
        """The walk behind all codes."""
        return replace(self, position=pattern.capacity)


class Drawn(NamedTuple):
    """A slice of the work: how many codes were made, and how to go on.

    Shapes: walk is None while codes are drawn at random; is_exhausted tells that no code is left.
    """

    made: int
    walk: Walk | None
    is_exhausted: bool


def draw_slice(
    uow: UnitOfWork,
    template: CodeTemplate,
    pattern: CodePattern,
    count: int,
    *,
    is_case_sensitive: bool,
    walk: Walk | None = None,
) -> Drawn:
    """Make up to `count` codes in one statement.

    A pattern of which every other draw hits a taken code is walked from then on; so is one of any
    size whose generator makes few codes of many.
    """
    if walk is not None:
        made_ids, walk = _walk_on(uow, template, pattern, count, is_case_sensitive, walk)
        return Drawn(len(made_ids), walk, walk.position >= pattern.capacity)
    new = _new_codes(_draw(pattern, count), is_case_sensitive)
    is_roomy = pattern.capacity >= _ROOMY
    made = voucher_batches.insert_codes(uow, template, new, is_roomy=is_roomy)
    if 2 * made < count and (pattern.generator or pattern.capacity <= _LARGEST_WALKED):
        walk = _begin_walk(pattern)
    return Drawn(made, walk, is_exhausted=False)


def draw_one(
    uow: UnitOfWork, template: CodeTemplate, pattern: CodePattern, *, is_case_sensitive: bool
) -> str:
    """Make one code; its voucher's id.

    Raises:  invalid_code_config when the pattern has none left.
    """
    made = draw_few(uow, template, pattern, 1, is_case_sensitive=is_case_sensitive)
    if not made:
        raise KuponError("invalid_code_config", "Property .code_config has no codes left")
    return made[0]


def draw_few(
    uow: UnitOfWork,
    template: CodeTemplate,
    pattern: CodePattern,
    count: int,
    *,
    is_case_sensitive: bool,
) -> list[str]:
    """Make a few codes at once; their vouchers' ids, fewer when the pattern has none left."""
    made: list[str] = []
    for _ in range(_RANDOM_TRIES):
        codes = _draw(pattern, count - len(made))
        candidates = _new_codes(codes, is_case_sensitive)
        made += voucher_batches.insert_free_codes(uow, template, candidates, len(codes)).ids
        if len(made) == count:
            return made
    walk = _begin_walk(pattern)
    while len(made) < count and walk.position < min(pattern.capacity, _LARGEST_WALKED):
        left = count - len(made)
        more, walk = _walk_on(uow, template, pattern, left, is_case_sensitive, walk)
        made += more
    return made


def _walk_on(
    uow: UnitOfWork,
    template: CodeTemplate,
    pattern: CodePattern,
    count: int,
    is_case_sensitive: bool,
    walk: Walk,
) -> tuple[list[str], Walk]:
    """Make up to `count` of the next codes on the way; their vouchers' ids, and how to go on.

    Where a generator makes the same code of different ones, and nothing new of a whole stretch, the
    walk is over: the rest of the pattern may be long, and holds next to nothing.
    """
    candidates = _new_codes(_walked(pattern, walk), is_case_sensitive)
    inserted = voucher_batches.insert_free_codes(uow, template, candidates, count)
    if not inserted.is_used_up:
        return inserted.ids, walk
    repeats = bool(pattern.generator) and len(set(candidates.keys)) < len(candidates.keys)
    is_over = repeats and not inserted.ids
    return inserted.ids, walk.over(pattern) if is_over else walk.onward(pattern)


def insert_code(
    uow: UnitOfWork, template: CodeTemplate, code: str, *, is_case_sensitive: bool
) -> str | None:
    """Make exactly this code; its voucher's id, None when it is taken."""
    new = _new_codes([code], is_case_sensitive)
    return new.ids[0] if voucher_batches.insert_codes(uow, template, new) else None


def _draw(pattern: CodePattern, count: int) -> list[str]:
    return finished(pattern, draw(pattern, count, ids.random_bytes), ids.random_bytes)


def _walked(pattern: CodePattern, walk: Walk) -> list[str]:
    return finished(pattern, walk.codes(pattern), ids.random_bytes)


def _new_codes(codes: Iterable[str], is_case_sensitive: bool) -> NewCodes:
    keyed = sorted((code_key(code, is_case_sensitive=is_case_sensitive), code) for code in codes)
    return NewCodes(
        ids=ids.new_ids("v_", len(keyed)),
        codes=[code for _, code in keyed],
        keys=[key for key, _ in keyed],
    )


def _begin_walk(pattern: CodePattern) -> Walk:
    start, step = (
        int.from_bytes(ids.random_bytes(8)) % pattern.capacity for _ in ("start", "step")
    )
    while gcd(step, pattern.capacity) != 1:
        step += 1
    return Walk(start, step)
