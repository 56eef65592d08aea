"""Wire shapes of customers."""

from kupon.features.customers.schemas.activity import ActivitiesList as ActivitiesList
from kupon.features.customers.schemas.activity import ActivitiesQuery as ActivitiesQuery
from kupon.features.customers.schemas.activity import Activity as Activity
from kupon.features.customers.schemas.activity import ActivityList as ActivityList
from kupon.features.customers.schemas.activity import ActivityQuery as ActivityQuery
from kupon.features.customers.schemas.activity import (
    DefinitionActivityQuery as DefinitionActivityQuery,
)
from kupon.features.customers.schemas.activity import EventSource as EventSource
from kupon.features.customers.schemas.activity import dump_activity as dump_activity
from kupon.features.customers.schemas.cards import dump_gift as dump_gift
from kupon.features.customers.schemas.cards import dump_loyalty_card as dump_loyalty_card
from kupon.features.customers.schemas.profile import Customer as Customer
from kupon.features.customers.schemas.profile import CustomerBody as CustomerBody
from kupon.features.customers.schemas.profile import CustomerList as CustomerList
from kupon.features.customers.schemas.profile import CustomerListQuery as CustomerListQuery
from kupon.features.customers.schemas.profile import CustomerSegmentList as CustomerSegmentList
from kupon.features.customers.schemas.profile import CustomerUpdate as CustomerUpdate
from kupon.features.customers.schemas.profile import PermanentDeletion as PermanentDeletion
from kupon.features.customers.schemas.profile import dump_customer as dump_customer
from kupon.features.customers.schemas.profile import dump_deletion as dump_deletion
from kupon.features.customers.schemas.profile import dump_erased_customer as dump_erased_customer
from kupon.features.customers.schemas.profile import dump_simple_customer as dump_simple_customer
from kupon.features.customers.schemas.summary import dump_loyalty as dump_loyalty
from kupon.features.customers.schemas.summary import dump_summary as dump_summary
from kupon.features.customers.schemas.wallet import CustomerRedeemableList as CustomerRedeemableList
from kupon.features.customers.schemas.wallet import RedeemableListQuery as RedeemableListQuery
from kupon.features.customers.schemas.wallet import dump_holding as dump_holding
