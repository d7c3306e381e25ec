"""What the outermost layer goes by; `bootstrap` makes it from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailtrip.api.proxies import Proxies

__all__ = ["EdgeRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRules:
    """What the outermost layer goes by.

    Attributes:
        proxies: whose word on where a request comes from counts.
        allowed_hosts: names and addresses that the service is asked by, in lower case, without ports; empty for any.
        cors_origins: of pages that may call the API, as browsers write them.
        hsts_seconds: for how long browsers are told to use TLS only; 0 tells them nothing.
        request_seconds: how long a request may take, from its head to the end of its answer.
        most_requests: under way at once.
        most_requests_per_client: likewise, of one address.
    """

    proxies: Proxies = field(default_factory=Proxies)
    allowed_hosts: Sequence[str] = ()
    cors_origins: Sequence[str] = ()
    hsts_seconds: int = 31_536_000
    request_seconds: float = 60.0
    most_requests: int = 500
    most_requests_per_client: int = 100
