"""The web client of the service: no proxies of the environment, no redirections, no connection that is kept."""

import httpx2

import mailtrip

__all__ = ["open_web_client"]


def open_web_client() -> httpx2.AsyncClient:
    """A client, to be closed by its caller."""
    return httpx2.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        limits=httpx2.Limits(max_keepalive_connections=0),
        headers={"User-Agent": f"Mailtrip/{mailtrip.__version__}"},
    )
