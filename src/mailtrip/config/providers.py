"""The `providers` setting: what the owner says of mail providers, before it is put together with what is known of them."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ProviderTable", "parse_providers"]

_HOST: Final = re.compile(r"(?!\.)[\w.:-]{1,253}(?<!\.)\Z")
_MOST: Final = 1_000_000
_LONGEST_GAP: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTable:
    """One `[[providers]]` table of the TOML file. None is what it does not say; 0 lifts a limit."""

    name: str
    hosts: tuple[str, ...] | None = None
    login_gap_seconds: float | None = None
    connections: int | None = None
    connections_per_login: int | None = None
    messages_per_hour: int | None = None

    def __str__(self) -> str:
        return self.name


def parse_providers(raw: object, _base: Path) -> tuple[ProviderTable, ...]:
    """Read the tables, or the same as text: a TOML array of inline tables.

    Raises:
        ValueError: names every fault.
    """
    tables = _read(raw) if isinstance(raw, str) else raw
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("is no list of tables; write [[providers]] above the keys of each")
    faults = [fault for table in tables for fault in _faults(table)]
    names = [table["name"] for table in tables if "name" in table]
    faults += [f"{name}: is there twice; make one table of the two" for name in _twice(names)]
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(_table(table) for table in tables)


def _read(text: str) -> object:
    try:
        return tomllib.loads(f"providers = {text.strip()}")["providers"]
    except tomllib.TOMLDecodeError as exc:
        raise ValueError(f'is no TOML ({exc}); write [{{name = "gmail", messages_per_hour = 80}}]') from None


def _faults(table: Mapping[str, object]) -> Iterator[str]:
    name = table.get("name")
    shown = name if isinstance(name, str) and name else "a table"
    if "name" not in table:
        yield "a table has no name; give each one"
    for key, value in table.items():
        rule = _RULES.get(key)
        if rule is None:
            close = difflib.get_close_matches(key, _RULES, n=1)
            remedy = f"did you mean {close[0]}?" if close else f"there are {', '.join(_RULES)}"
            yield f"{shown}: there is no {key}; {remedy}"
        elif (fault := rule(value)) is not None:
            yield f"{shown}: {key}: {fault}"


def _name_fault(value: object) -> str | None:
    is_name = isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= 100
    return None if is_name else f"{value!r} is no name; write one line of text"


def _hosts_fault(value: object) -> str | None:
    if not isinstance(value, list) or not value:
        return f'{value!r} is no list of names; write ["mail.example.com"]'
    wrong = next((host for host in value if not isinstance(host, str) or not _HOST.match(host)), None)
    if wrong is None:
        return None
    return f"{wrong!r} is no host; write a name like example.com, which stands for all names below it too"


def _gap_fault(value: object) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST_GAP
    return None if is_number else f"{value!r} is no number of seconds from 0 to {_LONGEST_GAP}"


def _number_fault(value: object) -> str | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return None if is_number else f"{value!r} is no whole number from 0 to {_MOST}"


_RULES: Final[Mapping[str, Callable[[object], str | None]]] = {
    "name": _name_fault,
    "hosts": _hosts_fault,
    "login_gap_seconds": _gap_fault,
    "connections": _number_fault,
    "connections_per_login": _number_fault,
    "messages_per_hour": _number_fault,
}


def _twice(names: list[object]) -> list[object]:
    return [name for at, name in enumerate(names) if names.index(name) == at and names.count(name) > 1]


def _table(table: Mapping[str, object]) -> ProviderTable:
    values = dict(table)
    hosts = values.pop("hosts", None)
    if isinstance(hosts, list):
        values["hosts"] = tuple(str(host).lower() for host in hosts)
    return ProviderTable(**values)  # type: ignore[arg-type]  # the rules have seen to the types
