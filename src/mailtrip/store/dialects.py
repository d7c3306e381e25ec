"""What SQLite and PostgreSQL say in the same words, but SQLAlchemy in different ones."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_into"]


def insert_into(connection: Connection, table: Table) -> Any:  # Any: the two inserts have no common type
    """An insert that can say what is to be done about rows that are there already."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
