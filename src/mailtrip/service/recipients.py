"""Recipients of alerts: made, changed, read and removed, each rule kept."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import (
    Actor,
    AlertMethod,
    AlertType,
    AuditAction,
    BlackoutType,
    ContactKind,
    Recipient,
    RecipientSettings,
    SecretKind,
    shown_address,
)
from mailtrip.service import audit, blackouts
from mailtrip.service.access import require_edit
from mailtrip.service.destinations import is_moved
from mailtrip.service.monitors import UNCHANGED, Unchanged
from mailtrip.service.ports import Secrets
from mailtrip.service.recipient_rules import check, secret_fault
from mailtrip.service.settings import missing, settle, unset
from mailtrip.store import Connection
from mailtrip.store.recipients import Sealed

__all__ = ["Password", "create", "edit", "get", "groups_of", "page", "remove", "seal_addresses"]

Password = str | Literal[Unchanged.UNCHANGED] | None
"""The password of a recipient as it is to be; None and an empty one clear it."""

_STAND_INS: Final[dict[str, Any]] = {  # Any: values of many types; they let the other fields be checked
    "method": AlertMethod.EMAIL_HTML,
    "address": "name@example.com",
}

# Without the address, which may hold a token.
_AGAIN = (
    "is needed again: the one that is stored was given for another address; "
    "give it, or have an Admin or Co-Admin make this change"
)


def create(
    connection: Connection,
    actor: Actor,
    changes: Mapping[str, object],
    *,
    password: Password,
    secrets: Secrets,
    now: datetime,
) -> int:
    """Store a new recipient and give its id.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        changes: fields of `RecipientSettings` by name; one that is missing or None gets its default.
        password: UNCHANGED and None both mean: none.
        secrets: seals it.
        now: the time of making.

    Raises:
        Forbidden: the role may not edit.
        InvalidInput: with all faults; `Fault.field` is a field of `RecipientSettings`, or `password`.
    """
    require_edit(actor)
    given = _settle(changes)
    absent = missing(RecipientSettings, given)
    settings = RecipientSettings(**(_STAND_INS | given))
    wanted = None if password is UNCHANGED else password or None
    faults = [*absent, *_faults(settings, wanted, has_password=wanted is not None)]
    faults += _fallback_faults(connection, actor, settings, itself=None)
    if "method" not in given:
        faults = [
            fault for fault in faults if fault in absent or fault.field not in {"address", "username", "password"}
        ]
    if faults:
        raise InvalidInput(faults)
    sealed = Sealed(password=None if wanted is None else secrets.seal(wanted), address=_seal_address(settings, secrets))
    settings = _shown(settings)
    recipient_id = store.recipients.insert(connection, actor.account_id, settings, sealed, now=now)
    there = {"password": (False, sealed.password is not None)}
    audit.record(connection, actor, AuditAction.RECIPIENT_CREATED, recipient_id, now=now, after=settings, secrets=there)
    return recipient_id


def edit(
    connection: Connection,
    actor: Actor,
    recipient_id: int,
    changes: Mapping[str, object],
    *,
    password: Password,
    secrets: Secrets,
    now: datetime,
) -> int:
    """Change some fields of a recipient and give its id; what is not named keeps its value, None resets to the default.

    A new method with another kind of password takes the old one away, and a user name that is reset takes its password
    along. A stored password goes to another host only if it is given again, or by the word of one who manages users. A
    web address that is given as it is shown stays.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        recipient_id: which.
        changes: fields of `RecipientSettings` by name.
        password: what becomes of it.
        secrets: seals it.
        now: the time of the change.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such recipient in the account.
        InvalidInput: with all faults, as for `create`.
    """
    require_edit(actor)
    recipient = store.recipients.get(connection, actor.account_id, recipient_id, lock=True)
    if recipient is None:
        raise NotFound(f"there is no recipient {recipient_id}")
    given = _settle(changes)
    settings = replace(recipient.settings, **given)
    if "username" not in given and settings.method.secret is not SecretKind.LOGIN:
        settings = replace(settings, username=None)
    wanted = _wanted(recipient, settings, password)
    has_password = recipient.has_password if wanted is UNCHANGED else wanted is not None
    is_same_place = _is_same_place(recipient.settings, settings)
    faults = [*unset(RecipientSettings, changes), *_faults(settings, wanted, has_password=has_password)]
    if is_same_place:
        faults = [fault for fault in faults if fault.field != "address"]
    if "fallback_id" in given:
        faults += _fallback_faults(connection, actor, settings, itself=recipient_id)
    if faults:
        raise InvalidInput(faults)
    is_kept = recipient.has_password and wanted is UNCHANGED
    if is_kept and is_moved(recipient.settings, settings) and not actor.role.may_manage_users:
        raise InvalidInput([Fault("password", _AGAIN)])
    sealed: dict[str, bytes | None] = {}
    if wanted is not UNCHANGED:
        sealed["secret"] = None if wanted is None else secrets.seal(wanted)
    if not is_same_place:
        sealed["sealed_address"] = _seal_address(settings, secrets)
    old, settings = recipient.settings, _shown(settings)
    store.recipients.replace(connection, recipient_id, settings, sealed, now=now)
    there = _secrets_there(recipient, settings, sealed)
    action = AuditAction.RECIPIENT_CHANGED
    audit.record(connection, actor, action, recipient_id, now=now, before=old, after=settings, secrets=there)
    if (settings.name, settings.address) != (old.name, old.address):
        store.groups.renamed(connection, recipient_id=recipient_id)
    return recipient_id


def get(connection: Connection, actor: Actor, recipient_id: int) -> Recipient:
    """One recipient; raises NotFound."""
    recipient = store.recipients.get(connection, actor.account_id, recipient_id)
    if recipient is None:
        raise NotFound(f"there is no recipient {recipient_id}")
    return recipient


def page(
    connection: Connection,
    actor: Actor,
    *,
    type: AlertType | None = None,  # noqa: A002  # the word of the API
    method: AlertMethod | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Recipient], int]:
    """Recipients by id, and how many match in all.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        type: only those who get such alerts.
        method: only those who get them this way.
        limit: most of them; None for all.
        offset: how many to leave out at the start.
    """
    return store.recipients.page(connection, actor.account_id, type=type, method=method, limit=limit, offset=offset)


def remove(connection: Connection, actor: Actor, recipient_id: int, *, now: datetime) -> None:
    """Remove a recipient with its password and blackouts; it leaves its groups.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such recipient in the account.
    """
    require_edit(actor)
    recipient = store.recipients.get(connection, actor.account_id, recipient_id, lock=True)
    if recipient is None:
        raise NotFound(f"there is no recipient {recipient_id}")
    of_it = store.blackouts.remove_of(connection, (BlackoutType.NOTIFIER,), [recipient_id])
    store.groups.renamed(connection, recipient_id=recipient_id)
    store.recipients.remove(connection, recipient_id)
    removed = audit.note(actor, AuditAction.RECIPIENT_REMOVED, recipient_id, now=now, before=recipient.settings)
    audit.record_all(connection, actor, [removed, *blackouts.removal_notes(actor, of_it, now=now)])


def seal_addresses(connection: Connection, *, secrets: Secrets) -> None:
    """Seal the web addresses that were stored when they were kept as they are; for the start of the service."""
    for recipient_id, (method, address) in store.recipients.unsealed(connection).items():
        shown, sealed = shown_address(method, address), secrets.seal(address)
        store.recipients.seal_address(connection, recipient_id, shown=shown, sealed=sealed)


def groups_of(connection: Connection, recipient_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The groups that recipients are in, by id; those that are in none are left out."""
    return store.groups.of_recipients(connection, recipient_ids)


def _is_same_place(before: RecipientSettings, after: RecipientSettings) -> bool:
    """Whether the address stays; of a web address it is given as it is shown."""
    return after.address == before.address and after.method.contact is before.method.contact


def _seal_address(settings: RecipientSettings, secrets: Secrets) -> bytes | None:
    return secrets.seal(settings.address) if settings.method.contact is ContactKind.URL else None


def _shown(settings: RecipientSettings) -> RecipientSettings:
    return replace(settings, address=shown_address(settings.method, settings.address))


def _secrets_there(
    before: Recipient, after: RecipientSettings, sealed: Mapping[str, bytes | None]
) -> dict[str, tuple[bool, bool]]:
    """What the audit log says of secrets: of a web address that changes where it is not shown, that it does."""
    there = {}
    if "secret" in sealed:
        there["password"] = (before.has_password, sealed["secret"] is not None)
    if sealed.get("sealed_address") is not None and after.address == before.settings.address:
        there["address"] = (True, True)
    return there


def _settle(changes: Mapping[str, object]) -> dict[str, Any]:  # Any: values of many types
    """As `settings.settle`; an empty user name is none, as the vendor's clients send it."""
    given = settle(RecipientSettings, changes)
    if given.get("username") == "":
        given["username"] = None
    return given


def _wanted(recipient: Recipient, settings: RecipientSettings, password: Password) -> Password:
    if password is not UNCHANGED:
        return password or None
    kind, before = settings.method.secret, recipient.settings
    is_login_gone = before.username is not None and settings.username is None
    is_other_service = kind is SecretKind.APPRISE and settings.address != before.address
    is_gone = is_login_gone or is_other_service or kind is None or kind is not before.method.secret
    return None if is_gone else UNCHANGED


def _fallback_faults(
    connection: Connection, actor: Actor, settings: RecipientSettings, *, itself: int | None
) -> list[Fault]:
    to = settings.fallback_id
    if to is None:
        return []
    if to == itself:
        return [Fault("fallback_id", "is the recipient itself; name another one")]
    if to not in store.recipients.known(connection, actor.account_id, [to]):
        return [Fault("fallback_id", f"there is no recipient {to}")]
    return []


def _faults(settings: RecipientSettings, password: Password, *, has_password: bool) -> list[Fault]:
    faults = list(check(settings, has_password=has_password))
    if isinstance(password, str) and (fault := secret_fault(settings, password)) is not None:
        faults.append(Fault("password", fault))
    return faults
