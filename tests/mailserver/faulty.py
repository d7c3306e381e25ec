"""A real Postfix and a real Dovecot with every fault of the matrix, on ports of their own; one for all tests of a process."""

import errno
import poplib
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.mailserver import faulty_configuration
from tests.mailserver.configuration import DOMAIN, USERS
from tests.mailserver.greylist import Greylist
from tests.mailserver.milter import Milter
from tests.mailserver.server import RealMailServer, daemon_directory, environment

__all__ = ["FaultyMailServer"]

_PATIENCE_SECONDS = 10.0
_FILLER = "filler"


class FaultyMailServer(RealMailServer):
    """The recipient's domain (`u0001@footer.probe.test`) or the port chooses the fault; all end in Dovecot's u0001.

    Its certificates: good on 127.0.0.1, for another name on 127.0.0.2, expired on 127.0.0.3 (Dovecot) and on ports of
    their own (Postfix).
    """

    password = faulty_configuration.PASSWORD
    port_names = faulty_configuration.PORT_NAMES

    def __init__(self) -> None:
        super().__init__()
        self._fields = dict.fromkeys((*USERS, f"elsewhere@{DOMAIN}"), "")
        self._version = 0
        self._helpers = ExitStack()
        self._milter = Milter()
        self._greylist = Greylist()
        self._postfix: subprocess.Popen[bytes] | None = None
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._holders: list[poplib.POP3] = []
        self._disks: list[Path] = []

    def start(self) -> None:
        """As `RealMailServer.start`, with the milter and the policy service that Postfix asks."""
        self._helpers.enter_context(self._milter)
        self._helpers.enter_context(self._greylist)
        super().start()

    def stop(self) -> None:
        """As `RealMailServer.stop`."""
        for disk in self._disks:
            subprocess.run(["umount", "--lazy", str(disk)], check=False, env=environment())
        super().stop()
        self._helpers.close()

    def files(self) -> dict[str, str]:
        """All configuration, by path below the server's folder."""
        today = datetime.now(UTC)
        expired = self.authority.issue(
            ("localhost", "127.0.0.1", "127.0.0.3"),
            not_before=today - timedelta(days=90),
            not_after=today - timedelta(days=1),
        )
        misnamed = self.authority.issue(("mail.example.com",))
        conf = faulty_configuration
        return super().files() | {
            "tls/expired.pem": expired.certificate_pem,
            "tls/expired.key": expired.key_pem,
            "tls/misnamed.pem": misnamed.certificate_pem,
            "tls/misnamed.key": misnamed.key_pem,
            "dovecot/users": conf.passwd_file(self._fields),
            "dovecot/dovecot.conf": conf.dovecot_conf(self.folder, self._ports),
            "postfix/main.cf": conf.main_cf(
                self.folder,
                daemon_directory=daemon_directory(),
                milter_port=self._milter.port,
                greylist_port=self._greylist.port,
            ),
            "postfix/master.cf": conf.master_cf(self.folder, self._ports),
            **conf.maps(self.folder),
        }

    # -- Postfix and Dovecot, stopped and started under way -----------------------------------------------------------

    def start_postfix(self) -> subprocess.Popen[bytes]:
        """Start it, not yet ready."""
        self._postfix = super().start_postfix()
        return self._postfix

    def start_dovecot(self) -> subprocess.Popen[bytes]:
        """Start it, not yet ready."""
        self._dovecot = super().start_dovecot()
        return self._dovecot

    def stop_postfix(self) -> None:
        if self._postfix is not None:
            self.end(self._postfix)
            self._postfix = None

    def stop_dovecot(self) -> None:
        if self._dovecot is not None:
            self.end(self._dovecot)
            self._dovecot = None

    def restore(self) -> None:
        """Start again what was stopped, let go of what was held, and make room on the disks."""
        self.let_go()
        for disk in self._disks:
            (disk / _FILLER).unlink(missing_ok=True)
        names: tuple[str, ...] = ()
        if self._dovecot is None:
            # An smtpd that starts while nobody answers it about logins fails, and Postfix starts no other for a minute.
            self.start_dovecot()
            self.await_true(lambda: all(self.is_ready(name) for name in ("pop3", "imap")))
            names = ("smtp",)
        if self._postfix is None:
            self.start_postfix()
            names = ("smtp",)
        self.await_true(lambda: all(self.is_ready(name) for name in names))
        if names:
            self.guard()

    # -- What an administrator does ---------------------------------------------------------------------------------

    def doveadm(self, *arguments: str) -> str:
        """Run it; what it says on its standard output."""
        command = ["doveadm", "-c", str(self.folder / "dovecot" / "dovecot.conf"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        return done.stdout

    def postsuper(self, *arguments: str) -> None:
        """Release or delete what is held."""
        command = ["postsuper", "-c", str(self.folder / "postfix"), *arguments]
        subprocess.run(command, capture_output=True, check=True, env=environment())

    def set_fields(self, address: str, fields: str) -> None:
        """Give a user of Dovecot extra fields: plug-ins, limits, `nologin`; takes up to a second."""
        if self._fields[address] == fields:
            return
        self._fields[address] = fields
        self._version += 1
        # Dovecot looks once a second whether the file has another time or size: a new file is always seen.
        path = self.folder / "dovecot" / "users"
        fresh = path.with_suffix(".new")
        version = f"userdb_version={self._version}"
        users = self._fields | {address: f"{fields} {version}"}
        fresh.write_text(faulty_configuration.passwd_file(users))
        fresh.replace(path)
        self.await_true(lambda: self.doveadm("user", "-f", "version", address).strip() == str(self._version))

    def hold(self, address: str, *, seconds: float | None = None) -> None:
        """Another POP3 client logs in and stays, until it is let go, after so many seconds at the latest."""
        client = poplib.POP3(self.host, self.port("pop3"), timeout=10)
        client.user(address)
        client.pass_(self.password)
        self._holders.append(client)
        if seconds is not None:
            threading.Timer(seconds, self.let_go).start()

    def let_go(self) -> None:
        """The POP3 clients that stay log out."""
        while self._holders:
            self._holders.pop().quit()

    def give_small_disk(self, address: str) -> None:
        """Move what the user has to a disk of its own, of 4 MB.

        Raises:
            PermissionError: when this machine lets nobody mount a file system, as containers don't.
        """
        home = self.folder / "home" / address.partition("@")[0]
        aside = home.with_suffix(".aside")
        shutil.copytree(home, aside)
        command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "mailtrip-test", str(home)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        if done.returncode:
            raise PermissionError(done.stderr.strip())
        self._disks.append(home)
        shutil.copytree(aside, home, dirs_exist_ok=True)
        subprocess.run(["chown", "-R", "mail:mail", str(home)], check=True, env=environment())

    def fill_disk(self, address: str) -> None:
        """Leave no byte on the user's own disk, until `restore`."""
        with (self.folder / "home" / address.partition("@")[0] / _FILLER).open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as exc:
                if exc.errno != errno.ENOSPC:
                    raise

    def count(self, address: str, folder: str = "INBOX") -> int:
        """Number of messages in a folder."""
        told = self.doveadm("mailbox", "status", "-u", address, "messages", folder)
        found = re.search(r"messages=(\d+)", told)
        return int(found[1]) if found else 0

    def await_count(self, address: str, count: int, folder: str = "INBOX") -> None:
        """Wait until so many messages are there."""
        self.await_true(lambda: self.count(address, folder) >= count)

    def await_true(self, is_true: Callable[[], bool]) -> None:
        """Wait for something that the servers do.

        Raises:
            RuntimeError: when it doesn't come true, with the end of their logs.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_true():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the servers did not do what was waited for\n{self.log()}")
            time.sleep(0.02)
