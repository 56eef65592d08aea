"""The schema's history is one line, and its end is what the tables say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from kupon.storage.migrations import configuration, pending
from kupon.storage.tables import Base


def test_there_is_one_head_and_one_base(settings):
    script = ScriptDirectory.from_config(configuration(settings.database_url))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_the_migrated_schema_is_that_of_the_tables(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_nothing_is_pending_after_an_upgrade(settings):
    assert pending(settings.database_url) == []


def test_every_table_can_be_distributed_by_project():
    """Keys that begin with project_id allow it; these few tables belong to no project."""
    of_no_project = {"projects", "management_keys", "schedules"}
    for table in Base.metadata.sorted_tables:
        if table.name not in of_no_project:
            assert next(iter(table.primary_key)).name == "project_id", table.name
