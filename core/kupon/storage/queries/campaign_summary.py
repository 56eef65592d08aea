"""What a campaign has brought about, counted from what is stored.

Source: spec events-webhooks-data, section 15.1.
"""

from __future__ import annotations

from datetime import date, datetime

from psycopg.rows import dict_row

from kupon.storage.uow import UnitOfWork

# What only campaigns of discounts, of gift cards, of points and of referrals tell of.
DISCOUNTS = frozenset(("discounted_amount", "rolledback_discounted_amount"))
REFERRALS = frozenset(("referred_customers",))
POINTS = frozenset(
    (
        "created_vouchers_points",
        "points_added",
        "points_subtracted",
        "points_deleted",
        "points_rewarded",
        "points_redeemed",
        "points_rolledback",
        "points_expired",
        "points_transferred_in",
        "points_transferred_out",
        "pending_points_added",
        "pending_points_subtracted",
        "pending_points_activated",
        "pending_points_canceled",
    )
)
CREDITS = frozenset(
    (
        "created_vouchers_amount",
        "amount_added",
        "amount_subtracted",
        "amount_redeemed",
        "amount_rolledback",
        "amount_deleted",
    )
)

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
given AS (
    SELECT count(*) AS tried, count(*) FILTER (WHERE result = 'SUCCESS') AS succeeded
    FROM publications
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
),
days AS (
    SELECT sum(vouchers_created) AS created, sum(vouchers_deleted) AS deleted,
        sum(balance_created) AS given, sum(balance_deleted) AS lost
    FROM campaign_days
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(first)s::date IS NULL OR day >= %(first)s)
        AND (%(last)s::date IS NULL OR day <= %(last)s)
),
moved AS (
    SELECT type, sum(amount) AS amount FROM voucher_transactions
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
    GROUP BY type
),
pending AS (
    SELECT type, sum(points) AS points FROM pending_points_movements
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
    GROUP BY type
),
referred AS (
    SELECT count(DISTINCT referee_id) AS customers FROM referrals
    WHERE project_id = %(project_id)s AND campaign_id = %(campaign_id)s
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
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
    (SELECT tried FROM given) AS publications,
    (SELECT succeeded FROM given) AS publications_succeeded,
    (SELECT tried - succeeded FROM given) AS publications_failed,
    coalesce((SELECT created FROM days), 0)::bigint AS vouchers_created,
    coalesce((SELECT deleted FROM days), 0)::bigint AS vouchers_deleted,
    coalesce((SELECT given FROM days), 0)::bigint AS created_vouchers_amount,
    coalesce((SELECT lost FROM days), 0)::bigint AS amount_deleted,
    coalesce((SELECT amount FROM moved WHERE type = 'CREDITS_ADDITION'), 0)::bigint
        AS amount_added,
    coalesce((SELECT -amount FROM moved WHERE type = 'CREDITS_REMOVAL'), 0)::bigint
        AS amount_subtracted,
    coalesce((SELECT -amount FROM moved WHERE type = 'CREDITS_REDEMPTION'), 0)::bigint
        AS amount_redeemed,
    coalesce((SELECT amount FROM moved WHERE type = 'CREDITS_REFUND'), 0)::bigint
        AS amount_rolledback,
    coalesce((SELECT given FROM days), 0)::bigint AS created_vouchers_points,
    coalesce((SELECT lost FROM days), 0)::bigint AS points_deleted,
    coalesce((SELECT amount FROM moved WHERE type = 'POINTS_ADDITION'), 0)::bigint
        AS points_added,
    coalesce((SELECT -amount FROM moved WHERE type = 'POINTS_REMOVAL'), 0)::bigint
        AS points_subtracted,
    coalesce((SELECT sum(amount) FROM moved
        WHERE type IN ('POINTS_ACCRUAL', 'PENDING_POINTS_ACTIVATION')), 0)::bigint
        AS points_rewarded,
    coalesce((SELECT -amount FROM moved WHERE type = 'POINTS_REDEMPTION'), 0)::bigint
        AS points_redeemed,
    coalesce((SELECT amount FROM moved WHERE type = 'POINTS_REFUND'), 0)::bigint
        AS points_rolledback,
    coalesce((SELECT -amount FROM moved WHERE type = 'POINTS_EXPIRATION'), 0)::bigint
        AS points_expired,
    coalesce((SELECT amount FROM moved WHERE type = 'POINTS_TRANSFER_IN'), 0)::bigint
        AS points_transferred_in,
    coalesce((SELECT -amount FROM moved WHERE type = 'POINTS_TRANSFER_OUT'), 0)::bigint
        AS points_transferred_out,
    coalesce((SELECT amount FROM moved WHERE type = 'PENDING_POINTS_ACTIVATION'), 0)::bigint
        AS pending_points_activated,
    coalesce((SELECT points FROM pending WHERE type = 'ADDED'), 0)::bigint
        AS pending_points_added,
    coalesce((SELECT points FROM pending WHERE type = 'SUBTRACTED'), 0)::bigint
        AS pending_points_subtracted,
    coalesce((SELECT points FROM pending WHERE type = 'CANCELED'), 0)::bigint
        AS pending_points_canceled,
    (SELECT customers FROM referred) AS referred_customers
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
    """Redemptions, rollbacks, money, credits, points, codes and referrals of a campaign.

    Shapes:  first and last are days of the project, since and until the moments at which the
        first begins and the last is over; None is without bound. Rollbacks are never taken off.
    Units:   minor units, points.
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
