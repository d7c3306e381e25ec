"""What is wrong with a form: in sentences, and all of it at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from mailtrip.errors import Fault, InvalidInput

__all__ = ["sentences", "with_unread"]

T = TypeVar("T")


def sentences(error: InvalidInput, labels: Mapping[str, str]) -> list[str]:
    """Each fault with the name that its field has on the page, in order."""
    return [f"{labels.get(fault.field, fault.field)} {fault.text}." for fault in error.faults]


def with_unread(unread: Sequence[Fault], work: Callable[[], T]) -> T:
    """Do the work, and tell all faults at once: what can't be read of a form keeps the transaction from being kept.

    Raises:
        InvalidInput: with what can't be read, and what the work finds wrong with all else.
    """
    names = {fault.field for fault in unread}
    try:
        found = work()
    except InvalidInput as error:
        raise InvalidInput([*unread, *(fault for fault in error.faults if fault.field not in names)]) from error
    if unread:
        raise InvalidInput(unread)
    return found
