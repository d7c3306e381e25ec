"""A real web server on loopback that keeps what is posted to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

__all__ = ["Receiver", "serving"]


@dataclass
class Receiver:
    """What it answers, and what it got.

    Attributes:
        before_answer: called when what is posted is whole.
        asked: paths of GET.
        taken: path, headers and JSON, or form, of each POST.
    """

    port: int
    status: int = 204
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)  # Any: JSON of any shape


@contextmanager
def serving() -> Iterator[Receiver]:
    """A receiver that listens as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            is_form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            body = dict(parse_qsl(content.decode(), strict_parsing=True)) if is_form else json.loads(content)
            kept.taken.append((self.path, dict(self.headers), body))
            kept.before_answer()
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(kept.answer)

        def do_GET(self) -> None:
            kept.asked.append(self.path)
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
