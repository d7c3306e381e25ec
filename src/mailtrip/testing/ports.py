"""Ports for tests: one where nobody listens, and one where nobody answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["black_hole", "free_port"]


def free_port(host: str = "127.0.0.1") -> int:
    """A port where nobody listens: a connection to it is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def black_hole(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that swallows connections: its queue is full, so a new one is neither accepted nor refused (on Linux)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((host, 0))
        listener.listen(0)
        with socket.create_connection(listener.getsockname()[:2]):
            yield listener.getsockname()[1]
