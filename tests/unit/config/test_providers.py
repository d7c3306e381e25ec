"""The `providers` setting: what it takes, and how wrong tables are named."""

from pathlib import Path

import pytest

from mailtrip.config import SETTINGS, ProviderTable, load
from mailtrip.errors import ConfigurationError

TABLES = """
[[providers]]
name = "gmail"
messages_per_hour = 80

[[providers]]
name = "example"
hosts = ["Mail.Example.com", "example.net"]
login_gap_seconds = 1.5
connections = 5
connections_per_login = 0
"""
READ = (
    ProviderTable(name="gmail", messages_per_hour=80),
    ProviderTable(
        name="example",
        hosts=("mail.example.com", "example.net"),
        login_gap_seconds=1.5,
        connections=5,
        connections_per_login=0,
    ),
)


def read(text: str, tmp_path: Path) -> tuple[ProviderTable, ...]:
    path = tmp_path / "mailtrip.toml"
    path.write_text(text, encoding="utf-8")
    return load(options={}, environ={}, config_file=path).settings.providers


def test_tables_say_what_they_say_and_nothing_else(tmp_path: Path) -> None:
    assert read(TABLES, tmp_path) == READ


def test_a_variable_and_an_option_take_the_same_as_text() -> None:
    text = '[{name = "gmail", messages_per_hour = 80}]'

    from_variable = load(options={}, environ={"MAILTRIP_PROVIDERS": text}).settings
    from_option = load(options={"providers": text}, environ={}).settings

    assert from_variable.providers == from_option.providers == READ[:1]


def test_without_tables_there_are_none() -> None:
    assert load(options={}, environ={}).settings.providers == ()


def test_they_are_shown_by_their_names() -> None:
    [setting] = [setting for setting in SETTINGS if setting.name == "providers"]

    assert (setting.show(READ), setting.show(())) == ("gmail, example", None)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("connections = 1", "a table has no name; give each one"),
        ('name = ""', "a table: name: '' is no name; write one line of text"),
        ("name = 1", "a table: name: 1 is no name; write one line of text"),
        ('name = "a"\nmesages_per_hour = 1', "a: there is no mesages_per_hour; did you mean messages_per_hour?"),
        ('name = "a"\nx = 1', "a: there is no x; there are name, hosts, login_gap_seconds, "),
        ('name = "a"\nhosts = "b"', "a: hosts: 'b' is no list of names; write [\"mail.example.com\"]"),
        ('name = "a"\nhosts = []', "a: hosts: [] is no list of names"),
        (
            'name = "a"\nhosts = ["*.example.com"]',
            "a: hosts: '*.example.com' is no host; write a name like example.com",
        ),
        ('name = "a"\nhosts = [".example.com"]', "is no host"),
        ('name = "a"\nlogin_gap_seconds = -1', "a: login_gap_seconds: -1 is no number of seconds from 0 to 3600"),
        ('name = "a"\nlogin_gap_seconds = true', "a: login_gap_seconds: True is no number of seconds"),
        ('name = "a"\nlogin_gap_seconds = nan', "a: login_gap_seconds: nan is no number of seconds"),
        ('name = "a"\nconnections = 1.5', "a: connections: 1.5 is no whole number from 0 to 1000000"),
        ('name = "a"\nmessages_per_hour = "many"', "a: messages_per_hour: 'many' is no whole number"),
        ('name = "a"\n[[providers]]\nname = "a"', "a: is there twice; make one table of the two"),
    ],
)
def test_a_wrong_table_is_named_with_what_would_be_right(table: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(f"[[providers]]\n{table}\n", tmp_path)

    assert str(caught.value).startswith("providers: ")
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("providers = 1", "is no list of tables; write [[providers]] above the keys of each"),
        ("providers = [1]", "is no list of tables"),
        ('[providers]\nname = "a"', "is no list of tables"),
        ('providers = "[{name = ]"', "is no TOML"),
    ],
)
def test_what_is_no_list_of_tables_is_refused(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="providers") as caught:
        read(text, tmp_path)

    assert fault in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read('[[providers]]\nconnections = -1\nx = 1\n[[providers]]\nname = ""\n', tmp_path)

    assert str(caught.value).count("; ") >= 3
