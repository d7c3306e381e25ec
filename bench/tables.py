"""What a part of the benchmark found: tables, targets and facts; as text for a terminal, as Markdown for the docs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Findings", "Table", "Target", "as_markdown", "as_text", "write_into"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text under columns; the first column names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something measured that has a bound.

    Attributes:
        unit: put behind both numbers.
    """

    text: str
    measured: float
    bound: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        return self.measured <= self.bound

    @property
    def row(self) -> tuple[str, str, str, str]:
        number = f"{self.measured:.2f}" if self.measured < 10 else f"{self.measured:.0f}"
        return self.text, f"{number}{self.unit}", f"{self.bound:g}{self.unit}", "met" if self.is_met else "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one part found.

    Attributes:
        facts: one sentence each: settings of this run, and what explains the figures.
    """

    part: str
    tables: tuple[Table, ...] = ()
    targets: tuple[Target, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def all_tables(self) -> tuple[Table, ...]:
        """The tables, and one with the targets where there are any."""
        if not self.targets:
            return self.tables
        columns = ("target", "measured", "at most", "")
        return (*self.tables, Table(title="Targets", columns=columns, rows=tuple(one.row for one in self.targets)))


def as_text(findings: Findings) -> str:
    """For a terminal."""
    blocks = [_aligned(table) for table in findings.all_tables]
    return "\n\n".join([*blocks, *findings.facts])


def _aligned(table: Table) -> str:
    lines = [table.columns, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.columns))]
    texts = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([table.title, *texts])


def as_markdown(findings: Findings) -> str:
    """For the docs."""
    blocks = [_piped(table) for table in findings.all_tables]
    return "\n\n".join([*blocks, *findings.facts])


def _piped(table: Table) -> str:
    rule = "|" + "|".join(["---", *["---:"] * (len(table.columns) - 1)]) + "|"
    lines = [_pipe(table.columns), rule, *(_pipe(row) for row in table.rows)]
    return "\n".join([f"**{table.title}**", "", *lines])


def _pipe(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def write_into(path: Path, findings: Findings) -> None:
    """Replace what stands between the part's markers in a Markdown file.

    Raises:
        ValueError: when the file has no such markers.
    """
    text = path.read_text(encoding="utf-8")
    begin, end = (f"<!-- bench {findings.part} {edge} -->" for edge in ("begins", "ends"))
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f'{path.name} has no "{begin}"')
    block = f"{begin}\n\n{as_markdown(findings)}\n\n{end}"
    path.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")
