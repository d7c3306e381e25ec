"""How the text or TOML value of a setting becomes its typed value; each parser says what would be right.

A parser takes the raw value (text from an option, a variable or a file, or what TOML holds) and the folder that
relative paths begin at. It raises ValueError with a text without the setting's name, and without a secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

__all__ = [
    "ListenAddress",
    "LogFormat",
    "LogLevel",
    "Parser",
    "UnixAddress",
    "hide_url_password",
    "one_of",
    "parse_database_url",
    "parse_line",
    "parse_listen_address",
    "parse_path",
    "parse_public_url",
    "parse_secret",
    "parse_web_url",
    "whole_number",
]

Parser: TypeAlias = Callable[[object, Path], object]


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """`AUTO` is `CONSOLE` on a terminal and `JSON` elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the service listens: a name or an IP address without brackets, and a port (0 takes any free one)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket where the service listens."""

    path: Path

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}"


_UNIX = "unix:"
_LISTEN = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>\d{1,5})\Z")
_URL_PASSWORD = re.compile(r"(?<=://)(?P<user>[^/@]*?):[^/]*@")


def whole_number(lowest: int, highest: int) -> Parser:
    """A parser of whole numbers in `lowest..highest`."""

    def parse(raw: object, _base: Path) -> int:
        fault = ValueError(f"{raw!r} is no whole number from {lowest} to {highest}")
        if isinstance(raw, bool) or not isinstance(raw, int | str):
            raise fault
        try:
            number = int(raw)
        except ValueError:
            raise fault from None
        if not lowest <= number <= highest:
            raise fault
        return number

    return parse


def one_of(kind: type[StrEnum]) -> Parser:
    """A parser of a closed set's members, in any case of letters."""

    def parse(raw: object, _base: Path) -> StrEnum:
        try:
            return kind(_text(raw).lower())
        except ValueError:
            raise ValueError(f"{raw!r} is none of {', '.join(kind)}") from None

    return parse


def parse_path(raw: object, base: Path) -> Path:
    """A path, absolute; `~` is the home directory."""
    path = Path(_text(raw)).expanduser()
    return path if path.is_absolute() else (base / path).absolute()


def parse_line(raw: object, _base: Path) -> str:
    """A text of one line."""
    text = _text(raw)
    if not text.isprintable():
        raise ValueError("has a line break or another control character in it; write it in one line")
    return text


def parse_secret(raw: object, _base: Path) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("is empty or no text; give the secret as text, or leave the setting out")
    return raw.strip()


def parse_listen_address(raw: object, base: Path) -> ListenAddress | UnixAddress:
    """`host:port`, or `unix:` with a path (made absolute)."""
    text = _text(raw)
    if text.startswith(_UNIX) and text != _UNIX:
        return UnixAddress(parse_path(text.removeprefix(_UNIX), base))
    match = _LISTEN.match(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError(
            f"{raw!r} is no address to listen at; write host:port, for example 127.0.0.1:8025 or [::1]:8025, or unix:/path"
        )
    return ListenAddress(match["v6"] or match["host"], int(match["port"]))


def parse_public_url(raw: object, _base: Path) -> str:
    """The service's own address as people reach it, without a slash at its end."""
    text = _text(raw).rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(
            f"{hide_url_password(text)!r} is no address of a web service; write https://mailtrip.example.com"
        )
    return text


def parse_web_url(raw: object, _base: Path) -> str:
    """An address of a web server, which may hold a secret: no fault shows it."""
    text = _text(raw)
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isprintable():
        raise ValueError("is no web address; write https://host/path")
    return text


def parse_database_url(raw: object, base: Path) -> str:
    """`sqlite:///FILE` (made absolute) or `postgresql://...`."""
    text = _text(raw)
    scheme, separator, rest = text.partition("://")
    if separator and scheme == "postgresql" and rest:
        return text
    if separator and scheme == "sqlite" and rest.startswith("/") and rest not in {"/", "/:memory:"}:
        return f"sqlite:///{parse_path(rest[1:], base)}"
    raise ValueError(
        f"{hide_url_password(text)!r} is no database; write sqlite:///path/to/file or postgresql://user@host:port/name"
    )


def hide_url_password(url: str) -> str:
    """The URL with its password, if it has one, replaced by three asterisks."""
    return _URL_PASSWORD.sub(r"\g<user>:***@", url)


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{raw!r} is no text; write it in quotes")  # noqa: TRY004 (the parsers' one exception)
    return raw.strip()
