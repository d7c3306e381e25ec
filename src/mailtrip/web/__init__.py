"""The dashboard: server-rendered pages over `service`, each usable without script."""

from mailtrip.web.services import WebServices
from mailtrip.web.site import Dashboard

__all__ = ["Dashboard", "WebServices"]
