"""A real Postfix and a real Dovecot with every fault of the matrix, on ports of their own; one for all tests of a process."""

import re
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from tests.mailserver import faulty_configuration
from tests.mailserver.configuration import DOMAIN, USERS
from tests.mailserver.greylist import Greylist
from tests.mailserver.milter import Milter
from tests.mailserver.server import RealMailServer, daemon_directory, environment

__all__ = ["FaultyMailServer"]

_PATIENCE_SECONDS = 10.0


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

    def start(self) -> None:
        """As `RealMailServer.start`, with the milter and the policy service that Postfix asks."""
        self._helpers.enter_context(self._milter)
        self._helpers.enter_context(self._greylist)
        super().start()

    def stop(self) -> None:
        """As `RealMailServer.stop`."""
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
        """Start again what was stopped."""
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
