"""Use cases of validations; `evaluation` is the part that redemptions share."""

from kupon.features.validations.service.evaluation import Case as Case
from kupon.features.validations.service.evaluation import assemble as assemble
from kupon.features.validations.service.metadata import check_creation as check_creation
from kupon.features.validations.service.validate import dump_refused as dump_refused
from kupon.features.validations.service.validate import validate as validate
from kupon.features.validations.service.validate import validate_voucher as validate_voucher
