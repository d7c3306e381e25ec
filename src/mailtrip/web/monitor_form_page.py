"""The page with the form of a monitor, whichever way it is come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from mailtrip.model import MonitorType
from mailtrip.web.calls import PageCall
from mailtrip.web.monitor_fields import FIELDS, Group, Kind, fields_of
from mailtrip.web.monitor_form import PlacedFaults

__all__ = ["TYPE_NAMES", "FormPage"]

TYPE_NAMES = {
    MonitorType.ROUND_TRIP: "Round trip",
    MonitorType.SMTP: "SMTP check",
    MonitorType.IMAP: "IMAP check",
    MonitorType.POP3: "POP3 check",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """What the form shows.

    Attributes:
        action: where it is sent.
        submit: what its button says.
        back: where *Cancel* leads.
        entries: what stands in it, by the field's name; passwords are never shown.
        notes: what is said beside a field, by its name.
        notices: what is said above all, in sentences.
        hidden: further values that are sent, by name.
        has_types: whether the types are offered that may be made.
        finds_servers: whether servers can be looked for.
        can_be_tried: whether it can be tried as it stands.
        is_trial: faults and notices are about a trial of it.
    """

    title: str
    action: str
    submit: str
    back: str
    type: MonitorType
    entries: Mapping[str, str] = field(repr=False)
    faults: PlacedFaults = field(default_factory=PlacedFaults)
    notes: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)
    has_types: bool = False
    finds_servers: bool = False
    can_be_tried: bool = False
    is_trial: bool = False

    def values(self) -> Mapping[str, object]:
        """For the template."""
        fields = fields_of(self.type)
        groups = {group: [each for each in fields if each.group is group] for group in Group}
        faulty = {each for each in FIELDS if each.name in self.faults.by_field}
        return {
            "form": self,
            "groups": groups,
            "faulty": [each for each in fields if each in faulty],
            "opens_details": any(each.group is Group.DETAILS for each in faulty),
            "types": TYPE_NAMES if self.has_types else {},
        }

    async def show(self, call: PageCall) -> Response:
        """The page, for those who are signed in."""
        is_part = "hx-request" in call.request.headers
        values = {**self.values(), "retyped": self._retyped(is_part=is_part)}
        status = 422 if self.faults.count and not is_part else 200
        return await call.show("monitor_form.html", lambda _connection, _actor: values, status=status)

    def _retyped(self, *, is_part: bool) -> list[str]:
        """The passwords that are gone with this page; a part of it leaves those elsewhere on the page alone."""
        return [
            each.label
            for each in fields_of(self.type)
            if each.kind is Kind.PASSWORD
            and self.entries.get(each.name)
            and not (is_part and each.group is Group.MAILBOX)
        ]
