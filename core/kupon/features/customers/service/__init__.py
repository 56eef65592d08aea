"""Use cases of customers; `profiles` holds what orders and redemptions do with theirs."""

from kupon.features.customers.schemas import dump_simple_customer as dump_simple_customer
from kupon.features.customers.service.activity import list_activities as list_activities
from kupon.features.customers.service.activity import list_activity as list_activity
from kupon.features.customers.service.activity import record_activities as record_activities
from kupon.features.customers.service.profiles import create_customer as create_customer
from kupon.features.customers.service.profiles import delete_customer as delete_customer
from kupon.features.customers.service.profiles import delete_permanently as delete_permanently
from kupon.features.customers.service.profiles import describe_customers as describe_customers
from kupon.features.customers.service.profiles import get_customer as get_customer
from kupon.features.customers.service.profiles import hold_customer as hold_customer
from kupon.features.customers.service.profiles import list_customers as list_customers
from kupon.features.customers.service.profiles import merge_customer as merge_customer
from kupon.features.customers.service.profiles import says_something as says_something
from kupon.features.customers.service.profiles import tell_merged as tell_merged
from kupon.features.customers.service.profiles import update_customer as update_customer
from kupon.features.customers.service.profiles import upsert_customer as upsert_customer
from kupon.features.customers.service.profiles import upsert_for_redemption as upsert_for_redemption
from kupon.features.customers.service.segments import engine_customer as engine_customer
from kupon.features.customers.service.segments import list_segments as list_segments
from kupon.features.customers.service.tracking import decode_tracking_id as decode_tracking_id
from kupon.features.customers.service.tracking import encode_tracking_id as encode_tracking_id
from kupon.features.customers.service.tracking import new_tracking_id as new_tracking_id
from kupon.features.customers.service.tracking import untracked as untracked
from kupon.features.customers.service.wallet import list_redeemables as list_redeemables
