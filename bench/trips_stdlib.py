"""Round trips of the standard library: smtplib, and poplib or imaplib."""

import imaplib
import poplib
import re
import smtplib
import ssl

from mailtrip.model import MailProtocol
from scenery import HOST, PASSWORD, Site, address, new_message

__all__ = ["StdlibTrips"]

_SECONDS = 120


class StdlibTrips:
    """Blocking; safe to use from many threads, which share the TLS context."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._context = ssl.create_default_context(cadata=site.ca) if site.is_tls else None
        self._take = self._take_pop3 if site.protocol is MailProtocol.POP3 else self._take_imap

    def make(self, user: int) -> None:
        """One trip to one user's mailbox, which holds nothing else."""
        message, mark = new_message()
        self._submit(user, message)
        self._take(user, mark)

    def _submit(self, user: int, message: bytes) -> None:
        port = self._site.port(MailProtocol.SMTP)
        name = f"[{HOST}]"
        if self._context is not None:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(HOST, port, name, timeout=_SECONDS, context=self._context)
        else:
            smtp = smtplib.SMTP(HOST, port, name, timeout=_SECONDS)
        with smtp:
            smtp.ehlo()
            smtp.user, smtp.password = address(user), PASSWORD
            smtp.auth("PLAIN", smtp.auth_plain)
            smtp.sendmail(address(user), [address(user)], message)

    def _take_pop3(self, user: int, mark: bytes) -> None:
        port = self._site.port(MailProtocol.POP3)
        if self._context is not None:
            pop3: poplib.POP3 = poplib.POP3_SSL(HOST, port, timeout=_SECONDS, context=self._context)
        else:
            pop3 = poplib.POP3(HOST, port, timeout=_SECONDS)
        pop3.user(address(user))
        pop3.pass_(PASSWORD)
        number = int(pop3.uidl()[1][-1].split()[0])
        _find(b"\n".join(pop3.top(number, 60)[1]), mark)
        _find(b"\n".join(pop3.retr(number)[1]), mark)
        pop3.dele(number)
        pop3.quit()

    def _take_imap(self, user: int, mark: bytes) -> None:
        port = self._site.port(MailProtocol.IMAP)
        if self._context is not None:
            imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(HOST, port, timeout=_SECONDS, ssl_context=self._context)
        else:
            imap = imaplib.IMAP4(HOST, port, timeout=_SECONDS)
        imap.login(address(user), PASSWORD)
        imap.select("INBOX")
        _, found = imap.uid("FETCH", "1:*", "(UID RFC822.SIZE)")
        match = re.search(rb"UID (\d+)", found[-1])
        assert match is not None
        uid = match[1].decode()
        for section in ("BODY.PEEK[]<0.16384>", "BODY.PEEK[]"):
            _, fetched = imap.uid("FETCH", uid, f"({section})")
            _find(fetched[0][1], mark)
        imap.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
        imap.uid("EXPUNGE", uid)
        imap.logout()


def _find(content: bytes, mark: bytes) -> None:
    if mark not in content:
        raise RuntimeError("the message was not found")
