"""Campaign templates: what a campaign or a promotion tier was, kept for others to be made of it."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from kupon.storage.tables.base import Base, Dated, Document, Key


class CampaignTemplate(Base, Dated):
    """A template; `definition` has the `campaign` as in the body of its creation, and its rule."""

    __tablename__ = "campaign_templates"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    description: Mapped[str | None]
    campaign_type: Mapped[str]
    definition: Mapped[Document]
