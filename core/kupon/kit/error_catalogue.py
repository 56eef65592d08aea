"""The error keys: status, default message and where the text comes from.

Source: spec api-conventions, section 6.5, and discounts-and-stacking, section 10.3. A text marked
`ours` is not published by the reference.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One row: the HTTP status and the wire's default message."""

    status: int
    message: str


CATALOGUE: dict[str, Entry] = {
    "already_rolled_back": Entry(400, "Already rolled back"),
    "ambiguous_tracking_id": Entry(400, "Ambiguous trackingId"),
    "campaign_not_active": Entry(400, "Campaign is not active"),
    "campaign_not_allow_auto_join": Entry(400, "Campaign does not allow auto-join"),
    "campaign_type_is_not_supported_by_campaign_template": Entry(
        400, "Campaign of the given type is not supported by campaign template"
    ),
    # Ours: an order in a currency that its connection does not name.
    "currency_not_supported": Entry(400, "Currency is not supported"),
    "customer_rules_violated": Entry(400, "customer does not match validation rules"),
    "duplicate_found": Entry(409, "Duplicated resource found"),
    "duplicate_key": Entry(400, "Duplicate codes"),
    "duplicate_resource_key": Entry(400, "Identifier is already in use"),
    "duplicate_source_id": Entry(400, "Duplicate source_id"),
    "duplicated_redeemables": Entry(400, "Duplicated redeemables detected"),
    "forbidden": Entry(403, "Forbidden"),
    "gift_amount_exceeded": Entry(400, "gift amount exceeded"),
    # The reference's own spelling.
    "holder_assignement_duplication": Entry(
        409, "Customer is already assigned to given redeemable"
    ),
    "idempotency_key_conflict": Entry(409, "Idempotency key was used with another request"),
    "integration_api_key_required": Entry(403, "Forbidden"),
    "internal_error": Entry(500, "Internal Server Error"),
    "invalid_add_balance_params": Entry(400, "Invalid add balance params"),
    "invalid_amount": Entry(400, "Invalid Amount"),
    "invalid_balance": Entry(400, "Invalid balance"),
    "invalid_campaign": Entry(400, "Invalid Campaign"),
    "invalid_campaign_params": Entry(400, "Invalid campaign params"),
    "invalid_code_config": Entry(400, "Invalid code config"),
    "invalid_customer": Entry(400, "Invalid customer"),
    "invalid_expiration_date": Entry(400, "Invalid Expiration Date"),
    "invalid_export_params": Entry(400, "Invalid export params"),
    "invalid_gift": Entry(400, "Invalid gift"),
    "invalid_or_expired_cursor": Entry(400, "Invalid or expired cursor"),
    "invalid_order": Entry(400, "Invalid order"),
    "invalid_payload": Entry(400, "Invalid payload"),
    "invalid_pending_points_state": Entry(400, "Invalid pending points state"),
    "invalid_product": Entry(400, "Invalid product"),
    "invalid_publish_params": Entry(400, "Invalid publish params"),
    "invalid_query_params": Entry(400, "Invalid query params"),
    "invalid_redeemables": Entry(400, "Invalid redeemables"),
    "invalid_redemption": Entry(400, "Invalid redemption"),
    "invalid_redemption_parent": Entry(400, "Invalid redemption parent"),
    "invalid_rollback_params": Entry(400, "Invalid rollback params"),
    "invalid_sku": Entry(400, "Invalid SKU"),
    "invalid_validation_rules": Entry(400, "Invalid Validation Rule Definition"),
    "invalid_voucher": Entry(400, "Invalid Voucher"),
    "loyalty_card_not_active": Entry(400, "Loyalty card is not active"),
    "loyalty_card_points_exceeded": Entry(400, "loyalty card points exceeded"),
    "metadata_validation_failed": Entry(400, "Metadata validation failed"),
    "method_not_allowed": Entry(405, "HTTP Method Not Allowed"),
    "missing_amount": Entry(400, "order amount was not specified"),
    "missing_customer": Entry(400, "Missing customer"),
    "missing_order": Entry(400, "Missing order"),
    "missing_order_items": Entry(400, "Missing order items"),
    "missing_order_items_amount": Entry(400, "Missing applicable order items"),
    "missing_param": Entry(400, "Missing required parameter"),
    "missing_required_permission": Entry(403, "Missing permission"),
    "missing_reward": Entry(400, "Missing reward"),
    "missing_vouchers": Entry(400, "Missing vouchers"),
    "multiple_requests": Entry(400, "multiple requests detected"),
    "no_voucher_suitable_for_publication": Entry(
        400, "Couldn't find any voucher suitable for publication"
    ),
    "not_acceptable": Entry(406, "Not Acceptable"),
    "not_found": Entry(404, "Resource not found"),
    "not_published": Entry(400, "Voucher is not published"),
    "order_rules_violated": Entry(400, "order does not match validation rules"),
    "page_over_limit": Entry(400, "Listing resource above 1000 page is not supported"),
    # Ours: a platform that a connection leads to.
    "platform_failed": Entry(502, "The platform has failed"),
    "promotion_inactive": Entry(400, "Inactive Promotion"),
    "promotion_not_active_now": Entry(400, "promotion not active now"),
    "quantity_exceeded": Entry(400, "quantity exceeded"),
    "query_too_large": Entry(400, "Query too large"),
    "redeemables_skipped": Entry(400, "No redeemable was applied"),
    "redemption_rules_violated": Entry(400, "redemption does not match validation rules"),
    "referrer_not_permitted_to_redeem": Entry(400, "voucher cannot be redeemed by referrer"),
    "resource_in_use": Entry(400, "Resource in use"),
    "resource_protected": Entry(400, "Resource is protected"),
    "reward_out_of_stock": Entry(400, "Reward is out of stock"),
    "service_unavailable": Entry(503, "Service Unavailable"),
    "stacking_rules_exist": Entry(409, "Stacking rules exist"),
    "too_many_requests": Entry(429, "Too many requests hit the API too quickly."),
    "too_many_vouchers_requested": Entry(400, "Too many vouchers requested"),
    "unauthorized": Entry(401, "Unauthorized"),
    "unsupported_media_type": Entry(415, "Unsupported Media Type"),
    "voucher_already_published": Entry(400, "Voucher already published"),
    "voucher_cannot_be_published": Entry(400, "Voucher cannot be published"),
    "voucher_disabled": Entry(400, "voucher is disabled"),
    "voucher_expired": Entry(400, "voucher expired"),
    "voucher_not_active": Entry(400, "voucher is not active yet"),
    "voucher_not_active_now": Entry(400, "voucher not active now"),
}
