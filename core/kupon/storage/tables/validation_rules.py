"""Validation rules and what they are assigned to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key, Moment


class ValidationRule(Base, Dated):
    """A rule as the wire defines it.

    `was_assigned` is set with the first assignment and stays: rules that nothing ever had are no
    definitions that evaluations read.
    """

    __tablename__ = "validation_rules"
    __table_args__ = (Index("ix_validation_rules_created", "project_id", "created_at"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    rules: Mapped[Document]
    bundle_rules: Mapped[Document]
    applicable_to: Mapped[Document]
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    type: Mapped[str]
    context_type: Mapped[str]
    was_assigned: Mapped[bool] = mapped_column(Boolean, server_default="false")


class ValidationRuleAssignment(Base):
    """The rule of an object; it has one at most."""

    __tablename__ = "validation_rule_assignments"
    __table_args__ = (
        # Also how the rules of codes are found, of which there may be millions.
        UniqueConstraint("project_id", "related_object_type", "related_object_id"),
        ForeignKeyConstraint(
            ["project_id", "rule_id"],
            ["validation_rules.project_id", "validation_rules.id"],
            name="fk_validation_rule_assignments_rule",
        ),
        Index("ix_validation_rule_assignments_rule", "project_id", "rule_id", "created_at"),
        Index("ix_validation_rule_assignments_created", "project_id", "created_at"),
        # Evaluations read these few at once, whatever there is of codes.
        Index(
            "ix_validation_rule_assignments_loaded",
            "project_id",
            "related_object_id",
            postgresql_where="related_object_type <> 'voucher'",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    rule_id: Mapped[str]
    related_object_type: Mapped[str]
    related_object_id: Mapped[str]
    created_at: Mapped[Moment]
