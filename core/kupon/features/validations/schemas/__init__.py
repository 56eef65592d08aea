"""Wire shapes of validations, shared with redemptions and qualifications where they are one."""

from kupon.features.validations.schemas.answers import Articles as Articles
from kupon.features.validations.schemas.answers import RedeemableResult as RedeemableResult
from kupon.features.validations.schemas.answers import Validation as Validation
from kupon.features.validations.schemas.answers import VoucherValidation as VoucherValidation
from kupon.features.validations.schemas.bodies import RewardPart as RewardPart
from kupon.features.validations.schemas.bodies import StackableBody as StackableBody
from kupon.features.validations.schemas.bodies import VoucherBody as VoucherBody
from kupon.features.validations.schemas.promotions import PromotionsBody as PromotionsBody
from kupon.features.validations.schemas.promotions import PromotionsQuery as PromotionsQuery
from kupon.features.validations.schemas.promotions import (
    PromotionsValidation as PromotionsValidation,
)
from kupon.features.validations.schemas.promotions import TierBody as TierBody
from kupon.features.validations.schemas.promotions import TierValidation as TierValidation
from kupon.features.validations.schemas.promotions import dump_applied_tier as dump_applied_tier
from kupon.features.validations.schemas.promotions import dump_refused_tier as dump_refused_tier
from kupon.features.validations.schemas.promotions import dump_tier as dump_tier
from kupon.features.validations.schemas.verdicts import IncentiveFacts as IncentiveFacts
from kupon.features.validations.schemas.verdicts import dump_articles as dump_articles
from kupon.features.validations.schemas.verdicts import dump_lists as dump_lists
from kupon.features.validations.schemas.verdicts import dump_result as dump_result
from kupon.features.validations.schemas.verdicts import dump_step as dump_step
from kupon.features.validations.schemas.verdicts import refusal_error as refusal_error
