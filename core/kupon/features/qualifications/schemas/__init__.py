"""Wire shapes of qualifications."""

from kupon.features.qualifications.schemas.answers import OfferFacts as OfferFacts
from kupon.features.qualifications.schemas.answers import QualificationAnswer as QualificationAnswer
from kupon.features.qualifications.schemas.answers import add_locked_credits as add_locked_credits
from kupon.features.qualifications.schemas.answers import dump_offer as dump_offer
from kupon.features.qualifications.schemas.answers import dump_page as dump_page
from kupon.features.qualifications.schemas.answers import dump_plain_order as dump_plain_order
from kupon.features.qualifications.schemas.answers import dump_rules as dump_rules
from kupon.features.qualifications.schemas.answers import expand_offer as expand_offer
from kupon.features.qualifications.schemas.bodies import FILTERS as FILTERS
from kupon.features.qualifications.schemas.bodies import QualificationBody as QualificationBody
from kupon.features.qualifications.schemas.older import ExaminationBody as ExaminationBody
from kupon.features.qualifications.schemas.older import ExaminedCampaigns as ExaminedCampaigns
from kupon.features.qualifications.schemas.older import (
    ExaminedCampaignsQuery as ExaminedCampaignsQuery,
)
from kupon.features.qualifications.schemas.older import ExaminedVouchers as ExaminedVouchers
from kupon.features.qualifications.schemas.older import (
    ExaminedVouchersQuery as ExaminedVouchersQuery,
)
from kupon.features.qualifications.schemas.older import dump_examined as dump_examined
