"""Use cases of redemptions, one file per verb."""

from kupon.features.redemptions.service.lines import describe_lines as describe_lines
from kupon.features.redemptions.service.listing import find_rewards as find_rewards
from kupon.features.redemptions.service.listing import get_redemption as get_redemption
from kupon.features.redemptions.service.listing import list_redemptions as list_redemptions
from kupon.features.redemptions.service.listing import (
    list_voucher_redemptions as list_voucher_redemptions,
)
from kupon.features.redemptions.service.redeem import Failed as Failed
from kupon.features.redemptions.service.redeem import redeem as redeem
from kupon.features.redemptions.service.redeem import redeem_tier as redeem_tier
from kupon.features.redemptions.service.redeem import redeem_voucher as redeem_voucher
from kupon.features.redemptions.service.rollback import roll_back as roll_back
from kupon.features.redemptions.service.rollback import roll_back_single as roll_back_single
from kupon.features.redemptions.service.rows import AUTO_REDEEM as AUTO_REDEEM
from kupon.features.redemptions.service.rows import Caller as Caller
