"""The web server: its bounds, its TLS, and one way to stop."""

import asyncio
import socket
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from mailtrip.api.gate import Gate
from mailtrip.api.proxies import Proxies
from mailtrip.bootstrap.http_protocol import LARGEST_HEAD, BoundedProtocol, Patience

__all__ = ["WebServer"]

_BACKLOG = 2048
_LAST_ANSWERS_SECONDS = 5
"""How long requests under way may take when the service stops."""
_IDLE_SECONDS = 65
"""How long a connection may wait for its next request: longer than proxies keep one (nginx: 60), so that they end it."""
_HANDSHAKE_SECONDS = 10


class WebServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process has one way to stop, and it is ours.

    Args:
        app: what it serves.
        tls: speaks TLS with this; None is plain HTTP.
        proxies: those in trust may open more connections than one client may.
        most_connections: open at once; half of them, at most, of one client.
        patience: with slow clients.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tls: ssl.SSLContext | None = None,
        proxies: Proxies = Proxies(),  # noqa: B008 (frozen)
        most_connections: int = 1000,
        patience: Patience = Patience(),  # noqa: B008 (frozen)
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                proxy_headers=False,  # would believe whoever comes from loopback; `api.proxies` sees to them
                log_config=None,
                access_log=False,
                server_header=False,
                h11_max_incomplete_event_size=LARGEST_HEAD,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
            )
        )
        self._tls = tls
        self._gate = Gate("connections", most=most_connections, most_per_client=most_connections // 2)
        self._proxies = proxies
        self._patience = patience

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Serve at these sockets; uvicorn's own way has no place for the protocol's bounds and the handshake's."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(
                self._connection,
                sock=listening,
                ssl=self._tls,
                backlog=_BACKLOG,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS if self._tls else None,
            )
            for listening in sockets or ()
        ]
        self.started = True

    def stop(self) -> None:
        """Have `serve` end, after the requests under way."""
        self.should_exit = True

    def _connection(self) -> BoundedProtocol:
        return BoundedProtocol(
            self.config,
            self.server_state,
            self.lifespan.state,
            gate=self._gate,
            proxies=self._proxies,
            patience=self._patience,
        )
