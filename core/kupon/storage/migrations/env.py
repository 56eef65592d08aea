"""Alembic's entry: one connection, one lock, one transaction."""

from alembic import context
from sqlalchemy import create_engine, text

from kupon.storage.tables import Base

# Two processes that migrate at once would both create the version table.
_LOCK = 7_305_712_046_021

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.connect() as connection:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.commit()
    context.configure(
        connection=connection, target_metadata=Base.metadata, compare_server_default=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    connection.commit()
engine.dispose()
