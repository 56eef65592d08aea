"""Wire shapes of campaigns."""

from kupon.features.campaigns.schemas.access import AccessSettings as AccessSettings
from kupon.features.campaigns.schemas.answers import AsyncAction as AsyncAction
from kupon.features.campaigns.schemas.answers import Campaign as Campaign
from kupon.features.campaigns.schemas.answers import CampaignList as CampaignList
from kupon.features.campaigns.schemas.answers import Empty as Empty
from kupon.features.campaigns.schemas.answers import Summary as Summary
from kupon.features.campaigns.schemas.answers import Template as Template
from kupon.features.campaigns.schemas.answers import dump_campaign as dump_campaign
from kupon.features.campaigns.schemas.answers import dump_campaign_base as dump_campaign_base
from kupon.features.campaigns.schemas.bodies import CAMPAIGN_TYPES as CAMPAIGN_TYPES
from kupon.features.campaigns.schemas.bodies import LONGEST_DESCRIPTION as LONGEST_DESCRIPTION
from kupon.features.campaigns.schemas.bodies import LONGEST_NAME as LONGEST_NAME
from kupon.features.campaigns.schemas.bodies import LUCKY_DRAW as LUCKY_DRAW
from kupon.features.campaigns.schemas.bodies import MOST_CODES as MOST_CODES
from kupon.features.campaigns.schemas.bodies import TYPES as TYPES
from kupon.features.campaigns.schemas.bodies import CampaignChange as CampaignChange
from kupon.features.campaigns.schemas.bodies import CampaignCreate as CampaignCreate
from kupon.features.campaigns.schemas.bodies import CampaignsQuery as CampaignsQuery
from kupon.features.campaigns.schemas.bodies import (
    CampaignTransactionsQuery as CampaignTransactionsQuery,
)
from kupon.features.campaigns.schemas.bodies import CampaignUpdate as CampaignUpdate
from kupon.features.campaigns.schemas.bodies import CodeInCampaign as CodeInCampaign
from kupon.features.campaigns.schemas.bodies import CodesInCampaign as CodesInCampaign
from kupon.features.campaigns.schemas.bodies import CodesQuery as CodesQuery
from kupon.features.campaigns.schemas.bodies import SummaryQuery as SummaryQuery
