"""The reports of `/api/v1` as CSV (RFC 4180): the rows of their JSON, one table a report.

A text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

__all__ = ["to_csv"]

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_PARTS: Final = ("total", "steps", "buckets", "monitors", "slas", "outages")
_ROW: Final = {"steps": "step", "buckets": "bucket", "monitors": "monitor", "slas": "sla", "outages": "outage"}


def to_csv(report: bytes) -> bytes:
    """A report's JSON as a table: a row for each object in it, named in the first column; null is empty."""
    found: Mapping[str, Any] = json.loads(report)  # Any: what json.loads gives
    rows = [
        {"row": _ROW.get(part, part), **_flat(item)}
        for part in _PARTS
        if part in found
        for item in (found[part] if isinstance(found[part], list) else [found[part]])
    ]
    for row in rows:
        if row["row"] == "total":
            row |= {"from": found["from"], "to": found["to"]}
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["row"]
    text = io.StringIO()
    _write(text, columns, rows)
    return text.getvalue().encode()


def _write(text: io.StringIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)


def _flat(item: Mapping[str, object]) -> dict[str, object]:
    """Without histograms, which have no place in a table."""
    return {name: value for name, value in item.items() if not isinstance(value, list)}


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
