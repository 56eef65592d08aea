"""Use cases of validations; `evaluation` is the part that redemptions share."""

from kupon.features.validations.service.circumstances import engine_customer as engine_customer
from kupon.features.validations.service.evaluation import Case as Case
from kupon.features.validations.service.evaluation import assemble as assemble
from kupon.features.validations.service.evaluation import read_asked_counters as read_asked_counters
from kupon.features.validations.service.holdings import with_holdings as with_holdings
from kupon.features.validations.service.incentives import as_payment as as_payment
from kupon.features.validations.service.incentives import find_articles as find_articles
from kupon.features.validations.service.loading import Loaded as Loaded
from kupon.features.validations.service.loading import load as load
from kupon.features.validations.service.loading import read_definitions as read_definitions
from kupon.features.validations.service.loading import snapshot_of as snapshot_of
from kupon.features.validations.service.metadata import check_creation as check_creation
from kupon.features.validations.service.points import Payment as Payment
from kupon.features.validations.service.points import as_money as as_money
from kupon.features.validations.service.promotions import validate_promotions as validate_promotions
from kupon.features.validations.service.promotions import validate_tier as validate_tier
from kupon.features.validations.service.telling import FAILED as FAILED
from kupon.features.validations.service.telling import SUCCEEDED as SUCCEEDED
from kupon.features.validations.service.validate import dump_refused as dump_refused
from kupon.features.validations.service.validate import hold_for_order as hold_for_order
from kupon.features.validations.service.validate import sent_voucher as sent_voucher
from kupon.features.validations.service.validate import validate as validate
from kupon.features.validations.service.validate import validate_voucher as validate_voucher
