"""The database as the rest of the program sees it: work done in one transaction, trouble as `Unavailable`."""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import DataError as BadData
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mailtrip.clock import Clock
from mailtrip.errors import ConfigurationError, Unavailable
from mailtrip.store import accounts, migrate
from mailtrip.store.engines import Engines, make_engines, parse_url

__all__ = ["Database"]

T = TypeVar("T")

_MOST_WAITING = 2000
_MOST_DEADLOCKS = 3
_PAUSE_SECONDS = 0.02
_DEADLOCK = "40P01"
"""PostgreSQL's code of the error; SQLite has one writer, and none of these."""
_OUR_BUGS = (IntegrityError, ProgrammingError, BadData)


class Database:
    """An open database with its tables in place. `read` and `write` may be called from any thread.

    Work is a function of a connection. It runs in one transaction: all of it is kept when the function returns,
    nothing when it raises. It never commits by itself, and may be run again: when a reading connection breaks, and
    when the database has ended a writing one.
    """

    def __init__(self, engines: Engines) -> None:
        """Take engines whose database has its tables; `open` is what callers want."""
        self._engines = engines
        self._readers = ThreadPoolExecutor(engines.readers, thread_name_prefix="mailtrip-read")
        self._writers = ThreadPoolExecutor(engines.writers, thread_name_prefix="mailtrip-write")
        self._waiting = 0

    @classmethod
    def open(cls, url: str, *, clock: Clock, upgrade: bool = True) -> "Database":
        """Open `sqlite:///path` or `postgresql://...`, and bring its tables to this program's revision.

        Args:
            url: where it is; a missing SQLite file is made, its folder is not.
            clock: tells when the default account was made.
            upgrade: False leaves the tables as they are, also where they are of an older program: for a backup.

        Raises:
            ConfigurationError: the database can't be opened, is no database of ours, or is newer than the program.
        """
        parsed = parse_url(url)
        engines = make_engines(parsed)
        try:
            with (engines.writer if upgrade else engines.reader).begin() as connection:
                if upgrade:
                    migrate.upgrade(connection)
                    accounts.ensure_default(connection, now=clock.now())
                else:
                    migrate.check_known(connection)
        except (DBAPIError, PoolTimeout) as exc:
            engines.dispose()
            shown = parsed.render_as_string(hide_password=True)
            raise ConfigurationError(
                f'database: "{shown}" can\'t be opened: {_reason(exc)}; see that it is there, is ours and may be written'
            ) from exc
        except BaseException:
            engines.dispose()
            raise
        return cls(engines)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads, on one consistent state; once more when the connection turns out to be broken.

        Raises:
            Unavailable: the database is away, locked or broken.
        """
        try:
            return self._run(self._engines.reader, work)
        except Unavailable as exc:
            if not _is_lost(exc.__cause__):
                raise
        return self._run(self._engines.reader, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run work that reads and writes; again when the database ended it to free others that waited for each other.

        Raises:
            Unavailable: the database is away, locked, full or broken; nothing was kept, save where a connection was
                lost at the very end: then it can't be known.
        """
        for attempt in range(_MOST_DEADLOCKS):
            try:
                return self._run(self._engines.writer, work)
            except Unavailable as exc:
                if not _is_deadlock(exc.__cause__):
                    raise
            # At once, it could take the same lock again before the other one, which was woken for it, has it.
            time.sleep(random.uniform(1.0, 2.0) * _PAUSE_SECONDS * 2**attempt)  # noqa: S311 (a pause, no secret)
        return self._run(self._engines.writer, work)

    async def reading(self, work: Callable[[Connection], T]) -> T:
        """As `read`, in a thread of the database's own; raises Unavailable also when too much waits."""
        return await self._hop(self._readers, self.read, work)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        """As `write`, in a thread of the database's own; raises Unavailable also when too much waits."""
        return await self._hop(self._writers, self.write, work)

    def backup(self, target: Path) -> None:
        """Write a consistent copy to a new file, while others read and write.

        Raises:
            ConfigurationError: the file is there already or can't be made, or the database is PostgreSQL.
            Unavailable: the copy could not be finished; what there was of it is gone again.
        """
        if not self._engines.is_sqlite:
            raise ConfigurationError("a backup of PostgreSQL is made with its own tool: pg_dump --format=custom")
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as exc:
            raise ConfigurationError(
                f'backup: "{target}" can\'t be made ({exc.strerror}); name a file that is not there yet'
            ) from exc
        try:
            _copy(Path(self._engines.url.database or ""), target)
        except (sqlite3.Error, OSError) as exc:
            target.unlink(missing_ok=True)
            raise Unavailable(f"the backup could not be finished: {exc}") from exc

    def close(self) -> None:
        """Wait for work under way, then let all connections go; safe to call twice."""
        self._readers.shutdown()
        self._writers.shutdown()
        self._engines.dispose()

    @staticmethod
    def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
        with _trouble_as_unavailable(), engine.begin() as connection:
            return work(connection)

    async def _hop(
        self,
        executor: ThreadPoolExecutor,
        run: Callable[[Callable[[Connection], T]], T],
        work: Callable[[Connection], T],
    ) -> T:
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("too much is waiting for the database; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, run, work)
        finally:
            self._waiting -= 1


@contextmanager
def _trouble_as_unavailable() -> Iterator[None]:
    """Trouble of the database comes out as Unavailable; a statement that is wrong is our bug and stays as it is."""
    try:
        yield
    except _OUR_BUGS:
        raise
    except (OperationalError, InterfaceError, DatabaseError) as exc:
        raise Unavailable(f"the database is not available: {_reason(exc)}") from exc
    except PoolTimeout as exc:
        raise Unavailable("the database is busy; try again") from exc


def _reason(exc: BaseException) -> str:
    """The driver's own words, in one line, without statement and parameters."""
    text = str(exc.orig if isinstance(exc, DBAPIError) else exc).strip()
    return " ".join(text.split()) or type(exc).__name__


def _is_lost(exc: BaseException | None) -> bool:
    return isinstance(exc, DBAPIError) and exc.connection_invalidated


def _is_deadlock(exc: BaseException | None) -> bool:
    return isinstance(exc, DBAPIError) and getattr(exc.orig, "sqlstate", None) == _DEADLOCK


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without journals beside it
