"""What is wrong with a form, in sentences."""

from collections.abc import Mapping

from mailtrip.errors import InvalidInput

__all__ = ["sentences"]


def sentences(error: InvalidInput, labels: Mapping[str, str]) -> list[str]:
    """Each fault with the name that its field has on the page, in order."""
    return [f"{labels.get(fault.field, fault.field)} {fault.text}." for fault in error.faults]
