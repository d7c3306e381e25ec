"""The settings: their sources, their order, and how wrong ones are named."""

import dataclasses
import os
import typing
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import platformdirs
import pytest

from mailtrip.config import SETTINGS, ListenAddress, LogFormat, LogLevel, Secrecy, Settings, load
from mailtrip.errors import ConfigurationError

SECRET_SETTINGS = [setting for setting in SETTINGS if setting.is_secret]


def faults_of(
    options: Mapping[str, object] = MappingProxyType({}),
    *,
    environ: Mapping[str, str] = MappingProxyType({}),
    config_file: Path | None = None,
) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(options=options, environ=environ, config_file=config_file)
    return str(caught.value).splitlines()


@pytest.fixture
def toml(tmp_path: Path) -> typing.Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mailtrip.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_each_setting_is_a_field_and_each_field_a_setting() -> None:
    assert [setting.name for setting in SETTINGS] == [field.name for field in dataclasses.fields(Settings)]


def test_every_default_is_of_its_fields_type() -> None:
    settings = load(options={}, environ={}).settings

    for name, kind in typing.get_type_hints(Settings).items():
        plain = tuple if typing.get_origin(kind) is tuple else kind
        assert isinstance(getattr(settings, name), plain), name


def test_nothing_given_means_the_defaults() -> None:
    configuration = load(options={}, environ={})

    data_dir = Path(platformdirs.user_data_dir("mailtrip", appauthor=False))
    assert configuration.settings.listen == ListenAddress("127.0.0.1", 8025)
    assert configuration.settings.data_dir == data_dir
    assert configuration.settings.database == f"sqlite:///{data_dir}/mailtrip.db"
    assert configuration.settings.secret_key is None
    assert set(configuration.origins.values()) == {"default"}


def test_the_default_database_follows_the_data_directory(tmp_path: Path) -> None:
    settings = load(options={"data_dir": str(tmp_path)}, environ={}).settings

    assert settings.database == f"sqlite:///{tmp_path}/mailtrip.db"


def test_sources_rank_option_variable_file_variable_table_default(
    toml: typing.Callable[[str], Path], tmp_path: Path
) -> None:
    in_file = tmp_path / "database-url"
    in_file.write_text("sqlite:////from/file\n", encoding="utf-8")
    table = toml('database = "sqlite:////from/table"\n')
    option = {"database": "sqlite:////from/option"}
    variable = {"MAILTRIP_DATABASE": "sqlite:////from/variable"}
    file_variable = {"MAILTRIP_DATABASE_FILE": str(in_file)}

    def database(
        options: Mapping[str, object], environ: Mapping[str, str], config_file: Path | None
    ) -> tuple[str, str]:
        configuration = load(options=options, environ=environ, config_file=config_file)
        return configuration.settings.database, configuration.origins["database"]

    assert database(option, variable | file_variable, table) == ("sqlite:////from/option", "option --database")
    assert database({}, variable | file_variable, table) == (
        "sqlite:////from/variable",
        "environment MAILTRIP_DATABASE",
    )
    assert database({}, file_variable, table) == ("sqlite:////from/file", "environment MAILTRIP_DATABASE_FILE")
    assert database({}, {}, table) == ("sqlite:////from/table", f"{table}: database")
    assert database({}, {}, None)[1] == "default"


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting.option], ids=lambda item: item.name)
def test_a_setting_means_the_same_from_option_and_variable(setting: typing.Any) -> None:
    text = {"public_url": "https://m.example.com", "data_dir": "/d", "database": "postgresql://u@h/n"}.get(
        setting.name, setting.default
    )

    from_option = load(options={setting.name: text}, environ={}).settings
    from_variable = load(options={}, environ={setting.variable: text}).settings

    assert from_option == from_variable


@pytest.mark.parametrize("setting", SECRET_SETTINGS, ids=lambda item: item.name)
def test_a_secret_can_be_read_from_a_file_named_in_each_source(
    setting: typing.Any, toml: typing.Callable[[str], Path], tmp_path: Path
) -> None:
    value = "https://u:pass@h/n" if setting.name == "heartbeat_url" else "postgresql://u:pass@h/n"
    (tmp_path / "secret").write_text(f"{value}\n", encoding="utf-8")

    by_option = load(options={setting.file_key: str(tmp_path / "secret")}, environ={})
    by_variable = load(options={}, environ={setting.file_variable: str(tmp_path / "secret")})
    by_table = load(options={}, environ={}, config_file=toml(f'{setting.file_key} = "secret"\n'))

    for configuration in (by_option, by_variable, by_table):
        assert getattr(configuration.settings, setting.name) == value


def test_the_config_file_can_be_named_in_the_environment(toml: typing.Callable[[str], Path]) -> None:
    table = toml('log_level = "debug"\nlog_format = "json"\nkeep_runs_days = 30\n')

    settings = load(options={}, environ={"MAILTRIP_CONFIG": str(table)}).settings

    assert (settings.log_level, settings.log_format, settings.keep_runs_days) == (LogLevel.DEBUG, LogFormat.JSON, 30)


def test_a_path_in_the_config_file_begins_at_the_files_folder(toml: typing.Callable[[str], Path]) -> None:
    table = toml('data_dir = "data"\ndatabase = "sqlite:///some.db"\n')

    settings = load(options={}, environ={}, config_file=table).settings

    assert settings.data_dir == table.parent / "data"
    assert settings.database == f"sqlite:///{table.parent}/some.db"


def test_an_empty_variable_is_not_set() -> None:
    assert load(options={}, environ={"MAILTRIP_PUBLIC_URL": ""}).settings.public_url is None


def test_an_unknown_key_is_named_with_the_one_it_may_have_meant(toml: typing.Callable[[str], Path]) -> None:
    table = toml('lissen = "127.0.0.1:1"\n[mail]\nx = 1\n')

    faults = faults_of(config_file=table)

    assert faults == [
        f"{table}: lissen: there is no such setting; did you mean listen?",
        f"{table}: mail: there is no such setting; `mailtrip config show` lists what there is",
    ]


def test_an_unknown_variable_is_named_with_the_one_it_may_have_meant() -> None:
    faults = faults_of(environ={"MAILTRIP_DATADIR": "/x", "OTHER_PROGRAM": "1"})

    assert faults == ["MAILTRIP_DATADIR: there is no such variable; did you mean MAILTRIP_DATA_DIR?"]


def test_the_variables_of_probe_are_known() -> None:
    names = ["MAILTRIP_PASSWORD", "MAILTRIP_PASSWORD_FILE", "MAILTRIP_SMTP_PASSWORD", "MAILTRIP_SMTP_PASSWORD_FILE"]

    load(options={}, environ=dict.fromkeys(names, "x"))


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of({"listen": "nowhere", "log_level": "loud"}, environ={"MAILTRIP_MAX_RUNS": "0"})

    assert [fault.partition(":")[0] for fault in faults] == ["listen", "log_level", "max_runs"]


@pytest.mark.parametrize(
    ("name", "raw", "remedy"),
    [
        ("listen", "8025", "host:port"),
        ("listen", "localhost:65536", "host:port"),
        ("listen", "::1:8025", "[::1]:8025"),
        ("listen", "unix:", "unix:/path"),
        ("public_url", "mailtrip.example.com", "https://mailtrip.example.com"),
        ("public_url", "https://u:p@h", "https://mailtrip.example.com"),
        ("database", "mysql://h/n", "sqlite:///path/to/file"),
        ("database", "sqlite://", "sqlite:///path/to/file"),
        ("database", "sqlite:///:memory:", "sqlite:///path/to/file"),
        ("log_level", "loud", "debug, info, warning, error"),
        ("keep_runs_days", "0", "1 to 36500"),
        ("keep_runs_days", "a year", "1 to 36500"),
        ("keep_runs_days", True, "1 to 36500"),
        ("keep_runs_days", 1.5, "1 to 36500"),
        ("data_dir", 3, "in quotes"),
        ("secret_key", "  ", "leave the setting out"),
    ],
)
def test_a_wrong_value_is_refused_saying_what_would_be_right(name: str, raw: object, remedy: str) -> None:
    [fault] = faults_of({name: raw})

    assert fault.startswith(f"{name}: ")
    assert remedy in fault


@pytest.mark.parametrize("text", ["[::1]:8025", "0.0.0.0:80", "mail.example.com:0", "unix:/run/mailtrip.sock"])
def test_a_listening_address_is_written_as_it_was_read(text: str) -> None:
    assert str(load(options={"listen": text}, environ={}).settings.listen) == text


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("= 1\n", "is not valid TOML"),
        ("listen = '\udcff'", "is not UTF-8 text"),
    ],
)
def test_a_config_file_that_cannot_be_understood_is_named(content: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(os.fsencode(content))

    [line] = faults_of(config_file=path)

    assert line.startswith(f"{path}: {fault}")


def test_a_missing_config_file_is_an_error_that_says_how_to_name_one(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"

    assert faults_of(config_file=path) == [
        f"{path}: cannot be read (No such file or directory); name a TOML file with --config or MAILTRIP_CONFIG"
    ]


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_secret_file_that_is_missing_or_empty_is_named(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    [fault] = faults_of(environ={"MAILTRIP_SECRET_KEY_FILE": str(path)})

    assert fault.startswith(f"environment MAILTRIP_SECRET_KEY_FILE: {path} ")


def test_a_password_in_a_database_url_is_refused_on_the_command_line_without_repeating_it() -> None:
    [fault] = faults_of({"database": "postgresql://me:hunter2@db/mailtrip"})

    assert "MAILTRIP_DATABASE" in fault
    assert "hunter2" not in fault


def test_no_fault_repeats_a_secret() -> None:
    faults = faults_of(environ={"MAILTRIP_DATABASE": "mysql://me:hunter2@db/x", "MAILTRIP_LISTEN": "x"})

    assert "hunter2" not in "\n".join(faults)


def test_secrets_are_hidden_when_shown_and_in_repr() -> None:
    environ = {"MAILTRIP_DATABASE": "postgresql://me:hunter2@db/x", "MAILTRIP_SECRET_KEY": "hunter2"}
    settings = load(options={}, environ=environ).settings

    shown = {setting.name: setting.show(getattr(settings, setting.name)) for setting in SETTINGS}

    assert shown["database"] == "postgresql://me:***@db/x"
    assert shown["secret_key"] == "***"
    assert "hunter2" not in repr(settings)


def test_what_is_secret_as_a_whole_has_no_option_for_its_value() -> None:
    assert {setting.option for setting in SETTINGS if setting.secrecy is Secrecy.WHOLE} == {None}
