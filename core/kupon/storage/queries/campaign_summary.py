"""What a campaign has brought about, counted from what is stored.

Source: spec events-webhooks-data, section 15.1.
"""

from __future__ import annotations

from datetime import date, datetime

from psycopg.rows import dict_row

from kupon.storage.uow import UnitOfWork

# UNCERTAIN: an order counts once for a campaign, however many of its codes it used (section 15.1).
_STATEMENT = """
WITH entries AS (
    SELECT object, result = 'SUCCESS' AS is_success, id, redemption_id, order_id,
        (order_figures ->> 'amount')::bigint AS order_amount,
        (order_figures ->> 'total_applied_discount_amount')::bigint AS discount
    FROM redemptions
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
),
undone AS (
    SELECT r.id, r.order_id, (r.order_figures ->> 'amount')::bigint AS order_amount,
        (r.order_figures ->> 'total_applied_discount_amount')::bigint AS discount
    FROM entries e
    JOIN redemptions r ON r.project_id = %(project_id)s AND r.id = e.redemption_id
    WHERE e.object = 'redemption_rollback' AND e.is_success
),
orders AS (
    SELECT DISTINCT ON (order_id) order_amount FROM entries
    WHERE object = 'redemption' AND is_success AND order_id IS NOT NULL
    ORDER BY order_id, id DESC
),
undone_orders AS (
    SELECT DISTINCT ON (order_id) order_amount FROM undone
    WHERE order_id IS NOT NULL ORDER BY order_id, id DESC
),
days AS (
    SELECT sum(vouchers_created) AS created, sum(vouchers_deleted) AS deleted
    FROM campaign_days
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(first)s::date IS NULL OR day >= %(first)s)
        AND (%(last)s::date IS NULL OR day <= %(last)s)
)
SELECT
    count(*) FILTER (WHERE object = 'redemption') AS redemptions,
    count(*) FILTER (WHERE object = 'redemption' AND is_success) AS redemptions_succeeded,
    count(*) FILTER (WHERE object = 'redemption' AND NOT is_success) AS redemptions_failed,
    count(*) FILTER (WHERE object = 'redemption_rollback') AS rollbacks,
    count(*) FILTER (WHERE object = 'redemption_rollback' AND is_success) AS rollbacks_succeeded,
    count(*) FILTER (WHERE object = 'redemption_rollback' AND NOT is_success) AS rollbacks_failed,
    coalesce(sum(discount) FILTER (WHERE object = 'redemption' AND is_success), 0)::bigint
        AS discounted_amount,
    coalesce((SELECT sum(discount) FROM undone), 0)::bigint AS rolledback_discounted_amount,
    coalesce((SELECT sum(order_amount) FROM orders), 0)::bigint AS orders_amount,
    coalesce((SELECT sum(order_amount) FROM undone_orders), 0)::bigint AS orders_rolledback_amount,
    coalesce((SELECT created FROM days), 0)::bigint AS vouchers_created,
    coalesce((SELECT deleted FROM days), 0)::bigint AS vouchers_deleted
FROM entries
"""


def summarize(
    uow: UnitOfWork,
    campaign_id: str,
    *,
    first: date | None,
    last: date | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, int]:
    """Redemptions, rollbacks, money and codes of a campaign.

    Shapes:  first and last are days of the project, since and until the moments at which the
        first begins and the last is over; None is without bound. Rollbacks are never taken off.
    Units:   minor units.
    """
    with uow.reader.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            _STATEMENT,
            {
                "project_id": uow.project_id,
                "campaign_id": campaign_id,
                "first": first,
                "last": last,
                "since": since,
                "until": until,
            },
        ).fetchone()
    return dict(row or {})
