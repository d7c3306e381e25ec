"""Runs as JSON values for programs, in the words of `/api/v1/runs/{id}`."""

from datetime import timedelta

from mailtrip.model import Result, SessionRecord, TLSFacts

__all__ = ["result_document"]

_MILLISECOND = timedelta(milliseconds=1)


def result_document(result: Result, *, with_transcripts: bool) -> dict[str, object]:
    """One result; durations in milliseconds, times as ISO 8601 in UTC."""
    return {
        "verdict": result.verdict,
        "severity": result.status.severity,
        "status": {"code": int(result.status), "text": result.status.text},
        "step": result.step,
        "summary": result.summary,
        "message_id": result.message_id,
        "queued_as": result.queued_as,
        "started_at": result.started_at.isoformat(),
        "duration_ms": _milliseconds(result.duration),
        "lag_ms": _milliseconds(result.lag),
        "timings": [
            {
                "step": timing.step,
                "offset_ms": _milliseconds(timing.offset),
                "duration_ms": _milliseconds(timing.duration),
            }
            for timing in result.timings
        ],
        "visible": None
        if result.sighting is None
        else {
            "not_before_ms": _milliseconds(result.sighting.not_before),
            "not_after_ms": _milliseconds(result.sighting.not_after),
        },
        "sessions": [_session(session, with_transcript=with_transcripts) for session in result.sessions],
    }


def _session(session: SessionRecord, *, with_transcript: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "protocol": session.protocol,
        "server": session.server,
        "address": session.address,
        "tls": None if session.tls is None else _tls(session.tls),
        "capabilities": list(session.capabilities),
    }
    if with_transcript:
        document["transcript"] = [
            {"at_ms": _milliseconds(line.at), "direction": line.direction, "text": line.text}
            for line in session.transcript
        ]
        document["lines_dropped"] = session.lines_dropped
    return document


def _tls(tls: TLSFacts) -> dict[str, object]:
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


def _milliseconds(duration: timedelta) -> float:
    return round(duration / _MILLISECOND, 3)
