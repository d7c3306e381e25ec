"""Who hears of a monitor's errors: recipients, narrowed by the groups that it is in (alertsite-v3.md, 4.2, 4.3). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from mailtrip.alerts.escalation import Rung
from mailtrip.alerts.policy import Route
from mailtrip.model import AlertType, Recipient, RecipientGroup, RecipientGroupSettings, StatusCode

__all__ = ["Router"]


class Router:
    """The routes of one account.

    A monitor that is in groups tells their recipients only; one that is in none tells those of the default group, or
    everybody where there is none. A recipient that is reached by several groups hears of the errors of all of them. A
    group without recipients counts for nothing.

    Args:
        recipients: all of the account.
        groups: all of the account.
        about: what is told.
    """

    def __init__(
        self,
        recipients: Iterable[Recipient],
        groups: Iterable[RecipientGroup],
        *,
        about: AlertType = AlertType.AVAILABILITY,
    ) -> None:
        self._recipients = [each for each in recipients if _wants(each, about)]
        groups = tuple(groups)
        filled = [group.settings for group in groups if group.settings.recipient_ids]
        self._members = {group.id: group.settings.recipient_ids for group in groups}
        self._of_monitor: dict[int, list[RecipientGroupSettings]] = {}
        for group in filled:
            for monitor_id in group.monitor_ids:
                self._of_monitor.setdefault(monitor_id, []).append(group)
        self._default_groups = [group for group in filled if group.is_default]
        self._default = self._routes(self._default_groups)

    def routes_of(self, monitor_id: int) -> Mapping[int, Route]:
        """What each recipient wants to hear of a monitor, by recipient; those who want nothing are left out."""
        groups = self._of_monitor.get(monitor_id)
        return self._routes(groups) if groups else self._default

    def routes_of_all(self, monitor_ids: Iterable[int]) -> Mapping[int, Route]:
        """What each recipient wants to hear of what concerns all of these monitors: what it would hear of any of them."""
        groups: dict[int, RecipientGroupSettings] = {}
        is_for_all = False
        for monitor_id in monitor_ids:
            found = self._of_monitor.get(monitor_id) or self._default_groups
            groups |= {id(group): group for group in found}
            is_for_all = is_for_all or not found
        routes = self._routes(list(groups.values())) if groups else {}
        if not is_for_all:
            return routes
        return self._default | {id_: replace(route, status_codes=frozenset()) for id_, route in routes.items()}

    def route_to(self, recipient_id: int) -> Route | None:
        """What a recipient wants to hear of trouble that was escalated to it; None where it wants nothing."""
        recipient = next((each for each in self._recipients if each.id == recipient_id), None)
        return None if recipient is None else _route(recipient)

    def rungs(self, monitor_id: int, recipient_id: int, status: StatusCode) -> list[Rung]:
        """Whom the groups tell, through which a recipient was told of such an error, when nobody acknowledges it."""
        groups = self._of_monitor.get(monitor_id) or self._default_groups
        return [
            Rung(after=group.escalate_after, recipient_ids=self._told_by(group), is_urgent=group.is_urgent)
            for group in groups
            if group.escalate_after is not None
            and recipient_id in group.recipient_ids
            and (not group.status_codes or status in group.status_codes)
        ]

    def _told_by(self, group: RecipientGroupSettings) -> tuple[int, ...]:
        """Whom a group tells when nobody acknowledges, each once."""
        others = (each for id_ in group.escalate_to_groups for each in self._members.get(id_, ()))
        return tuple(dict.fromkeys((*group.escalate_to, *others)))

    def _routes(self, groups: Sequence[RecipientGroupSettings]) -> dict[int, Route]:
        wanted: dict[int, frozenset[int]] = {}
        urgent: dict[int, tuple[frozenset[int], ...]] = {}
        for group in groups:
            codes = frozenset(group.status_codes)
            for recipient_id in group.recipient_ids:
                known = wanted.get(recipient_id, codes)
                # No codes are all codes.
                wanted[recipient_id] = known | codes if known and codes else frozenset()
                if group.is_urgent:
                    urgent[recipient_id] = (*urgent.get(recipient_id, ()), codes)
        return {
            recipient.id: replace(
                _route(recipient),
                status_codes=wanted.get(recipient.id, frozenset()),
                urgent=urgent.get(recipient.id, ()),
                escalate_after=_first_escalation(groups, recipient.id),
            )
            for recipient in self._recipients
            if recipient.id in wanted or not groups
        }


def _wants(recipient: Recipient, about: AlertType) -> bool:
    match about:
        case AlertType.AVAILABILITY:
            return recipient.settings.availability_alert
        case AlertType.PERFORMANCE:
            return recipient.settings.performance_alert


def _first_escalation(groups: Iterable[RecipientGroupSettings], recipient_id: int) -> timedelta | None:
    found = [each.escalate_after for each in groups if recipient_id in each.recipient_ids]
    return min((after for after in found if after is not None), default=None)


def _route(recipient: Recipient) -> Route:
    settings = recipient.settings
    return Route(
        start_threshold=settings.start_threshold,
        stop_threshold=settings.stop_threshold,
        error_window=settings.error_window,
        notify_on_clear=settings.notify_on_clear,
    )
