"""The rules between and within the fields of an SLA (alertsite-v3.md, 4.4), as a pure function."""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from mailtrip.errors import Fault
from mailtrip.model import SLASettings
from mailtrip.service.text_rules import line_fault, note_fault

__all__ = ["check"]

_LONGEST_RESPONSE = timedelta(seconds=300)
_MOST_PERIODS = 100
_MOST_EXCLUSIONS = 1000


def check(settings: SLASettings, *, location_ids: Collection[int]) -> tuple[Fault, ...]:
    """Everything that is wrong with the settings; empty when nothing is.

    `Fault.field` is the name of a field of `SLASettings`.

    Args:
        settings: as they are to be.
        location_ids: of the monitor's locations, which exclusions may name.
    """
    return (*(fault for rule in _RULES for fault in rule(settings)), *_exclusions(settings, location_ids))


def _texts(settings: SLASettings) -> Iterator[Fault]:
    if (fault := line_fault(settings.name, most=255)) is not None:
        yield Fault("name", fault)
    description = settings.description
    if description is None:
        return
    if not description.strip():
        yield Fault("description", "is blank; write something, or leave it out for the monitor's name")
    elif len(description) > 1000:
        yield Fault("description", f"has {len(description)} characters; it takes 1 to 1000")
    elif (fault := note_fault(description)) is not None:
        yield Fault("description", fault)


def _percentages(settings: SLASettings) -> Iterator[Fault]:
    for name in ("availability_percent", "uptime_percent"):
        percent = getattr(settings, name)
        if percent is not None and not 0 < percent <= 100:
            yield Fault(name, f"{percent:g} is out of range; use more than 0 and at most 100 percent")


def _response_times(settings: SLASettings) -> Iterator[Fault]:
    for name in ("response_time", "secondary_response_time"):
        goal: timedelta = getattr(settings, name)
        if not timedelta(0) <= goal <= _LONGEST_RESPONSE:
            yield Fault(name, f"{goal.total_seconds():g} is out of range; use 0 to 300 seconds")


def _periods(settings: SLASettings) -> Iterator[Fault]:
    if len(settings.operating_periods) > _MOST_PERIODS:
        yield Fault(
            "operating_periods", f"has {len(settings.operating_periods)} items; at most {_MOST_PERIODS} are allowed"
        )


def _exclusions(settings: SLASettings, location_ids: Collection[int]) -> Iterator[Fault]:
    if len(settings.exclusions) > _MOST_EXCLUSIONS:
        yield Fault("exclusions", f"has {len(settings.exclusions)} items; at most {_MOST_EXCLUSIONS} are allowed")
    for position, item in enumerate(settings.exclusions[:_MOST_EXCLUSIONS]):
        if item.window.start >= item.window.end:
            yield Fault("exclusions", f"item {position} ends at or before its start; give from_date before thru_date")
        if item.location_id is not None and item.location_id not in location_ids:
            yield Fault(
                "exclusions",
                f"item {position} names location {item.location_id}, which is none of the monitor's; name one of "
                f"{', '.join(str(each) for each in sorted(location_ids)[:10])}, or null for all",
            )
        if item.note is not None and (len(item.note) > 255 or note_fault(item.note) is not None):
            yield Fault("exclusions", f"item {position} has a note that is too long or has control characters in it")


_RULES: tuple[Callable[[SLASettings], Iterator[Fault]], ...] = (_texts, _percentages, _response_times, _periods)
