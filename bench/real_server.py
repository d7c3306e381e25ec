"""The real Postfix and Dovecot as the benchmark starts them: exact times in the log, and a port whose mail is held."""

import re
import subprocess
import time
from collections.abc import Collection
from typing import Any

from borrowed import mail_server_module
from real_trips import RealSite

__all__ = ["BenchMailServer"]

_HELD = "submissions-held"
_PATIENCE_SECONDS = 10.0
_SAVED = re.compile(r"^([0-9]+\.[0-9]{6}) lmtp\(.*msgid=(<[^>]*>): saved mail to INBOX$", re.MULTILINE)

_tests: Any = mail_server_module()


class BenchMailServer(_tests.RealMailServer):
    """A context manager: Postfix and Dovecot run inside of it.

    Args:
        mail_location: Dovecot's setting: what its mailboxes are made of.
    """

    port_names = (*_tests.RealMailServer.port_names, _HELD)
    held_port = _HELD

    def __init__(self, *, mail_location: str = "sdbox:~/mail") -> None:
        super().__init__()
        self._mail_location = mail_location

    @staticmethod
    def missing() -> str | None:
        """Why the servers can't run here; None when they can."""
        reason: str | None = _tests.missing()
        return reason

    @property
    def site(self) -> RealSite:
        ports = {name: self.port(name) for name in self.port_names}
        return RealSite(host=self.host, ports=ports, ca=self.authority.ca_pem, password=self.password)

    def files(self) -> dict[str, str]:
        """All configuration, by path below the server's folder."""
        files: dict[str, str] = super().files()
        files["dovecot/dovecot.conf"] += f"""\
log_timestamp = "%s.%{{usecs}} "
mail_location = {self._mail_location}
pop3_logout_format = in=%i out=%o
"""
        files["postfix/main.cf"] += "queue_run_delay = 1s\nminimal_backoff_time = 1s\n"
        files["postfix/master.cf"] += (
            f"127.0.0.1:{self.port(_HELD)} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes "
            "-o { smtpd_data_restrictions = check_client_access static:HOLD }\n"
        )
        return files

    def release(self, queue_id: str) -> None:
        """Let go a message that is held; Postfix delivers it within a second."""
        command = ["postsuper", "-c", str(self.folder / "postfix"), "-H", queue_id]
        subprocess.run(command, capture_output=True, check=True, env=_tests.environment())

    def saved_at(self, message_ids: Collection[str]) -> dict[str, float]:
        """When these messages were saved by Dovecot's own log, seconds since the epoch, by Message-ID.

        Raises:
            RuntimeError: when one of them is not in the log.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            saved = {message_id: float(at) for at, message_id in _SAVED.findall(self.dovecot_log())}
            if saved.keys() >= set(message_ids):
                return saved
            if time.monotonic() > deadline:
                raise RuntimeError(f"Dovecot has not logged all deliveries\n{self.log()}")
            time.sleep(0.1)

    def dovecot_log(self) -> str:
        """All that Dovecot has logged so far."""
        text: str = (self.folder / "log" / "dovecot.log").read_text(encoding="utf-8", errors="replace")
        return text
