"""What a mailbox with 50,000 messages of others costs: whole runs on a real Dovecot, next to runs with an empty box."""

import os
import poplib
import pwd
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from children import CLIENT_CORE, SERVER_CORE, Child
from figures import spread
from real_server import BenchMailServer
from tables import Findings, Table, Target

__all__ = ["MailboxPlan", "measure"]

_STALL_MS = 50.0
_EXTRA_MIB = 32.0
_SECONDS = 300.0
_PROTOCOLS = ("pop3", "imap")
_LISTERS = {"Mailtrip's POP3 mailbox": "sessions", "poplib, and a dict of the ids": "poplib"}
_FOREIGN = """\
Received: from mail.example.com by mx.probe.test with ESMTPS id {number:08X}; Mon, 05 Jan 2026 10:00:00 +0000
From: Somebody <somebody@example.com>
To: {address}
Subject: Number {number}
Date: Mon, 05 Jan 2026 10:00:00 +0000
Message-ID: <{number}.{number}@example.com>
Content-Type: text/plain; charset=us-ascii

{text}"""
_TEXT = "Nothing of this is a test message.\n" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPlan:
    """How many messages there are, and how often runs are made.

    Attributes:
        repetitions: client processes for each protocol and mailbox, in turn.
        runs: of each process, for CPU and once more for stalls, behind one that visits the mailbox for the first time.
    """

    messages: int = 50_000
    repetitions: int = 3
    runs: int = 4


@dataclass(frozen=True, slots=True)
class _Case:
    """A kind of visit to one of the two mailboxes."""

    kind: str
    protocol: str
    is_full: bool


Told = dict[_Case, list[dict[str, Any]]]


def measure(plan: MailboxPlan) -> Findings:
    """CPU, memory, time and stalls of a client."""
    reason = BenchMailServer.missing()
    if reason is not None:
        return Findings(part="mailbox", facts=(f"Not measured: {reason}.",))
    with _pinned(SERVER_CORE), BenchMailServer(mail_location="maildir:~/Maildir") as server:
        boxes = {is_full: server.users[int(is_full)] for is_full in (False, True)}
        spare = server.users[2]
        foreign = _fill(server, boxes[True], plan.messages)
        for address in (*boxes.values(), spare):
            server.make_mailbox(address)
        _index(server, boxes[True])
        told: Told = {}
        for case in _cases(plan):
            told.setdefault(case, []).append(_visit(plan, case, server, boxes[case.is_full], spare))
        if _names(server, boxes[True]) != foreign:
            raise RuntimeError("a message of somebody else was touched")
    return Findings(
        part="mailbox",
        tables=(_run_table(plan, told), _listing_table(plan, told)),
        targets=tuple(_targets(plan, told)),
        facts=(
            (
                f"{plan.repetitions} client processes for each row, in turn; {plan.runs} runs of each for CPU and "
                f"{plan.runs} for stalls, behind one that visits the mailbox for the first time. Median (least-greatest)."
            ),
        ),
    )


def _cases(plan: MailboxPlan) -> Iterator[_Case]:
    for _ in range(plan.repetitions):
        for protocol in _PROTOCOLS:
            for is_full in (False, True):
                yield _Case("runs", protocol, is_full)
        for kind in _LISTERS.values():
            for is_full in (False, True):
                yield _Case(kind, "pop3", is_full)


def _visit(plan: MailboxPlan, case: _Case, server: BenchMailServer, address: str, spare: str) -> dict[str, Any]:
    heard = len(server.dovecot_log())
    task = {
        **server.site.task,
        "kind": case.kind,
        "protocol": case.protocol,
        "address": address,
        "warm_up_address": spare,
        "runs": plan.runs,
    }
    with Child("mailbox_visits.py", task, core=CLIENT_CORE) as client:
        told: dict[str, Any] = client.hear(_SECONDS)
    sent = re.findall(rf" {case.protocol}\({re.escape(address)}\).*\bout=(\d+)", server.dovecot_log()[heard:])
    return {**told, "received": sum(map(int, sent)) / (1 + 2 * plan.runs)}


# -- The mailboxes ------------------------------------------------------------------------------------------------------


def _fill(server: BenchMailServer, address: str, messages: int) -> frozenset[str]:
    """Put messages of others into a mailbox that Dovecot has not seen yet; the names of their files."""
    home = _home(server, address)
    for folder in ("cur", "new", "tmp"):
        (home / "Maildir" / folder).mkdir(parents=True)
    for number in range(1, messages + 1):
        text = _FOREIGN.format(address=address, number=number, text=_TEXT)
        # Maildir++: the size as it is, and with CRLF; Dovecot needs to read no message for them then.
        size = len(text)
        name = f"{1_767_600_000 + number}.M1P{number}.mx,S={size},W={size + text.count(chr(10))}:2,"
        (home / "Maildir" / "cur" / name).write_text(text, encoding="ascii")
    owner = pwd.getpwnam("mail")
    for path in (home, *home.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return _names(server, address)


def _home(server: BenchMailServer, address: str) -> Path:
    return Path(server.folder, "home", address.partition("@")[0])


def _names(server: BenchMailServer, address: str) -> frozenset[str]:
    """A mailbox's files; a message that is marked as read has another name."""
    maildir = _home(server, address) / "Maildir"
    return frozenset(path.name for folder in ("cur", "new") for path in (maildir / folder).iterdir())


def _index(server: BenchMailServer, address: str) -> None:
    """Let Dovecot make the mailbox's index over POP3 too, as it would have in a mailbox that is in use."""
    context = ssl.create_default_context(cadata=server.authority.ca_pem)
    pop3 = poplib.POP3_SSL(server.host, server.port("pop3s"), timeout=_SECONDS, context=context)
    pop3.user(address)
    pop3.pass_(server.password)
    pop3.uidl()
    pop3.quit()


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    """What is started inside runs on one core, where this process may use it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core} & before or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# -- The tables ---------------------------------------------------------------------------------------------------------


def _run_table(plan: MailboxPlan, told: Told) -> Table:
    return Table(
        title=f"A whole run and {plan.messages:,} messages of others",
        columns=(
            "",
            "CPU, ms",
            "CPU of the first visit, ms",
            "the look, ms",
            "longest stall, ms",
            "peak memory, MiB",
            "listings",
            "received, KiB",
        ),
        rows=tuple(row for protocol in _PROTOCOLS for row in _run_rows(plan, told, protocol)),
    )


def _run_rows(plan: MailboxPlan, told: Told, protocol: str) -> Iterator[tuple[str, ...]]:
    figures = [_figures(told[_Case("runs", protocol, is_full)]) for is_full in (False, True)]
    names = ("empty", f"{plan.messages:,}")
    for name, columns in zip(names, figures, strict=True):
        yield f"{protocol.upper()}, {name}", *(str(spread(samples)) for samples in columns)
    yield f"{protocol.upper()}, times as much", *(_ratio(empty, full) for empty, full in zip(*figures, strict=True))


def _ratio(empty: Sequence[float], full: Sequence[float]) -> str:
    base = spread(empty).median
    return f"{spread(full).median / base:.1f}" if base else ""


def _figures(told: Sequence[dict[str, Any]]) -> tuple[list[float], ...]:
    """The samples of each column."""
    runs = [run for one in told for run in one["runs"]]
    return (
        [run["cpu"] * 1000 for run in runs],
        [one["first"]["cpu"] * 1000 for one in told],
        [run["look"] * 1000 for run in runs],
        [stall * 1000 for one in told for stall in one["stalls"]],
        [one["peak"] for one in told],
        [run["listings"] for run in runs],
        [one["received"] / 1024 for one in told],
    )


def _listing_table(plan: MailboxPlan, told: Told) -> Table:
    return Table(
        title="One POP3 session that lists the mailbox, CPU of the client, ms",
        columns=("", "empty", f"{plan.messages:,}", "the listing alone"),
        rows=tuple(_listing_row(name, told, kind) for name, kind in _LISTERS.items()),
    )


def _listing_row(name: str, told: Told, kind: str) -> tuple[str, ...]:
    empty, full = (
        spread([one["cpu"] * 1000 for one in told[_Case(kind, "pop3", is_full)]]) for is_full in (False, True)
    )
    return name, str(empty), str(full), f"{full.median - empty.median:.1f}"


def _targets(plan: MailboxPlan, told: Told) -> Iterator[Target]:
    box = f"{plan.messages:,} messages"
    for protocol in _PROTOCOLS:
        empty, full = (told[_Case("runs", protocol, is_full)] for is_full in (False, True))
        stall = spread([stall for one in full for stall in one["stalls"]]).median
        yield Target(
            text=f"{protocol.upper()}, {box}, longest stall of the event loop in a run",
            measured=stall * 1000,
            bound=_STALL_MS,
            unit=" ms",
        )
        extra = spread([one["peak"] for one in full]).median - spread([one["peak"] for one in empty]).median
        yield Target(
            text=f"{protocol.upper()}, {box}, peak memory more than with an empty box",
            measured=extra,
            bound=_EXTRA_MIB,
            unit=" MiB",
        )
