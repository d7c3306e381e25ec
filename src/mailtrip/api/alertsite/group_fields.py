"""The fields of a recipient group, one row each (alertsite-v3.md, 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailtrip.api.alertsite.fields import Field, FieldMaker
from mailtrip.api.alertsite.member_codecs import error_types, groups, monitors, no_templates, recipients, status_text
from mailtrip.api.alertsite.records import RecordTable, components_of
from mailtrip.api.codecs import JSON, LARGEST_ID, boolean, duration, text
from mailtrip.model import Recipient, RecipientGroup, RecipientGroupSettings

__all__ = ["COMPONENTS", "GROUPS", "GroupView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group and what a read of it shows of its monitors and recipients."""

    group: RecipientGroup
    monitor_names: Mapping[int, str]
    recipients: Mapping[int, Recipient]


_MAKER: Final = FieldMaker[GroupView](RecipientGroupSettings, lambda view: view.group.settings)


def _show_monitors(view: GroupView) -> JSON:
    return [
        {"id": each, "name": view.monitor_names[each], "step_name": None, "step_number": 0}
        for each in view.group.settings.monitor_ids
        if each in view.monitor_names
    ]


def _show_recipients(view: GroupView) -> JSON:
    return _show_members(view, view.group.settings.recipient_ids)


def _show_members(view: GroupView, ids: Sequence[int]) -> JSON:
    found = [view.recipients[each] for each in ids if each in view.recipients]
    return [{"id": each.id, "name": each.shown_name, "recipient": each.settings.address} for each in found]


def _show_escalation(view: GroupView) -> JSON:
    return _show_members(view, view.group.settings.escalate_to)


def _show_error_types(view: GroupView) -> JSON:
    return [{"id": code, "description": status_text(code)} for code in view.group.settings.status_codes]


_FIELDS: tuple[Field[GroupView], ...] = (
    _MAKER.shown_only(
        "id",
        lambda view: view.group.id,
        {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        "The group's number.",
        example=100001,
    ),
    _MAKER.given("name", "name", text(longest=128), "What people call the group.", example="Mail team", required=True),
    _MAKER.given(
        "is_default",
        "is_default",
        boolean(),
        "Whether monitors that are in no group alert this one. At most one group is the default: another one gives way.",
        example=False,
    ),
    _MAKER.given(
        "monitors",
        "monitor_ids",
        monitors(),
        "The monitors whose errors go to this group, replaced as a whole. A monitor that is in any group alerts no "
        "recipients but those of its groups.",
        example=[{"id": 100001, "name": "Round trip", "step_name": None, "step_number": 0}],
        required=True,
        show=_show_monitors,
    ),
    _MAKER.given(
        "recipients",
        "recipient_ids",
        recipients(),
        "Who is told, replaced as a whole.",
        example=[{"id": 100001, "name": "Mail team", "recipient": "mail-team@example.com"}],
        required=True,
        show=_show_recipients,
    ),
    _MAKER.given(
        "errortypes",
        "status_codes",
        error_types(),
        "Only errors with these status codes, replaced as a whole; all errors when empty. Codes that mail monitors don't "
        "have are kept.",
        example=[{"id": 1, "description": "TCP connection failed"}],
        show=_show_error_types,
    ),
    _MAKER.given(
        "urgent",
        "is_urgent",
        boolean(),
        "Whether what this group tells does not wait for the end of its recipients' quiet hours, nor for the next day "
        "where a recipient has a daily limit. Of certificates, quotas, deletions and slow deliveries only where `errortypes` name their status.",
        example=False,
    ),
    _MAKER.given(
        "escalate_after_minutes",
        "escalate_after",
        duration(1, 1440, unit=timedelta(minutes=1)),
        "So long after its message, `escalate_to` and `escalate_to_groups` are told as well where nobody has acknowledged "
        "it; null for never.",
        example=30,
    ),
    _MAKER.given(
        "escalate_to",
        "escalate_to",
        recipients(least=0),
        "Who is told then, replaced as a whole.",
        example=[],
        show=_show_escalation,
    ),
    _MAKER.given(
        "escalate_to_groups",
        "escalate_to_groups",
        groups(),
        "The groups whose recipients are told then too, replaced as a whole.",
        example=[],
    ),
    Field(
        name="templates",
        codec=no_templates(),
        about="Templates of alerts: there are none.",
        example=[],
        show=lambda _: [],
        returns=no_templates().returns,
    ),
)

GROUPS: Final = RecordTable(_FIELDS)

COMPONENTS: Final = components_of("RecipientGroup", "Which errors of which monitors go to which recipients.", GROUPS)
