"""The page that changes or removes several monitors at once: all of them or none, and only after what it would do is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput, MailtripError
from mailtrip.model import Actor, Monitor
from mailtrip.service import monitors, overview
from mailtrip.service.access import may_change, require_edit, require_monitor_edit
from mailtrip.service.monitors import Passwords
from mailtrip.store import Connection
from mailtrip.web.bulk_form import (
    BULK_FIELDS,
    CLEARABLE,
    Outcome,
    Wanted,
    applying,
    chosen_ids,
    differences,
    read_wanted,
    totals,
)
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.cursors import parse_id
from mailtrip.web.monitor_form import PlacedFaults, place_faults
from mailtrip.web.overview_view import STATE_NAMES, Query, choose
from mailtrip.web.words import count_of

__all__ = ["routes"]

_PATH: Final = "/monitors/bulk"
_MOST: Final = 200
"""Monitors that are changed at once, or on a page to be chosen of: others who write wait a second or so meanwhile."""
_STALE: Final = "Somebody else has changed some of these monitors meanwhile, so nothing was done. Look at it once more."


class _NotKept(MailtripError):
    """Nothing is to be kept of the transaction."""

    def __init__(self, outcomes: Sequence[Outcome], *, is_stale: bool = False) -> None:
        super().__init__()
        self.outcomes = outcomes
        self.is_stale = is_stale


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What was sent: `chosen` has the revisions that were shown, by the monitor's id."""

    call: PageCall
    actor: Actor
    wanted: Wanted
    chosen: Mapping[int, int]
    is_removal: bool
    is_dry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What stands in the form."""

    wanted: Wanted
    chosen: frozenset[int] = frozenset()
    faults: PlacedFaults = field(default_factory=PlacedFaults)


def routes() -> list[Route]:
    """The routes of this module."""
    return [page(_PATH, show_choice), action(_PATH, act)]


async def show_choice(call: PageCall) -> Response:
    """The monitors to choose of, and the fields to change."""
    return await _choice_page(call, _Choice(wanted=read_wanted({})))


async def act(call: PageCall, form: Form) -> Response:
    """Show what would be done; or do it, once that was seen."""
    actor = await call.reading(_require_editor)
    what = form.get("do", "")
    wanted, chosen = read_wanted(form), chosen_ids(form)
    request = _Request(
        call=call,
        actor=actor,
        wanted=wanted,
        chosen=chosen,
        is_removal=what in {"look-removal", "remove"},
        is_dry=what not in {"change", "remove"},
    )
    choice = _Choice(wanted=wanted, chosen=frozenset(chosen))
    if what == "back":
        return await _choice_page(call, choice)
    if faults := _faults(request):
        return await _choice_page(
            call, replace(choice, faults=place_faults(faults, {**wanted.entries, "monitors": ""}))
        )
    try:
        count = await call.writing(partial(_do_all, request=request))
    except _NotKept as found:
        return await _look_page(request, found)
    return see_other(f"{_PATH}?{'removed' if request.is_removal else 'changed'}={count}")


def _require_editor(_connection: Connection, actor: Actor) -> Actor:
    require_edit(actor)
    return actor


def _faults(request: _Request) -> list[Fault]:
    """What is wrong with the request as a whole."""
    faults = [] if request.is_removal else list(request.wanted.faults)
    if not request.chosen:
        faults.append(Fault("monitors", "is empty; choose at least one"))
    if len(request.chosen) > _MOST:
        faults.append(Fault("monitors", f"has {len(request.chosen)}; choose {_MOST} at most"))
    if not (request.is_removal or faults or request.wanted.changes):
        faults.append(Fault("form", "changes nothing; write what is to change, in one field at least"))
    return faults


def _do_all(connection: Connection, *, request: _Request) -> int:
    """Do it, and give how many monitors are different then.

    Raises:
        _NotKept: it is only to be looked at, or something keeps it from being done.
        NotFound: one of the monitors is not there.
        Forbidden: one of them may not be changed.
    """
    require_monitor_edit(request.actor, request.chosen)
    found = [monitors.get(connection, request.actor, id_) for id_ in sorted(request.chosen)]
    if not request.is_dry and any(each.revision != request.chosen[each.id] for each in found):
        outcomes = [_told(request, each) for each in found]
        raise _NotKept(outcomes, is_stale=True)
    outcomes = [_do(connection, request, each) for each in found]
    if request.is_dry or any(outcome.faults for outcome in outcomes):
        raise _NotKept(outcomes)
    return sum(1 for outcome in outcomes if request.is_removal or outcome.changes)


def _told(request: _Request, monitor: Monitor) -> Outcome:
    return Outcome(monitor=monitor) if request.is_removal else differences(monitor, request.wanted.changes)


def _do(connection: Connection, request: _Request, monitor: Monitor) -> Outcome:
    """Change or remove one; what nothing would change of is left alone."""
    outcome, services = _told(request, monitor), request.call.services
    if request.is_removal:
        if not request.is_dry:
            monitors.remove(connection, request.actor, monitor.id, now=request.call.now)
        return outcome
    if not outcome.changes:
        return outcome
    try:
        monitors.edit(
            connection,
            request.actor,
            monitor.id,
            applying(monitor, request.wanted.changes),
            type=monitor.settings.type,
            passwords=Passwords(),
            secrets=services.secrets,
            now=request.call.now,
            policy=services.policy,
        )
    except InvalidInput as error:
        labels = {each.name: each.label for each in BULK_FIELDS}
        return replace(outcome, faults=[f"{labels.get(each.field, each.field)}: {each.text}" for each in error.faults])
    return outcome


async def _choice_page(call: PageCall, choice: _Choice) -> Response:
    given = call.request.query_params
    query = Query.parse(given)

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_edit(actor)
        glances = [
            glance
            for glance in choose(overview.list_all(connection, actor, now=call.now), query)
            if may_change(actor, glance.monitor.id)
        ]
        shown = [
            glance for glance in glances if query.state in {None, glance.state} or glance.monitor.id in choice.chosen
        ]
        shown.sort(key=lambda glance: (glance.monitor.id not in choice.chosen, glance.monitor.settings.name.casefold()))
        pages = max(1, -(-len(shown) // _MOST))
        number = min(query.page, pages)
        listed = shown[(number - 1) * _MOST : number * _MOST]
        return {
            "query": query,
            "states": {"": "any state", **{str(state): name for state, name in STATE_NAMES.items()}},
            "state_names": STATE_NAMES,
            "glances": listed,
            "page": number,
            "pages": pages,
            "chosen": {glance.monitor.id for glance in listed} if given.get("all") == "yes" else choice.chosen,
            "fields": BULK_FIELDS,
            "clearable": CLEARABLE,
            "entries": choice.wanted.entries,
            "faults": choice.faults,
            "labels": {each.name: each.label for each in BULK_FIELDS} | {"monitors": "Monitors"},
            "done": _done(given),
        }

    return await call.show("bulk.html", find, status=422 if choice.faults.count else 200)


async def _look_page(request: _Request, found: _NotKept) -> Response:
    outcomes = found.outcomes
    changed = [outcome for outcome in outcomes if outcome.changes or outcome.faults or request.is_removal]
    faulty = [outcome for outcome in outcomes if outcome.faults]
    values = {
        "is_removal": request.is_removal,
        "outcomes": sorted(changed, key=lambda outcome: not outcome.faults),
        "faulty": len(faulty),
        "unchanged": len(outcomes) - len(changed),
        "totals": totals(outcomes),
        "all": outcomes,
        "entries": {name: text for name, text in request.wanted.entries.items() if text},
        "notice": _STALE if found.is_stale else None,
    }
    status = 422 if faulty or found.is_stale else 200
    return await request.call.show("bulk_look.html", lambda _connection, _actor: values, status=status)


def _done(given: Mapping[str, str]) -> str | None:
    for word in ("changed", "removed"):
        count = parse_id(given.get(word, ""))
        if count is not None:
            return f"{count_of(count, 'monitor')} {word}."
    return None
