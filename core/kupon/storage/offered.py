"""The names of what may qualify besides promotions, the newest first: codes and campaigns.

Source: spec rules-and-qualification, section 14.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from kupon.kit.lean import dataclass


class OfferName(NamedTuple):
    """What something that may qualify is called, and its place among the others."""

    created_at: datetime
    id: str
    is_code: bool


_LIVE = (
    "{0}.project_id = %(project_id)s AND {0}.binned_at IS NULL AND {0}.is_active AND %(now)s"
    " BETWEEN coalesce({0}.start_date, '-infinity') AND coalesce({0}.expiration_date, 'infinity')"
)
_USABLE = (
    _LIVE.format("v")
    + " AND (v.redemption_quantity IS NULL OR v.redeemed_quantity < v.redemption_quantity)"
)
_NEWEST = "{{older_{0}}} ORDER BY {0}.created_at DESC, {0}.id DESC LIMIT %(limit)s"
_OLDER = " AND ({0}.created_at, {0}.id) < (%(until)s, %(until_id)s)"


class Source(Enum):
    """Where something that may qualify comes from, as the statement that finds the newest of it.

    It leaves open who the customer is and where to go on. It is written so that it can only be
    run along an index that leads to the project's own few, for the plan is made once and for
    projects of all kinds.
    """

    WITHOUT_CAMPAIGN = (
        "SELECT v.created_at, v.id, TRUE FROM vouchers v"
        f" WHERE {_USABLE} AND v.campaign_id IS NULL" + _NEWEST.format("v")
    )
    OF_STANDALONE_CAMPAIGNS = (
        "SELECT v.created_at, v.id, TRUE FROM campaigns c CROSS JOIN LATERAL"
        # There is one.
        f" (SELECT v.created_at, v.id FROM vouchers v WHERE {_USABLE} AND v.campaign_id = c.id"
        " ORDER BY v.created_at DESC LIMIT 1) AS v"
        " WHERE c.project_id = %(project_id)s AND c.binned_at IS NULL AND c.is_active"
        " AND c.campaign_type <> 'PROMOTION' AND c.type = 'STANDALONE'" + _NEWEST.format("v")
    )
    HELD = (
        "SELECT v.created_at, v.id, TRUE FROM vouchers v"
        f" WHERE {_USABLE} AND v.id = ANY(ARRAY(SELECT h.voucher_id FROM redeemable_holders h"
        " WHERE h.project_id = %(project_id)s AND h.customer_id = {customer}))"
        " AND (v.campaign_id IS NULL OR EXISTS (SELECT FROM campaigns c"
        " WHERE c.project_id = v.project_id AND c.id = v.campaign_id"
        " AND c.binned_at IS NULL AND c.is_active))" + _NEWEST.format("v")
    )
    CAMPAIGNS = (
        f"SELECT c.created_at, c.id, FALSE FROM campaigns c WHERE {_LIVE.format('c')}"
        # The one code of a standalone campaign is offered itself.
        " AND c.campaign_type <> 'PROMOTION' AND c.type <> 'STANDALONE'"
        # A code that is left is found by the order, not by reading those that are given away.
        " AND (c.type = 'AUTO_UPDATE' OR (SELECT v.id FROM vouchers v"
        " WHERE v.project_id = c.project_id AND v.campaign_id = c.id AND v.publish_count = 0"
        " AND v.is_active AND v.binned_at IS NULL ORDER BY v.id LIMIT 1) IS NOT NULL)"
        + _NEWEST.format("c")
    )


@dataclass(frozen=True, slots=True)
class OffersWanted:
    """The newest of what comes from some sources, as many as wanted.

    Shapes: all of it is older than until, or of the same moment and with a lower id; until is None
        for the newest of all.
    """

    sources: tuple[Source, ...]
    limit: int
    until: tuple[datetime, str] | None = None

    def statement(self, customer: str) -> str:
        """The SELECT that finds the names.

        Shapes:  customer is SQL for the id of the customer who holds codes; parameters are
            project_id, now, and what `parameters` has.
        """
        return _statement(self.sources, customer, self.until is not None)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the statement."""
        until, until_id = self.until or (None, None)
        return {"limit": self.limit, "until": until, "until_id": until_id}

    def after(self, names: Sequence[OfferName]) -> OffersWanted | None:
        """What is wanted when these have been told; None when they were the last."""
        if len(names) < self.limit:
            return None
        return replace(self, until=(names[-1].created_at, names[-1].id))


@dataclass(frozen=True, slots=True)
class Offered:
    """What was wanted, and what there is of it."""

    wanted: OffersWanted
    names: Sequence[OfferName]


@lru_cache(maxsize=64)
def _statement(sources: tuple[Source, ...], customer: str, is_continued: bool) -> str:
    older = _OLDER if is_continued else ""
    parts = {"customer": customer, "older_v": older.format("v"), "older_c": older.format("c")}
    # UNION, for a code that everybody may use can be held as well.
    found = " UNION ".join(f"({source.value.format(**parts)})" for source in sources)
    newest = _NEWEST.format("f").format(older_f="")
    return f"SELECT * FROM ({found}) AS f(created_at, id, is_code){newest}"


def read_names(rows: Iterable[Sequence[Any]]) -> list[OfferName]:
    """The rows of that SELECT, also where JSON has made text of their moments."""
    return [
        OfferName(
            datetime.fromisoformat(moment) if isinstance(moment, str) else moment, name, is_code
        )
        for moment, name, is_code in rows
    ]
