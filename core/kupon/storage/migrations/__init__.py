"""The schema's history, run by Alembic; one linear line of versions."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from kupon.storage.database import sqlalchemy_url


def configuration(database_url: str) -> Config:
    """Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(database_url).replace("%", "%%"))
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring a database up to this program's schema; safe to call from several processes."""
    command.upgrade(configuration(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Take a database back to an earlier revision, `base` being the empty one."""
    command.downgrade(configuration(database_url), revision)


def pending(database_url: str) -> list[str]:
    """The revisions that this program has and the database has not, oldest first."""
    script = ScriptDirectory.from_config(configuration(database_url))
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    missing = script.iterate_revisions("heads", present or "base")
    return [each.revision for each in missing][::-1]
