"""SLAs: a list with what was reached this month, and the pages that make, change and remove them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput, PreconditionFailed
from mailtrip.model import SLA, Actor, Mode
from mailtrip.service import monitors, revisions, sla_reports, slas
from mailtrip.service.access import may_change, require_edit
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection
from mailtrip.web.blackout_form import DAY_NAMES
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.cursors import parse_id
from mailtrip.web.faults import with_unread
from mailtrip.web.monitor_form import PlacedFaults, place_faults
from mailtrip.web.run import location_names, number_in
from mailtrip.web.sla_form import (
    LABELS,
    MOST_EXCLUSIONS,
    entries_of,
    first_entries,
    parse,
    read_entries,
    rows_of,
    with_blank_rows,
)

__all__ = ["routes"]

_PATH: Final = "/alerts/slas"
_PER_PAGE: Final = 100
_MOST_SHOWN: Final = 1000
_HOUR: Final = timedelta(hours=1)
_DONE: Final = {"made": "The SLA is made.", "changed": "Saved.", "removed": "The SLA is removed."}
_STALE: Final = "Somebody else has changed this SLA meanwhile, so nothing was saved. This is how it stands now."


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page(_PATH, read_slas),
        page(f"{_PATH}/new", show_new),
        action(f"{_PATH}/new", create),
        page(f"{_PATH}/{{sla_id:int}}", show_one),
        action(f"{_PATH}/{{sla_id:int}}", change),
        action(f"{_PATH}/{{sla_id:int}}/remove", remove),
    ]


async def read_slas(call: PageCall) -> Response:
    """The list."""
    given = call.request.query_params
    number = max(1, min(parse_id(given.get("page", "")) or 1, 10**6))

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        found, total = slas.page(connection, actor, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
        since = call.now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return {
            "rows": [(sla, figures) for sla, figures in _with_figures(connection, actor, found, since, call.now)],
            "month": since,
            "page": number,
            "pages": max(1, -(-total // _PER_PAGE)),
            "may_edit": actor.role.may_edit,
            "done": _DONE.get(given.get("done", "")),
        }

    return await call.show("slas.html", find)


def _with_figures(
    connection: Connection, actor: Actor, found: list[SLA], since: datetime, now: datetime
) -> list[tuple[SLA, sla_reports.SLAFigures | None]]:
    """Each SLA with what was reached from `since` on; None where that would be too much to add up."""
    ids = [sla.monitor_id for sla in found]
    try:
        report = sla_reports.report(connection, actor, monitor_ids=ids, since=since, until=max(now, since + _HOUR))
    except InvalidInput:
        return [(sla, None) for sla in found]
    figures = {each.sla.id: each for each in report.slas}
    return [(sla, figures.get(sla.id)) for sla in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class _FormState:
    """What a form shows beside what is stored."""

    entries: Mapping[str, str]
    faults: PlacedFaults = field(default_factory=PlacedFaults)
    notice: str | None = None

    @property
    def status(self) -> int:
        return 422 if self.faults.count or self.notice else 200

    def values(self, connection: Connection, actor: Actor) -> dict[str, object]:
        entries = with_blank_rows(self.entries)
        return {
            "entries": entries,
            "faults": self.faults,
            "notice": self.notice,
            "labels": LABELS | {name: "A row" for name in entries if name not in LABELS},
            "day_names": DAY_NAMES,
            "periods": rows_of(entries, "period"),
            "exclusions": rows_of(entries, "exclusion"),
            "locations": {
                "": "all locations",
                **{str(id_): name for id_, name in location_names(connection, actor).items()},
            },
        }


async def show_new(call: PageCall) -> Response:
    """The empty form; the address may name a monitor."""
    return await _new_page(
        call, _FormState(entries=first_entries() | {"monitor_id": call.request.query_params.get("monitor", "")})
    )


async def create(call: PageCall, form: Form) -> Response:
    """Make an SLA, or add a row to its form."""
    actor, entries = await call.actor(), read_entries(form)
    if form.get("do") == "more":
        return await _new_page(call, _FormState(entries=entries))
    changes, unread = parse(entries)
    monitor_id = parse_id(entries["monitor_id"])
    work = partial(slas.create, actor=actor, monitor_id=monitor_id, changes=changes, now=call.now)
    try:
        await call.writing(lambda connection: with_unread(unread, partial(work, connection)))
    except InvalidInput as error:
        return await _new_page(call, _FormState(entries=entries, faults=_placed(error, entries)))
    return see_other(f"{_PATH}?done=made")


async def show_one(call: PageCall) -> Response:
    """An SLA, with its form for those who may change it."""
    return await _one_page(call)


async def change(call: PageCall, form: Form) -> Response:
    """Change an SLA that was not changed meanwhile, or add a row to its form."""
    actor, entries, sla_id = await call.actor(), read_entries(form), number_in(call, "sla_id")
    if form.get("do") == "more":
        return await _one_page(call, _FormState(entries=entries))
    revision = parse_id(form.get("revision", "")) or 0

    def work(connection: Connection) -> None:
        sla = slas.get(connection, actor, sla_id)
        require_edit(actor)
        revisions.require(connection, actor, RecordType.SLA, sla_id, {revision})
        changes, unread = parse(entries)
        if len(sla.settings.exclusions) > MOST_EXCLUSIONS:
            del changes["exclusions"]
        with_unread(unread, lambda: slas.edit(connection, actor, sla_id, changes, now=call.now))

    try:
        await call.writing(work)
    except InvalidInput as error:
        return await _one_page(call, _FormState(entries=entries, faults=_placed(error, entries)))
    except PreconditionFailed:
        return await _one_page(call, notice=_STALE)
    return see_other(f"{_PATH}/{sla_id}?done=changed")


async def remove(call: PageCall, _form: Form) -> Response:
    """Remove an SLA; its monitor stays."""
    actor, sla_id = await call.actor(), number_in(call, "sla_id")
    await call.writing(partial(slas.remove, actor=actor, sla_id=sla_id, now=call.now))
    return see_other(f"{_PATH}?done=removed")


def _placed(error: InvalidInput, entries: Mapping[str, str]) -> PlacedFaults:
    return place_faults(error.faults, {**entries, **LABELS})


async def _new_page(call: PageCall, state: _FormState) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_edit(actor)
        taken = {sla.monitor_id for sla in slas.page(connection, actor)[0]}
        free = [
            each for each in monitors.page(connection, actor)[0] if each.id not in taken and may_change(actor, each.id)
        ]
        free.sort(key=lambda each: (str(each.id) != state.entries["monitor_id"], each.settings.name.casefold()))
        return {
            **state.values(connection, actor),
            "monitors": {"": "choose one"} | {str(each.id): each.settings.name for each in free[:_MOST_SHOWN]},
            "left_out": max(0, len(free) - _MOST_SHOWN),
            "has_uptime": any(each.settings.mode is Mode.SLA for each in free),
            "sla": None,
        }

    return await call.show("sla_form.html", find, status=state.status)


async def _one_page(call: PageCall, state: _FormState | None = None, *, notice: str | None = None) -> Response:
    sla_id = number_in(call, "sla_id")

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        sla = slas.get(connection, actor, sla_id)
        shown = state or _FormState(entries=entries_of(sla.settings), notice=notice)
        return {
            **shown.values(connection, actor),
            "sla": sla,
            "has_uptime": sla.monitor_mode is Mode.SLA,
            "keeps_exclusions": len(sla.settings.exclusions) > MOST_EXCLUSIONS,
            "may_change": may_change(actor, sla.monitor_id),
            "done": call.request.query_params.get("done") == "changed",
        }

    return await call.show("sla.html", find, status=state.status if state else 422 if notice else 200)
