"""The IMAP grammar: one session's state and its scripts, without I/O (RFC 3501, RFC 9051 and extensions)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailtrip.mail import sasl
from mailtrip.mail.framing import IMAPFramer, IMAPUntaggedFramer
from mailtrip.mail.imap_dialogue import Answer, Dialogue, breaks_as_refusal, quote
from mailtrip.mail.imap_folders import Folder, encode_name, read_folder
from mailtrip.mail.imap_items import content_of, fetched_items, quota_percent, searched_uids, status_numbers, to_time
from mailtrip.mail.imap_login import log_in
from mailtrip.mail.imap_parser import Value, parse_values, to_number
from mailtrip.mail.quoting import clean
from mailtrip.mail.script import Exchange, Refusal, Script
from mailtrip.model import Credentials, StatusCode

__all__ = ["MOST_HEADS", "FetchedMessage", "Folder", "IMAPGrammar", "Selected"]

MOST_HEADS = 200
"""That one call fetches."""
_BATCH = 20
_HEAD_BYTES = 16384
_MIB = 1024 * 1024
_FAREWELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A selected folder.

    Attributes:
        uidvalidity: zero where the server says none.
        uidnext: no message that is there has this UID or a higher one.
        exists: number of messages.
    """

    uidvalidity: int
    uidnext: int
    exists: int
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMessage:
    """A message's head: at most 16 KiB from its beginning."""

    uid: int
    size: int | None
    content: bytes = field(repr=False)
    received_at: datetime | None = None


class IMAPGrammar:
    """One IMAP session, used from its greeting to its end.

    A script that a BYE or nonsense ends returns a `Refusal`.

    Args:
        nonce: makes the client's nonce for SCRAM.
    """

    def __init__(self, *, nonce: Callable[[], str] = sasl.make_nonce) -> None:
        self._dialogue = Dialogue()
        self._nonce = nonce
        self._idle_tag: bytes | None = None
        self._is_read_only = False

    @property
    def capabilities(self) -> frozenset[str]:
        """In upper case; empty while they are not known."""
        return self._dialogue.capabilities

    @property
    def exists(self) -> int:
        """Number of messages in the selected folder."""
        return self._dialogue.exists

    @property
    def arrivals(self) -> int:
        """How often the server has told of new messages; grows even where others went at the same time."""
        return self._dialogue.arrivals

    @property
    def uidnext(self) -> int | None:
        return self._dialogue.uidnext

    @property
    def uidvalidity(self) -> int | None:
        return self._dialogue.uidvalidity

    @property
    def alerts(self) -> tuple[str, ...]:
        """What the server wants people to read (RFC 3501, 7.1); the first ten."""
        return tuple(self._dialogue.alerts)

    @property
    def is_gone(self) -> bool:
        """Whether the server has said BYE."""
        return self._dialogue.is_gone

    @breaks_as_refusal
    def greeting(self) -> Script[str]:
        """Wait for the server's first line: OK, or PREAUTH for a session that needs no login."""
        reply = yield Exchange(send=b"", framer=IMAPUntaggedFramer())
        return self._dialogue.read_greeting(reply)

    @breaks_as_refusal
    def capability(self) -> Script[frozenset[str]]:
        """CAPABILITY."""
        answer = yield from self._dialogue.ask(b"CAPABILITY", refused="CAPABILITY refused")
        return answer if isinstance(answer, Refusal) else self.capabilities

    @breaks_as_refusal
    def start_tls(self) -> Script[None]:
        """STARTTLS; on None the TLS handshake is next, and the capabilities are unknown (RFC 3501, 6.2.1)."""
        answer = yield from self._dialogue.ask(b"STARTTLS", refused="STARTTLS refused", status=StatusCode.MAILBOX_TLS)
        if isinstance(answer, Refusal):
            return answer
        self._dialogue.forget_capabilities()
        return None

    @breaks_as_refusal
    def log_in(self, credentials: Credentials, *, is_secure: bool) -> Script[None]:
        """Log in with the mechanism named in the credentials, or the strongest that both sides know.

        `Mechanism.LOGIN` stands for the LOGIN command. Nothing is said where the session is logged in already
        (PREAUTH). The capabilities are known afterwards.

        Args:
            credentials: the login.
            is_secure: the connection has TLS, or is meant to have none; otherwise the password is not sent.
        """
        return (yield from log_in(self._dialogue, credentials, is_secure=is_secure, nonce=self._nonce))

    @breaks_as_refusal
    def identify(self, name: str, version: str) -> Script[None]:
        """ID, where it is offered (RFC 2971); a server that refuses it is none the worse."""
        if "ID" not in self.capabilities:
            return None
        words = quote(["name", name, "version", version])
        if words is None:
            raise ValueError("name and version are printable ASCII")
        answer = yield from self._dialogue.ask(b"ID (%s)" % words, refused="ID refused")
        return answer if isinstance(answer, Refusal) and self.is_gone else None

    @breaks_as_refusal
    def select(self, folder: str) -> Script[Selected]:
        """SELECT a folder by its decoded name."""
        self._dialogue.forget_folder()
        name = quote([encode_name(folder)])
        if name is None:
            raise ValueError("a folder's name in modified UTF-7 is printable ASCII")
        answer = yield from self._dialogue.ask(b"SELECT %s" % name, refused=f"SELECT {_shown(folder)} refused")
        if isinstance(answer, Refusal):
            return answer
        self._is_read_only = answer.status.code == "READ-ONLY"
        if self.uidnext is None:
            refusal = yield from self._find_uidnext()
            if refusal is not None:
                return refusal
        return Selected(
            uidvalidity=self.uidvalidity or 0,
            uidnext=self.uidnext or 1,
            exists=self.exists,
            is_read_only=self._is_read_only,
        )

    def _find_uidnext(self) -> Script[None]:
        """Take the UID behind the last message's for servers that don't say UIDNEXT."""
        if self.exists == 0:
            return None
        answer = yield from self._dialogue.ask(b"UID FETCH * (UID)", refused="UID FETCH refused")
        if isinstance(answer, Refusal):
            return answer
        self._dialogue.uidnext = max(fetched_items(answer), default=0) + 1
        return None

    @breaks_as_refusal
    def noop(self) -> Script[None]:
        """NOOP: `exists` and `arrivals` are as new as the server's view afterwards."""
        answer = yield from self._dialogue.ask(b"NOOP", refused="NOOP refused")
        return answer if isinstance(answer, Refusal) else None

    @breaks_as_refusal
    def idle(self, seconds: float) -> Script[bool]:
        """IDLE (RFC 2177) until the server says something, at most `seconds`.

        Returns:
            Whether messages came in. A server that refuses IDLE has it no longer among its `capabilities`.
        """
        before = self.arrivals
        tag = self._dialogue.next_tag()
        reply = yield Exchange(send=tag + b" IDLE\r\n", framer=IMAPFramer(tag, continuation_ok=True))
        continued = self._dialogue.read(reply, refused="IDLE refused")
        if isinstance(continued, Refusal):
            if self.is_gone:
                return continued
            self._dialogue.capabilities -= {"IDLE"}
        if isinstance(continued, Refusal) or continued.challenge is None:
            return self.arrivals > before
        self._idle_tag = tag
        if self.arrivals == before:
            news = yield Exchange(send=b"", framer=IMAPUntaggedFramer(), patience=seconds)
            gone = self._dialogue.read_untagged(news)
            if gone is not None:
                return gone
        answer = yield from self._end_idle(tag)
        return answer if isinstance(answer, Refusal) else self.arrivals > before

    def _end_idle(self, tag: bytes) -> Script[Answer]:
        reply = yield Exchange(send=b"DONE\r\n", framer=IMAPFramer(tag))
        self._idle_tag = None
        return self._dialogue.read(reply, refused="IDLE refused")

    @breaks_as_refusal
    def quota(self) -> Script[int | None]:
        """How full the mailbox is, in per cent; None where the server does not tell (RFC 9208)."""
        if "QUOTA" not in self.capabilities:
            return None
        answer = yield from self._dialogue.ask(b"GETQUOTAROOT INBOX", refused="GETQUOTAROOT refused")
        if isinstance(answer, Refusal):
            return answer if self.is_gone else None
        return quota_percent(answer)

    @breaks_as_refusal
    def status(self, folder: str) -> Script[Selected]:
        """STATUS of a folder that need not be the selected one; a server that leaves out a number says zero."""
        name = quote([encode_name(folder)])
        command = b"STATUS %s (MESSAGES UIDNEXT UIDVALIDITY)" % name
        answer = yield from self._dialogue.ask(command, refused=f"STATUS {_shown(folder)} refused")
        if isinstance(answer, Refusal):
            return answer
        numbers = status_numbers(answer)
        return Selected(
            uidvalidity=numbers.get("UIDVALIDITY", 0),
            uidnext=numbers.get("UIDNEXT", 0),
            exists=numbers.get("MESSAGES", 0),
        )

    @breaks_as_refusal
    def fetch_heads(self, first_uid: int) -> Script[tuple[FetchedMessage, ...]]:
        """The heads of the messages from a UID on, in the order of their UIDs, unread as they were.

        At most 200 are fetched, those with the lowest UIDs: the next call can go on behind them.
        """
        answer = yield from self._dialogue.ask(
            b"UID FETCH %d:* (UID RFC822.SIZE INTERNALDATE)" % first_uid, refused="UID FETCH refused"
        )
        if isinstance(answer, Refusal):
            return answer
        # RFC 3501, 6.4.8: n:* always has the last message, even where its UID is lower than n.
        envelopes = {uid: items for uid, items in fetched_items(answer).items() if uid >= first_uid}
        return (yield from self._fetch_each(envelopes, _HEAD_BYTES))

    @breaks_as_refusal
    def fetch_recent(self, count: int) -> Script[tuple[FetchedMessage, ...]]:
        """The heads of the last `count` messages (at most 200) of the selected folder, in the order of their UIDs."""
        if self.exists == 0 or count <= 0:
            return ()
        first = max(1, self.exists - min(count, MOST_HEADS) + 1)
        answer = yield from self._dialogue.ask(
            b"FETCH %d:* (UID RFC822.SIZE INTERNALDATE)" % first, refused="FETCH refused"
        )
        if isinstance(answer, Refusal):
            return answer
        return (yield from self._fetch_each(fetched_items(answer), _HEAD_BYTES))

    def _fetch_each(self, known: Mapping[int, Mapping[str, Value]], limit: int) -> Script[tuple[FetchedMessage, ...]]:
        uids = sorted(known)[:MOST_HEADS]
        messages: list[FetchedMessage] = []
        for start in range(0, len(uids), _BATCH):
            contents = yield from self._fetch_contents(uids[start : start + _BATCH], limit)
            if isinstance(contents, Refusal):
                return contents
            messages += [
                FetchedMessage(
                    uid=uid,
                    size=to_number(known[uid].get("RFC822.SIZE")),
                    content=content,
                    received_at=to_time(known[uid].get("INTERNALDATE")),
                )
                for uid, content in sorted(contents.items())
            ]
        return tuple(messages)

    def _fetch_contents(self, uids: Sequence[int], limit: int) -> Script[dict[int, bytes]]:
        """The first `limit` bytes of messages; those that are gone are left out."""
        command = b"UID FETCH %s (UID BODY.PEEK[]<0.%d>)" % (_as_set(uids), limit)
        answer = yield from self._dialogue.ask(command, refused="UID FETCH refused", abridges_reply=True)
        if isinstance(answer, Refusal):
            return answer
        found = {uid: content_of(items) for uid, items in fetched_items(answer).items() if uid in uids}
        return {uid: content[:limit] for uid, content in found.items() if content is not None}

    @breaks_as_refusal
    def fetch(self, uid: int, limit: int = _MIB) -> Script[bytes]:
        """A message's first `limit` bytes, unread as it was; at most 1 MiB."""
        contents = yield from self._fetch_contents([uid], min(limit, _MIB))
        if isinstance(contents, Refusal):
            return contents
        if uid not in contents:
            return Refusal(status=StatusCode.MAILBOX_PROTOCOL, reason=f"the message with UID {uid} is gone")
        return contents[uid]

    @breaks_as_refusal
    def delete(self, uids: Sequence[int]) -> Script[None]:
        """Delete and expunge these messages and no other.

        A server without UIDPLUS (RFC 4315) can only expunge all that is marked: it is asked to where nothing else is
        marked, and otherwise the messages stay, marked as deleted. An OK is not believed: servers give one for a
        message that the user's rights don't allow to go (RFC 4314, 4).
        """
        if not uids:
            return None
        if self._is_read_only:
            return Refusal(status=StatusCode.DELETE_FAILED, reason="the server has opened the mailbox read-only")
        answer = yield from self._delete_step(b"UID STORE %s +FLAGS.SILENT (\\Deleted)" % _as_set(uids))
        if isinstance(answer, Refusal):
            return answer
        if "UIDPLUS" in self.capabilities or "IMAP4REV2" in self.capabilities:
            answer = yield from self._delete_step(b"UID EXPUNGE %s" % _as_set(uids))
            return answer if isinstance(answer, Refusal) else (yield from self._see_gone(uids, answer))
        return (yield from self._expunge_if_alone(frozenset(uids)))

    def _expunge_if_alone(self, uids: frozenset[int]) -> Script[None]:
        answer = yield from self._delete_step(b"UID SEARCH DELETED")
        if isinstance(answer, Refusal):
            return answer
        others = searched_uids(answer) - uids
        if others:
            reason = (
                f"the server has no UIDPLUS and {len(others)} other messages are marked as deleted: "
                "the test message is marked too, but not expunged"
            )
            return Refusal(status=StatusCode.DELETE_FAILED, reason=reason)
        answer = yield from self._delete_step(b"EXPUNGE")
        return answer if isinstance(answer, Refusal) else (yield from self._see_gone(sorted(uids), answer))

    def _see_gone(self, uids: Sequence[int], expunged: Answer) -> Script[None]:
        """Look whether the messages have gone, unless the server has told of each (RFC 3501, 7.4.1)."""
        if sum(response.name == "EXPUNGE" for response in expunged.untagged) >= len(uids):
            return None
        answer = yield from self._delete_step(b"UID FETCH %s (UID)" % _as_set(uids))
        if isinstance(answer, Refusal):
            return answer
        if not fetched_items(answer).keys() & set(uids):
            return None
        reason = f"the server has kept the message, though it answered the deletion with {expunged.status.text}"
        return Refusal(status=StatusCode.DELETE_FAILED, reason=reason)

    def _delete_step(self, command: bytes) -> Script[Answer]:
        verb = command.removeprefix(b"UID ").split()[0].decode()
        return self._dialogue.ask(command, refused=f"{verb} refused", status=StatusCode.DELETE_FAILED)

    @breaks_as_refusal
    def list_folders(self) -> Script[tuple[Folder, ...]]:
        """LIST all folders, with their special uses where the server knows them (RFC 6154)."""
        command = b'LIST "" "*"'
        if {"SPECIAL-USE", "LIST-EXTENDED"} <= self.capabilities:
            command += b" RETURN (SPECIAL-USE)"
        answer = yield from self._dialogue.ask(command, refused="LIST refused")
        if isinstance(answer, Refusal):
            return answer
        found = [read_folder(parse_values(item.rest)) for item in answer.untagged if item.name == "LIST"]
        return tuple(folder for folder in found if folder is not None)

    def log_out(self) -> Script[None]:
        """LOGOUT; whatever the answer, nothing depends on it. An IDLE that is under way is ended first."""
        if self._idle_tag is not None:
            yield Exchange(
                send=b"DONE\r\n",
                framer=IMAPFramer(self._idle_tag),
                patience=_FAREWELL_SECONDS,
                tolerates_loss=True,
            )
        tag = self._dialogue.next_tag()
        yield Exchange(send=tag + b" LOGOUT\r\n", framer=IMAPFramer(tag, ends_at_bye=False), tolerates_loss=True)
        return None


def _shown(folder: str) -> str:
    """A folder's name for people; a server may have made up any."""
    return clean(folder, longest=80)


def _as_set(uids: Sequence[int]) -> bytes:
    return ",".join(str(uid) for uid in sorted(set(uids))).encode()
