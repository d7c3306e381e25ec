"""The IMAP side of the loopback server (IMAP4rev1 with IDLE, UIDPLUS, LITERAL+, SASL-IR, ID and SPECIAL-USE)."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import ClassVar, TypeAlias

from mailtrip.model import MailProtocol
from mailtrip.testing.connection import ServerConnection
from mailtrip.testing.imap_grammar import NumberSet, Token, atom, parse_arguments, parse_fetch_items, render, search
from mailtrip.testing.mailstore import Account, Folder, StoredMessage
from mailtrip.testing.site import Site

__all__ = ["IMAPConnection"]

_LITERAL = re.compile(rb"\{(\d{1,10})(\+?)\}\Z")
_LARGEST_LITERAL = 20_000_000
_FLAGS = rb"(\Answered \Flagged \Deleted \Seen \Draft)"

Handler: TypeAlias = "Callable[[list[Token]], None]"


class IMAPConnection(ServerConnection):
    """One IMAP session; `_view` is the mailbox as the client has been told of it."""

    protocol: ClassVar[MailProtocol] = MailProtocol.IMAP
    endless_line: ClassVar[bytes] = b"* OK and so on\r\n"

    def __init__(self, site: Site, port_name: str) -> None:
        super().__init__(site, port_name)
        self._tag = ""
        self._pending = b""
        self._by_uid = False
        self._folder: Folder | None = None
        self._read_only = False
        self._view: list[StoredMessage] = []
        self._version = 0
        self._known_uid = 0
        self._anytime: dict[bytes, tuple[str, Handler]] = {
            b"CAPABILITY": ("capability", self._capability),
            b"NOOP": ("noop", self._noop),
            b"ID": ("id", self._id),
            b"LOGOUT": ("logout", self._logout),
        }
        self._before_login: dict[bytes, tuple[str, Handler]] = {
            b"STARTTLS": ("starttls", self._starttls),
            b"LOGIN": ("login", self._login),
            b"AUTHENTICATE": ("auth", self._authenticate),
        }
        self._after_login: dict[bytes, tuple[str, Handler]] = {
            b"LIST": ("list", self._list),
            b"STATUS": ("status", self._status),
            b"APPEND": ("append", self._append),
            b"SELECT": ("select", lambda tokens: self._select(tokens, read_only=False)),
            b"EXAMINE": ("select", lambda tokens: self._select(tokens, read_only=True)),
            b"IDLE": ("idle", self._idle),
        }
        self._in_folder: dict[bytes, tuple[str, Handler]] = {
            b"FETCH": ("fetch", self._fetch),
            b"STORE": ("store", self._store),
            b"SEARCH": ("search", self._search),
            b"EXPUNGE": ("expunge", self._expunge),
            b"CLOSE": ("close", self._close),
        }

    def greet(self) -> None:
        self.send(f"* OK [CAPABILITY {self._capabilities()}] {self.site.hostname} ready\r\n".encode())

    def command(self, line: bytes) -> None:
        self._pending += line
        literal = _LITERAL.search(line)
        if literal is None:
            whole, self._pending = self._pending, b""
            self._run(whole)
        elif int(literal[1]) > _LARGEST_LITERAL:
            self.send(b"* BYE literal too big\r\n")
            self.close_after_reply()
        else:
            if not literal[2]:
                self.send(b"+ go on\r\n")
            self._pending += b"\r\n"
            self.read_block(int(literal[1]), self._literal)

    def _literal(self, block: bytes) -> None:
        self._pending += block

    def _run(self, whole: bytes) -> None:
        tag, _, rest = whole.partition(b" ")
        verb, _, rest = rest.partition(b" ")
        self._tag = tag.decode(errors="replace")
        self._by_uid = verb.upper() == b"UID"
        if self._by_uid:
            verb, _, rest = rest.partition(b" ")
        known = self._find_command(verb.upper())
        if known is None:
            self.bad("command not known, or not in this state")
            return
        try:
            tokens = parse_arguments(rest)
        except ValueError as error:
            self.bad(str(error))
            return
        moment, handler = known
        self.at(moment, lambda: self._handle(handler, tokens))

    def _find_command(self, verb: bytes) -> tuple[str, Handler] | None:
        tables = [self._anytime, self._before_login if self.account is None else self._after_login]
        if self._folder is not None:
            tables.append(self._in_folder)
        return next((table[verb] for table in tables if verb in table), None)

    def _handle(self, handler: Handler, tokens: list[Token]) -> None:
        try:
            handler(tokens)
        except (ValueError, IndexError):
            self.bad("arguments not understood")

    def tagged(self, line: str) -> str:
        return line if not self._tag or line.startswith(("* ", "+")) else f"{self._tag} {line}"

    def ok(self, text: str, *, tell_news: bool = True) -> None:
        if tell_news:
            self._tell_news()
        self.send(f"{self._tag} OK {text}\r\n".encode())

    def no(self, text: str) -> None:
        self.send(f"{self._tag} NO {text}\r\n".encode())

    def bad(self, text: str) -> None:
        self.send(f"{self._tag or '*'} BAD {text}\r\n".encode())

    def closed(self) -> None:
        super().closed()
        self._leave_folder()

    # -- any time and before the login

    def _capabilities(self) -> str:
        features = self.site.features
        is_before_login = self.account is None
        offered = {
            "IMAP4rev1": True,
            "LITERAL+": features.literal_plus,
            "ID": features.id,
            "SASL-IR": features.sasl_ir and is_before_login,
            "STARTTLS": self.offers_tls and is_before_login,
            "LOGINDISABLED": is_before_login and not self._may_use_login,
            "IDLE": features.idle,
            "UIDPLUS": features.uidplus,
            "SPECIAL-USE": features.special_use,
        }
        names = [name for name, is_offered in offered.items() if is_offered]
        return " ".join(names + [f"AUTH={name}" for name in self.mechanisms if is_before_login])

    @property
    def _may_use_login(self) -> bool:
        return self.site.features.login and self.may_log_in

    def _capability(self, _: list[Token]) -> None:
        self.send(f"* CAPABILITY {self._capabilities()}\r\n".encode())
        self.ok("done")

    def _id(self, _: list[Token]) -> None:
        if self.site.features.id:
            self.send(b'* ID ("name" "Mailtrip loopback server")\r\n')
            self.ok("done")
        else:
            self.bad("command not known")

    def _noop(self, _: list[Token]) -> None:
        self.ok("done")

    def _logout(self, _: list[Token]) -> None:
        self.send(b"* BYE see you\r\n")
        self.ok("done", tell_news=False)
        self.close_after_reply()

    def _starttls(self, _: list[Token]) -> None:
        if self.offers_tls:
            self.ok("begin TLS")
            self._tag = ""
            self.start_tls_after_reply()
        else:
            self.bad("STARTTLS is not offered")

    def _login(self, tokens: list[Token]) -> None:
        if not self._may_use_login:
            self.no("[PRIVACYREQUIRED] LOGIN is disabled")
            return
        username, password = _texts(tokens, 2)
        self.finish_login(self.site.store.log_in(username, password))

    def _authenticate(self, tokens: list[Token]) -> None:
        mechanism = _text(tokens[0]).upper()
        initial = tokens[1] if len(tokens) > 1 else None
        if isinstance(initial, list) or (initial is not None and not self.site.features.sasl_ir):
            self.bad("no initial response here")
        elif self.knows(mechanism):
            self.begin_login(mechanism, initial)
        else:
            self.no("mechanism not known")

    def refuse_login(self) -> None:
        self.no("[AUTHENTICATIONFAILED] authentication failed")

    def accept_login(self, account: Account) -> None:
        self.account = account
        self.log.username = account.address
        self.ok(f"[CAPABILITY {self._capabilities()}] logged in")

    # -- after the login

    def _list(self, tokens: list[Token]) -> None:
        assert self.account is not None
        only_special = isinstance(tokens[0], list)
        pattern = _text(tokens[2] if only_special else tokens[1])
        if not pattern:
            self.send(b'* LIST (\\Noselect) "/" ""\r\n')
        for folder in self.account.folders.values():
            use = folder.special_use if self.site.features.special_use else None
            if fnmatchcase(folder.name, pattern.replace("%", "*")) and (use or not only_special):
                attributes = " ".join(filter(None, ("\\HasNoChildren", use)))
                self.send(f'* LIST ({attributes}) "/" "{folder.name}"\r\n'.encode())
        self.ok("done")

    def _status(self, tokens: list[Token]) -> None:
        folder = self._named(tokens[0])
        if folder is None:
            return
        values = {
            "MESSAGES": len(folder.messages),
            "RECENT": 0,
            "UIDNEXT": folder.uid_next,
            "UIDVALIDITY": folder.uid_validity,
            "UNSEEN": sum("\\Seen" not in message.flags for message in folder.messages),
        }
        names = [_text(name).upper() for name in tokens[1]] if isinstance(tokens[1], list) else []
        pairs = " ".join(f"{name} {values[name]}" for name in names if name in values)
        self.send(f'* STATUS "{folder.name}" ({pairs})\r\n'.encode())
        self.ok("done")

    def _append(self, tokens: list[Token]) -> None:
        folder = self._named(tokens[0])
        content = tokens[-1]
        if folder is None or isinstance(content, list):
            return
        flags = [_text(flag) for flag in tokens[1]] if isinstance(tokens[1], list) else []
        message = folder.append(content, self.site.clock.now(), flags=flags)
        code = f"[APPENDUID {folder.uid_validity} {message.uid}] " if self.site.features.uidplus else ""
        self.ok(f"{code}done")

    def _named(self, token: Token) -> Folder | None:
        """The folder of that name; None, and answered, when there is none."""
        assert self.account is not None
        folder = self.account.folder(_text(token))
        if folder is None:
            self.no("[NONEXISTENT] no such mailbox")
        return folder

    def _select(self, tokens: list[Token], *, read_only: bool) -> None:
        self._leave_folder()
        folder = self._named(tokens[0])
        if folder is None:
            return
        self._folder, self._read_only = folder, read_only
        self._view = list(folder.messages)
        self._version, self._known_uid = folder.version, folder.uid_next - 1
        permanent = b"()" if read_only else _FLAGS
        self.send(
            b"* FLAGS %b\r\n* OK [PERMANENTFLAGS %b] Limited\r\n* %d EXISTS\r\n* 0 RECENT\r\n"
            b"* OK [UIDVALIDITY %d] UIDs valid\r\n* OK [UIDNEXT %d] Predicted next UID\r\n"
            % (_FLAGS, permanent, len(self._view), folder.uid_validity, folder.uid_next)
        )
        self.ok("[READ-ONLY] done" if read_only else "[READ-WRITE] done")

    def _leave_folder(self) -> None:
        if self._folder is not None:
            self._folder.unwatch(self._push)
            self._folder = None
            self._view = []

    def _idle(self, _: list[Token]) -> None:
        if not self.site.features.idle:
            self.bad("command not known")
            return
        self._tell_news()
        self.send(b"+ idling\r\n")
        self.on_line = self._end_idle
        if self._folder is not None and self.site.features.idle_pushes:
            self._folder.watch(self._push)

    def _push(self) -> None:
        self._tell_news()
        self.flush()

    def _end_idle(self, line: bytes) -> None:
        self.on_line = self.command
        if self._folder is not None:
            self._folder.unwatch(self._push)
        if line.upper() == b"DONE":
            self.ok("done")
        else:
            self.bad("DONE was expected")

    def _tell_news(self) -> None:
        """Tell what has gone from the folder and what has come (EXPUNGE, EXISTS)."""
        folder = self._folder
        if folder is None or folder.version == self._version:
            return
        self._version = folder.version
        present = {id(message) for message in folder.messages}
        for index in range(len(self._view) - 1, -1, -1):
            if id(self._view[index]) not in present:
                del self._view[index]
                self.send(b"* %d EXPUNGE\r\n" % (index + 1))
        fresh = [message for message in folder.messages if message.uid > self._known_uid]
        self._known_uid = folder.uid_next - 1
        if fresh:
            self._view += fresh
            self.send(b"* %d EXISTS\r\n" % len(self._view))

    # -- in a folder

    def _chosen(self, token: Token) -> list[tuple[int, StoredMessage]]:
        """The messages of a set, by UID or by sequence number as the command said, with their sequence numbers."""
        text = _text(token).encode()
        if self._by_uid:
            uids = NumberSet(text, self._view[-1].uid if self._view else 0)
            return [(number, message) for number, message in enumerate(self._view, 1) if message.uid in uids]
        numbers = NumberSet(text, len(self._view))
        return [(number, message) for number, message in enumerate(self._view, 1) if number in numbers]

    def _fetch(self, tokens: list[Token]) -> None:
        wanted: Token = [b"UID", tokens[1]] if isinstance(tokens[1], bytes) else [b"UID", *tokens[1]]
        items = parse_fetch_items(wanted if self._by_uid else tokens[1])
        items = [item for index, item in enumerate(items) if item not in items[:index]]
        marks_seen = not self._read_only and any(not item.peek for item in items)
        for number, message in self._chosen(tokens[0]):
            if marks_seen:
                message.flags.add("\\Seen")
            self.send(b"* %d FETCH %b\r\n" % (number, render(message, items)))
        self.ok("done", tell_news=self._by_uid)

    def _store(self, tokens: list[Token]) -> None:
        if self._read_only:
            self.no("mailbox is read-only")
            return
        action = _text(tokens[1]).upper()
        listed = tokens[2] if isinstance(tokens[2], list) else tokens[2:]
        flags = {_text(flag) for flag in listed}
        for number, message in self._chosen(tokens[0]):
            message.flags = _changed(message.flags, action.removesuffix(".SILENT"), flags)
            if not action.endswith(".SILENT"):
                items = parse_fetch_items([b"UID", b"FLAGS"] if self._by_uid else [b"FLAGS"])
                self.send(b"* %d FETCH %b\r\n" % (number, render(message, items)))
        self.ok("done", tell_news=self._by_uid)

    def _search(self, tokens: list[Token]) -> None:
        found = search(tokens, self._view)
        numbers = [str(message.uid if self._by_uid else number) for number, message in found]
        self.send(f"{' '.join(['* SEARCH', *numbers])}\r\n".encode())
        self.ok("done", tell_news=self._by_uid)

    def _expunge(self, tokens: list[Token]) -> None:
        if self._by_uid and not self.site.features.uidplus:
            self.bad("command not known")
        elif self._read_only:
            self.no("mailbox is read-only")
        else:
            self._remove_deleted([message for _, message in self._chosen(tokens[0])] if self._by_uid else self._view)
            self.ok("done")

    def _remove_deleted(self, messages: list[StoredMessage]) -> None:
        assert self._folder is not None
        self._folder.remove([message for message in messages if "\\Deleted" in message.flags])

    def _close(self, _: list[Token]) -> None:
        if not self._read_only:
            self._remove_deleted(self._view)
        self._leave_folder()
        self.ok("done")


def _changed(flags: set[str], action: str, given: set[str]) -> set[str]:
    match action:
        case "+FLAGS":
            return flags | given
        case "-FLAGS":
            return flags - given
        case "FLAGS":
            return given
        case _:
            raise ValueError("write FLAGS, +FLAGS or -FLAGS")


def _text(token: Token) -> str:
    return atom(token).decode(errors="replace")


def _texts(tokens: list[Token], count: int) -> list[str]:
    if len(tokens) != count:
        raise ValueError(f"{count} arguments were expected")
    return [_text(token) for token in tokens]
