"""Use cases of referrals: whom a code was passed on to (`holders`), who was brought by it
(`conversions`), what referrers may get (`tiers`), and what both get (`paying`).
"""

from kupon.features.referrals.service.conversions import COUNTED as COUNTED
from kupon.features.referrals.service.conversions import REFERRED as REFERRED
from kupon.features.referrals.service.conversions import convert_event as convert_event
from kupon.features.referrals.service.conversions import (
    convert_redemptions as convert_redemptions,
)
from kupon.features.referrals.service.conversions import take_back as take_back
from kupon.features.referrals.service.holders import HOLDER_CREATED as HOLDER_CREATED
from kupon.features.referrals.service.holders import HOLDER_DELETED as HOLDER_DELETED
from kupon.features.referrals.service.holders import Member as Member
from kupon.features.referrals.service.holders import add_holders as add_holders
from kupon.features.referrals.service.holders import list_holders as list_holders
from kupon.features.referrals.service.holders import remove_holder as remove_holder
from kupon.features.referrals.service.paying import pay_referrer as pay_referrer
from kupon.features.referrals.service.tiers import create_tier as create_tier
from kupon.features.referrals.service.tiers import delete_tier as delete_tier
from kupon.features.referrals.service.tiers import get_tier as get_tier
from kupon.features.referrals.service.tiers import list_tiers as list_tiers
from kupon.features.referrals.service.tiers import update_tier as update_tier
