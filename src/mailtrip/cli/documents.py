"""Runs and monitors as JSON values for programs, in the words of `/api/v1`."""

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta

from mailtrip.model import Monitor, Providers, Result, Run, SessionRecord, TLSFacts, spacing_of
from mailtrip.service.plan_warnings import plan_warnings

__all__ = ["monitor_document", "result_document"]

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
        "deferred_for_ms": None if result.deferred_for is None else _milliseconds(result.deferred_for),
        "copies": result.copies,
        "left_behind": result.left_behind,
        "found": _plain(result.found),
        "copies_apart": _plain(spacing_of(result.found)),
        "proof": [{"session": proof.session, "line": proof.line} for proof in result.proof],
        "facts": _plain(result.facts),
        "bounce": _plain(result.bounce),
        "sessions": [_session(session, with_transcript=with_transcripts) for session in result.sessions],
    }


def monitor_document(monitor: Monitor, last: Run | None, providers: Providers) -> dict[str, object]:
    """One monitor with its last run, and with what its providers don't allow of its plan; no password is in it."""
    settings = monitor.settings
    smtp = settings.smtp if settings.smtp_server else None
    mailbox = settings.mailbox if settings.mailbox_server else None
    return {
        "id": monitor.id,
        "name": settings.name,
        "type": settings.type,
        "enabled": settings.enabled,
        "email": settings.email or None,
        "sender": settings.sender or settings.email or None,
        "smtp_server": smtp and smtp.url,
        "smtp_tls": smtp and smtp.tls,
        "smtp_username": settings.smtp_username,
        "mailbox_server": mailbox and mailbox.url,
        "mailbox_tls": mailbox and mailbox.tls,
        "username": settings.username or settings.email or None,
        "tls_verify": settings.tls_verify,
        "has_own_ca": settings.tls_ca is not None,
        "interval_minutes": settings.interval.total_seconds() / 60,
        "timeout_seconds": settings.run_timeout.total_seconds(),
        "warning_time_seconds": None if settings.warning_time is None else settings.warning_time.total_seconds(),
        "note": settings.note,
        "warnings": list(plan_warnings(settings, providers)),
        "last_run": None if last is None or last.result is None else _last_run(last, last.result),
    }


def _last_run(run: Run, result: Result) -> dict[str, object]:
    return {
        "id": run.id,
        "slot": run.slot.isoformat(),
        "verdict": result.verdict,
        "status": int(result.status),
        "summary": result.summary,
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


def _plain(value: object) -> object:
    """A value of the model as JSON values: its fields by their names, durations in milliseconds with `_ms` behind."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not is_dataclass(value):
        return value
    found: dict[str, object] = {}
    for field in fields(value):
        held = getattr(value, field.name)
        if isinstance(held, timedelta):
            found[f"{field.name}_ms"] = _milliseconds(held)
        else:
            found[field.name] = _plain(held)
    return found


def _milliseconds(duration: timedelta) -> float:
    return round(duration / _MILLISECOND, 3)
