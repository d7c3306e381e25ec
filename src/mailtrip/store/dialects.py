"""What SQLite and PostgreSQL say in the same words, but SQLAlchemy in different ones."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, any_, cast, literal
from sqlalchemy.dialects import postgresql, sqlite

from mailtrip.store.types import Id

__all__ = ["among", "insert_into", "put_rows"]


def among(connection: Connection, column: ColumnElement[int], ids: Collection[int]) -> ColumnElement[bool]:
    """Whether a column is one of very many numbers; false of none.

    For PostgreSQL they are written out as one value: it looks each row up in a table of them then. In a prepared statement, it
    would compare each row with each number, where it reads the rows by another condition.
    """
    if connection.dialect.name == "sqlite":
        return column.in_(ids)
    numbers = ARRAY(Id)
    return column == any_(cast(literal(list(ids), numbers, literal_execute=True), numbers))


def insert_into(dialect: str, table: Table) -> Any:  # Any: the two inserts have no common type
    """An insert that can say what is to be done about rows that are there already.

    Args:
        dialect: `Connection.dialect.name`.
        table: where rows are put.
    """
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def put_rows(
    connection: Connection, table: Table, changing: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> None:
    """Add rows; of those that are there already, by the table's primary key, these columns change."""
    if rows:
        connection.execute(_putting(connection.dialect.name, table, tuple(changing)), rows)


@cache  # put together once for each table, as batches of results wait for it
def _putting(dialect: str, table: Table, changing: tuple[str, ...]) -> Any:  # Any: as for insert_into
    statement = insert_into(dialect, table)
    new = {name: statement.excluded[name] for name in changing}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)
