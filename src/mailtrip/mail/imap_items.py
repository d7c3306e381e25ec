"""What FETCH, STATUS and SEARCH responses say (RFC 3501, 7.2 and 7.4)."""

import re
from datetime import UTC, datetime, timedelta

from mailtrip.mail.imap_dialogue import Answer
from mailtrip.mail.imap_parser import Value, parse_values, to_number
from mailtrip.mail.script import BrokenProtocol

__all__ = ["content_of", "fetched_items", "quota_percent", "searched_uids", "status_numbers", "to_time"]


def fetched_items(answer: Answer) -> dict[int, dict[str, Value]]:
    """The items of all FETCH responses by UID; those without a UID are news of flags that nobody asked for."""
    found: dict[int, dict[str, Value]] = {}
    for response in answer.untagged:
        if response.name == "FETCH":
            items = _items(parse_values(response.rest))
            uid = to_number(items.get("UID"))
            if uid is not None:
                found.setdefault(uid, {}).update(items)
    return found


def to_time(value: Value) -> datetime | None:
    """An INTERNALDATE, such as `17-Jul-1996 02:44:25 -0700` (RFC 3501, 9: date-time), in UTC; None for anything else."""
    match = _DATE_TIME.fullmatch(value) if isinstance(value, bytes) else None
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, ahead, minutes = (part.decode() for part in match.groups())
    offset = timedelta(hours=int(ahead), minutes=int(minutes))
    try:
        local = datetime(
            int(year), _MONTHS.index(month.lower()) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
        return local - offset if sign == "+" else local + offset
    except (ValueError, OverflowError):
        return None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_TIME = re.compile(
    rb" ?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)


_TAKEN_UP = frozenset({b"STORAGE", b"MESSAGE"})


def quota_percent(answer: Answer) -> int | None:
    """How full the fullest resource of all QUOTA responses is, in per cent rounded down.

    Only resources that messages take up count (RFC 9208, 5): room and number, not folders and notes.
    """
    shares: list[int] = []
    for response in answer.untagged:
        if response.name != "QUOTA":
            continue
        for resources in parse_values(response.rest):
            if not isinstance(resources, tuple):
                continue
            for name, used, limit in zip(resources[::3], resources[1::3], resources[2::3], strict=False):
                most, now = to_number(limit), to_number(used)
                if isinstance(name, bytes) and name.upper() in _TAKEN_UP and most and now is not None:
                    shares.append(now * 100 // most)
    return max(shares, default=None)


def status_numbers(answer: Answer) -> dict[str, int]:
    """What a STATUS response says (RFC 3501, 7.2.4)."""
    for response in answer.untagged:
        if response.name == "STATUS":
            *_, pairs = parse_values(response.rest) or (None,)
            if isinstance(pairs, tuple):
                named = zip(pairs[::2], pairs[1::2], strict=False)
                numbers = {
                    name.decode("ascii", "replace").upper(): to_number(value)
                    for name, value in named
                    if isinstance(name, bytes)
                }
                return {name: number for name, number in numbers.items() if number is not None}
    raise BrokenProtocol("the server's answer to STATUS has no numbers")


def _items(values: tuple[Value, ...]) -> dict[str, Value]:
    if len(values) != 1 or not isinstance(values[0], tuple) or len(values[0]) % 2:
        raise BrokenProtocol("the server sent a FETCH response that is no list of names and values")
    pairs = values[0]
    return {
        name.decode("ascii", "replace").upper(): value
        for name, value in zip(pairs[::2], pairs[1::2], strict=True)
        if isinstance(name, bytes)
    }


def content_of(items: dict[str, Value]) -> bytes | None:
    """The part of a message; empty where the server says NIL, None where it says nothing."""
    for name, value in items.items():
        if name.startswith("BODY[]") and not isinstance(value, tuple):
            return value or b""
    return None


def searched_uids(answer: Answer) -> frozenset[int]:
    numbers = [
        to_number(value)
        for response in answer.untagged
        if response.name == "SEARCH"
        for value in parse_values(response.rest)
    ]
    if None in numbers:
        raise BrokenProtocol("the server's answer to SEARCH has something else than numbers")
    return frozenset(number for number in numbers if number is not None)
