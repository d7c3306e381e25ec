"""Which monitors' rows a user finds."""

from typing import Any

from sqlalchemy import ColumnElement, true

from mailtrip.model import Access, MonitorAccess

__all__ = ["seen"]


def seen(
    monitor_id: ColumnElement[Any], access: MonitorAccess | None
) -> ColumnElement[bool]:  # Any: columns with several types of numbers
    """The rows whose monitor may be seen; None is all of them."""
    if access is None:
        return true()
    if access.default is Access.NONE:
        return monitor_id.in_(access.edit | access.view)
    return monitor_id.not_in(access.none)
