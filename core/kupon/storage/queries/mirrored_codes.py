"""Statements on the codes that platforms are to have, many at once.

Source: spec adapters-commerce, section 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping

from kupon.storage.queries.outbound_items import CODES, RENEW, wake
from kupon.storage.uow import UnitOfWork

# The codes of a project or a campaign.
_ALL = (
    "SELECT id, code FROM vouchers WHERE project_id = %(project)s"
    " AND (%(campaign)s::text IS NULL OR campaign_id = %(campaign)s)"
    " AND id > %(after)s AND binned_at IS NULL ORDER BY id LIMIT %(count)s"
)
CAMPAIGN, RULE = "campaign", "rule"
# Those that the platform was told of, by what befalls them.
_KNOWN = {
    CAMPAIGN: (
        "SELECT voucher_id AS id, code FROM told_codes WHERE project_id = %(project)s"
        " AND connection_id = %(connection)s AND campaign_id = %(cause)s"
        " AND voucher_id > %(after)s ORDER BY voucher_id LIMIT %(count)s"
    ),
    RULE: (
        "SELECT t.voucher_id AS id, t.code FROM told_codes t JOIN validation_rule_assignments a"
        " ON a.project_id = t.project_id AND a.related_object_type = 'voucher'"
        " AND a.related_object_id = t.voucher_id WHERE t.project_id = %(project)s"
        " AND t.connection_id = %(connection)s AND a.rule_id = %(cause)s"
        " AND t.voucher_id > %(after)s ORDER BY t.voucher_id LIMIT %(count)s"
    ),
}
_TELL = (
    "WITH part AS ({part}),"
    " told AS (INSERT INTO outbound_items (project_id, connection_id, kind, item_id, payload,"
    "  available_at, created_at) SELECT %(project)s, %(connection)s, %(kind)s, id,"
    "   jsonb_build_object('code', code), %(now)s, %(now)s FROM part ORDER BY id"
    "  ON CONFLICT (project_id, connection_id, kind, item_id) DO " + RENEW + " RETURNING 1)"
    " SELECT max(id) FROM part"
)
_CAMPAIGNS = (
    "SELECT id FROM campaigns WHERE project_id = %s AND (id = ANY(%s) OR name = ANY(%s))"
    " AND binned_at IS NULL ORDER BY id"
)


def tell_codes(
    uow: UnitOfWork, connection_id: str, campaign_id: str | None, after: str, count: int
) -> str | None:
    """Have a platform told of so many codes behind one, by id: the last of them, None at the end.

    Shapes:  of a campaign, or of the whole project.
    Locks:   the items of these codes, as `insert_items` renews them.
    """
    values = {"campaign": campaign_id, "after": after, "count": count}
    return _tell(uow, _ALL, connection_id, values)


def tell_again(
    uow: UnitOfWork, connection_id: str, kind: str, cause: str, after: str, count: int
) -> str | None:
    """The same of codes that the platform knows: those of a campaign, or those that have a rule."""
    values = {"cause": cause, "after": after, "count": count}
    return _tell(uow, _KNOWN[kind], connection_id, values)


def _tell(
    uow: UnitOfWork, part: str, connection_id: str, values: Mapping[str, object]
) -> str | None:
    common = {
        "project": uow.project_id,
        "connection": connection_id,
        "kind": CODES,
        "now": uow.now,
    }
    row = uow.driver.execute(_TELL.format(part=part), {**common, **values}).fetchone()
    last: str | None = None if row is None else row[0]
    if last is not None:
        wake(uow, connection_id)
    return last


def find_ruled(uow: UnitOfWork, rule_id: str) -> list[str]:
    """The ids of campaigns that have a rule."""
    rows = uow.driver.execute(
        "SELECT related_object_id FROM validation_rule_assignments WHERE project_id = %s"
        " AND rule_id = %s AND related_object_type = 'campaign' ORDER BY related_object_id",
        (uow.project_id, rule_id),
    )
    return [id for (id,) in rows]


def find_chosen(uow: UnitOfWork, names: list[str]) -> list[str]:
    """The ids of campaigns that are named by id or name."""
    rows = uow.driver.execute(_CAMPAIGNS, (uow.project_id, names, names)).fetchall()
    return [row[0] for row in rows]
