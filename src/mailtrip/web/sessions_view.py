"""The sessions of a run as a page shows them: certificates, transcripts with what proves the verdict. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from mailtrip.model import Direction, MailProtocol, Result, SessionRecord, TLSFacts, TranscriptLine

__all__ = ["Block", "CertificateView", "Line", "SessionView", "proof_lines", "received_header", "show_sessions"]

_WORDS: Final = {Direction.SENT: "sent", Direction.RECEIVED: "received", Direction.NOTE: "note"}
_NEAR: Final = 3
"""So many lines around a proof are shown with it."""
_LONGEST_OPEN: Final = 30
"""A transcript up to this length is shown whole."""
_SHORTEST_FOLDED: Final = 4
_KEPT_HEAD: Final = 150
"""The transcript's bound keeps so many lines at its begin; those that it left out come after them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a transcript.

    Attributes:
        at: seconds after the run's start.
        word: who said it: `sent`, `received`, `note`.
    """

    at: str
    direction: Direction
    word: str
    text: str
    is_proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that stand together.

    Attributes:
        is_folded: whether they are shown when somebody asks for them only.
        dropped_before: how many lines were not kept in front of them.
    """

    lines: tuple[Line, ...]
    is_folded: bool
    dropped_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateView:
    """TLS and the certificate of a server, as they were during the run.

    Attributes:
        until: the day on which it ends, like `3 Mar 2027`.
        ends: in how many days, in words.
        has_ended: it was valid no more.
        is_soon: it ends within the days that the monitor warns of.
    """

    tls: str
    subject: str
    issuer: str
    names: str
    until: str | None
    ends: str
    verify_error: str | None
    has_ended: bool
    is_soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One connection of a run.

    Attributes:
        dropped: how many lines the transcript's bound left out.
        was_kept: whether the transcript is still there.
    """

    title: str
    server: str
    address: str | None
    certificate: CertificateView | None
    capabilities: tuple[str, ...]
    quota_percent: int | None
    blocks: tuple[Block, ...]
    lines: int
    dropped: int
    has_proof: bool

    @property
    def was_kept(self) -> bool:
        return self.lines > 0


def show_sessions(result: Result, *, certificate_days: int) -> tuple[SessionView, ...]:
    """The connections of a run; `certificate_days` is from how many days on the monitor warns, 0 for never."""
    ended_at = result.started_at + result.duration
    return tuple(
        _session(
            session,
            proven={proof.line for proof in result.proof if proof.session == number},
            at=ended_at,
            certificate_days=certificate_days,
        )
        for number, session in enumerate(result.sessions)
    )


def proof_lines(result: Result) -> tuple[tuple[str, Line], ...]:
    """Server and line of each line that proves the verdict; those that are not kept any more are left out."""
    return tuple((session.server, _line(line, True)) for session, line in result.proven_by())


def received_header(result: Result) -> tuple[str, ...]:
    """The header of the message that was fetched, line by line, as far as the transcript has it; empty where it has none."""
    for session in reversed(result.sessions):
        lines = session.transcript
        fetches = [at for at, line in enumerate(lines) if _is_fetch(session, line)]
        for at in reversed(fetches):
            header = tuple(_header_after(lines, at))
            if header:
                return header
    return ()


def _is_fetch(session: SessionRecord, line: TranscriptLine) -> bool:
    said = line.text.upper()
    if line.direction is not Direction.SENT or session.protocol is MailProtocol.SMTP:
        return False
    return said.startswith("RETR ") or (" FETCH " in said and "BODY" in said)


def _header_after(lines: Sequence[TranscriptLine], at: int) -> Iterator[str]:
    """The lines between the server's answer and the first empty one."""
    answer = lines[at + 1 : at + 2]
    if not answer or not answer[0].text.startswith(("+OK", "* ")):
        return
    for line in lines[at + 2 :]:
        if line.direction is not Direction.RECEIVED or not line.text.strip():
            return
        yield line.text


def _session(session: SessionRecord, *, proven: Collection[int], at: datetime, certificate_days: int) -> SessionView:
    lines = [_line(line, number in proven) for number, line in enumerate(session.transcript)]
    return SessionView(
        title="SMTP" if session.protocol is MailProtocol.SMTP else f"Mailbox over {session.protocol.upper()}",
        server=session.server,
        address=session.address,
        certificate=None if session.tls is None else _certificate(session.tls, at, certificate_days),
        capabilities=session.capabilities,
        quota_percent=session.quota_percent,
        blocks=tuple(_blocks(lines, dropped=session.lines_dropped)),
        lines=len(lines),
        dropped=session.lines_dropped,
        has_proof=bool(proven),
    )


def _line(line: TranscriptLine, is_proof: bool) -> Line:
    return Line(
        at=f"{line.at.total_seconds():.3f}",
        direction=line.direction,
        word=_WORDS[line.direction],
        text=line.text,
        is_proof=is_proof,
    )


def _blocks(lines: Sequence[Line], *, dropped: int) -> Iterator[Block]:
    """The lines, those far from any proof folded where there are many."""
    open_ones = _open_lines(lines)
    cut = _KEPT_HEAD if dropped else None
    begin = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or at == cut or (at in open_ones) != (begin in open_ones):
            yield Block(
                lines=tuple(lines[begin:at]),
                is_folded=begin not in open_ones,
                dropped_before=dropped if begin == cut else 0,
            )
            begin = at


def _open_lines(lines: Sequence[Line]) -> frozenset[int]:
    """All lines of a short transcript; of a long one those near a proof, and gaps too short to fold."""
    if len(lines) <= _LONGEST_OPEN:
        return frozenset(range(len(lines)))
    proven = [at for at, line in enumerate(lines) if line.is_proof]
    shown = {near for at in proven for near in range(max(0, at - _NEAR), min(len(lines), at + _NEAR + 1))}
    edges = [-1, *sorted(shown), len(lines)]
    for left, right in pairwise(edges):
        if shown and 0 < right - left - 1 < _SHORTEST_FOLDED:
            shown |= set(range(left + 1, right))
    return frozenset(shown)


def _certificate(tls: TLSFacts, at: datetime, certificate_days: int) -> CertificateView:
    days = None if tls.not_after is None else (tls.not_after - at).days
    return CertificateView(
        tls=", ".join(each for each in (tls.version, tls.cipher) if each),
        subject=tls.subject,
        issuer=tls.issuer,
        names=", ".join(tls.names),
        until=None if tls.not_after is None else f"{tls.not_after.day} {tls.not_after:%b %Y}",
        ends=_ends(days),
        verify_error=tls.verify_error,
        has_ended=days is not None and days < 0,
        is_soon=days is not None and 0 <= days < certificate_days,
    )


def _ends(days: int | None) -> str:
    if days is None:
        return "its end is not known"
    if days < 0:
        return f"ended {_days(-days)} before this run"
    return f"{_days(days)} left at this run"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
