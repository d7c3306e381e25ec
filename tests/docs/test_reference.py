"""The reference pages name everything that exists: settings, commands, options, verdicts, status codes, routes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from mailtrip.api import Services, create_app
from mailtrip.api.alertsite.blackout_fields import BLACKOUTS
from mailtrip.api.alertsite.check_fields import ALL_FIELDS
from mailtrip.api.alertsite.fields import Field, MonitorField
from mailtrip.api.alertsite.group_fields import GROUPS
from mailtrip.api.alertsite.recipient_fields import RECIPIENTS
from mailtrip.api.alertsite.report_dates import WORDS as REPORT_DATES
from mailtrip.api.alertsite.sla_fields import BULK, SLAS
from mailtrip.api.alertsite.user_fields import USERS
from mailtrip.api.native.tokens import TOKENS
from mailtrip.cli.entry import _mailtrip
from mailtrip.clock import SystemClock
from mailtrip.config.settings import SETTINGS, Setting
from mailtrip.model import MAIL_PORTS, Run, RunState, Scope, StatusCode, Step, Verdict
from mailtrip.model.network import _SPECIALS
from mailtrip.service.login_limiter import LoginLimiter
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Database

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    """The cells of all table rows of a page, without their code marks."""
    found = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in cells] for cells in found]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_is_in_the_table_with_its_variable_option_and_meaning(setting: Setting) -> None:
    row = next(
        (line for line in read("reference/settings.md").splitlines() if line.startswith(f"| `{setting.name}` ")), ""
    )

    assert f"`{setting.variable}`" in row
    assert setting.help in row
    for option in (setting.option, setting.file_option):
        assert option is None or f"`{option}`" in row
    if setting.default is not None and not setting.default.startswith("{"):
        assert f"`{setting.default}`" in row


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = {cells[0] for cells in rows(read("reference/settings.md"))[2:]}

    assert documented == {setting.name for setting in SETTINGS}


def test_each_verdict_is_documented_and_no_other() -> None:
    section = read("reference/verdicts.md").partition("## Verdicts")[2].partition("\n## ")[0]

    assert {cells[0] for cells in rows(section)[2:]} == {str(verdict) for verdict in Verdict}


@pytest.mark.parametrize("status", StatusCode)
def test_each_status_code_is_documented_with_its_text_and_severity(status: StatusCode) -> None:
    section = read("reference/verdicts.md").partition("## Status codes")[2].partition("\n## ")[0]

    assert [str(int(status)), status.text, str(status.severity)] in rows(section)


def test_each_network_that_is_refused_is_documented_with_its_source_and_no_other() -> None:
    section = read("explanation/network-policy.md").partition("## What is refused by default")[2].partition("\n## ")[0]

    assert rows(section)[2:] == [
        [str(special.network), special.what, special.source] for special in _SPECIALS if special.what is not None
    ]


@pytest.mark.parametrize("page", ["explanation/network-policy.md", "reference/settings.md"])
def test_each_port_that_is_allowed_is_documented(page: str) -> None:
    numbers = set(re.findall(r"\b\d+\b", read(page)))

    assert {str(span.start) for span in MAIL_PORTS} <= numbers


@pytest.mark.parametrize("state", RunState)
def test_each_state_of_a_run_is_documented(state: RunState) -> None:
    assert f"| `{state}` |" in read("reference/verdicts.md")


@pytest.mark.parametrize("step", Step)
def test_each_step_is_documented(step: Step) -> None:
    assert f"`{step}`" in read("explanation/a-run.md")


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))
    else:
        yield path, command


COMMANDS = list(commands(_mailtrip, ("mailtrip",)))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_each_command_and_option_is_documented(path: tuple[str, ...], command: click.Command) -> None:
    page = read("reference/command-line.md")
    documented = set(re.findall(r"--[a-z-]+", page + read("reference/settings.md")))

    assert f"`{' '.join(path)}" in page
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert options - {"--help", "--config"} <= documented


@pytest.mark.parametrize(
    "page", [*DOCS.rglob("*.md"), *ROOT.glob("*.md")], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


class NoQueue:
    def put(self, run: Run) -> None:
        raise AssertionError(run)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, object]]]:
    folder = tmp_path_factory.mktemp("docs")
    database = Database.open(f"sqlite:///{folder / 'docs.db'}", clock=SystemClock())
    services = Services(
        database=database,
        secrets=KeyRing(b"k" * 32),
        new_token=lambda: pytest.fail("nobody tests"),
        queue=NoQueue(),
        clock=SystemClock(),
        limiter=LoginLimiter(),
        health=lambda: pytest.fail("nobody asks"),
        version="0",
    )
    yield create_app(services).openapi()["paths"]
    database.close()


def test_each_route_is_documented_and_no_other(paths: dict[str, dict[str, object]]) -> None:
    page = read("reference/api.md")
    documented = {
        tuple(cells[0].split(" ", 1)) for cells in rows(page.partition("## Routes")[2].partition("\n## ")[0])[2:]
    }

    assert {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in documented} == {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, operations in paths.items() for method in operations
    }


@pytest.mark.parametrize("field", ALL_FIELDS, ids=lambda field: field.name)
def test_each_monitor_field_is_documented_with_its_meaning(field: MonitorField) -> None:
    assert any(
        line.startswith(f"| `{field.name}` |") and field.about in line for line in read("reference/api.md").splitlines()
    )


RECORDS: dict[str, tuple[Field[Any], ...]] = {  # Any: each table has its own view
    "Blackout": BLACKOUTS.fields,
    "Recipient": RECIPIENTS.fields,
    "Recipient group": GROUPS.fields,
    "SLA": SLAS.fields,
    "Bulk edit of SLA": BULK.fields,
    "User": USERS.fields,
    "API token": TOKENS.fields,
}


@pytest.mark.parametrize("kind", RECORDS)
def test_each_field_of_a_record_is_documented_with_its_meaning_and_no_other(kind: str) -> None:
    section = read("reference/api.md").partition(f"## {kind} fields")[2].partition("\n## ")[0]

    assert [(cells[0], cells[-1]) for cells in rows(section)[2:]] == [
        (field.name, field.about) for field in RECORDS[kind]
    ]


@pytest.mark.parametrize("scope", Scope)
def test_each_scope_of_api_tokens_is_documented(scope: Scope) -> None:
    assert f"| `{scope}` |" in read("reference/api.md")


@pytest.mark.parametrize("word", REPORT_DATES)
def test_each_word_for_a_span_of_time_is_documented(word: str) -> None:
    assert f"`{word}`" in read("reference/api.md").partition("## Older report API")[2]
