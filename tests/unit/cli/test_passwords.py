"""Where passwords come from."""

import io
import sys
from pathlib import Path

import click
import pytest

from mailtrip.cli.passwords import PasswordSource, read_new_password, read_passwords


def source(file: str | None = None, *, variable: str = "MAILTRIP_PASSWORD") -> PasswordSource:
    option = "--password-file" if variable == "MAILTRIP_PASSWORD" else "--smtp-password-file"
    return PasswordSource(prompt="Mailbox password", option=option, file=file, variable=variable)


@pytest.fixture(autouse=True)
def _no_terminal_and_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("from standard input\nmore\n"))
    for name in (
        "MAILTRIP_PASSWORD",
        "MAILTRIP_PASSWORD_FILE",
        "MAILTRIP_SMTP_PASSWORD",
        "MAILTRIP_SMTP_PASSWORD_FILE",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text("from file \r\nsecond line\n", encoding="utf-8")
    return str(path)


def test_a_file_gives_its_first_line_with_its_blanks_and_without_its_line_end(file: str) -> None:
    assert read_passwords([source(file)]) == ["from file "]


def test_a_dash_is_standard_input() -> None:
    assert read_passwords([source("-")]) == ["from standard input"]


def test_the_file_option_goes_before_the_variable_and_that_before_its_file(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILTRIP_PASSWORD_FILE", file)
    assert read_passwords([source()]) == ["from file "]

    monkeypatch.setenv("MAILTRIP_PASSWORD", "from variable")
    assert read_passwords([source()]) == ["from variable"]
    assert read_passwords([source("-")]) == ["from standard input"]


def test_two_passwords_come_from_their_own_sources(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILTRIP_SMTP_PASSWORD", "for SMTP")

    assert read_passwords([source(file), source(variable="MAILTRIP_SMTP_PASSWORD")]) == ["from file ", "for SMTP"]


def test_only_one_password_can_be_read_from_standard_input() -> None:
    with pytest.raises(click.UsageError, match="only one of them can read standard input"):
        read_passwords([source("-"), source("-", variable="MAILTRIP_SMTP_PASSWORD")])


def test_without_a_terminal_a_missing_password_says_every_way_to_give_it() -> None:
    with pytest.raises(click.UsageError) as caught:
        read_passwords([source()])

    for way in ("--password-file FILE", "--password-file -", "MAILTRIP_PASSWORD ", "MAILTRIP_PASSWORD_FILE"):
        assert way in f"{caught.value.message} "


@pytest.mark.parametrize("content", [b"", b"\nsecond\n", b"\xff\xfe"])
def test_a_file_without_a_usable_first_line_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)

    with pytest.raises(click.UsageError, match=f"--password-file: {path} "):
        read_passwords([source(str(path))])


def test_a_missing_file_is_named_with_the_variable_that_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILTRIP_PASSWORD_FILE", str(tmp_path / "none"))

    with pytest.raises(click.UsageError, match=r"MAILTRIP_PASSWORD_FILE: .*none cannot be read \(No such file"):
        read_passwords([source()])


def test_a_new_password_is_read_from_a_file_or_standard_input(file: str) -> None:
    assert read_new_password("New password", file) == "from file "
    assert read_new_password("New password", "-") == "from standard input"


def test_a_new_password_without_a_terminal_says_how_to_give_it() -> None:
    with pytest.raises(click.UsageError, match="--password-file - for standard input"):
        read_new_password("New password", None)
