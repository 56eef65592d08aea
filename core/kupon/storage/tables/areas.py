"""Areas, their stores, and which campaigns are for them."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from kupon.storage.tables.base import Base, Dated, Key, Moment


class Area(Base, Dated):
    """A market or region; a project has a hundred at most."""

    __tablename__ = "areas"

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]


class AreaStore(Base, Dated):
    """A point of sale; an area has a hundred at most."""

    __tablename__ = "area_stores"
    __table_args__ = (Index("ix_area_stores_area", "project_id", "area_id"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    area_id: Mapped[str]
    name: Mapped[str]


class CampaignAccess(Base):
    """A campaign's assignment to an area (AREA), its stores (ALL_STORES) or one of them (STORE).

    Whoever changes a campaign's assignments has it locked. A binned campaign keeps them, so that
    what it has redeemed can still be seen and taken back where it was.
    """

    __tablename__ = "campaign_access"
    __table_args__ = (
        Index("ix_campaign_access_campaign", "project_id", "campaign_id"),
        Index("ix_campaign_access_place", "project_id", "area_id", "store_id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    level: Mapped[str]
    area_id: Mapped[str]
    store_id: Mapped[str | None]
    created_at: Mapped[Moment]
