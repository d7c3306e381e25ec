"""A report as PDF: drawn here, with letters of its own, and bounded however large the report is."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from fpdf import FPDF
from fpdf.bidi import BidiParagraph

from mailtrip.model.tally import Counts, Size
from mailtrip.model.words import count_of, format_duration, percent
from mailtrip.service.report_document import MonitorRow, ReportDocument
from mailtrip.service.sla_reports import SLAFigures

__all__ = ["draw"]

_FONTS: Final = Path(__file__).parent / "fonts"
_MOST_MONITORS: Final = 1000
_MOST_OUTAGES: Final = 200
_MOST_SLAS: Final = 1000
_LONGEST: Final = 200
"""Characters of a name that are looked at."""
_MARGIN: Final = 16.0
_WIDTH: Final = 210 - 2 * _MARGIN
_ROW: Final = 6.0
_INK: Final = (31, 35, 40)
_QUIET: Final = (87, 96, 106)
_LINE: Final = (208, 215, 222)
_PAPER: Final = (246, 248, 250)
_GOOD: Final = (46, 139, 87)
_NEARLY: Final = (150, 200, 120)
_LESS: Final = (224, 160, 56)
_BAD: Final = (209, 36, 47)
_NO_LETTER: Final = "\N{WHITE SQUARE}"
_NO_CHARACTER: Final = "\N{REPLACEMENT CHARACTER}"
_CHART: Final = 24.0
_DAY: Final = "%d %b %Y"

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    name: str
    width: float
    align: Literal["L", "R"] = "L"


def draw(document: ReportDocument, *, made_at: datetime) -> bytes:
    """The report as a PDF: A4, with at most 1,000 monitors, 1,000 SLAs and the newest 200 outages; it tells what it leaves out.

    Names of any kind are shown as far as there are letters for them. It takes seconds for 1,000 monitors: call it in a thread.
    """
    sheet = _Sheet(document, made_at)
    sheet.add_page()
    _head(sheet, document)
    _tiles(sheet, document)
    _chart(sheet, document)
    _monitors(sheet, document.rows)
    _slas(sheet, document.slas)
    _outages(sheet, document)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """Pages with our letters, and text that is cut to its place."""

    def __init__(self, document: ReportDocument, made_at: datetime) -> None:
        super().__init__(format="A4")
        self._made = f"{made_at.astimezone(document.zone):{_DAY} %H:%M}"
        self.set_creation_date(made_at)
        self.set_title("Mail delivery report")
        self.set_creator("Mailtrip")
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=False)
        self._family = "helvetica"
        self._letters: Callable[[str], bool] = _is_latin
        if (_FONTS / "DejaVuSans.ttf").exists():
            self._family = "DejaVu"
            self.add_font("DejaVu", "", _FONTS / "DejaVuSans.ttf")
            self.add_font("DejaVu", "B", _FONTS / "DejaVuSans-Bold.ttf")
            known = frozenset(self.fonts["dejavu"].cmap)  # type: ignore[union-attr]  # a font of a file has one
            self._letters = lambda letter: ord(letter) in known
        self.write_in(9)

    def write_in(self, size: float, colour: Colour = _INK, *, is_bold: bool = False) -> None:
        """What comes next has this look."""
        self.set_font(self._family, "B" if is_bold else "", size)
        self.set_text_color(*colour)

    def put(self, text: str, width: float, height: float = _ROW, *, align: Literal["L", "R"] = "L") -> None:
        """A piece of text in its place, cut where it is too long; the next one goes to its right."""
        self.cell(width, height, self._fitting(self.shown(text), width - 2), align=align)

    def shown(self, text: str) -> str:
        """The text with what can be shown of it."""
        return "".join(map(self._shown, text[:_LONGEST]))

    def room(self, height: float) -> None:
        """Begin a new page where so much is not left of this one."""
        if self.get_y() + height > self.h - _MARGIN - 6:
            self.add_page()

    def footer(self) -> None:
        """At the end of each page."""
        self.set_y(-_MARGIN)
        self.write_in(7.5, _QUIET)
        self.put(f"Mailtrip, made {self._made}", _WIDTH / 2)
        self.put(f"page {self.page_no()}", _WIDTH / 2, align="R")

    def _shown(self, letter: str) -> str:
        if not letter.isprintable():
            return _NO_CHARACTER if self._letters(_NO_CHARACTER) else "?"
        if self._letters(letter):
            return letter
        return _NO_LETTER if self._letters(_NO_LETTER) else "?"

    def _fitting(self, text: str, width: float) -> str:
        """As much as fits, in the order in which it is drawn."""
        fitting = text
        while fitting and self.get_string_width(_drawn(fitting)) > width:
            fitting = fitting[: max(1, len(fitting) * 9 // 10) - 1]
        if fitting == text:
            return _drawn(text)
        return _drawn(f"{fitting[:-1]}{_NO_MORE if self._letters(_NO_MORE) else '...'}")


_NO_MORE: Final = "\N{HORIZONTAL ELLIPSIS}"


def _is_latin(letter: str) -> bool:
    return "\x20" <= letter <= "\x7e" or "\xa0" <= letter <= "\xff"


def _drawn(text: str) -> str:
    """From left to right, also what is read the other way."""
    if text.isascii() or not any(unicodedata.bidirectional(letter) in {"R", "AL", "AN"} for letter in text):
        return text
    return BidiParagraph(text=text).get_reordered_string()


def _head(sheet: _Sheet, document: ReportDocument) -> None:
    sheet.write_in(9, _QUIET)
    sheet.put(document.account_name, _WIDTH)
    sheet.ln(7)
    sheet.write_in(19, is_bold=True)
    sheet.put("Mail delivery report", _WIDTH, 10)
    sheet.ln(10)
    zone = getattr(document.zone, "key", None) or "UTC"
    sheet.write_in(10)
    sheet.put(f"{_span(document, document.since, document.until)} ({zone})", _WIDTH)
    sheet.ln(5)
    sheet.write_in(8, _QUIET)
    monitors = count_of(len(document.rows), "monitor")
    sheet.put(f"{monitors}; compared with {_span(document, document.before, document.since)}", _WIDTH)
    sheet.ln(6)
    if not document.is_complete:
        sheet.write_in(8, _BAD)
        sheet.put("Older runs are still being added up: figures of the past will grow.", _WIDTH)
        sheet.ln(6)
    sheet.ln(3)


def _span(document: ReportDocument, since: datetime, until: datetime) -> str:
    """In whole days where it is some."""
    first, last = since.astimezone(document.zone), until.astimezone(document.zone)
    if first.hour or last.hour:
        return f"{first:{_DAY} %H:%M} to {last:{_DAY} %H:%M}"
    return f"{first:{_DAY}} to {last - timedelta(hours=1):{_DAY}}"


def _tiles(sheet: _Sheet, document: ReportDocument) -> None:
    measured, before = document.total.availability is not None, document.total_before.availability is not None
    tiles = (
        ("Availability", percent(document.total.availability), percent(document.total_before.availability)),
        ("Outages", _number(len(document.outages), measured), _number(document.outages_before, before)),
        ("Median time", _time(document.times.p50), _time(document.times_before.p50)),
        ("95 % are within", _time(document.times.p95), _time(document.times_before.p95)),
        ("99 % are within", _time(document.times.p99), _time(document.times_before.p99)),
    )
    gap, top = 3.0, sheet.get_y()
    width = (_WIDTH - gap * (len(tiles) - 1)) / len(tiles)
    for place, (name, value, earlier) in enumerate(tiles):
        left = _MARGIN + place * (width + gap)
        sheet.set_fill_color(*_PAPER)
        sheet.set_draw_color(*_LINE)
        sheet.rect(left, top, width, 20, style="DF", round_corners=True, corner_radius=1.5)
        for offset, size, text in ((1.5, 7.5, name), (7, 12, value), (13.5, 7, f"before: {earlier}")):
            sheet.set_xy(left + 1.5, top + offset)
            sheet.write_in(size, _INK if size == 12 else _QUIET, is_bold=size == 12)
            sheet.put(text, width - 2, 5)
    sheet.set_xy(_MARGIN, top + 26)


def _number(number: int, is_measured: bool) -> str:
    return f"{number:,}" if number or is_measured else "no data"


def _time(time: timedelta | None) -> str:
    return "no data" if time is None else format_duration(time)


def _chart(sheet: _Sheet, document: ReportDocument) -> None:
    """A column for each bucket, as high as it was available; no data is a thin line, not a column."""
    _title(sheet, f"Availability by {document.size}")
    top, width = sheet.get_y(), _WIDTH / max(len(document.buckets), 1)
    sheet.set_draw_color(*_LINE)
    for line in (top, top + _CHART / 2, top + _CHART):
        sheet.line(_MARGIN, line, _MARGIN + _WIDTH, line)
    for place, bucket in enumerate(document.buckets):
        share = bucket.counts.availability
        if share is None:
            continue
        height = max(_CHART * share, 0.6)
        sheet.set_fill_color(*_colour(share))
        sheet.rect(_MARGIN + place * width, top + _CHART - height, max(width - 0.4, width * 0.7), height, style="F")
    sheet.set_xy(_MARGIN, top + _CHART + 0.5)
    sheet.write_in(7, _QUIET)
    form = {Size.HOUR: "%d %b %H:%M", Size.DAY: _DAY, Size.MONTH: "%b %Y"}[document.size]
    ends = (document.buckets[0], document.buckets[-1]) if document.buckets else ()
    for bucket, align in zip(ends, ("L", "R"), strict=False):
        sheet.put(f"{bucket.since.astimezone(document.zone):{form}}", _WIDTH / 2, 4, align="R" if align == "R" else "L")
    sheet.ln(4)
    sheet.put(
        "Green: 100 %, light green: 99 % and more, yellow: less, red: under half; no column: no data. Lines at 0, 50, 100 %.",
        _WIDTH,
        4,
    )
    sheet.ln(8)


def _colour(share: float) -> Colour:
    if share == 1:
        return _GOOD
    if share >= 0.99:
        return _NEARLY
    return _LESS if share >= 0.5 else _BAD


def _title(sheet: _Sheet, text: str) -> None:
    sheet.room(30)
    sheet.write_in(12, is_bold=True)
    sheet.put(text, _WIDTH, 8)
    sheet.ln(9)


def _table(sheet: _Sheet, title: str, columns: Sequence[_Column], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Rows with the columns' names on top of each page."""
    _title(sheet, title)
    if not rows:
        sheet.write_in(9, _QUIET)
        sheet.put(empty, _WIDTH)
        sheet.ln(10)
        return
    _names(sheet, columns)
    for row in rows:
        if sheet.get_y() + _ROW > sheet.h - _MARGIN - 6:
            sheet.add_page()
            _names(sheet, columns)
        sheet.write_in(8)
        for column, text in zip(columns, row, strict=True):
            sheet.put(text, column.width, align=column.align)
        sheet.ln(_ROW)
        sheet.line(_MARGIN, sheet.get_y(), _MARGIN + _WIDTH, sheet.get_y())
    sheet.ln(5)


def _names(sheet: _Sheet, columns: Sequence[_Column]) -> None:
    sheet.write_in(7.5, _QUIET, is_bold=True)
    sheet.set_draw_color(*_LINE)
    for column in columns:
        sheet.put(column.name, column.width, align=column.align)
    sheet.ln(_ROW)
    sheet.line(_MARGIN, sheet.get_y(), _MARGIN + _WIDTH, sheet.get_y())


def _left_out(sheet: _Sheet, text: str) -> None:
    sheet.set_y(sheet.get_y() - 4)
    sheet.write_in(8, _QUIET)
    sheet.put(text, _WIDTH)
    sheet.ln(9)


def _monitors(sheet: _Sheet, rows: Sequence[MonitorRow]) -> None:
    columns = (
        _Column(name="Monitor", width=68),
        _Column(name="Available", width=19, align="R"),
        _Column(name="Before", width=19, align="R"),
        _Column(name="Outages", width=16, align="R"),
        _Column(name="Median", width=19, align="R"),
        _Column(name="Before", width=18, align="R"),
        _Column(name="95 %", width=19, align="R"),
    )
    shown = [
        (
            _name(sheet, row),
            percent(row.counts.availability),
            percent(row.before.availability),
            _number(row.outages, row.counts.availability is not None),
            _time(row.times.p50),
            _time(row.times_before.p50),
            _time(row.times.p95),
        )
        for row in rows[:_MOST_MONITORS]
    ]
    _table(sheet, "Monitors, the least available first", columns, shown, empty="There is no monitor.")
    if len(rows) > _MOST_MONITORS:
        _left_out(sheet, f"{count_of(len(rows) - _MOST_MONITORS, 'monitor')} more, which were more available.")


def _name(sheet: _Sheet, row: MonitorRow) -> str:
    """With its number where there are no letters for its name."""
    return row.name if sheet.shown(row.name) == row.name[:_LONGEST] else f"{row.id}: {row.name}"


def _slas(sheet: _Sheet, slas: Sequence[tuple[SLAFigures, SLAFigures]]) -> None:
    columns = (
        _Column(name="SLA", width=32),
        _Column(name="Monitor", width=34),
        _Column(name="Availability", width=41),
        _Column(name="Before", width=18, align="R"),
        _Column(name="Mean response time", width=53, align="R"),
    )
    shown = [
        (
            now.sla.settings.name,
            now.sla.monitor_name,
            f"{_reached(now.is_available)}{_of(now.counts)} {now.sla.settings.availability_percent:g} %",
            percent(before.counts.availability),
            f"{_reached(now.is_quick)}{_mean(now.counts)} {format_duration(now.sla.settings.response_time)}",
        )
        for now, before in slas[:_MOST_SLAS]
    ]
    _table(sheet, "SLAs", columns, shown, empty="No monitor has an SLA.")
    if len(slas) > _MOST_SLAS:
        _left_out(sheet, f"{count_of(len(slas) - _MOST_SLAS, 'SLA')} more.")


def _reached(is_reached: bool | None) -> str:
    return {None: "no data", True: "reached", False: "missed"}[is_reached]


def _of(counts: Counts) -> str:
    return ", goal" if counts.availability is None else f": {percent(counts.availability)} of"


def _mean(counts: Counts) -> str:
    mean = counts.mean_response_time
    return ", goal" if mean is None else f": {format_duration(mean)}, goal"


def _outages(sheet: _Sheet, document: ReportDocument) -> None:
    columns = (
        _Column(name="Begin", width=31),
        _Column(name="Monitor", width=48),
        _Column(name="Lasted", width=22),
        _Column(name="Cause", width=56),
        _Column(name="Failed runs", width=21, align="R"),
    )
    has_places = len(document.locations) > 1
    shown = [
        (
            f"{outage.begin.astimezone(document.zone):{_DAY} %H:%M}",
            document.names.get(outage.monitor_id, str(outage.monitor_id)),
            "goes on" if outage.duration is None else format_duration(outage.duration),
            outage.status.text + (f", at {document.locations.get(outage.location_id, '')}" if has_places else ""),
            f"{outage.failures:,}",
        )
        for outage in document.outages[:_MOST_OUTAGES]
    ]
    nothing = "No data in this time." if document.total.availability is None else "None in this time."
    _table(sheet, "Outages, the newest first", columns, shown, empty=nothing)
    if len(document.outages) > _MOST_OUTAGES:
        _left_out(sheet, f"The newest {_MOST_OUTAGES} of {len(document.outages):,}.")
