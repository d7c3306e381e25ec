"""The edge of the service in force, from the settings."""

from mailtrip.api.edge_rules import EdgeRules
from mailtrip.api.proxies import Proxies, ProxyHeader
from mailtrip.config import CallRate, Settings
from mailtrip.config.edge import UNIX
from mailtrip.service.call_limits import CallLimits, Rate

__all__ = ["make_call_limits", "make_edge"]


def make_edge(settings: Settings) -> EdgeRules:
    """What the outermost layer of the API goes by."""
    networks = tuple(proxy for proxy in settings.trusted_proxies if not isinstance(proxy, str))
    return EdgeRules(
        proxies=Proxies(
            networks=networks,
            unix=UNIX in settings.trusted_proxies,
            header=ProxyHeader(settings.proxy_header),
        ),
        allowed_hosts=settings.allowed_hosts,
        cors_origins=settings.cors_origins,
        hsts_seconds=settings.hsts_seconds,
        request_seconds=settings.request_seconds,
        most_requests=settings.max_requests,
        most_requests_per_client=settings.max_requests_per_client,
    )


def make_call_limits(settings: Settings) -> CallLimits:
    """How often the API may be called."""
    return CallLimits(
        by_address=_rate(settings.rate_per_address),
        by_user=_rate(settings.rate_per_user),
        by_account=_rate(settings.rate_per_account),
    )


def _rate(rate: CallRate | None) -> Rate | None:
    return None if rate is None else Rate(per_second=rate.per_second, burst=rate.burst)
