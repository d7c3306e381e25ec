"""A real Postfix and a real Dovecot on free loopback ports, started and stopped by the tests. Needs root."""

import contextlib
import imaplib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.mailserver import configuration
from tests.mailserver.configuration import DOMAIN, PASSWORD, PORT_NAMES, USERS

from mailtrip.testing.certificates import Authority

__all__ = ["RealMailServer", "daemon_directory", "environment", "missing"]

_SCHEMES = {
    "smtp": "smtp",
    "submission": "smtp",
    "submissions": "smtps",
    "pop3": "pop3",
    "pop3s": "pop3s",
    "imap": "imap",
    "imaps": "imaps",
}
_QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"]
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_ATTEMPTS = 3
# Below the ports that the kernel hands out by itself, so that no client takes one between choice and use.
_FIRST_PORT, _LAST_PORT = 20_000, 32_000


def missing() -> str | None:
    """Why the servers can't run here, and the remedy; None when they can."""
    remedy = "run `make test` as root on Debian or Ubuntu, or: apt-get install postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd"
    for program in ("postconf", "dovecot"):
        if shutil.which(program, path=_path()) is None:
            return f"{program} is not installed; {remedy}"
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True, env=environment())
    if not version.stdout.startswith("2.3."):
        return f"Dovecot 2.3 is needed, {version.stdout.split()[0]} is installed"
    if os.geteuid() != 0:
        return "Postfix and Dovecot start as root only; run the tests as root"
    return None


class RealMailServer:
    """Postfix and Dovecot; a context manager that starts and stops them. The certificate is from `authority`."""

    host = "127.0.0.1"
    domain = DOMAIN
    password = PASSWORD
    users = USERS
    port_names: Sequence[str] = PORT_NAMES

    def __init__(self) -> None:
        self.authority = Authority()
        self.folder = Path(tempfile.mkdtemp(prefix="mailtrip-mail-"))
        self._ports: dict[str, int] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def port(self, name: str) -> int:
        """The number of a port of `configuration.PORT_NAMES`."""
        return self._ports[name]

    def url(self, name: str) -> str:
        """The server as a monitor names it, such as `smtps://127.0.0.1:21465` for submissions."""
        return f"{_scheme(name)}://{self.host}:{self._ports[name]}"

    def make_mailbox(self, address: str) -> None:
        """Let Dovecot make the user's folders: a first delivery and a first login at one time get in each other's way.

        Raises:
            RuntimeError: when the mailbox can't be opened.
        """
        with imaplib.IMAP4(self.host, self.port("imap"), timeout=10) as client:
            client.login(address, self.password)
            for folder in ("INBOX", "Junk"):
                status, answer = client.select(folder)
                if status != "OK":
                    raise RuntimeError(f"{address}: {folder} can't be opened: {answer!r}\n{self.log()}")

    def log(self) -> str:
        """The end of what both servers have logged."""
        paths = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(f"{path.name}:\n{path.read_text(errors='replace')[-3000:]}" for path in paths)

    def start(self) -> None:
        """Start both, and wait until all ports greet; anew on other ports where somebody else has taken one meanwhile.

        Raises:
            RuntimeError: when they don't, with the end of their logs.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._try_to_start()
            except RuntimeError:
                if attempt == _ATTEMPTS:
                    raise
                self.folder = Path(tempfile.mkdtemp(prefix="mailtrip-mail-"))
            else:
                return

    def stop(self) -> None:
        """Stop both with all their processes and remove the folder; safe to call twice."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        processes, self._processes = self._processes, []
        for process in processes:
            process.terminate()
        for process in processes:
            _await_end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _try_to_start(self) -> None:
        self._ports = _free_ports(self.port_names)
        self._write()
        self.start_postfix()
        self.start_dovecot()
        try:
            self.guard()
            self._wait_until_ready()
        except BaseException:
            RealMailServer.stop(self)
            raise

    def start_postfix(self) -> subprocess.Popen[bytes]:
        """Start Postfix alone; its master process."""
        return self._run([f"{daemon_directory()}/master", "-c", str(self.folder / "postfix"), "-s"])

    def start_dovecot(self) -> subprocess.Popen[bytes]:
        """Start Dovecot alone; its master process."""
        return self._run(["dovecot", "-F", "-c", str(self.folder / "dovecot" / "dovecot.conf")])

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End Postfix or Dovecot alone, with all its processes; Dovecot's go on serving their clients otherwise."""
        self._processes.remove(process)
        process.terminate()
        _await_end(process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def guard(self) -> None:
        """See to it that what runs at this moment ends with this process, however that ends."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        self._watcher = _guard(self._processes)

    def files(self) -> dict[str, str]:
        """All configuration, by path below the server's folder."""
        certificate = self.authority.issue(("localhost", f"mail.{DOMAIN}", "127.0.0.1"))
        return {
            "tls/server.pem": certificate.certificate_pem,
            "tls/server.key": certificate.key_pem,
            "dovecot/users": configuration.passwd_file(),
            "dovecot/dovecot.conf": configuration.dovecot_conf(self.folder, self._ports),
            "postfix/main.cf": configuration.main_cf(self.folder, daemon_directory=daemon_directory()),
            "postfix/master.cf": configuration.master_cf(self._ports),
            "postfix/users.re": "/^u[0-9]{4}(\\+.*)?@probe\\.test$/ ok\n",
        }

    def is_ready(self, name: str) -> bool:
        """Whether the port of that name answers: with a greeting, or, where TLS comes first, at all."""
        return _greets(self._ports[name], is_tls=_scheme(name).endswith("s"))

    def _run(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        # In a session of its own: both masters end their children by process group.
        process = subprocess.Popen(
            arguments,
            env=environment() | {"MAIL_CONFIG": str(self.folder / "postfix")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def _write(self) -> None:
        folder = self.folder
        folder.chmod(0o755)
        for name in ("tls", "postfix", "dovecot", "run", "log", "home", "data", "queue"):
            (folder / name).mkdir()
        shutil.chown(folder / "home", "mail", "mail")
        shutil.chown(folder / "data", "postfix")
        _make_queues(folder / "queue")
        for name, text in self.files().items():
            path = folder / name
            path.touch(mode=0o600 if path.suffix == ".key" else 0o644)
            path.write_text(text)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        for name in self._ports:
            while not self.is_ready(name):
                dead = [process.args for process in self._processes if process.poll() is not None]
                if dead or time.monotonic() > deadline:
                    raise RuntimeError(f"the mail server did not start ({name}; ended: {dead})\n{self.log()}")
                time.sleep(0.05)


def _scheme(name: str) -> str:
    """Of a port: the word before the first hyphen tells it."""
    return _SCHEMES[name.partition("-")[0]]


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def environment() -> dict[str, str]:
    return {"PATH": _path(), "LANG": "C"}


def daemon_directory() -> str:
    asked = subprocess.run(
        ["postconf", "-d", "-h", "daemon_directory"], capture_output=True, text=True, check=True, env=environment()
    )
    return asked.stdout.strip()


def _make_queues(queue: Path) -> None:
    """The folders Postfix expects, with its owners and modes (see postfix-files)."""
    for name in _QUEUES:
        (queue / name).mkdir(mode=0o700)
        shutil.chown(queue / name, "postfix")
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        (queue / name).mkdir()
        (queue / name).chmod(mode)
        shutil.chown(queue / name, "postfix", "postdrop")
    (queue / "pid").mkdir()


def _free_ports(names: Sequence[str]) -> dict[str, int]:
    """A port that nobody listens on for each name, tried in random order, as other test processes choose too."""
    ports: dict[str, int] = {}
    candidates = iter(random.sample(range(_FIRST_PORT, _LAST_PORT), 500))
    for name in names:
        ports[name] = next(port for port in candidates if _is_free(port))
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _greets(port: int, *, is_tls: bool) -> bool:
    """Whether the port answers: with a greeting, or, where TLS comes first, at all."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            return is_tls or client.recv(1) != b""
    except OSError:
        return False


def _guard(processes: Sequence[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Ends these processes when this one is killed: its pipe to the guard breaks then. Kill the guard before them."""
    pids = [str(process.pid) for process in processes]
    return subprocess.Popen(
        ["sh", "-c", 'read -r _; kill "$@"', "guard", *pids],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _await_end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the master, and make an end of its group if it doesn't come by itself."""
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
