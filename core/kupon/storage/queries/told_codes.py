"""Statements on which codes platforms have been told of.

Source: spec adapters-marketing, section 1.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Code:
    """A code that a platform was told of."""

    voucher_id: str
    campaign_id: str | None
    code: str


def note_told(uow: UnitOfWork, connection_id: str, codes: Sequence[Code]) -> None:
    """Remember codes that a connection's platform was told of."""
    if codes:
        uow.driver.execute(
            "INSERT INTO told_codes (project_id, connection_id, voucher_id, campaign_id, code)"
            " SELECT %(project)s, %(connection)s, t.id, t.campaign, t.code FROM unnest("
            "  %(ids)s::text[], %(campaigns)s::text[], %(codes)s::text[]) AS t(id, campaign, code)"
            " ORDER BY t.id ON CONFLICT (project_id, connection_id, voucher_id) DO NOTHING",
            {
                "project": uow.project_id,
                "connection": connection_id,
                "ids": [each.voucher_id for each in codes],
                "campaigns": [each.campaign_id for each in codes],
                "codes": [each.code for each in codes],
            },
        )


def forget(uow: UnitOfWork, connection_id: str, voucher_ids: Sequence[str]) -> None:
    """Forget codes that are gone, and of which the platform was told that."""
    if voucher_ids:
        uow.driver.execute(
            "DELETE FROM told_codes WHERE project_id = %s AND connection_id = %s"
            " AND voucher_id = ANY(%s)",
            (uow.project_id, connection_id, list(voucher_ids)),
        )
