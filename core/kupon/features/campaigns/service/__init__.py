"""Use cases of campaigns; `work` is what the request leaves to the worker."""

from kupon.features.campaigns.service.changes import MEMBERS_TO_JUDGE as MEMBERS_TO_JUDGE
from kupon.features.campaigns.service.changes import delete_campaign as delete_campaign
from kupon.features.campaigns.service.changes import purge_campaign as purge_campaign
from kupon.features.campaigns.service.changes import set_active as set_active
from kupon.features.campaigns.service.changes import update_campaign as update_campaign
from kupon.features.campaigns.service.codes import add_code as add_code
from kupon.features.campaigns.service.codes import add_codes as add_codes
from kupon.features.campaigns.service.creation import create_campaign as create_campaign
from kupon.features.campaigns.service.reading import dump_pools as dump_pools
from kupon.features.campaigns.service.reading import get_campaign as get_campaign
from kupon.features.campaigns.service.reading import list_campaigns as list_campaigns
from kupon.features.campaigns.service.reading import list_transactions as list_transactions
from kupon.features.campaigns.service.reading import summarize as summarize
from kupon.features.campaigns.service.work import CODES_CHANGED as CODES_CHANGED
from kupon.features.campaigns.service.work import Deletion as Deletion
from kupon.features.campaigns.service.work import Generation as Generation
from kupon.features.campaigns.service.work import Propagation as Propagation
