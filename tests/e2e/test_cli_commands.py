"""The other commands: users, monitors, database, settings, and how wrong usage ends."""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.command_line import COMMAND, Finished, environment, mailtrip

import mailtrip as package
from mailtrip.clock import SystemClock
from mailtrip.model import Actor, MailProtocol, Role
from mailtrip.service import monitors
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Database

OPERATOR = Actor(account_id=1, role=Role.ADMIN)
BOSS = ("user", "add", "boss@example.com", "--role", "admin")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def run(data_dir: Path, *arguments: str | Path, standard_input: str = "a long password\n") -> Finished:
    return await mailtrip(*arguments, variables={"MAILTRIP_DATA_DIR": str(data_dir)}, standard_input=standard_input)


def columns(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


HEADER = "name,email,password,smtp_server,mailbox_server"
ONE = "One,one@example.com,secret one,smtp://mail.example.com,imaps://mail.example.com"
WRONG = "Two,nowhere,secret two,smtp://mail.example.com,imaps://mail.example.com"


async def test_monitors_of_a_csv_file_are_made_all_or_none(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "monitors.csv"
    file.write_text(f"{HEADER}\n{ONE}\n{WRONG}\n", encoding="utf-8")
    faulty = await run(data_dir, "monitor", "import", file)
    file.write_text(f"{HEADER}\n{ONE}\n", encoding="utf-8-sig")
    dry = await run(data_dir, "monitor", "import", "--dry-run", file)
    before = await run(data_dir, "monitor", "list", "--json")
    made = await run(data_dir, "monitor", "import", "-", standard_input=file.read_text(encoding="utf-8"))
    after = await run(data_dir, "monitor", "list", "--json")

    assert (faulty.code, dry.code, made.code) == (1, 0, 0)
    assert faulty.errors.startswith("Line 3 (Two): email: ")
    assert faulty.errors.endswith("1 of 2 lines can't be imported, so nothing is.\n")
    assert (dry.output, json.loads(before.output)) == ("Would be made: One\n", [])
    assert made.output == "Made: One\n"
    assert [each["name"] for each in json.loads(after.output)] == ["One"]
    told = [text for step in (faulty, dry, made, after) for text in (step.output, step.errors)]
    assert not any("secret one" in text or "secret two" in text for text in told)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("name\nGrüße".encode("latin-1"), "The file is not in UTF-8"),
        (b"name,secret\nOne,x\n", "Cell 2 of the header row is no column"),
        (b"", "There is no monitor in it"),
    ],
)
async def test_a_csv_file_that_can_not_be_read_is_told_with_a_remedy(
    data_dir: Path, tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "monitors.csv"
    file.write_bytes(content)

    finished = await run(data_dir, "monitor", "import", file)

    assert finished.code == 1
    assert complaint in finished.errors


async def test_users_are_added_listed_changed_and_removed(data_dir: Path) -> None:
    added = await run(data_dir, *BOSS, "--password-file", "-")
    await run(data_dir, "user", "add", "second@example.com", "--role", "READONLY", "--password-file", "-")
    promoted = await run(data_dir, "user", "set-role", "second@example.com", "Power-User")
    listed = await run(data_dir, "user", "list")
    changed = await run(data_dir, "user", "passwd", "second@example.com", "--password-file", "-")
    removed = await run(data_dir, "user", "remove", "SECOND@example.com")
    left = await run(data_dir, "user", "list")

    assert [step.code for step in (added, promoted, changed, removed)] == [0, 0, 0, 0]
    assert added.output == "Added: boss@example.com, Admin\n"
    assert [row[1:-1] for row in columns(listed.output)[1:]] == [
        ["boss@example.com", "Admin", "yes"],
        ["second@example.com", "Power", "User", "yes"],
    ]
    assert [row[1] for row in columns(left.output)] == ["EMAIL", "boss@example.com"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((*BOSS, "--password-file", "-"), '"boss@example.com" is taken'),
        (("user", "add", "nobody", "--password-file", "-"), '"nobody" is no mail address'),
        (("user", "remove", "boss@example.com"), "the last Admin"),
        (("user", "set-role", "boss@example.com", "user"), "the last Admin"),
        (("user", "disable", "boss@example.com"), "the last Admin"),
        (("user", "passwd", "x@example.com", "--password-file", "-"), 'there is no user "x@example.com"'),
        (("user", "remove-second-factor", "x@example.com"), 'there is no user "x@example.com"'),
        (("monitor", "show", "7"), "there is no monitor 7"),
    ],
)
async def test_what_can_not_be_done_is_one_line_without_a_trace_and_ends_with_1(
    arguments: Sequence[str], complaint: str, data_dir: Path
) -> None:
    await run(data_dir, *BOSS, "--password-file", "-")

    ended = await run(data_dir, *arguments)

    assert ended.code == 1
    assert ended.output == ""
    assert len(ended.errors.splitlines()) == 1
    assert ended.errors.startswith("Error: ")
    assert complaint in ended.errors


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("monitr",), "No such command 'monitr'. Did you mean 'monitor'?"),
        (("user", "add"), "Missing argument 'EMAIL'"),
        (("user", "add", "a@example.com", "--role", "king"), "'admin', 'co-admin', 'power-user', 'user', 'readonly'"),
        (("user", "add", "a@example.com"), "--password-file - for standard input"),
        (("monitor", "show", "x"), "'x' is not a valid integer"),
        (("db", "backup"), "Missing argument 'FILE'"),
        (("serve", "--port", "1"), "No such option '--port'"),
    ],
)
async def test_wrong_usage_ends_with_64_and_names_what_is_right(
    arguments: Sequence[str], complaint: str, data_dir: Path
) -> None:
    ended = await run(data_dir, *arguments)

    assert ended.code == 64
    assert complaint in ended.errors
    assert "--help" in ended.errors


async def test_no_command_shows_what_there_is(data_dir: Path) -> None:
    ended = await run(data_dir)

    for command in ("probe", "serve", "demo", "user", "monitor", "audit", "db", "config"):
        assert f"\n  {command} " in ended.errors
    assert ended.code == 64


async def test_a_user_is_disabled_and_enabled_again(data_dir: Path) -> None:
    await run(data_dir, *BOSS, "--password-file", "-")
    await run(data_dir, "user", "add", "second@example.com", "--password-file", "-")

    disabled = await run(data_dir, "user", "disable", "second@example.com")
    listed = await run(data_dir, "user", "list")
    enabled = await run(data_dir, "user", "enable", "second@example.com")
    listed_again = await run(data_dir, "user", "list")

    assert (disabled.output, enabled.output) == ("Disabled: second@example.com\n", "Enabled: second@example.com\n")
    assert [columns(table.output)[2][3] for table in (listed, listed_again)] == ["no", "yes"]


async def test_a_second_factor_is_taken_from_a_user_who_has_lost_it(data_dir: Path) -> None:
    await run(data_dir, *BOSS, "--password-file", "-")

    ended = await run(data_dir, "user", "remove-second-factor", "boss@example.com")

    assert (ended.code, ended.output) == (0, "Changed: boss@example.com signs in with the password alone\n")


async def test_what_was_changed_is_listed_newest_first(data_dir: Path) -> None:
    await run(data_dir, *BOSS, "--password-file", "-")
    await run(data_dir, "user", "passwd", "boss@example.com", "--password-file", "-")

    listed = await run(data_dir, "audit", "list")
    asked = await run(data_dir, "audit", "list", "--json", "--action", "user.changed", "--from", "2026-01-01")

    assert [row[2:] for row in columns(listed.output)[1:]] == [
        ["operator", "-", "user.changed", "100001", "boss@example.com", "password"],
        ["operator", "-", "user.created", "100001", "boss@example.com", "email,role,enabled"],
    ]
    [entry] = json.loads(asked.output)
    assert entry["changes"] == {"password": ["set", "changed"]}
    assert entry["actor"] == {"type": "operator", "id": None, "name": None}


async def test_an_audit_log_that_was_altered_is_told_with_exit_code_1(data_dir: Path) -> None:
    await run(data_dir, *BOSS, "--password-file", "-")
    before = await run(data_dir, "audit", "verify")
    with closing(sqlite3.connect(data_dir / "mailtrip.db")) as database:
        database.execute("UPDATE audit_entries SET action = 'user.removed'")
        database.commit()

    after = await run(data_dir, "audit", "verify")

    assert (before.code, columns(before.output)[1][-1]) == (0, "whole")
    assert (after.code, "entry 100001 does not fit" in after.output) == (1, True)


async def test_the_version_is_told(data_dir: Path) -> None:
    assert (await run(data_dir, "--version")).output == f"mailtrip {package.__version__}\n"


def make_monitor(data_dir: Path) -> int:
    """A monitor in the database of `data_dir`, as the API would make it."""
    data_dir.mkdir()
    clock = SystemClock()
    database = Database.open(f"sqlite:///{data_dir}/mailtrip.db", clock=clock)
    with closing(database):
        return database.write(
            lambda connection: monitors.create(
                connection,
                OPERATOR,
                {
                    "name": "Our own mail",
                    "plan_code": "P",
                    "email": "me@example.com",
                    "smtp_server": "smtps://mail.example.com",
                    "mailbox_protocol": MailProtocol.IMAP,
                    "mailbox_server": "imaps://mail.example.com",
                    "interval": timedelta(minutes=5),
                },
                passwords=monitors.Passwords(mailbox="hunter2"),
                secrets=KeyRing.generate(),
                now=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )


async def test_monitors_are_listed_and_shown_without_their_passwords(data_dir: Path) -> None:
    monitor_id = make_monitor(data_dir)

    listed = await run(data_dir, "monitor", "list")
    shown = await run(data_dir, "monitor", "show", str(monitor_id))
    listed_json = json.loads((await run(data_dir, "monitor", "list", "--json")).output)
    shown_json = json.loads((await run(data_dir, "monitor", "show", str(monitor_id), "--json")).output)

    assert columns(listed.output)[1] == [
        *(str(monitor_id), "Our", "own", "mail", "5", "min", "imaps://mail.example.com:993", "-", "-")
    ]
    assert ["interval_minutes", "5.0"] in columns(shown.output)
    assert "hunter2" not in listed.output + shown.output
    assert listed_json == [shown_json]
    assert shown_json["mailbox_server"] == "imaps://mail.example.com:993"
    assert shown_json["last_run"] is None


async def test_a_backup_is_a_whole_database_and_never_replaces_a_file(data_dir: Path, tmp_path: Path) -> None:
    await run(data_dir, *BOSS, "--password-file", "-")

    first = await run(data_dir, "db", "backup", tmp_path / "copy.db")
    second = await run(data_dir, "db", "backup", tmp_path / "copy.db")

    assert (first.code, second.code) == (0, 1)
    assert "name a file that is not there yet" in second.errors
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT email FROM users").fetchall() == [("boss@example.com",)]


async def test_a_backup_of_a_database_that_is_not_there_makes_none(data_dir: Path, tmp_path: Path) -> None:
    ended = await run(data_dir, "db", "backup", tmp_path / "copy.db")

    assert ended.code == 1
    assert list(tmp_path.iterdir()) == []


async def test_a_database_is_made_by_upgrade(data_dir: Path) -> None:
    ended = await run(data_dir, "db", "upgrade")

    assert ended.code == 0
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "mailtrip.db").exists()


@pytest.mark.parametrize("command", [("serve", "--listen", "127.0.0.1:0"), ("user", "list"), ("db", "upgrade")])
async def test_a_database_that_is_none_of_ours_is_a_clear_refusal(command: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "mailtrip.db").write_text("This is a shopping list, not a database." * 100, encoding="utf-8")

    ended = await run(tmp_path, *command)

    assert ended.code == 1
    assert f"{tmp_path}/mailtrip.db" in ended.errors
    assert "Traceback" not in ended.errors


async def test_the_settings_are_shown_with_their_origins_and_without_secrets(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "mailtrip.toml").write_text("max_runs = 7\n", encoding="utf-8")
    variables = {
        "MAILTRIP_DATA_DIR": str(data_dir),
        "MAILTRIP_DATABASE": "postgresql://me:hunter2@db/mailtrip",
        "MAILTRIP_SECRET_KEY": "hunter2",
    }
    arguments = ("config", "show", "--config", tmp_path / "mailtrip.toml", "--log-level", "debug")

    table = await mailtrip(*arguments, variables=variables)
    document = json.loads((await mailtrip(*arguments, "--json", variables=variables)).output)

    assert document["max_runs"] == {"value": 7, "from": f"{tmp_path}/mailtrip.toml: max_runs"}
    assert document["log_level"] == {"value": "debug", "from": "option --log-level"}
    assert document["database"] == {
        "value": "postgresql://me:***@db/mailtrip",
        "from": "environment MAILTRIP_DATABASE",
    }
    assert document["secret_key"]["value"] == "***"
    assert ["max_runs", "7", f"{tmp_path}/mailtrip.toml:", "max_runs"] in columns(table.output)
    assert "hunter2" not in table.output


async def test_wrong_settings_are_all_named_and_end_with_1(data_dir: Path) -> None:
    ended = await mailtrip("config", "show", "--listen", "x", variables={"MAILTRIP_MAX_RUN": "1"})

    assert ended.code == 1
    assert "did you mean MAILTRIP_MAX_RUNS?" in ended.errors
    assert "listen: 'x' is no address" in ended.errors


async def test_a_reader_that_has_gone_is_no_reason_for_a_trace(data_dir: Path) -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    process = await asyncio.create_subprocess_exec(
        COMMAND, "config", "show", env=environment(), stdout=writing_end, stderr=asyncio.subprocess.PIPE
    )
    os.close(writing_end)
    _, errors = await process.communicate()

    assert process.returncode == 1
    assert errors == b""


async def test_python_can_run_the_package_too() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mailtrip", "--version", env=environment(), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()

    assert output.decode() == f"mailtrip {package.__version__}\n"


async def test_the_mail_providers_in_force_are_shown(tmp_path: Path) -> None:
    config = tmp_path / "mailtrip.toml"
    config.write_text('[[providers]]\nname = "gmail"\nmessages_per_hour = 80\n', encoding="utf-8")

    table = await mailtrip("config", "providers", "--config", config)
    document = json.loads((await mailtrip("config", "providers", "--config", config, "--json")).output)
    wrong = await mailtrip("config", "providers", "--providers", '[{name = "new"}]')

    assert ["gmail", "10", "s", "-", "10", "80/h", "gmail.com,", "googlemail.com"] in columns(table.output)
    [gmail] = [each for each in document if each["name"] == "gmail"]
    assert (gmail["messages_per_hour"], gmail["source"]) == (80, "the settings")
    assert wrong.code == 1
    assert "new: has no hosts" in wrong.errors


async def test_a_monitor_is_shown_with_what_its_provider_does_not_allow(data_dir: Path) -> None:
    monitor_id = make_monitor(data_dir)
    provider = '[{name = "example", hosts = ["example.com"], messages_per_hour = 4}]'
    variables = {"MAILTRIP_DATA_DIR": str(data_dir), "MAILTRIP_PROVIDERS": provider}

    shown = json.loads((await mailtrip("monitor", "show", str(monitor_id), "--json", variables=variables)).output)

    [warning] = shown["warnings"]
    assert "set an interval of 15 min or more" in warning
