"""All routes of `/api/v1`, and the schemas they refer to."""

from typing import Final

from fastapi import APIRouter

from mailtrip.api.native import audit, health, objects, runs, tokens

__all__ = ["COMPONENTS", "MODELS", "router"]

COMPONENTS: Final = tokens.COMPONENTS

MODELS: Final = (objects.RunList, objects.RunObject, objects.RunTicket, health.HealthObject, audit.AuditList)


def router() -> APIRouter:
    """Our own operations."""
    routes = APIRouter()
    for part in (runs, tokens, audit, health):
        routes.include_router(part.router())
    return routes
