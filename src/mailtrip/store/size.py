"""What the database is, and how large."""

from sqlalchemy import Connection, func, select, text

__all__ = ["kind_of", "size_in_bytes"]


def kind_of(connection: Connection) -> str:
    """Its name and version, like `SQLite 3.46.1`."""
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.scalar(select(func.sqlite_version()))}"
    return f"PostgreSQL {str(connection.scalar(text('SHOW server_version'))).split()[0]}"


def size_in_bytes(connection: Connection) -> int:
    """What it takes on its disk; of SQLite without the journal beside the file."""
    if connection.dialect.name != "sqlite":
        return int(connection.scalars(select(func.pg_database_size(func.current_database()))).one())
    pages, size = (connection.scalars(text(f"PRAGMA {name}")).one() for name in ("page_count", "page_size"))
    return int(pages) * int(size)
