"""The application: routes put together, exceptions turned into answers, the description (OpenAPI) completed."""

import re
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from mailtrip.api.alertsite import routes as alertsite
from mailtrip.api.edge import Edge, Site
from mailtrip.api.errors import NOT_FOUND, answer_for, error_response, method_not_allowed
from mailtrip.api.native import routes as native
from mailtrip.api.openapi import ERRORS_SCHEMA, complete, model_schemas, without_validation_error
from mailtrip.api.services import Services
from mailtrip.errors import MailtripError, Unavailable

__all__ = ["create_app"]

_DESCRIPTION: Final = """\
Mailtrip monitors mail delivery. Below `/api/v3` it speaks AlertSite Management API v3, so that scripts written for it go
on working with another base URL; fields and operations of our own are marked (+) in the reference. Below `/report-api` is
the part of the vendor's older report API that scripts use. Below `/api/v1` is what the vendor has no words for.

Ask for an access token with `POST /api/v3/access-tokens`, and send it as `Authorization: Bearer <token>`. A program can send
an API token in its place, made with `POST /api/v1/tokens`, which needs no login and does not expire unless told.
Each answer that is no success is a JSON object with a list `errors`.
"""

_OPENAPI_URL: Final = "/api/openapi.json"


def create_app(services: Services, *, site: Site | None = None) -> FastAPI:
    """The API as an ASGI application, with the dashboard beside it; it opens and closes nothing itself."""
    app = _API(
        title="Mailtrip",
        version=services.version,
        description=_DESCRIPTION,
        openapi_url=_OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        middleware=[
            Middleware(Edge, rules=services.edge, limits=services.call_limits, clock=services.clock, site=site)
        ],
        exception_handlers={
            MailtripError: _on_error,
            HTTPException: _on_http_exception,
        },
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.include_router(alertsite.router(), prefix="/api/v3")
    app.include_router(alertsite.report_router(), prefix="/report-api")
    app.include_router(native.router(), prefix="/api/v1")
    app.state.methods = _methods_by_path(app)
    return app


class _API(FastAPI):
    """FastAPI with the schemas that our own tables of fields make, and without the answers we never give."""

    def openapi(self) -> dict[str, Any]:  # Any: OpenAPI objects of many shapes
        if self.openapi_schema is None:
            schema = super().openapi()
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            components.update(alertsite.COMPONENTS | native.COMPONENTS)
            components.update(model_schemas(native.MODELS), Errors=ERRORS_SCHEMA)
            self.openapi_schema = complete(without_validation_error(schema))
        return self.openapi_schema


def _methods_by_path(app: FastAPI) -> list[tuple[re.Pattern[str], frozenset[str]]]:
    """Which methods each path knows; the variable parts of paths are numbers, of customers with a `C`, or guids."""
    paths = {path: frozenset(method.upper() for method in found) for path, found in app.openapi()["paths"].items()}
    paths[_OPENAPI_URL] = frozenset({"GET"})
    return [(_path_pattern(path), methods) for path, methods in paths.items()]


def _path_pattern(path: str) -> re.Pattern[str]:
    fixed = re.split(r"\{\w+\}", path)
    return re.compile("(?:C?[0-9]+|[0-9a-f]{32})".join(re.escape(part) for part in fixed) + r"\Z")


async def _on_error(request: Request, error: Exception) -> Response:
    if isinstance(error, Unavailable):
        structlog.get_logger("mailtrip.api").warning("database unavailable", path=request.url.path, reason=str(error))
    if not isinstance(error, MailtripError):
        raise error
    return answer_for(error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answer an unknown path or a wrong method; nothing else of the framework's own is raised."""
    if not isinstance(error, HTTPException) or error.status_code not in {404, 405}:
        raise error
    path = request.url.path
    allowed = {method for pattern, methods in request.app.state.methods if pattern.match(path) for method in methods}
    if allowed and request.method not in allowed:
        return method_not_allowed(request.method, sorted(allowed))
    return error_response(404, [NOT_FOUND])
