"""Wire shapes of referrals: the holders of a code, and the tiers of those who refer."""

from kupon.features.referrals.schemas.holder import HolderList as HolderList
from kupon.features.referrals.schemas.holder import HolderListQuery as HolderListQuery
from kupon.features.referrals.schemas.holder import Holders as Holders
from kupon.features.referrals.schemas.holder import HoldersBody as HoldersBody
from kupon.features.referrals.schemas.holder import dump_holder as dump_holder
from kupon.features.referrals.schemas.holder import dump_told_holder as dump_told_holder
from kupon.features.referrals.schemas.tier import ReferralTier as ReferralTier
from kupon.features.referrals.schemas.tier import ReferralTierBody as ReferralTierBody
from kupon.features.referrals.schemas.tier import ReferralTierList as ReferralTierList
from kupon.features.referrals.schemas.tier import ReferralTierUpdate as ReferralTierUpdate
from kupon.features.referrals.schemas.tier import dump_simple_tier as dump_simple_tier
from kupon.features.referrals.schemas.tier import dump_tier as dump_tier
