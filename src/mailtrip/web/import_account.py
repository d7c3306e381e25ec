"""The page that takes over the mail monitors of an AlertSite account: read once, shown, and made where they are chosen."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote_plus

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor, MonitorType
from mailtrip.service import monitors
from mailtrip.service.monitors import Passwords
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.import_monitors import require_maker
from mailtrip.web.new_monitor import PLAN_CODE
from mailtrip.web.services import AccountLogin, ForeignMonitor

__all__ = ["routes"]

_PATH: Final = "/monitors/import/alertsite"
_URL: Final = "https://api.alertsite.com/api/v3"
_MOST: Final = 100
_ROOM: Final = 200_000
"""Bytes of monitors that the form of choices carries: forms are bounded."""
_LEFT_BEHIND: Final = frozenset(
    {"last_status", "locations", "blackout_ids", "date_added", "date_modified", "access_type"}
)
_NOTE: Final = "Taken over from AlertSite."
_LABELS: Final = {"url": "The URL", "username": "The login", "token": "The token"}
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A monitor of the account.

    Attributes:
        content: all of it as JSON, which the form carries; an account gives no passwords out.
        changes: what `monitors.create` takes.
        remarks: what will be different from there.
        faults: why it can't be made.
    """

    number: int
    name: str
    about: str
    content: str
    changes: Mapping[str, object]
    remarks: Sequence[str]
    faults: Sequence[str]


def routes() -> list[Route]:
    """The routes of this module."""
    return [page(_PATH, show_page), action(_PATH, read_account), action(f"{_PATH}/create", create)]


async def show_page(call: PageCall) -> Response:
    """The form that asks for the account."""
    return await _show(call, url=_URL)


async def read_account(call: PageCall, form: Form) -> Response:
    """What would be made of the account's monitors; nothing is stored, and the login is forgotten."""
    known = await call.reading(_names)
    url, username = form.get("url", "").strip(), form.get("username", "").strip()
    token = form.get("token", "").strip()
    if not token and not (username and form.get("password")):
        return await _show(call, url=url, username=username, faults=["Give login and password, or a token."])
    login = AccountLogin(url=url, username=username, password=form.get("password", ""), token=token or None)
    try:
        found = await call.services.read_account(login)
    except InvalidInput as error:
        faults = [f"{_LABELS.get(each.field, each.field)} {each.text}." for each in error.faults]
        return await _show(call, url=url, username=username, faults=faults)
    new = [item for item in found if item.get("name") not in known]
    rows = list(_rows(call, new))
    return await _show(
        call,
        url=url,
        username=username,
        rows=rows,
        there=len(found) - len(new),
        left=len(new) - len(rows),
        is_read=True,
    )


async def create(call: PageCall, form: Form) -> Response:
    """Make the chosen monitors, all of them or none."""
    actor = await call.reading(require_maker)
    taken = [number for number in range(_MOST) if form.get(f"take-{number}") == "yes"]
    rows = [_row(call, number, _item(form.get(f"item-{number}", ""))) for number in taken]
    if not rows:
        return await _show(call, url=_URL, faults=["No monitor was chosen: read the account again."])
    try:
        await call.writing(partial(_make_all, call=call, actor=actor, rows=rows))
    except InvalidInput as error:
        faults = ["Nothing is made.", *(f"{each.field}: {each.text}" for each in error.faults)]
        return await _show(call, url=_URL, rows=rows, faults=faults)
    return see_other("/overview")


def _make_all(connection: Connection, *, call: PageCall, actor: Actor, rows: Sequence[_Row]) -> None:
    """Make them; raises InvalidInput with all faults, each with the name of its monitor."""
    faults = []
    for row in rows:
        if row.faults:
            faults += [Fault(row.name, text) for text in row.faults]
            continue
        try:
            monitors.create(
                connection,
                actor,
                row.changes,
                passwords=Passwords(),
                secrets=call.services.secrets,
                now=call.now,
                policy=call.services.policy,
            )
        except InvalidInput as error:
            faults += [Fault(f"{row.name}, {each.field}", each.text) for each in error.faults]
    if faults:
        raise InvalidInput(faults)


def _rows(call: PageCall, items: Sequence[Mapping[str, object]]) -> Iterator[_Row]:
    """As many as one form can carry."""
    room = _ROOM
    for number, item in enumerate(items[:_MOST]):
        carried = {name: value for name, value in item.items() if value is not None and name not in _LEFT_BEHIND}
        row = _row(call, number, carried)
        room -= len(quote_plus(row.content))
        if room < 0:
            return
        yield row


def _row(call: PageCall, number: int, item: Mapping[str, object]) -> _Row:
    foreign = call.services.read_foreign(item)
    changes, remarks = _changes(foreign)
    server = changes.get("smtp_server") or changes.get("mailbox_server") or "no server"
    return _Row(
        number=number,
        name=str(item.get("name"))[:_LONGEST_NAME],
        about=f"{foreign.type}, {changes.get('email') or server}",
        content=json.dumps(item),
        changes=changes,
        remarks=remarks,
        faults=[f"{fault.field}: {fault.text}" for fault in foreign.faults],
    )


def _changes(foreign: ForeignMonitor) -> tuple[Mapping[str, object], Sequence[str]]:
    """The settings that it would have here, and what is different from there: without its passwords it can't run."""
    changes, remarks = {"plan_code": PLAN_CODE, **foreign.changes}, []
    sends = foreign.type is MonitorType.ROUND_TRIP
    for name in ("smtp_username",) if sends else ("smtp_username", "username"):
        username = changes.pop(name, None)
        if username is not None:
            remarks.append(f"Its login as {username} is to be given again, with the password.")
    if sends:
        remarks.append("The password of its mailbox is to be given.")
    if remarks:
        changes["enabled"] = False
        changes["note"] = "\n".join(str(each) for each in (_NOTE, *remarks, changes.get("note")) if each)
        remarks.append("It is paused until then.")
    return changes, remarks


def _item(content: str) -> Mapping[str, object]:
    """A monitor that the page carried; raises InvalidInput for what is none."""
    try:
        item = json.loads(content)
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        raise InvalidInput([Fault("form", "is not as the page made it; read the account again")])
    return item


def _names(connection: Connection, actor: Actor) -> set[str]:
    require_maker(connection, actor)
    return {monitor.settings.name for monitor in monitors.page(connection, actor)[0]}


async def _show(call: PageCall, **values: object) -> Response:
    """The page; rows with faults are shown, and can't be chosen."""
    usual: dict[str, object] = {"url": _URL, "username": "", "faults": [], "rows": [], "there": 0, "left": 0}

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_maker(connection, actor)
        return {**usual, "is_read": False, **values}

    return await call.show("import_account.html", find)
