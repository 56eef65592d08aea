"""Use cases of qualifications."""

from kupon.features.qualifications.service.older import examine_campaigns as examine_campaigns
from kupon.features.qualifications.service.older import examine_vouchers as examine_vouchers
from kupon.features.qualifications.service.qualify import qualify as qualify
