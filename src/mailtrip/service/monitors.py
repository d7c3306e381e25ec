"""Monitors: made, changed, read and removed, each rule kept."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import (
    Actor,
    AuditAction,
    BlackoutType,
    MailProtocol,
    Monitor,
    MonitorSettings,
    MonitorType,
    NetworkPolicy,
    Run,
)
from mailtrip.service import audit, blackouts, limits, slas
from mailtrip.service.access import may_see, require_all_monitors, require_edit, require_monitor_edit, require_seen
from mailtrip.service.destinations import moved_password_faults, policy_faults
from mailtrip.service.monitor_rules import check
from mailtrip.service.ports import Secrets
from mailtrip.service.settings import settle, unset
from mailtrip.service.text_rules import password_fault
from mailtrip.store import Connection

__all__ = [
    "UNCHANGED",
    "Passwords",
    "Unchanged",
    "check",
    "create",
    "draft",
    "edit",
    "get",
    "last_statuses",
    "names",
    "page",
    "remove",
    "revisions",
]


class Unchanged(Enum):
    """The one value that says: leave it as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """The passwords of a monitor as they are to be; None clears one. Never shown.

    A fault in one is reported for field `password` or `smtp_password`. A check has one of them at most, that of its
    server.
    """

    mailbox: str | Literal[Unchanged.UNCHANGED] | None = field(default=UNCHANGED, repr=False)
    smtp: str | Literal[Unchanged.UNCHANGED] | None = field(default=UNCHANGED, repr=False)


_STAND_INS: dict[str, Any] = {  # Any: of many types; they let the other fields be checked when one is missing
    "name": "name",
    "plan_code": "code",
    "email": "name@example.com",
    "smtp_server": "example.com",
    "mailbox_protocol": MailProtocol.POP3,
    "mailbox_server": "example.com",
}
_REQUIRED = {
    MonitorType.ROUND_TRIP: frozenset(_STAND_INS),
    MonitorType.SMTP: frozenset({"name", "plan_code", "smtp_server"}),
    MonitorType.POP3: frozenset({"name", "plan_code", "mailbox_server"}),
    MonitorType.IMAP: frozenset({"name", "plan_code", "mailbox_server"}),
}
_PROTOCOLS = {MonitorType.POP3: MailProtocol.POP3, MonitorType.IMAP: MailProtocol.IMAP}
_CUT = {"note": 255, "alert_note": 1000}


def create(
    connection: Connection,
    actor: Actor,
    changes: Mapping[str, object],
    *,
    passwords: Passwords,
    secrets: Secrets,
    now: datetime,
    policy: NetworkPolicy | None = None,
) -> int:
    """Store a new monitor and give its id.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        changes: fields of `MonitorSettings` by name; one that is missing or None gets its default. The type decides
            which are required.
        passwords: UNCHANGED and None both mean: none.
        secrets: seals them.
        now: the time of making.
        policy: what it refuses is told at once; None leaves that to the runs.

    Raises:
        Forbidden: the role may not edit, or the actor not all monitors.
        InvalidInput: with all faults.
    """
    settings = draft(connection, actor, changes, passwords=passwords, policy=policy)
    sealed = _seal(passwords, secrets)
    stored = store.monitors.StoredSecrets(mailbox=sealed.get("mailbox_secret"), smtp=sealed.get("smtp_secret"))
    monitor_id = store.monitors.insert(connection, actor.account_id, settings, stored, now=now)
    there = _there(None, sealed)
    audit.record(connection, actor, AuditAction.MONITOR_CREATED, monitor_id, now=now, after=settings, secrets=there)
    return monitor_id


def draft(
    connection: Connection,
    actor: Actor,
    changes: Mapping[str, object],
    *,
    passwords: Passwords,
    policy: NetworkPolicy | None = None,
) -> MonitorSettings:
    """The settings that a new monitor would have; nothing is stored. Arguments and errors are those of `create`."""
    require_edit(actor)
    require_all_monitors(actor)
    wanted = changes.get("type")
    type_ = wanted if isinstance(wanted, MonitorType) else MonitorType.ROUND_TRIP
    given = _settle(changes, type_)
    missing = _missing(given, type_)
    settings = MonitorSettings(**({name: _STAND_INS[name] for name in _REQUIRED[type_]} | given))
    faults = [fault for fault in check(settings) if fault.field not in missing]
    faults = [*missing.values(), *faults, *_location_faults(connection, actor, settings)]
    faults += _password_faults(settings, passwords, has_password=False, has_smtp_password=False)
    faults += limits.interval_faults(connection, actor.account_id, settings.interval)
    faults += limits.monitor_faults(connection, actor.account_id)
    faults += policy_faults(settings, policy) if policy else []
    if faults:
        raise InvalidInput(faults)
    return settings


def edit(
    connection: Connection,
    actor: Actor,
    monitor_id: int,
    changes: Mapping[str, object],
    *,
    type: MonitorType,  # noqa: A002  # the word of the model and of the API
    passwords: Passwords,
    secrets: Secrets,
    now: datetime,
    policy: NetworkPolicy | None = None,
) -> int:
    """Change some fields of a monitor and give its id; what is not named keeps its value, None resets to the default.

    A monitor whose SMTP user name is reset loses its SMTP password too, and so does a check with its user name. A
    stored password goes to another server only if it is given again, or by the word of one who manages users.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        monitor_id: which.
        changes: fields of `MonitorSettings` by name.
        type: what the caller takes the monitor for.
        passwords: what becomes of its passwords.
        secrets: seals them.
        now: the time of the change.
        policy: what it refuses of a new server is told at once; None leaves that to the runs.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such monitor of this type in the account.
        InvalidInput: with all faults.
    """
    require_edit(actor)
    monitor = store.monitors.get(connection, actor.account_id, monitor_id, lock=True)
    if monitor is None or monitor.settings.type is not type:
        raise NotFound(f"there is no {type} monitor {monitor_id}")
    require_monitor_edit(actor, [monitor_id])
    given = _settle(changes, type)
    settings = replace(monitor.settings, **given)
    if settings.smtp_username is None and monitor.has_smtp_password and passwords.smtp is UNCHANGED:
        passwords = replace(passwords, smtp=None)
    if not settings.sends_message and settings.username is None and passwords.mailbox is UNCHANGED:
        passwords = replace(passwords, mailbox=None)
    faults = unset(MonitorSettings, changes, required=_REQUIRED[type])
    faults += [*check(settings), *_location_faults(connection, actor, settings)]
    faults += _password_faults(
        settings, passwords, has_password=monitor.has_password, has_smtp_password=monitor.has_smtp_password
    )
    if "interval" in given:
        faults += limits.interval_faults(connection, actor.account_id, settings.interval)
    faults += policy_faults(settings, policy, before=monitor.settings) if policy else []
    keeps_mailbox, keeps_smtp = passwords.mailbox is UNCHANGED, passwords.smtp is UNCHANGED
    faults += moved_password_faults(actor, monitor, settings, keeps_mailbox=keeps_mailbox, keeps_smtp=keeps_smtp)
    if faults:
        raise InvalidInput(faults)
    sealed = _seal(passwords, secrets)
    store.monitors.replace(connection, monitor_id, settings, sealed, now=now)
    if (settings.name, settings.mode) != (monitor.settings.name, monitor.settings.mode):
        store.groups.renamed(connection, monitor_id=monitor_id)
        store.slas.renamed(connection, monitor_id)
    old, there, action = monitor.settings, _there(monitor, sealed), AuditAction.MONITOR_CHANGED
    audit.record(connection, actor, action, monitor_id, now=now, before=old, after=settings, secrets=there)
    return monitor_id


def get(connection: Connection, actor: Actor, monitor_id: int) -> Monitor:
    """One monitor; raises NotFound."""
    require_seen(actor, monitor_id)
    monitor = store.monitors.get(connection, actor.account_id, monitor_id)
    if monitor is None:
        raise NotFound(f"there is no monitor {monitor_id}")
    return monitor


def revisions(
    connection: Connection,
    actor: Actor,
    *,
    types: Collection[MonitorType] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[tuple[int, int]], int]:
    """Numbers and revisions of the monitors of a page, as `page` has it."""
    return store.monitors.revisions(
        connection, actor.account_id, types=types, access=actor.access, limit=limit, offset=offset
    )


def page(
    connection: Connection,
    actor: Actor,
    *,
    types: Collection[MonitorType] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Monitor], int]:
    """Monitors by id, and how many match in all; `types` None is all types, `limit` None is all of them."""
    return store.monitors.page(
        connection, actor.account_id, types=types, access=actor.access, limit=limit, offset=offset
    )


def names(connection: Connection, actor: Actor, monitor_ids: Iterable[int]) -> dict[int, str]:
    """The names of those of the ids that are monitors that the actor may see."""
    return store.monitors.names(connection, actor.account_id, {each for each in monitor_ids if may_see(actor, each)})


def remove(connection: Connection, actor: Actor, monitor_id: int, *, now: datetime) -> None:
    """Remove a monitor with its passwords and blackouts; its runs can't be read any more and go with retention.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such monitor in the account.
    """
    require_edit(actor)
    require_monitor_edit(actor, [monitor_id])
    monitor = store.monitors.get(connection, actor.account_id, monitor_id, lock=True)
    if monitor is None:
        raise NotFound(f"there is no monitor {monitor_id}")
    of_it = store.blackouts.remove_of(connection, (BlackoutType.MONITOR, BlackoutType.ALERT), [monitor_id])
    agreed = store.slas.of_monitors(connection, actor.account_id, [monitor_id]).values()
    store.monitors.remove(connection, monitor_id, now=now)
    store.groups.forget_monitor(connection, monitor_id)
    store.slas.remove_of(connection, monitor_id)
    removed = audit.note(actor, AuditAction.MONITOR_REMOVED, monitor_id, now=now, before=monitor.settings)
    along = (*blackouts.removal_notes(actor, of_it, now=now), *slas.removal_notes(actor, agreed, now=now))
    audit.record_all(connection, actor, [removed, *along])


def last_statuses(connection: Connection, actor: Actor, monitor_ids: Collection[int]) -> dict[int, Run]:
    """The newest finished run of each monitor, tests and rechecks included, without sessions."""
    return store.latest_runs.find(connection, actor.account_id, monitor_ids)


def _settle(changes: Mapping[str, object], type_: MonitorType) -> dict[str, Any]:  # Any: values of many types
    """As `settings.settle`; the protocol is that of the type, and notes are cut as the vendor does."""
    settled = settle(MonitorSettings, changes, required=_REQUIRED[type_])
    if type_ in _PROTOCOLS:
        settled["mailbox_protocol"] = _PROTOCOLS[type_]
    for name, most in _CUT.items():
        if isinstance(text := settled.get(name), str):
            settled[name] = text[:most]
    return settled


def _missing(given: Mapping[str, object], type_: MonitorType) -> dict[str, Fault]:
    """A fault for each required field that is not there; one for the mailbox, although it is two fields."""
    required = [name for name in _STAND_INS if name in _REQUIRED[type_]]
    missing = {name: Fault(name, "is required") for name in required if name not in given}
    if "mailbox_server" in missing:
        missing.pop("mailbox_protocol", None)
    elif "mailbox_protocol" in missing:
        missing["mailbox_server"] = missing.pop("mailbox_protocol")
    return missing


def _location_faults(connection: Connection, actor: Actor, settings: MonitorSettings) -> list[Fault]:
    named = {}
    if settings.location_ids:
        named["location_ids"] = set(settings.location_ids)
    elif settings.home_location_id is not None:
        named["home_location_id"] = {settings.home_location_id}
    faults = []
    for name, ids in named.items():
        unknown = ids - store.accounts.known_locations(connection, actor.account_id, ids)
        if unknown:
            shown = ", ".join(str(id_) for id_ in sorted(unknown)[:10])
            faults.append(Fault(name, f"there is no location {shown}; name locations of this account"))
    return faults


def _password_faults(
    settings: MonitorSettings, passwords: Passwords, *, has_password: bool, has_smtp_password: bool
) -> list[Fault]:
    faults = []
    for name, text in (("password", passwords.mailbox), ("smtp_password", passwords.smtp)):
        if isinstance(text, str) and (fault := password_fault(text)) is not None:
            faults.append(Fault(name, fault))
    will_have_smtp = has_smtp_password if passwords.smtp is UNCHANGED else passwords.smtp is not None
    faults += _half_a_login("smtp_", "SMTP", settings.smtp_username, will_have=will_have_smtp)
    if not settings.sends_message:
        will_have = has_password if passwords.mailbox is UNCHANGED else passwords.mailbox is not None
        faults += _half_a_login("", "the mailbox", settings.username, will_have=will_have)
    return faults


def _half_a_login(prefix: str, where: str, username: str | None, *, will_have: bool) -> Iterator[Fault]:
    if username is not None and not will_have:
        yield Fault(f"{prefix}password", f"is required with a user name for {where}; give both or none")
    if username is None and will_have:
        yield Fault(f"{prefix}username", f"is required with a password for {where}; give both or none")


def _there(monitor: Monitor | None, sealed: Mapping[str, bytes | None]) -> dict[str, tuple[bool, bool]]:
    """Of each password that is given, whether the monitor had one, and whether it will."""
    there = {}
    if "mailbox_secret" in sealed:
        there["password"] = (monitor is not None and monitor.has_password, sealed["mailbox_secret"] is not None)
    if "smtp_secret" in sealed:
        there["smtp_password"] = (monitor is not None and monitor.has_smtp_password, sealed["smtp_secret"] is not None)
    return there


def _seal(passwords: Passwords, secrets: Secrets) -> dict[str, bytes | None]:
    given = {"mailbox_secret": passwords.mailbox, "smtp_secret": passwords.smtp}
    return {name: None if text is None else secrets.seal(text) for name, text in given.items() if text is not UNCHANGED}
