"""How sessions and transcripts of a run are written as JSON, and read back; and which text a database takes."""

import json
import re
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from mailtrip.model import Direction, MailProtocol, SessionRecord, TLSFacts, TranscriptLine

__all__ = ["decode_session", "decode_transcripts", "encode_session", "encode_transcripts", "storable"]

_MICROSECOND = timedelta(microseconds=1)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LEVEL = 1  # zlib: transcripts are small and repetitive; higher levels cost three times as much for a tenth less


def storable(text: str | None, limit: int) -> str | None:
    """The text as every database takes it: no NUL, no lone surrogate (both become U+FFFD), cut at `limit` characters."""
    return None if text is None else _UNSTORABLE.sub("\ufffd", text[:limit])


def encode_session(session: SessionRecord) -> dict[str, object]:
    """The session as JSON values, without its transcript."""
    return {
        "protocol": session.protocol,
        "server": session.server,
        "address": session.address,
        "tls": None if session.tls is None else _encode_tls(session.tls),
        "capabilities": list(session.capabilities),
        "lines_dropped": session.lines_dropped,
        "quota_percent": session.quota_percent,
    }


def decode_session(item: dict[str, Any]) -> SessionRecord:  # Any: what json.loads gives
    """The session that `encode_session` was given, without its transcript."""
    return SessionRecord(
        protocol=MailProtocol(item["protocol"]),
        server=item["server"],
        address=item["address"],
        tls=None if item["tls"] is None else _decode_tls(item["tls"]),
        capabilities=tuple(item["capabilities"]),
        lines_dropped=item["lines_dropped"],
        quota_percent=item.get("quota_percent"),
    )


def encode_transcripts(sessions: Sequence[SessionRecord]) -> bytes:
    """The transcripts of all sessions, in their order: compressed JSON."""
    lines = [
        [[line.at // _MICROSECOND, line.direction, line.text] for line in session.transcript] for session in sessions
    ]
    return zlib.compress(json.dumps(lines, separators=(",", ":")).encode("ascii"), _LEVEL)


def decode_transcripts(content: bytes) -> list[tuple[TranscriptLine, ...]]:
    """One transcript for each session that `encode_transcripts` was given."""
    return [
        tuple(
            TranscriptLine(timedelta(microseconds=at), Direction(direction), text) for at, direction, text in transcript
        )
        for transcript in json.loads(zlib.decompress(content))
    ]


def _encode_tls(tls: TLSFacts) -> dict[str, object]:
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "subject": tls.subject,
        "issuer": tls.issuer,
        "not_before": None if tls.not_before is None else tls.not_before.isoformat(),
        "not_after": None if tls.not_after is None else tls.not_after.isoformat(),
        "names": list(tls.names),
        "verify_error": tls.verify_error,
    }


def _decode_tls(item: dict[str, Any]) -> TLSFacts:  # Any: what json.loads gives
    return TLSFacts(
        version=item["version"],
        cipher=item["cipher"],
        subject=item["subject"],
        issuer=item["issuer"],
        not_before=_time(item["not_before"]),
        not_after=_time(item["not_after"]),
        names=tuple(item["names"]),
        verify_error=item["verify_error"],
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
