"""The loader: option > environment > environment ..._FILE > TOML file > default. Every fault is named, all at once."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from mailtrip.config.settings import SETTINGS, Secrecy, Setting, Settings
from mailtrip.config.values import hide_url_password
from mailtrip.errors import ConfigurationError

__all__ = ["CONFIG_VARIABLE", "Configuration", "find_environment_faults", "load"]

CONFIG_VARIABLE = "MAILTRIP_CONFIG"
"""Names the TOML file."""

_PREFIX = "MAILTRIP_"
_PROBE_VARIABLES = (
    "MAILTRIP_PASSWORD",
    "MAILTRIP_PASSWORD_FILE",
    "MAILTRIP_SMTP_PASSWORD",
    "MAILTRIP_SMTP_PASSWORD_FILE",
)
"""What `mailtrip probe` reads beside the settings."""

_LONGEST_SECRET = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings in force, and for each one where its value came from (`option --listen`, `default`, ...)."""

    settings: Settings
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    """A raw value, where it was found, and the folder that a relative path in it begins at."""

    raw: object
    origin: str
    base: Path


def load(
    *, options: Mapping[str, object], environ: Mapping[str, str], config_file: Path | None = None
) -> Configuration:
    """Gather the settings from all their sources.

    Args:
        options: what the command line gave, by setting name (or name + `_file`); None means not given.
        environ: the environment; an empty variable means not set.
        config_file: the file of `--config`; without it, the one that `MAILTRIP_CONFIG` names, if any.

    Raises:
        ConfigurationError: one line for each fault: an unknown key or variable, a wrong value, an unreadable file.
    """
    faults = list(find_environment_faults(environ))
    table, table_path = _read_table(config_file, environ, faults)
    faults.extend(_find_table_faults(table, table_path))
    values: dict[str, Any] = {}  # Any: each parser gives its own field's type, which a test compares with the table
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        try:
            found = (
                _find_option(setting, options)
                or _find_variable(setting, environ)
                or _find_key(setting, table, table_path)
                or _default(setting, values)
            )
            values[setting.name] = None if found.raw is None else _parse(setting, found)
            origins[setting.name] = found.origin
        except ValueError as exc:
            faults.append(str(exc))
            values.setdefault(setting.name, "")
    if faults:
        raise ConfigurationError("\n".join(faults))
    return Configuration(settings=Settings(**values), origins=origins)


def find_environment_faults(environ: Mapping[str, str]) -> Iterator[str]:
    """A line for each variable that looks like one of ours and is none: a misspelt one must not pass in silence."""
    known = [CONFIG_VARIABLE, *_PROBE_VARIABLES]
    for setting in SETTINGS:
        known.append(setting.variable)
        if setting.file_variable:
            known.append(setting.file_variable)
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in known:
            yield f"{name}: there is no such variable; {_suggest(name, known)}"


def _read_table(
    config_file: Path | None, environ: Mapping[str, str], faults: list[str]
) -> tuple[dict[str, object], Path]:
    named = environ.get(CONFIG_VARIABLE)
    path = config_file or (Path(named).expanduser() if named else None)
    if path is None:
        return {}, Path()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path
    except OSError as exc:
        faults.append(f"{path}: cannot be read ({exc.strerror}); name a TOML file with --config or {CONFIG_VARIABLE}")
    except UnicodeDecodeError:
        faults.append(f"{path}: is not UTF-8 text; save it as UTF-8")
    except tomllib.TOMLDecodeError as exc:
        faults.append(f"{path}: is not valid TOML: {exc}")
    return {}, path


def _find_table_faults(table: Mapping[str, object], path: Path) -> Iterator[str]:
    known = [setting.name for setting in SETTINGS]
    known.extend(setting.file_key for setting in SETTINGS if setting.file_key)
    for key in table:
        if key not in known:
            yield f"{path}: {key}: there is no such setting; {_suggest(key, known)}"


def _suggest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else "`mailtrip config show` lists what there is"


def _find_option(setting: Setting, options: Mapping[str, object]) -> _Found | None:
    raw = options.get(setting.name)
    if raw is not None:
        _refuse_password(setting, str(raw))
        return _Found(raw, f"option {setting.option}", Path.cwd())
    path = options.get(setting.file_key) if setting.file_key else None
    return None if path is None else _read_secret(str(path), f"option {setting.file_option}", Path.cwd())


def _refuse_password(setting: Setting, raw: str) -> None:
    if setting.secrecy is Secrecy.URL_PASSWORD and hide_url_password(raw) != raw:
        raise ValueError(
            f"{setting.option}: other users of this machine can read a password that stands on a command line; "
            f"put the URL into {setting.variable}, or into a file for {setting.file_option}"
        )


def _find_variable(setting: Setting, environ: Mapping[str, str]) -> _Found | None:
    if raw := environ.get(setting.variable):
        return _Found(raw, f"environment {setting.variable}", Path.cwd())
    path = environ.get(setting.file_variable) if setting.file_variable else None
    return _read_secret(path, f"environment {setting.file_variable}", Path.cwd()) if path else None


def _find_key(setting: Setting, table: Mapping[str, object], table_path: Path) -> _Found | None:
    base = table_path.absolute().parent
    if setting.name in table:
        return _Found(table[setting.name], f"{table_path}: {setting.name}", base)
    if setting.file_key and setting.file_key in table:
        return _read_secret(str(table[setting.file_key]), f"{table_path}: {setting.file_key}", base)
    return None


def _read_secret(name: str, origin: str, base: Path) -> _Found:
    path = base / Path(name).expanduser()
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST_SECRET).strip()
    except OSError as exc:
        raise ValueError(f"{origin}: {path} cannot be read ({exc.strerror}); name a file that holds the value") from exc
    except UnicodeDecodeError:
        raise ValueError(f"{origin}: {path} is not UTF-8 text; name a file that holds the value as text") from None
    if not text:
        raise ValueError(f"{origin}: {path} is empty; name a file that holds the value")
    return _Found(text, origin, base)


def _default(setting: Setting, values: Mapping[str, object]) -> _Found:
    if setting.default is None:
        return _Found(None, "default", Path.cwd())
    text = setting.default.format(user_data_dir=platformdirs.user_data_dir("mailtrip", appauthor=False), **values)
    return _Found(text, "default", Path.cwd())


def _parse(setting: Setting, found: _Found) -> object:
    try:
        return setting.parse(found.raw, found.base)
    except ValueError as exc:
        origin = "" if found.origin == "default" else f" (from {found.origin})"
        raise ValueError(f"{setting.name}: {exc}{origin}") from exc
