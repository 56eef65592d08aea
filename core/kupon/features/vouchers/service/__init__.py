"""Use cases of vouchers; `drawing` and `templates` also serve campaigns."""

from kupon.engine.codes import code_key as code_key
from kupon.features.vouchers.service.changes import delete_voucher as delete_voucher
from kupon.features.vouchers.service.changes import release_session as release_session
from kupon.features.vouchers.service.changes import set_active as set_active
from kupon.features.vouchers.service.changes import update_balance as update_balance
from kupon.features.vouchers.service.changes import update_voucher as update_voucher
from kupon.features.vouchers.service.creation import add_voucher as add_voucher
from kupon.features.vouchers.service.creation import create_voucher as create_voucher
from kupon.features.vouchers.service.definitions import check_room as check_room
from kupon.features.vouchers.service.definitions import merge_metadata as merge_metadata
from kupon.features.vouchers.service.definitions import read_code_pattern as read_code_pattern
from kupon.features.vouchers.service.definitions import read_discount as read_discount
from kupon.features.vouchers.service.definitions import read_time_limits as read_time_limits
from kupon.features.vouchers.service.definitions import time_limits_of as time_limits_of
from kupon.features.vouchers.service.drawing import Walk as Walk
from kupon.features.vouchers.service.drawing import draw_slice as draw_slice
from kupon.features.vouchers.service.reading import get_voucher as get_voucher
from kupon.features.vouchers.service.reading import list_transactions as list_transactions
from kupon.features.vouchers.service.reading import list_vouchers as list_vouchers
from kupon.features.vouchers.service.templates import campaign_template as campaign_template
from kupon.features.vouchers.service.templates import read_code_values as read_code_values
from kupon.features.vouchers.service.templates import refuse_codes as refuse_codes
