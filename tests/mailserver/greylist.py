"""A policy service for Postfix (SMTPD_POLICY_README): puts off each sender and recipient until they come again."""

import socketserver
import threading
import time
from types import TracebackType
from typing import Self

__all__ = ["Greylist"]

_SECONDS = 5.0
"""How long a newcomer is put off."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.first_seen: dict[tuple[str, str], float] = {}

    def decide(self, sender: str, recipient: str) -> str:
        now = time.monotonic()
        first = self.first_seen.setdefault((sender, recipient), now)
        return "dunno" if now - first >= _SECONDS else "450 4.2.0 greylisted, please try again later"


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, _, value = line.decode("utf-8", "replace").strip().partition("=")
            if name:
                asked[name] = value
                continue
            decision = self.server.decide(asked.get("sender", ""), asked.get("recipient", ""))
            self.wfile.write(f"action={decision}\n\n".encode())
            asked = {}


class Greylist:
    """A context manager that listens on a free loopback port."""

    def __init__(self) -> None:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
