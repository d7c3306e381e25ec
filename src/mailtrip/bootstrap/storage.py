"""Opening what the program keeps: the data directory, the database and the key ring."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.errors import ConfigurationError
from mailtrip.store.database import Database

__all__ = ["open_database"]


@contextmanager
def open_database(settings: Settings, *, clock: Clock, upgrade: bool = True) -> Iterator[Database]:
    """Make the data directory where it is missing, and open the database in force; closed at the end.

    Args:
        settings: say where both are.
        clock: tells when what is made here was made.
        upgrade: False leaves the tables of an older program as they are.

    Raises:
        ConfigurationError: the directory can't be made, or the database can't be opened.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigurationError(
            f"data_dir: {settings.data_dir} can't be made ({exc.strerror}); name another folder with --data-dir"
        ) from exc
    database = Database.open(settings.database, clock=clock, upgrade=upgrade)
    try:
        yield database
    finally:
        database.close()
