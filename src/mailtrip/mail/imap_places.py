"""Where an IMAP mailbox is looked into: INBOX, the folder for spam, and folders that the owner names. Scripts only."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mailtrip.mail.imap import MOST_HEADS, FetchedMessage, IMAPGrammar, Selected
from mailtrip.mail.imap_folders import Folder
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.visits import Visit
from mailtrip.model import Head, MessageRef

__all__ = ["INBOX", "Places", "is_junk_name"]

INBOX = "INBOX"
_MOST_PLACES = 10
_FIRST_LOOK = 50
"""Messages of a folder that are looked at when it is looked into for the first time."""

# What servers and clients call the folder for spam where they don't mark it (RFC 6154), in the languages they come in.
_JUNK_NAMES = frozenset(
    re.sub(r"[\W_]+", "", name.lower())
    for name in (
        "Junk", "Junk Mail", "Junk Email", "Spam", "Bulk", "Bulk Mail", "Quarantine", "Unsolicited",
        "Spamverdacht", "Spamordner", "Unerwünscht", "Werbung",
        "Courrier indésirable", "Indésirables", "Pourriel", "Pourriels",
        "Correo no deseado", "No deseado", "Correo basura", "Correu brossa",
        "Posta indesiderata", "Indesiderata", "Lixo eletrónico", "Lixo eletrônico", "Não solicitado",
        "Ongewenste e-mail", "Ongewenst", "Reclame", "Skräppost", "Søppelpost", "Uønsket e-post", "Uønsket mail",
        "Roskaposti", "Rämpspost", "Mēstules", "Šlamštas", "Wiadomości-śmieci", "Niechciane", "Nevyžádaná pošta",
        "Nevyžiadaná pošta", "Levélszemét", "Neželena pošta", "Neželjena pošta", "Mesaje nedorite", "Нежелана пошта",
        "Спам", "Нежелательная почта", "Небажана пошта", "Ανεπιθύμητα", "Ανεπιθύμητη αλληλογραφία",
        "Gereksiz", "İstenmeyen", "Önemsiz E-posta", "דואר זבל", "البريد غير الهام", "البريد العشوائي",
        "垃圾邮件", "垃圾郵件", "迷惑メール", "스팸", "정크메일", "Thư rác", "Surel sampah", "จดหมายขยะ", "जंक",
    )
)  # fmt: skip


def is_junk_name(name: str, delimiter: str | None = None) -> bool:
    """Whether a folder of this name is where spam goes, by its last part."""
    last = name.rsplit(delimiter, 1)[-1] if delimiter else name
    return re.sub(r"[\W_]+", "", last.lower()) in _JUNK_NAMES


@dataclass(slots=True)
class _Place:
    """A folder besides INBOX; nothing is known of it until it is looked into for the first time."""

    name: str
    uidvalidity: int = 0
    next_uid: int = 0


class Places:
    """Where new mail begins in each folder of one mailbox; kept over reconnections.

    Args:
        named: folders that the owner names, looked into as the spam folder is.

    Attributes:
        junk: the folders for spam, as far as they are known.
        uidvalidity: of INBOX; None before `open`, zero where the server tells none.
        next_uid: what is below it in INBOX was looked at, or was there before.
        looked_from: what the last look into INBOX has shown began at this UID.
        is_behind: another session knows of messages in INBOX that this one was not told of yet.
    """

    def __init__(self, named: Sequence[str] = ()) -> None:
        self._named = tuple(named)
        self.uidvalidity: int | None = None
        self.next_uid = 1
        self.looked_from = 1
        self.is_behind = False
        self._opened_at = 1
        self._seen_arrivals = -1
        self._others: list[_Place] | None = None
        self._selected: str | None = None
        self.junk: frozenset[str] = frozenset()

    def reconnected(self) -> None:
        """A new session: nothing is selected in it, and anything may have come in."""
        self._selected = None
        self._seen_arrivals = -1

    def open(self, grammar: IMAPGrammar) -> Script[None]:
        """Select INBOX and note where new mail begins in it, the first time; later the note stays."""
        is_first = self.uidvalidity is None
        refusal = yield from self.select(grammar, INBOX)
        if refusal is None and is_first:
            self._seen_arrivals = grammar.arrivals
        return refusal

    def select(self, grammar: IMAPGrammar, folder: str) -> Script[None]:
        """Select a folder unless it is selected already; what it holds is known then."""
        if self._selected == folder:
            return (yield from self._catch_up(grammar)) if folder == INBOX else None
        self._selected = None
        selected = yield from grammar.select(folder)
        if isinstance(selected, Refusal):
            return selected
        self._selected = folder
        if folder == INBOX:
            self._note_inbox(selected)
        return None

    def look(self, grammar: IMAPGrammar, *, everywhere: bool) -> Script[tuple[Head, ...]]:
        """The heads of what is new in INBOX and, if asked for, everywhere else. INBOX is selected afterwards.

        A search would lag behind on some servers, so new messages are found by their UIDs.
        """
        heads = yield from self._look_into_inbox(grammar)
        if isinstance(heads, Refusal) or not everywhere:
            return heads
        found = list(heads)
        others = yield from self._find_others(grammar)
        if isinstance(others, Refusal):
            return others
        for place in others:
            more = yield from self._look_into(grammar, place)
            if isinstance(more, Refusal):
                if grammar.is_gone:
                    return more
                continue  # a folder that can't be read is not the mailbox's failure
            found += more
        refusal = yield from self.select(grammar, INBOX)
        return refusal or tuple(found)

    def look_back(self, grammar: IMAPGrammar, most: int) -> Script[tuple[Head, ...]]:
        """The heads of the last messages of INBOX, new or old."""
        refusal = yield from self.select(grammar, INBOX)
        if refusal is not None:
            return refusal
        messages = yield from grammar.fetch_recent(most)
        return messages if isinstance(messages, Refusal) else _heads(INBOX, grammar, messages)

    def sweep(self, grammar: IMAPGrammar, visit: Visit, most: int, again: AbstractSet[str]) -> Script[tuple[Head, ...]]:
        """The heads of messages that were in INBOX before it was opened and that no earlier visit has looked at.

        Args:
            grammar: of the session.
            visit: what earlier visits have looked at; what this one has is added.
            most: how many at most, where there was no earlier visit.
            again: those of `visit.again` that this visit is to look at once more.
        """
        refusal = yield from self.select(grammar, INBOX)
        if refusal is not None:
            return refusal
        first = visit.next_uid if visit.uidvalidity == self.uidvalidity else 0
        if first:
            first = min([first, *(int(key) for key in again)])
        heads: tuple[Head, ...] | Refusal = ()
        if first == 0 and self._opened_at > 1:
            heads = yield from self.look_back(grammar, most)
        elif 0 < first < self._opened_at:
            messages = yield from grammar.fetch_heads(first)
            heads = messages if isinstance(messages, Refusal) else _heads(INBOX, grammar, messages)
        if not isinstance(heads, Refusal):
            visit.uidvalidity, visit.next_uid = self.uidvalidity or 0, self.next_uid
            if len(heads) >= MOST_HEADS:
                # There may be more behind these: the next visit goes on with them.
                visit.next_uid = min(visit.next_uid, int(heads[-1].ref.key) + 1)
            visit.again -= again
        return heads

    def is_in_inbox(self, ref: MessageRef) -> bool:
        """Whether it is the name of a message in INBOX, as its messages are called now."""
        return ref.folder == INBOX and ref.uidvalidity == self.uidvalidity

    def _note_inbox(self, selected: Selected) -> None:
        if self.uidvalidity is None:
            self.next_uid = self._opened_at = selected.uidnext
        elif self.uidvalidity != selected.uidvalidity:
            # RFC 3501, 2.3.1.1: all UIDs are new, so everything in the box may be ours.
            self.next_uid = 1
        self.uidvalidity = selected.uidvalidity
        self._seen_arrivals = -1
        self.is_behind = False

    def _catch_up(self, grammar: IMAPGrammar) -> Script[None]:
        """Hear what is new in INBOX, where others know of something."""
        refusal = (yield from grammar.noop()) if self.is_behind else None
        self.is_behind = refusal is not None
        return refusal

    def _look_into_inbox(self, grammar: IMAPGrammar) -> Script[tuple[Head, ...]]:
        self.is_behind = True
        refusal = yield from self.select(grammar, INBOX)
        if refusal is not None:
            return refusal
        self.looked_from = self.next_uid
        arrivals = grammar.arrivals
        if arrivals == self._seen_arrivals:
            return ()
        messages = yield from grammar.fetch_heads(self.next_uid)
        if isinstance(messages, Refusal):
            return messages
        if len(messages) < MOST_HEADS:
            self._seen_arrivals = arrivals
        if messages:
            self.next_uid = messages[-1].uid + 1
        return _heads(INBOX, grammar, messages)

    def _find_others(self, grammar: IMAPGrammar) -> Script[list[_Place]]:
        """The folders besides INBOX; looked up once."""
        if self._others is None:
            folders = yield from grammar.list_folders()
            if isinstance(folders, Refusal):
                return folders if grammar.is_gone else []
            self._others = self._choose(folders)
        return self._others

    def _choose(self, folders: Sequence[Folder]) -> list[_Place]:
        usable = [folder for folder in folders if folder.is_selectable and folder.name.upper() != INBOX]
        marked = [folder.name for folder in usable if folder.is_junk]
        # Servers mark one folder, and filters put spam into another.
        by_name = [folder.name for folder in usable if is_junk_name(folder.name, folder.delimiter)]
        self.junk = frozenset([*marked, *by_name])
        there = {folder.name for folder in usable}
        names = dict.fromkeys([*marked, *(name for name in self._named if name in there), *by_name])
        return [_Place(name) for name in names][:_MOST_PLACES]

    def _look_into(self, grammar: IMAPGrammar, place: _Place) -> Script[tuple[Head, ...]]:
        is_first = place.next_uid == 0
        status = yield from grammar.status(place.name)
        if isinstance(status, Refusal):
            return status
        is_same = status.uidvalidity == place.uidvalidity
        if not is_first and is_same and 0 < status.uidnext <= place.next_uid:
            return ()
        refusal = yield from self.select(grammar, place.name)
        if refusal is not None:
            return refusal
        if is_first or not is_same:
            messages = yield from grammar.fetch_recent(_FIRST_LOOK)
        else:
            messages = yield from grammar.fetch_heads(place.next_uid)
        if isinstance(messages, Refusal):
            return messages
        last = messages[-1].uid + 1 if messages else 1
        place.uidvalidity = grammar.uidvalidity or 0
        place.next_uid = max(last, place.next_uid if is_same else 0, 1)
        return _heads(place.name, grammar, messages)


def _heads(folder: str, grammar: IMAPGrammar, messages: Sequence[FetchedMessage]) -> tuple[Head, ...]:
    return tuple(
        Head(
            ref=MessageRef(folder, str(message.uid), grammar.uidvalidity or 0),
            content=message.content,
            size=message.size,
            received_at=message.received_at,
        )
        for message in messages
    )
