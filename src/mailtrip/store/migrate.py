"""Bringing a database's tables to the revision of this program."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from mailtrip.errors import ConfigurationError

__all__ = ["check_known", "make_config", "upgrade"]

_LOCK = 0x6D61696C74726970  # "mailtrip": two programs that start at once migrate one after the other


def check_known(connection: Connection) -> None:
    """See that this program knows the database's revision, or that the database has none.

    Raises:
        ConfigurationError: when the database is newer.
    """
    known = {revision.revision for revision in ScriptDirectory.from_config(make_config()).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise ConfigurationError(
                f"the database is newer than this program (revision {revision}); upgrade mailtrip or restore a backup"
            )


def upgrade(connection: Connection) -> None:
    """Make what is missing; within the caller's transaction, so that a failed migration leaves nothing behind.

    Raises:
        ConfigurationError: when the database is newer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    check_known(connection)
    config = make_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def make_config() -> Config:
    """Where Alembic finds the migrations; the caller adds the attribute `connection`."""
    config = Config()
    config.set_main_option("script_location", "mailtrip.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
