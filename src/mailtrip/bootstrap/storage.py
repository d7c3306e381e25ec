"""Opening what the program keeps: the data directory, the database and the key ring."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.errors import ConfigurationError
from mailtrip.service.recipients import seal_addresses
from mailtrip.service.secrets import KeyRing, ensure_key
from mailtrip.store.database import Database

__all__ = ["Storage", "open_database", "open_storage", "share_storage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The open database, and the keys to what is sealed in it."""

    database: Database
    key_ring: KeyRing = field(repr=False)


@contextmanager
def open_storage(settings: Settings, *, clock: Clock) -> Iterator[Storage]:
    """Open the database and the key ring, closed at the end.

    A new installation gets its key; one of an older program seals what was not sealed yet.

    Raises:
        ConfigurationError: the data directory, the database or the key can't be used.
    """
    with open_database(settings, clock=clock) as database:
        key_ring = _open_key_ring(settings)
        database.write(partial(ensure_key, keys=key_ring))
        database.write(partial(seal_addresses, secrets=key_ring))
        yield Storage(database=database, key_ring=key_ring)


@contextmanager
def share_storage(settings: Settings, *, clock: Clock) -> Iterator[Storage]:
    """As `open_storage`, of what another process has opened before: nothing is made, and no writer has to wait.

    Raises:
        ConfigurationError: the database or the key can't be used.
    """
    with open_database(settings, clock=clock, upgrade=False) as database:
        yield Storage(database=database, key_ring=_open_key_ring(settings))


@contextmanager
def open_database(settings: Settings, *, clock: Clock, upgrade: bool = True) -> Iterator[Database]:
    """Make the data directory where it is missing, and open the database in force; closed at the end.

    Args:
        settings: say where both are.
        clock: tells when what is made here was made.
        upgrade: False takes the database as it is: nothing is made, the tables of an older program stay.

    Raises:
        ConfigurationError: the directory can't be made, or the database can't be opened.
    """
    if upgrade:
        _make_data_dir(settings)
    database = Database.open(settings.database, clock=clock, upgrade=upgrade)
    try:
        yield database
    finally:
        database.close()


def _open_key_ring(settings: Settings) -> KeyRing:
    if settings.secret_key is not None:
        return KeyRing.from_text(settings.secret_key)
    return KeyRing.open(settings.data_dir / "secret.key")


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigurationError(
            f"data_dir: {settings.data_dir} can't be made ({exc.strerror}); name another folder with --data-dir"
        ) from exc
