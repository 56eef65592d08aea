"""Wire shapes of vouchers: `definitions` are the parts that campaigns share."""

from kupon.features.validation_rules.schemas import RuleAssignments as RuleAssignments
from kupon.features.validation_rules.schemas import dump_campaign_summary as dump_campaign_summary
from kupon.features.validation_rules.schemas import rule_ids as rule_ids
from kupon.features.vouchers.schemas.definitions import CodeConfig as CodeConfig
from kupon.features.vouchers.schemas.definitions import Discount as Discount
from kupon.features.vouchers.schemas.definitions import Gift as Gift
from kupon.features.vouchers.schemas.definitions import NewCode as NewCode
from kupon.features.vouchers.schemas.definitions import RedemptionLimit as RedemptionLimit
from kupon.features.vouchers.schemas.definitions import TimeLimits as TimeLimits
from kupon.features.vouchers.schemas.definitions import dump_gift as dump_gift
from kupon.features.vouchers.schemas.definitions import dump_time_limits as dump_time_limits
from kupon.features.vouchers.schemas.transaction import Balance as Balance
from kupon.features.vouchers.schemas.transaction import BalanceUpdate as BalanceUpdate
from kupon.features.vouchers.schemas.transaction import TransactionList as TransactionList
from kupon.features.vouchers.schemas.transaction import TransactionsQuery as TransactionsQuery
from kupon.features.vouchers.schemas.transaction import dump_balance as dump_balance
from kupon.features.vouchers.schemas.transaction import dump_transaction as dump_transaction
from kupon.features.vouchers.schemas.voucher import ForceQuery as ForceQuery
from kupon.features.vouchers.schemas.voucher import Voucher as Voucher
from kupon.features.vouchers.schemas.voucher import VoucherCreate as VoucherCreate
from kupon.features.vouchers.schemas.voucher import VoucherList as VoucherList
from kupon.features.vouchers.schemas.voucher import VouchersQuery as VouchersQuery
from kupon.features.vouchers.schemas.voucher import VoucherUpdate as VoucherUpdate
from kupon.features.vouchers.schemas.voucher import dump_simple_voucher as dump_simple_voucher
from kupon.features.vouchers.schemas.voucher import dump_voucher as dump_voucher
