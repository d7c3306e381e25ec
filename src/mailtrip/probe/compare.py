"""What came back against what was sent: what was added to the text, and what of it was changed or is missing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile

from mailtrip.probe.fields import printable
from mailtrip.probe.texts import Kind, Part, read_parts, read_subjects

__all__ = ["Alteration", "Change", "Comparison", "compare"]

_LONGEST_QUOTE = 120
_RUN = 3
"""Words in a row that show where a text is ours."""
_FEWEST_CUT = 8
"""Words of ours, up to the last, that gave way to others: the text was cut off there, and something else added."""
_HEX = re.compile(r"[%-]([0-9A-Fa-f]{2})")

Words = Sequence[str]


class Change(StrEnum):
    """What was done to a message on its way."""

    BANNER = "banner"
    """Text was put in front of ours."""
    FOOTER = "footer"
    """Text was put behind ours."""
    INSERTED = "inserted"
    """Text was put into ours."""
    ATTACHED = "attached"
    """A part was added that is no text."""
    HTML = "html"
    """Our plain text came as HTML."""
    HTML_ADDED = "html-added"
    """Our plain text came as HTML too."""
    LINKS = "links"
    """What can be taken for a link now leads elsewhere."""
    TAGGED = "tagged"
    """Something was added to the subject."""
    SUBJECT = "subject"
    """The subject was replaced or taken out."""
    TRUNCATED = "truncated"
    """The end of our text is missing."""
    DAMAGED = "damaged"
    """Words of our text were changed, or are missing."""
    REPLACED = "replaced"
    """Our text is not there, or hardly anything of it."""
    UNREADABLE = "unreadable"
    """It came back in a form that nobody should try to read."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One change.

    Attributes:
        quote: the beginning of what is there now and was not sent, at most 120 printable characters on one line; of a
            text that was cut off, the last words that are left.
        own: the beginning of what was sent and is not there.
    """

    change: Change
    quote: str = ""
    own: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a message came back; unaltered without `alterations`, of which no two have the same change."""

    alterations: tuple[Alteration, ...] = ()

    @property
    def is_altered(self) -> bool:
        return bool(self.alterations)


def compare(sent: bytes, received: bytes) -> Comparison:
    """Compare the text and the subject of two messages.

    What transport may do makes no difference: other header fields, another transfer encoding or character set, other
    line ends, white space at line ends, lines wrapped elsewhere, a multipart around a single part.

    Args:
        sent: with one part of plain text.
        received: any bytes.
    """
    if _is_untouched(sent, received):
        return Comparison()
    own = next((part.words for part in read_parts(sent) or ()), ())
    parts = read_parts(received)
    found: dict[Change, Alteration] = {}
    for each in (*_compare_text(own, parts), *_compare_subjects(sent, received)):
        found.setdefault(each.change, each)
    return Comparison(tuple(found.values()))


def _is_untouched(sent: bytes, received: bytes) -> bool:
    """Whether body, subject and MIME fields came back byte for byte: most do, and need no parser."""
    sent_header, _, sent_body = sent.partition(b"\r\n\r\n")
    header, _, body = received.partition(b"\r\n\r\n")
    return body == sent_body and _fields_shown(header) == _fields_shown(sent_header)


def _fields_shown(header: bytes) -> list[bytes]:
    """The fields that decide what a reader sees."""
    unfolded = header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    return [line for line in unfolded.split(b"\r\n") if line[:8].lower() in {b"content-", b"subject:"}]


def _compare_subjects(sent: bytes, received: bytes) -> Iterator[Alteration]:
    own, subjects = next(iter(read_subjects(sent)), ""), read_subjects(received)
    found = next((subject for subject in subjects if subject != own), None if subjects else "")
    if found is None or found == own:
        return
    if own and own in found:
        before, _, behind = found.partition(own)
        yield Alteration(Change.TAGGED, _quote([before, behind]))
    else:
        yield Alteration(Change.SUBJECT, _quote([found]))


# -- The text -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Version:
    """A text that is ours, for the most part.

    Attributes:
        size: how many of our words it has.
        before: what stands in front of ours.
        behind: what stands behind ours.
        changes: what happened to ours.
    """

    size: int
    before: Words = ()
    behind: Words = ()
    changes: tuple[Alteration, ...] = ()


def _compare_text(own: Words, parts: Sequence[Part] | None) -> Iterator[Alteration]:
    if parts is None:
        yield Alteration(Change.UNREADABLE)
        return
    versions = [_version(own, part.words) if part.kind is not Kind.OTHER else None for part in parts]
    sizes = [version.size for version in versions if version is not None]
    if sizes:
        main = next(at for at, version in enumerate(versions) if version and version.size == max(sizes))
        yield from _compare_parts(parts, versions, main)
    elif own or parts:
        yield Alteration(Change.REPLACED, _quote(word for part in parts for word in part.words))


def _compare_parts(parts: Sequence[Part], versions: Sequence[_Version | None], main: int) -> Iterator[Alteration]:
    """What was done to our text, and what stands beside it in the part `main` and in the others.

    The same text as HTML is another version of ours; what stands beside it there, mostly stands beside the first too.
    """
    added = _Added()
    for position, (part, version) in enumerate(zip(parts, versions, strict=True)):
        if part.kind is Kind.OTHER:
            added.parts += part.words
        elif version is not None and (position == main or part.kind is not parts[main].kind):
            added.take(part.kind, version, is_main=position == main)
            yield from version.changes
        else:
            (added.before if position < main else added.behind).extend(part.words)
    yield from added.tell()


@dataclass(slots=True)
class _Added:
    """What stands in a message beside our text, and as what our text came."""

    kinds: set[Kind] = field(default_factory=set)
    before: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def take(self, kind: Kind, version: _Version, *, is_main: bool) -> None:
        self.kinds.add(kind)
        if is_main or not self.before:
            self.before += version.before
        if is_main or not self.behind:
            self.behind += version.behind

    def tell(self) -> Iterator[Alteration]:
        if Kind.HTML in self.kinds:
            yield Alteration(Change.HTML_ADDED if Kind.PLAIN in self.kinds else Change.HTML)
        for change, words in (
            (Change.BANNER, self.before),
            (Change.FOOTER, self.behind),
            (Change.ATTACHED, self.parts),
        ):
            if words:
                yield Alteration(change, _quote(words))


def _version(own: Words, words: Words) -> _Version | None:
    """A text as a version of ours; None when it is something else."""
    if not own:
        return None
    at = _find(own, words)
    if at is not None:
        return _Version(len(own), before=words[:at], behind=words[at + len(own) :])
    window = _window(own, words)
    if window is None:
        return None
    return _cut_off(own, words, window.start) or _align(own, words, window)


def _find(own: Words, words: Words) -> int | None:
    """Where our text begins, when all of it is there without a break."""
    text = f" {' '.join(words)} "
    found = text.find(f" {' '.join(own)} ")
    return None if found < 0 else text.count(" ", 0, found)


def _window(own: Words, words: Words) -> range | None:
    """The words among which ours are; None when no run of them is there."""
    size = min(_RUN, len(own))
    runs: dict[tuple[str, ...], int] = {}
    for at in range(len(own) - size + 1):
        runs.setdefault(tuple(own[at : at + size]), at)
    found = [at for at in range(len(words) - size + 1) if tuple(words[at : at + size]) in runs]
    if not found:
        return None
    ahead, last = runs[tuple(words[found[0] : found[0] + size])], found[-1]
    begin = max(0, found[0] - ahead)
    end = min(len(words), last + len(own) - runs[tuple(words[last : last + size])])
    # The bound is for the time that the alignment takes: what is beyond stands behind our text.
    return range(begin, min(end, begin + 4 * len(own)))


def _cut_off(own: Words, words: Words, start: int) -> _Version | None:
    """A text that is ours from its beginning, without a break, up to somewhere; None when it is not that."""
    size = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(own, words[start:], strict=False)))
    rest = words[start + size :]
    behind = _rest_of_cut(own[size:], rest) if 0 < size < len(own) and _window(own, rest) is None else None
    if behind is None:
        return None
    return _Version(size, words[:start], behind, (_truncation(own, size),))


def _align(own: Words, words: Words, window: range) -> _Version | None:
    theirs = words[window.start : window.stop]
    changes: list[Alteration] = []
    before, behind = list(words[: window.start]), list(words[window.stop :])
    size = 0
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, own, theirs, autojunk=False).get_opcodes():
        mine, found = own[i1:i2], theirs[j1:j2]
        if tag == "equal":
            size += len(mine)
        elif _is_link(mine or own[max(0, i1 - 1) : i1], found):
            changes.append(Alteration(Change.LINKS, _quote(found), _quote(mine)))
        elif not mine and i1 == 0:
            before += found
        elif not mine and i1 == len(own):
            behind[:0] = found
        elif not mine:
            changes.append(Alteration(Change.INSERTED, _quote(found)))
        elif 0 < i1 < i2 == len(own) and (rest := _rest_of_cut(mine, found)) is not None:
            behind[:0] = rest
            changes.append(_truncation(own, i1))
        else:
            changes.append(Alteration(Change.DAMAGED, _quote(found), _quote(mine)))
    is_ours = size * _RUN >= len(own) or all(each.change is not Change.DAMAGED for each in changes)
    return _Version(size, before, behind, tuple(changes)) if is_ours else None


def _truncation(own: Words, at: int) -> Alteration:
    return Alteration(Change.TRUNCATED, _quote(own[max(0, at - 6) : at]), _quote(own[at:]))


def _rest_of_cut(mine: Words, found: Words) -> Words | None:
    """What stands where our text was cut off, before `mine`; None when these last words were changed and not cut off."""
    if not found:
        return ()
    if found[0] != mine[0] and mine[0].startswith(found[0]):
        return found[1:]
    return found if len(mine) >= _FEWEST_CUT else None


def _is_link(mine: Words, found: Words) -> bool:
    """Whether names of ours became links that have them somewhere in them: gateways that follow clicks write such."""
    link = "".join(found)
    names = [word.strip("<>()[].,;:'\"") for word in mine]
    decoded = _HEX.sub(lambda match: chr(int(match[1], 16)), link)
    is_named = any("." in name or f"//{name}" in decoded for name in names)
    return "://" in link and is_named and all(name in link or name in decoded for name in names)


def _quote(words: Iterable[str]) -> str:
    text = ""
    for word in words:
        text = f"{text} {word}" if text else word
        if len(text) > 2 * _LONGEST_QUOTE:
            break
    text = printable(text[: 2 * _LONGEST_QUOTE])
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 3]}..."
