"""The public status page and its feed: nobody has to sign in, and all that is shown comes from `public_status`."""

import gzip
import hashlib
import re
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import NotFound
from mailtrip.service import public_status
from mailtrip.store import Connection
from mailtrip.web.calls import services_of, templates_of
from mailtrip.web.rendering import PAGE_HEADERS
from mailtrip.web.status_cache import FRESH, Shown, ShownPart
from mailtrip.web.status_feed import MEDIA_TYPE, write_feed
from mailtrip.web.status_view import INCIDENT_STATES, groups_of, headline, history_of

__all__ = ["routes"]

_SLUG: Final = re.compile(r"[A-Za-z0-9_-]{32}\Z")
_HEADERS: Final = {
    "Cache-Control": f"public, max-age={int(FRESH.total_seconds())}",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        Route("/status/{slug}", _read_page, methods=["GET"]),
        Route("/status/{slug}/feed", _read_feed, methods=["GET"]),
        Route("/status/{slug}/logo", _read_logo, methods=["GET"]),
    ]


async def _read_page(request: Request) -> Response:
    return _answer(request, (await _find(request)).page, PAGE_HEADERS)


async def _read_feed(request: Request) -> Response:
    return _answer(request, (await _find(request)).feed)


async def _read_logo(request: Request) -> Response:
    logo = (await _find(request)).logo
    if logo is None:
        raise NotFound("there is no logo")
    return _answer(request, logo)


async def _find(request: Request) -> Shown:
    slug = request.path_params["slug"]
    if not _SLUG.match(slug):
        raise NotFound("there is no such status page")
    services = services_of(request)
    work = partial(_make, request, slug)
    return await services.status_pages.find(slug, lambda: services.database.reading(work))


def _make(request: Request, slug: str, connection: Connection) -> Shown:
    status = public_status.find(connection, slug, now=services_of(request).clock.now())
    state, text = headline(status)
    values = {
        "status": status,
        "state": state,
        "headline": text,
        "groups": groups_of(status.entries),
        "open_incidents": [incident for incident in status.incidents if incident.resolved_at is None],
        "history": history_of(status),
        "incident_states": INCIDENT_STATES,
    }
    page = templates_of(request).render("status.html", values)
    return Shown(
        page=_part(page, "text/html; charset=utf-8"),
        feed=_part(write_feed(status), MEDIA_TYPE),
        logo=_part(status.logo.content, status.logo.media_type, compresses=False) if status.logo else None,
    )


def _part(content: bytes, media_type: str, *, compresses: bool = True) -> ShownPart:
    return ShownPart(
        content=gzip.compress(content, mtime=0) if compresses else content,
        media_type=media_type,
        etag=f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
        is_compressed=compresses,
    )


def _answer(request: Request, part: ShownPart, more: dict[str, str] | None = None) -> Response:
    headers = {**(more or {}), **_HEADERS, "ETag": part.etag}
    known = request.headers.get("if-none-match", "")
    if part.etag in (each.strip() for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = part.media_type
    if not part.is_compressed:
        return Response(part.content, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(part.content, headers=headers | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(part.content), headers=headers)
