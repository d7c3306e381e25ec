"""Status pages as they are stored."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from mailtrip.model.status_page import Logo, StatusEntry, StatusPage, StatusPageSettings
from mailtrip.store.dialects import insert_into
from mailtrip.store.schema import monitors
from mailtrip.store.status_schema import status_entries, status_pages
from mailtrip.store.types import AnyRow

__all__ = ["ensure", "find_published", "get", "replace", "set_slug"]


def ensure(connection: Connection, page: StatusPage) -> None:
    """Store a new page, without entries; where the account has one, that stays."""
    statement = insert_into(connection.dialect.name, status_pages).on_conflict_do_nothing()
    connection.execute(
        statement, {"account_id": page.account_id, "slug": page.slug, "key": page.key} | _values(page.settings)
    )


def get(connection: Connection, account_id: int, *, lock: bool = False) -> StatusPage | None:
    """The account's page; `lock` keeps others from changing it until the transaction ends."""
    query = _pages().where(status_pages.c.account_id == account_id)
    return _found(connection, query.with_for_update() if lock else query)


def find_published(connection: Connection, slug: str) -> StatusPage | None:
    """The page that the public finds there."""
    return _found(connection, _pages().where(status_pages.c.slug == slug, status_pages.c.is_published.is_(True)))


def replace(
    connection: Connection, account_id: int, settings: StatusPageSettings, logo: Logo | None, keys: Mapping[int, str]
) -> None:
    """Store the page's settings anew; `keys` names its entries by the monitor's id."""
    shown = {"logo": None, "logo_type": None} if logo is None else {"logo": logo.content, "logo_type": logo.media_type}
    connection.execute(
        update(status_pages).where(status_pages.c.account_id == account_id).values(_values(settings) | shown)
    )
    connection.execute(delete(status_entries).where(status_entries.c.account_id == account_id))
    rows = [
        {
            "account_id": account_id,
            "monitor_id": entry.monitor_id,
            "position": position,
            "key": keys[entry.monitor_id],
            "name": entry.name,
            "group": entry.group,
        }
        for position, entry in enumerate(settings.entries)
    ]
    if rows:
        connection.execute(status_entries.insert(), rows)


def set_slug(connection: Connection, account_id: int, slug: str) -> None:
    """Give the page another address."""
    connection.execute(update(status_pages).where(status_pages.c.account_id == account_id).values(slug=slug))


def _pages() -> Select[Any]:  # Any: columns of many types
    return select(status_pages)


def _found(connection: Connection, query: Select[Any]) -> StatusPage | None:  # Any: as above
    row = connection.execute(query).one_or_none()
    return None if row is None else _page(connection, row)


def _page(connection: Connection, row: AnyRow) -> StatusPage:
    entries = connection.execute(
        select(status_entries)
        .join(monitors, monitors.c.id == status_entries.c.monitor_id)
        .where(status_entries.c.account_id == row.account_id, monitors.c.removed_at.is_(None))
        .order_by(status_entries.c.position)
    ).all()
    settings = StatusPageSettings(
        title=row.title,
        text=row.text,
        is_published=row.is_published,
        entries=tuple(StatusEntry(monitor_id=each.monitor_id, name=each.name, group=each.group) for each in entries),
    )
    return StatusPage(
        account_id=row.account_id,
        slug=row.slug,
        key=row.key,
        settings=settings,
        logo=None if row.logo is None else Logo(content=bytes(row.logo), media_type=row.logo_type),
        entry_keys={each.monitor_id: each.key for each in entries},
    )


def _values(settings: StatusPageSettings) -> dict[str, object]:
    return {"title": settings.title, "text": settings.text, "is_published": settings.is_published}
