"""The tables of docs/reference/fault-matrix.md, made from the rows: `python -m tests.matrix.page` writes them anew.

What stands above the first table and behind the last one is written by hand.
"""

from pathlib import Path

from tests.matrix.faults import ROWS
from tests.matrix.rows import Outcome, Part, Row

from mailtrip.model import MailProtocol

__all__ = ["PAGE", "table", "table_of_others", "table_on_page"]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fault-matrix.md"
_BEHIND = "What other monitors get wrong"
_HEAD = ("| what goes wrong | made by | POP3 | IMAP |", "| --- | --- | --- | --- |")


def table(part: Part) -> list[str]:
    """The lines of a section's table."""
    return [*_HEAD, *(_line(row) for row in ROWS if row.part is part)]


def table_on_page(part: str) -> list[str]:
    """The lines of a section's table as the page has them; none when it has no such section."""
    section = PAGE.read_text(encoding="utf-8").partition(f"## {part}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")]


def table_of_others() -> dict[str, str]:
    """What the page has of other monitors' defects: where each was seen, by the name of the test that is about it."""
    cells = [line.strip("| ").split(" | ") for line in table_on_page(_BEHIND)[2:]]
    return {test.strip("`"): seen_in for _, seen_in, test in cells}


def _line(row: Row) -> str:
    outcomes = [row.outcomes.get(protocol) for protocol in (MailProtocol.POP3, MailProtocol.IMAP)]
    return f"| {row.name} | {row.maker} | {' | '.join(_cell(outcome) for outcome in outcomes)} |"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "has no such thing"
    at = f" at `{outcome.step}`" if outcome.step else ""
    return f"`{outcome.verdict}`, {int(outcome.status)}{at}{' (may stay)' if outcome.may_stay else ''}"


def _write() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, behind = text.partition("\n## ")[0].rstrip(), text.partition(f"## {_BEHIND}\n")[2].strip()
    sections = ["\n".join([f"## {part}", "", *table(part)]) for part in Part]
    PAGE.write_text("\n\n".join([before, *sections, f"## {_BEHIND}", behind]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
