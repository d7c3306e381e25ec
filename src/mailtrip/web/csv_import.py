"""Makes the monitors of a CSV text, all of them or none: for the page and for the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from mailtrip.errors import InvalidInput, MailtripError
from mailtrip.model import Actor, NetworkPolicy
from mailtrip.service import monitors
from mailtrip.service.ports import Secrets
from mailtrip.store import Connection
from mailtrip.web.import_view import Line
from mailtrip.web.monitor_form import attempt, parse_entries
from mailtrip.web.new_monitor import PLAN_CODE

__all__ = ["NotKept", "Outcome", "make_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a line, or would."""

    line: Line
    faults: Sequence[str]


class NotKept(MailtripError):
    """Nothing is to be kept of the transaction; `outcomes` has one item per line."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


def make_all(
    connection: Connection,
    *,
    actor: Actor,
    lines: Sequence[Line],
    secrets: Secrets,
    now: datetime,
    policy: NetworkPolicy,
    is_dry: bool,
) -> None:
    """Make the monitors of all lines.

    Raises:
        NotKept: one of them can't be made, or nothing was to be made.
    """
    make = partial(_make, connection, actor=actor, secrets=secrets, now=now, policy=policy)
    outcomes = [Outcome(line=line, faults=make(line)) for line in lines]
    if is_dry or any(outcome.faults for outcome in outcomes):
        raise NotKept(outcomes)


def _make(
    connection: Connection, line: Line, *, actor: Actor, secrets: Secrets, now: datetime, policy: NetworkPolicy
) -> list[str]:
    """Make one monitor; what is wrong, if anything."""
    parsed = parse_entries(line.entries, line.type)
    work = partial(
        monitors.create,
        actor=actor,
        changes={"type": line.type, "plan_code": PLAN_CODE, **parsed.changes},
        passwords=parsed.passwords,
        secrets=secrets,
        now=now,
        policy=policy,
    )
    try:
        attempt(connection, work=work, parsed=parsed)
    except InvalidInput as error:
        return [f"{fault.field}: {fault.text}" for fault in error.faults]
    return []
