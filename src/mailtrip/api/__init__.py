"""The HTTP API: a thin shell over `service`."""

from mailtrip.api.app import create_app
from mailtrip.api.edge import Site
from mailtrip.api.services import Services

__all__ = ["Services", "Site", "create_app"]
