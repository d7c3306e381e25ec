"""The pages that make a monitor: from its address, with servers that are proposed, or from another monitor."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput, NotFound, RateLimited
from mailtrip.model import Actor, MailProtocol, Monitor, MonitorSettings, MonitorType
from mailtrip.model.discovery import Basis, DomainRecords, Proposal, propose
from mailtrip.service import monitors, test_runs
from mailtrip.service.access import require_all_monitors, require_edit
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.monitor_form import (
    Parsed,
    PlacedFaults,
    attempt,
    entries_of,
    first_entries,
    parse_entries,
    place_faults,
    read_entries,
)
from mailtrip.web.monitor_form_page import FormPage

__all__ = ["PLAN_CODE", "NewMonitor", "base_of", "form_page", "read_new", "routes"]

_PATH: Final = "/monitors/new"
PLAN_CODE: Final = "UBM - A/A"
"""What clients of the vendor's API know a mail monitor by."""
_NO_DOMAIN: Final = "Write an address at a domain first, one like name@example.com; or name the servers yourself."
_BASES: Final = {
    Basis.RECORD: "Proposed: the domain names it in its DNS records.",
    Basis.PROVIDER: "Proposed: the provider's own for mail programs.",
    Basis.GUESS: "A guess: the host that takes the domain's mail. Compare it with the provider's help.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMonitor:
    """A monitor as the form describes it.

    Attributes:
        source: the monitor that it is a copy of; None for none.
    """

    type: MonitorType
    source: Monitor | None
    entries: dict[str, str] = field(repr=False)
    parsed: Parsed = field(repr=False)


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page(_PATH, show_new),
        action(_PATH, create),
        page(f"{_PATH}/servers", _lead_back),
        action(f"{_PATH}/servers", find_servers),
    ]


async def show_new(call: PageCall) -> Response:
    """The empty form, or one with the settings of the monitor that `from` names."""
    query = call.request.query_params
    source = await call.reading(partial(_find_source, number=query.get("from", "")))
    if source is None:
        type_ = _type_of(query.get("type", ""))
        return await form_page(type_, first_entries(type_)).show(call)
    entries = entries_of(source.settings) | {"name": f"Copy of {source.settings.name}"[:255]}
    return await form_page(source.settings.type, entries, source=source).show(call)


async def find_servers(call: PageCall, form: Form) -> Response:
    """The form with the servers that are proposed for the address; nothing is made."""
    source = await call.reading(partial(_find_source, number=form.get("from", "")))
    return await _propose(call, read_entries(form, MonitorType.ROUND_TRIP), source)


async def create(call: PageCall, form: Form) -> Response:
    """Make the monitor and test it at once; its run is shown live."""
    new = await read_new(call, form)
    if new.type is MonitorType.ROUND_TRIP and _has_address_only(new.entries):
        return await _propose(call, new.entries, new.source)
    work = partial(
        monitors.create,
        actor=await call.actor(),
        changes={**base_of(new), **new.parsed.changes},
        passwords=new.parsed.passwords,
        secrets=call.services.secrets,
        now=call.now,
        policy=call.services.policy,
    )
    try:
        monitor_id = await call.writing(partial(attempt, work=work, parsed=new.parsed))
    except InvalidInput as error:
        faults = place_faults(error.faults, new.entries)
        return await form_page(new.type, new.entries, source=new.source, faults=faults).show(call)
    return await _test(call, monitor_id)


async def read_new(call: PageCall, form: Form) -> NewMonitor:
    """What the form asks for; raises Forbidden for those who may make none, and NotFound."""
    source = await call.reading(partial(_find_source, number=form.get("from", "")))
    type_ = source.settings.type if source else _type_of(form.get("type", ""))
    entries = read_entries(form, type_)
    return NewMonitor(type=type_, source=source, entries=entries, parsed=parse_entries(entries, type_))


async def _lead_back(_call: PageCall) -> Response:
    """For who loads the page with proposals again."""
    return see_other(_PATH)


async def _test(call: PageCall, monitor_id: int) -> Response:
    services, actor = call.services, await call.actor()
    try:
        run = await test_runs.start(
            services.database, services.queue, actor, monitor_id, token=services.new_token(), now=call.now
        )
    except RateLimited:  # it is made, and its runs come by themselves
        return see_other(f"/monitors/{monitor_id}")
    return see_other(f"/runs/{run.id}")


async def _propose(call: PageCall, entries: dict[str, str], source: Monitor | None) -> Response:
    domain = entries["email"].strip().rpartition("@")[2].strip(".")
    type_ = MonitorType.ROUND_TRIP
    if "@" not in entries["email"] or not domain or domain.startswith("["):
        return await form_page(type_, entries, source=source, notices=[_NO_DOMAIN]).show(call)
    records = await call.services.find_records(domain)
    found = propose(domain, records)
    protocol = _protocol(entries, found)
    filled = entries | {"mailbox_protocol": protocol.value, "name": entries["name"] or entries["email"].strip()}
    notes = {}
    for name, each in (("mailbox_server", found.get(protocol)), ("smtp_server", found.get(MailProtocol.SMTP))):
        if each is not None:
            filled[name], notes[name] = each.server, _BASES[each.basis]
    other = MailProtocol.POP3 if protocol is MailProtocol.IMAP else MailProtocol.IMAP
    if protocol in found and other in found:
        notes["mailbox_protocol"] = f"Over {other.upper()} it would be {found[other].server}."
    return await form_page(type_, filled, source=source, notes=notes, notices=[_notice(domain, records, found)]).show(
        call
    )


def _protocol(entries: Mapping[str, str], found: Mapping[MailProtocol, Proposal]) -> MailProtocol:
    """The one that was chosen, unless only the other one is offered."""
    chosen = MailProtocol.POP3 if entries["mailbox_protocol"] == MailProtocol.POP3 else MailProtocol.IMAP
    other = MailProtocol.IMAP if chosen is MailProtocol.POP3 else MailProtocol.POP3
    return other if chosen not in found and other in found else chosen


def _notice(domain: str, records: DomainRecords, found: Mapping[MailProtocol, Proposal]) -> str:
    if not found and not records.is_whole:
        return f"DNS gave no answer about {domain} in time. Try again, or write the servers yourself."
    if not found:
        return f"DNS tells nothing of mail servers of {domain}. Write them yourself; the provider's help has them."
    return "Look at the servers below. The test after saving shows each step with them."


def form_page(
    type_: MonitorType,
    entries: Mapping[str, str],
    *,
    source: Monitor | None = None,
    faults: PlacedFaults | None = None,
    notes: Mapping[str, str] | None = None,
    notices: list[str] | None = None,
    is_trial: bool = False,
) -> FormPage:
    """The form of a new monitor."""
    return FormPage(
        title="New monitor",
        action=_PATH,
        submit="Create and test",
        back="/overview" if source is None else f"/monitors/{source.id}",
        type=type_,
        entries=entries,
        faults=faults or PlacedFaults(),
        notes=notes or {},
        notices=notices or [],
        hidden={"type": type_.value, "from": "" if source is None else str(source.id)},
        has_types=source is None,
        finds_servers=type_ is MonitorType.ROUND_TRIP,
        can_be_tried=True,
        is_trial=is_trial,
    )


def base_of(new: NewMonitor) -> dict[str, object]:
    """What the form does not have: of a copy, as the other monitor has it."""
    if new.source is None:
        return {"type": new.type, "plan_code": PLAN_CODE}
    return {each.name: getattr(new.source.settings, each.name) for each in fields(MonitorSettings)}


def _find_source(connection: Connection, actor: Actor, *, number: str) -> Monitor | None:
    """The monitor to copy, None for none; raises Forbidden for those who may make none, and NotFound."""
    require_edit(actor)
    require_all_monitors(actor)
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise NotFound("there is no such monitor")
    return monitors.get(connection, actor, int(number))


def _type_of(text: str) -> MonitorType:
    return next((each for each in MonitorType if each == text), MonitorType.ROUND_TRIP)


def _has_address_only(entries: Mapping[str, str]) -> bool:
    return "@" in entries["email"] and not (entries["mailbox_server"].strip() or entries["smtp_server"].strip())
