"""Wire shapes of programmes themselves, which are campaigns of their type."""

from __future__ import annotations

from kupon.features.campaigns.schemas import Campaign, CampaignCreate, CampaignUpdate
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM
from kupon.web.fields import CountedList, Many, Part, Text, one_of
from kupon.web.query import ListQuery, Texts


class ProgrammesQuery(ListQuery):
    """Which programmes to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            "created_at",
            "updated_at",
            "start_date",
            "end_date",
            "starting_after_id",
            "filters",
        )

    expand = Texts()


class ProgrammeList(CountedList):
    """One page of programmes."""

    campaigns = Many(Part(Campaign), required=True)


class ProgrammeCreate(CampaignCreate):
    """Body of creation."""

    class Meta(CampaignCreate.Meta):
        exclude = ("promotion", "referral_program", "validation_rules")

    campaign_type = Text(load_default=LOYALTY_PROGRAM, validate=one_of(LOYALTY_PROGRAM))


class ProgrammeUpdate(CampaignUpdate):
    """Body of an update; what is absent stays."""

    class Meta(CampaignUpdate.Meta):
        exclude = ("discount", "gift", "referral_program", "validation_rules")
