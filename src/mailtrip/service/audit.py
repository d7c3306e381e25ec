"""The audit log: each change is noted in its own transaction, with no secret in it; nothing changes or removes a note.

Whoever changes something calls `record` as the last thing in the transaction: it makes others of the account wait.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from mailtrip import store
from mailtrip.model import (
    Actor,
    AuditAction,
    AuditActorType,
    AuditCheck,
    AuditEntry,
    AuditKind,
    AuditNote,
    Change,
    Origin,
    Plain,
    User,
)
from mailtrip.service.access import require_user_management
from mailtrip.store import Connection

__all__ = ["changes_between", "check_all", "note", "page", "record", "record_all", "record_failed_login"]

_LONGEST: Final = 1000
"""Characters of a text that are noted."""
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
_PLAIN_SEGMENT: Final = re.compile(r"(?:[a-z]{1,15}(?:[_.-][a-z]{1,15})?|v[0-9]{1,2})?\Z", re.ASCII)
"""Parts of a path that are words; anything else may be a key."""
_HIDDEN: Final = "***"


def record(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    record_id: int,
    *,
    now: datetime,
    before: object = None,
    after: object = None,
    secrets: Mapping[str, tuple[bool, bool]] | None = None,
    name: str | None = None,
) -> None:
    """Note one change in its own transaction; an edit that changed nothing is not noted.

    Args:
        connection: of the writing transaction.
        actor: who changes it.
        action: what is done.
        record_id: to which record.
        now: when.
        before: the record's settings (a dataclass, or values by name); None of a new one.
        after: likewise; None of a removed one.
        secrets: of those that were given: whether there was one, and whether there is one.
        name: of the record; None is its setting `name`, where it has one.
    """
    noted = note(actor, action, record_id, now=now, before=before, after=after, secrets=secrets, name=name)
    record_all(connection, actor, [noted])


def record_all(connection: Connection, actor: Actor, notes: Iterable[AuditNote]) -> None:
    """As `record`, several changes at once."""
    store.audit.append(connection, actor.account_id, [each for each in notes if not _is_nothing(each)])


def record_failed_login(connection: Connection, user: User | None, origin: Origin | None, *, now: datetime) -> None:
    """Note that somebody gave a wrong password for a user, or named a user that is not there.

    What was given as a name is not noted: it may be a password, typed into the wrong field.
    """
    failed = AuditNote(
        account_id=None if user is None else user.account_id,
        at=now,
        actor_type=AuditActorType.NOBODY,
        actor_id=None,
        actor_name=None,
        address=None if origin is None else origin.address,
        request_id=None if origin is None else origin.request_id,
        action=AuditAction.USER_LOGIN_FAILED,
        record_id=None if user is None else user.id,
        record_name=None if user is None else user.email,
        changes={},
    )
    store.audit.append(connection, failed.account_id, [failed])


def note(
    actor: Actor,
    action: AuditAction,
    record_id: int,
    *,
    now: datetime,
    before: object = None,
    after: object = None,
    secrets: Mapping[str, tuple[bool, bool]] | None = None,
    name: str | None = None,
) -> AuditNote:
    """What `record` writes down."""
    named = _values(after if before is None else before).get("name")
    actor_type, actor_id, actor_name = _who(actor)
    origin = actor.origin
    return AuditNote(
        account_id=actor.account_id,
        at=now,
        actor_type=actor_type,
        actor_id=actor_id,
        actor_name=actor_name,
        address=None if origin is None else origin.address,
        request_id=None if origin is None else origin.request_id,
        action=action,
        record_id=record_id,
        record_name=named if name is None else name,
        changes=changes_between(before, after) | _secret_changes(secrets or {}),
    )


def page(
    connection: Connection,
    actor: Actor,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    actor_name: str | None = None,
    action: AuditAction | None = None,
    kind: AuditKind | None = None,
    record_id: int | None = None,
    limit: int | None = None,
    before: tuple[datetime, int] | None = None,
) -> list[AuditEntry]:
    """Entries of the account, newest first; the operator also sees failed logins that are of no account.

    Args:
        connection: of any transaction.
        actor: who asks.
        since: made at this time or later.
        until: made before this time.
        actor_name: the address of the user, or the name of the API token, in that spelling.
        action: what was done.
        kind: what it was done to.
        record_id: to which record.
        limit: at most so many; None for all.
        before: (time, id) of the last entry of the page before; the page goes on after it.

    Raises:
        Forbidden: the role may not read them.
    """
    require_user_management(actor)
    actions = [each for each in AuditAction if action in {None, each} and kind in {None, each.kind}]
    return store.audit.page(
        connection,
        [actor.account_id, *([None] if actor.is_operator else [])],
        since=since,
        until=until,
        actor_name=actor_name,
        actions=None if action is None and kind is None else actions,
        record_id=record_id,
        limit=limit,
        before=before,
    )


def check_all(connection: Connection) -> dict[int | None, AuditCheck]:
    """Whether the log of each account is as it was written; None is for failed logins of no account. For the operator."""
    return store.audit.check_all(connection)


def changes_between(before: object, after: object) -> dict[str, Change]:
    """The fields that differ, as JSON has them, with what is secret in web addresses hidden.

    Args:
        before: a dataclass, or values by name; None is nothing.
        after: likewise. Against nothing, fields that are None or empty don't differ.
    """
    old, new = _values(before), _values(after)
    if before is None or after is None:
        old, new = (
            {name: value for name, value in each.items() if value is not None and value not in ("", ())}
            for each in (old, new)
        )
    names = [*new, *(name for name in old if name not in new)]
    return {name: (_plain(old.get(name)), _plain(new.get(name))) for name in names if old.get(name) != new.get(name)}


def _who(actor: Actor) -> tuple[AuditActorType, int | None, str | None]:
    if actor.is_operator:
        return AuditActorType.OPERATOR, None, None
    if actor.token_id is not None:
        return AuditActorType.TOKEN, actor.token_id, actor.token_name
    if actor.recipient_id is not None:
        return AuditActorType.RECIPIENT, actor.recipient_id, actor.recipient_name
    return AuditActorType.USER, actor.user_id, actor.email


def _is_nothing(noted: AuditNote) -> bool:
    return not noted.changes and noted.action.endswith(".changed")


def _secret_changes(secrets: Mapping[str, tuple[bool, bool]]) -> dict[str, Change]:
    words: dict[tuple[bool, bool], Change] = {
        (False, True): (None, "set"),
        (True, True): ("set", "changed"),
        (True, False): ("set", "cleared"),
    }
    return {name: words[there] for name, there in secrets.items() if there in words}


def _values(value: object) -> dict[str, Any]:  # Any: settings have many types
    if isinstance(value, Mapping):
        return dict(value)
    return {item.name: getattr(value, item.name) for item in fields(value)} if is_dataclass(value) else {}


def _plain(value: object) -> Plain:
    """The value as JSON has it: durations in seconds, texts cut."""
    match value:
        case list() | tuple():
            return [_plain(each) for each in value]
        case frozenset():
            return [_plain(each) for each in sorted(value)]
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case _ if is_dataclass(value):
            return {name: _plain(each) for name, each in _values(value).items() if each is not None}
        case _:
            return _plain_scalar(value)


def _plain_scalar(value: object) -> Plain:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return _plain_text(str(value))
        case timedelta():
            seconds = value.total_seconds()
            return int(seconds) if seconds.is_integer() else seconds
        case datetime():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case _:
            raise TypeError(f"the audit log can't show a {type(value).__name__}")


def _plain_text(text: str) -> str:
    text = _hide_secrets(text) if _URL.match(text) else text
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _hide_secrets(url: str) -> str:
    """The web address without user info, query, fragment, and parts of the path that may be keys."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _HIDDEN
    user_info, _, place = parts.netloc.rpartition("@")
    path = "/".join(part if _PLAIN_SEGMENT.match(part) else _HIDDEN for part in parts.path.split("/"))
    return "".join(
        [
            f"{parts.scheme}://",
            f"{_HIDDEN}@" if user_info else "",
            place,
            path,
            f"?{_HIDDEN}" if parts.query else "",
            f"#{_HIDDEN}" if parts.fragment else "",
        ]
    )
