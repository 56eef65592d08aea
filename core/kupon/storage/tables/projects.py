"""Projects, the keys that open them and the management keys of the installation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Json, Key, Moment


class Project(Base, Dated):
    """A tenant. `revision` grows with every change of a definition in the project."""

    __tablename__ = "projects"

    id: Mapped[Key]
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    # The first day of a week, 0 being Monday.
    week_start: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    currency: Mapped[str] = mapped_column(Text, server_default="USD")
    description: Mapped[str | None]
    case_sensitive_codes: Mapped[bool] = mapped_column(Boolean, server_default="true")
    default_code_config: Mapped[dict[str, Any]] = mapped_column(Json, server_default="{}")
    # Encodes customers' source ids in tracking ids; random, of no use outside the project.
    tracking_key: Mapped[bytes] = mapped_column(LargeBinary)
    client_trusted_domains: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    client_settings: Mapped[dict[str, Any]] = mapped_column(Json, server_default="{}")
    stacking_rules: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # What signs events on their way out; encrypted, and there from the first receiver on.
    signing_key: Mapped[str | None]
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")


class ApiKey(Base):
    """A key pair of one project; only the secret's SHA-256 and its last four characters stay.

    Shapes: access lists the places of `engine.access` that a restricted key is assigned to; null
        for all other keys.
    """

    __tablename__ = "api_keys"
    __table_args__ = (Index("uq_api_keys_app_id", "app_id", unique=True),)

    project_id: Mapped[Key]
    app_id: Mapped[Key]
    kind: Mapped[str]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    token_last4: Mapped[str]
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    access: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    created_at: Mapped[Moment]


class ManagementKey(Base):
    """A key pair of the installation, for the management surface."""

    __tablename__ = "management_keys"

    app_id: Mapped[Key]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    token_last4: Mapped[str]
    created_at: Mapped[Moment]
