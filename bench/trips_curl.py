"""Round trips of libcurl (pycurl), as a careful user would write them: one handle a thread, kept for all its trips."""

import io
import threading
import time

import pycurl

from mailtrip.model import MailProtocol
from scenery import HOST, PASSWORD, Site, address, new_message

__all__ = ["CurlTrips", "TranscriptCurlTrips"]


class CurlTrips:
    """Blocking; safe to use from many threads.

    Args:
        keeps_transcript: whether what is said is kept, each piece with its time, as Mailtrip does.
    """

    def __init__(self, site: Site, *, keeps_transcript: bool = False) -> None:
        self._site = site
        self._keeps_transcript = keeps_transcript
        self._local = threading.local()
        self._take = self._take_pop3 if site.protocol is MailProtocol.POP3 else self._take_imap

    def make(self, user: int) -> None:
        """One trip to one user's mailbox, which holds nothing else."""
        message, mark = new_message()
        curl = self._handle()
        self._submit(curl, user, message)
        self._take(curl, user, mark)

    def _handle(self) -> pycurl.Curl:
        """The thread's own handle: it keeps the CA store, but each session makes its own connection."""
        if not hasattr(self._local, "curl"):
            self._local.curl = pycurl.Curl()
        curl: pycurl.Curl = self._local.curl
        return curl

    def _begin(self, curl: pycurl.Curl, user: int, protocol: MailProtocol, path: str) -> None:
        curl.reset()
        curl.setopt(pycurl.URL, f"{self._site.url(protocol)}/{path}")
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.TIMEOUT, 120)
        curl.setopt(pycurl.USERNAME, address(user))
        curl.setopt(pycurl.PASSWORD, PASSWORD)
        if self._keeps_transcript:
            curl.setopt(pycurl.VERBOSE, 1)
            curl.setopt(pycurl.DEBUGFUNCTION, _Transcript())
        if self._site.is_tls:
            curl.setopt(pycurl.CAINFO, self._site.ca_path)
            curl.setopt(pycurl.SSL_SESSIONID_CACHE, 0)

    def _submit(self, curl: pycurl.Curl, user: int, message: bytes) -> None:
        self._begin(curl, user, MailProtocol.SMTP, HOST)
        curl.setopt(pycurl.LOGIN_OPTIONS, "AUTH=PLAIN")
        curl.setopt(pycurl.SASL_IR, 1)
        curl.setopt(pycurl.MAIL_FROM, f"<{address(user)}>")
        curl.setopt(pycurl.MAIL_RCPT, [f"<{address(user)}>"])
        curl.setopt(pycurl.UPLOAD, 1)
        curl.setopt(pycurl.READDATA, io.BytesIO(message))
        curl.setopt(pycurl.INFILESIZE_LARGE, len(message))
        curl.setopt(pycurl.WRITEFUNCTION, _ignore)
        curl.setopt(pycurl.FORBID_REUSE, 1)
        curl.perform()

    def _take_pop3(self, curl: pycurl.Curl, user: int, mark: bytes) -> None:
        self._begin(curl, user, MailProtocol.POP3, "")
        number = _perform(curl, "UIDL").split()[-2].decode()
        _find(_perform(curl, f"TOP {number} 60"), mark)
        _find(_perform(curl, f"RETR {number}"), mark)
        curl.setopt(pycurl.NOBODY, 1)
        curl.setopt(pycurl.FORBID_REUSE, 1)
        _perform(curl, f"DELE {number}")

    def _take_imap(self, curl: pycurl.Curl, user: int, mark: bytes) -> None:
        self._begin(curl, user, MailProtocol.IMAP, "INBOX")
        # libcurl keeps the answer to UID FETCH from its caller, so the search stands in for it.
        uid = _perform(curl, "UID SEARCH ALL").split()[-1].decode()
        _perform(curl, f"UID FETCH {uid} (UID BODY.PEEK[]<0.16384>)")
        curl.unsetopt(pycurl.CUSTOMREQUEST)
        curl.setopt(pycurl.URL, f"{self._site.url(MailProtocol.IMAP)}/INBOX/;UID={uid}")
        _find(_perform(curl), mark)
        curl.setopt(pycurl.URL, f"{self._site.url(MailProtocol.IMAP)}/INBOX")
        _perform(curl, f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        curl.setopt(pycurl.FORBID_REUSE, 1)
        _perform(curl, f"UID EXPUNGE {uid}")


class _Transcript:
    """Of one session: kinds, times and bytes of what libcurl tells; raw TLS records are left out."""

    def __init__(self) -> None:
        self._said: list[tuple[float, int, bytes]] = []

    def __call__(self, kind: int, data: bytes) -> None:
        if kind <= pycurl.INFOTYPE_DATA_OUT:
            self._said.append((time.monotonic(), kind, data))


class TranscriptCurlTrips(CurlTrips):
    """The same, with transcripts."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, keeps_transcript=True)


def _perform(curl: pycurl.Curl, command: str | None = None) -> bytes:
    body = io.BytesIO()
    curl.setopt(pycurl.WRITEDATA, body)
    if command is not None:
        curl.setopt(pycurl.CUSTOMREQUEST, command)
    curl.perform()
    return body.getvalue()


def _find(content: bytes, mark: bytes) -> None:
    if mark not in content:
        raise RuntimeError("the message was not found")


def _ignore(_: bytes) -> None:
    pass
