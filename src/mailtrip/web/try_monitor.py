"""Trying a monitor before it is saved: a real run with the form's values, shown live, of which nothing is stored."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput, RateLimited, Unavailable
from mailtrip.model import Actor, MonitorSettings, RunState, Severity
from mailtrip.service import monitors
from mailtrip.service.access import require_edit
from mailtrip.service.live_runs import LiveSteps
from mailtrip.service.trials import Trial
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.live_steps import LiveStreams, StepNow, show_step
from mailtrip.web.monitor_form import attempt, place_faults
from mailtrip.web.new_monitor import base_of, form_page, read_new
from mailtrip.web.remedies import remedy_of
from mailtrip.web.run import number_in
from mailtrip.web.run_view import headline_of
from mailtrip.web.sessions_view import Line, SessionView, proof_lines, show_sessions
from mailtrip.web.waterfall import Waterfall, make_waterfall

__all__ = ["TrialPages", "TrialView", "show_trial"]

_PATH: Final = "/monitors/new/trials/{trial_id:int}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial as its page shows it.

    Attributes:
        name: of the monitor that it would be.
        remedy: None where there is nothing to mend.
        steps: so far, while it is under way; None where they are not told.
    """

    id: int
    name: str
    headline: str
    explanation: str
    is_running: bool
    severity: Severity | None = None
    remedy: str | None = None
    steps: Sequence[StepNow] | None = None
    proofs: Sequence[tuple[str, Line]] = ()
    waterfall: Waterfall | None = None
    sessions: Sequence[SessionView] = ()


class TrialPages:
    """The pages of trials; each is seen by who began it, and by nobody else.

    Args:
        streams: tell of the steps of a trial.
    """

    def __init__(self, streams: LiveStreams) -> None:
        self._streams = streams

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            page("/monitors/new/try", _lead_back),
            action("/monitors/new/try", try_out),
            page(_PATH, read_trial),
            page(f"{_PATH}/events", self._follow),
        ]

    async def _follow(self, call: PageCall) -> Response:
        trial = await _find(call)

        async def is_over() -> bool:
            return (await _find(call)).run.state is not RunState.RUNNING

        return self._streams.follow(call, trial.run.id, is_over)


async def try_out(call: PageCall, form: Form) -> Response:
    """Have the monitor tried that the form describes, and lead to where it is shown; or tell what is wrong with it."""
    new = await read_new(call, form)
    actor = await call.actor()
    changes = {**base_of(new), **new.parsed.changes}
    changes["name"] = changes["name"] or changes.get("email") or "New monitor"

    def draft(connection: Connection) -> MonitorSettings:
        return monitors.draft(connection, actor, changes, passwords=new.parsed.passwords, policy=call.services.policy)

    try:
        settings = await call.services.database.reading(partial(attempt, work=draft, parsed=new.parsed))
    except InvalidInput as error:
        faults = place_faults(error.faults, new.entries)
        return await form_page(new.type, new.entries, source=new.source, faults=faults, is_trial=True).show(call)
    try:
        trial = call.services.trials.start(
            actor, settings, new.parsed.passwords, token=call.services.new_token(), now=call.now
        )
    except RateLimited as error:
        text = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return await form_page(new.type, new.entries, source=new.source, notices=[text], is_trial=True).show(call)
    return see_other(f"/monitors/new/trials/{trial.id}")


async def read_trial(call: PageCall) -> Response:
    """A trial, with its steps so far while it is under way."""
    trial = await _find(call)
    steps: LiveSteps = None
    if trial.run.state is RunState.RUNNING:
        with suppress(Unavailable):
            steps = await call.services.live_steps(trial.run.id) or ()
    values = {"trial": show_trial(trial, steps)}

    def found(_connection: Connection, _actor: Actor) -> Mapping[str, object]:
        return values

    return await call.show("trial.html", found)


def show_trial(trial: Trial, steps: LiveSteps) -> TrialView:
    """The trial in words."""
    run, result = trial.run, trial.run.result
    is_running = run.state is RunState.RUNNING
    if result is None:
        return TrialView(
            id=trial.id,
            name=trial.settings.name,
            headline="Under way" if is_running else "Not tried",
            explanation="The run is under way." if is_running else f"{run.note or 'It was not made'}.",
            is_running=is_running,
            steps=None if steps is None else [show_step(each) for each in steps],
        )
    return TrialView(
        id=trial.id,
        name=trial.settings.name,
        headline=headline_of(run),
        explanation=result.summary,
        is_running=False,
        severity=result.status.severity,
        remedy=remedy_of(result),
        proofs=proof_lines(result),
        waterfall=make_waterfall(result, accepted_at=run.accepted_at),
        sessions=show_sessions(result, certificate_days=trial.settings.certificate_days),
    )


async def _find(call: PageCall) -> Trial:
    """One's own trial, of a user who may still make monitors."""
    trial_id = number_in(call, "trial_id")

    def find(_connection: Connection, actor: Actor) -> Trial:
        require_edit(actor)
        return call.services.trials.get(actor, trial_id)

    return await call.reading(find)


async def _lead_back(_call: PageCall) -> Response:
    """For who loads the page with faults again."""
    return see_other("/monitors/new")
