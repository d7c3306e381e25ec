"""How a run's outcome looks inside vendor objects."""

from typing import Final

from mailtrip.api.alertsite.times import show_time
from mailtrip.api.codecs import JSON
from mailtrip.model import LatestRun, Severity, StatusCode, Verdict
from mailtrip.service.standings import Standing

__all__ = ["LAST_STATUS", "show_last_status"]

LAST_STATUS: Final[dict[str, JSON]] = {
    "type": ["object", "null"],
    "properties": {
        "run_id": {"type": "integer", "description": "The run; `GET /api/v1/runs/{id}` has everything about it."},
        "status": {"type": "integer", "enum": [int(code) for code in StatusCode], "description": "Status code."},
        "text": {"type": "string", "description": "The status in words."},
        "severity": {
            "type": "string",
            "enum": [str(word) for word in Severity],
            "description": "How bad it is; an error that the recheck did not find is a `warning`.",
        },
        "verdict": {
            "type": "string",
            "enum": [str(word) for word in Verdict],
            "description": "What became of the test message, or what came of the check.",
        },
        "time": {"type": "string", "format": "date-time", "description": "The run's planned time (UTC)."},
        "delivery_seconds": {
            "type": ["number", "null"],
            "minimum": 0,
            "description": "Seconds from the SMTP server's acceptance until the message was seen; null if it was not.",
        },
        "summary": {"type": "string", "description": "The outcome in a sentence."},
        "location_id": {"type": "integer", "description": "The location it was made from."},
        "counts": {
            "type": ["boolean", "null"],
            "description": "Whether the monitor fails, as its mode decides from what its locations found last; null while "
            "that is open, and where nobody could tell.",
        },
    },
    "required": [
        *(
            "run_id",
            "status",
            "text",
            "severity",
            "verdict",
            "time",
            "delivery_seconds",
            "summary",
            "location_id",
            "counts",
        )
    ],
}
"""JSON Schema of `last_status`."""


def show_last_status(standing: Standing | None) -> JSON:
    """The outcome of a monitor's newest run; None where there is none."""
    if standing is None:
        return None
    run = standing.run
    return {
        "run_id": run.id,
        "status": int(run.status),
        "text": run.status.text,
        "severity": str(run.severity),
        "verdict": str(run.verdict),
        "time": show_time(run.slot),
        "delivery_seconds": _delivery_seconds(run),
        "summary": run.summary,
        "location_id": run.location_id,
        "counts": standing.counts,
    }


def _delivery_seconds(run: LatestRun) -> float | None:
    """By the mailbox server's word for a late arrival, which was seen long after it; else by our own eyes."""
    seen = run.seen_after if run.delay is None else run.delay
    return None if seen is None else seen.total_seconds()
