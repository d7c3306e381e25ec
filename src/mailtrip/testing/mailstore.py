"""The mail that a loopback server holds: accounts, folders, messages; no protocol in here."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Account", "Folder", "MailStore", "StoredMessage"]

SCRAM_ITERATIONS = 4096


@dataclass(slots=True, eq=False, kw_only=True)
class StoredMessage:
    """One message in one folder.

    Attributes:
        uid: grows with each message of the folder, never used twice.
        received_at: when the store took it, by the server's clock.
    """

    uid: int
    content: bytes = field(repr=False)
    received_at: datetime
    flags: set[str] = field(default_factory=set)


class Folder:
    """An ordered list of messages, which tells its watchers when it changes."""

    def __init__(self, name: str, *, uid_validity: int, special_use: str | None = None) -> None:
        self.name = name
        self.special_use = special_use
        self.uid_validity = uid_validity
        self.uid_next = 1
        self.version = 0
        self.messages: list[StoredMessage] = []
        self._watchers: list[Callable[[], None]] = []

    def append(self, content: bytes, now: datetime, *, flags: Iterable[str] = ()) -> StoredMessage:
        message = StoredMessage(uid=self.uid_next, content=content, received_at=now, flags=set(flags))
        self.uid_next += 1
        self.messages.append(message)
        self._tell()
        return message

    def remove(self, messages: Collection[StoredMessage]) -> None:
        """Remove these for good; those that are gone already are left out."""
        if messages:
            gone = {id(message) for message in messages}
            self.messages = [message for message in self.messages if id(message) not in gone]
            self._tell()

    def watch(self, watcher: Callable[[], None]) -> None:
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def _tell(self) -> None:
        self.version += 1
        for watcher in tuple(self._watchers):
            watcher()


class Account:
    """One user: address, password, an INBOX and a Junk folder."""

    def __init__(self, address: str, password: str, *, uid_validity: int) -> None:
        self.address = address
        self.password = password
        self.folders = {
            "INBOX": Folder("INBOX", uid_validity=uid_validity),
            "Junk": Folder("Junk", uid_validity=uid_validity, special_use="\\Junk"),
        }
        self.pop3_session: object | None = None
        """Who holds the mailbox over POP3 (RFC 1939, 4: one session at a time)."""
        self._scram_keys: dict[tuple[str, str], bytes] = {}

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    @property
    def messages(self) -> list[StoredMessage]:
        """What is in the INBOX, oldest first."""
        return self.inbox.messages

    def folder(self, name: str) -> Folder | None:
        """The folder of that name; INBOX in any case (RFC 9051, 5.1); None when there is none."""
        return self.folders.get("INBOX" if name.upper() == "INBOX" else name)

    @property
    def scram_salt(self) -> bytes:
        return hashlib.md5(self.address.encode(), usedforsecurity=False).digest()

    def scram_key(self, hash_name: str) -> bytes:
        """SaltedPassword of RFC 5802, 3; worked out once for each hash and password."""
        key = self._scram_keys.get((hash_name, self.password))
        if key is None:
            key = hashlib.pbkdf2_hmac(hash_name, self.password.encode(), self.scram_salt, SCRAM_ITERATIONS)
            self._scram_keys[hash_name, self.password] = key
        return key


class MailStore:
    """All accounts of one server; addresses are compared without regard to case."""

    def __init__(self, users: Mapping[str, str], *, uid_validity: int) -> None:
        self._uid_validity = uid_validity
        self._accounts: dict[str, Account] = {}
        for address, password in users.items():
            self.add(address, password)

    def add(self, address: str, password: str) -> Account:
        account = Account(address, password, uid_validity=self._uid_validity)
        self._accounts[address.lower()] = account
        return account

    def find(self, address: str) -> Account | None:
        return self._accounts.get(address.lower())

    def log_in(self, address: str, password: str) -> Account | None:
        """The account, when the password is right."""
        account = self.find(address)
        return account if account is not None and account.password == password else None
