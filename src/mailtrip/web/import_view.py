"""Monitors in a CSV text: each line read as the entries of a form. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailtrip.model import MailProtocol, MonitorType
from mailtrip.web.monitor_fields import FIELDS, LOGIN, Kind, Login
from mailtrip.web.monitor_form import first_entries

__all__ = ["COLUMNS", "MOST_LINES", "Line", "read_lines"]

MOST_LINES: Final = 200
_TICKS: Final = frozenset(each.name for each in FIELDS if each.kind is Kind.YES)
_TYPE: Final = "type"
COLUMNS: Final = (_TYPE, *dict.fromkeys(each.name for each in FIELDS))
"""What the header row may name: the type, and all fields of the forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A monitor of the text; `number` is that of its line, from 1."""

    number: int
    type: MonitorType
    entries: Mapping[str, str] = field(repr=False)


def read_lines(text: str) -> Sequence[Line]:
    """The monitors of a text whose first row names the columns, separated by commas or by semicolons.

    Raises:
        ValueError: the text as a whole can't be read; it says why and what to do.
    """
    text = text.removeprefix("\ufeff").strip()
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=";" if "," not in first else ",")
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        _check_header(header)
        found = [
            _line(header, row, number=rows.line_num) for row in _bounded(rows) if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise ValueError(
            f"Line {rows.line_num} is no CSV ({error}). Put quotes around a cell with a separator."
        ) from error
    if not found:
        raise ValueError("There is no monitor in it: write a header row, and a row for each monitor.")
    return found


def _check_header(header: Sequence[str]) -> None:
    """No cell is quoted in a fault of the whole text: it may be a password that stands in the wrong place."""
    unknown = [place for place, name in enumerate(header, 1) if name not in COLUMNS]
    if unknown:
        raise ValueError(f"Cell {unknown[0]} of the header row is no column. There are: {', '.join(COLUMNS)}.")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise ValueError(f"The header row names {twice[0]} twice.")


def _bounded(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for count, row in enumerate(rows):
        if count >= MOST_LINES:
            raise ValueError(f"There are more than {MOST_LINES} rows; import them in parts.")
        yield row


def _line(header: Sequence[str], row: Sequence[str], *, number: int) -> Line:
    """An empty cell is the default."""
    if len(row) > len(header):
        raise ValueError(f"Line {number} has {len(row)} cells, and the header row {len(header)}.")
    given = {name: cell for name, cell in zip(header, row, strict=False) if cell.strip()}
    type_ = _type(given.pop(_TYPE, "").strip(), number)
    entries = first_entries(type_)
    for name, cell in given.items():
        if name not in entries:
            raise ValueError(f"Line {number}: {name} is not for a monitor of type {type_}; leave the cell empty.")
        entries[name] = _tick(name, cell, number) if name in _TICKS else cell
    if type_ is MonitorType.ROUND_TRIP:
        entries |= _implied(given)
    return Line(number=number, type=type_, entries=entries)


def _type(text: str, number: int) -> MonitorType:
    try:
        return MonitorType(text or MonitorType.ROUND_TRIP)
    except ValueError:
        raise ValueError(f"Line {number} has an unknown type; use {', '.join(MonitorType)}.") from None


def _tick(name: str, cell: str, number: int) -> str:
    word = cell.strip().lower()
    if word not in {"yes", "no"}:
        raise ValueError(f"Line {number}: {name} is neither yes nor no.")
    return "yes" if word == "yes" else ""


def _implied(given: Mapping[str, str]) -> dict[str, str]:
    """What other cells say of the protocol and of the SMTP login."""
    implied = {}
    if "mailbox_protocol" not in given and given.get("mailbox_server", "").strip().lower().startswith("pop3"):
        implied["mailbox_protocol"] = MailProtocol.POP3.value
    if LOGIN not in given and "smtp_username" in given:
        implied[LOGIN] = Login.OWN.value
    return implied
