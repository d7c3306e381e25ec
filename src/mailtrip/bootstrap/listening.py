"""Where the service listens: a TCP port or a Unix socket, bound before anything else is started."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailtrip.config import ListenAddress, UnixAddress
from mailtrip.errors import ConfigurationError

__all__ = ["bind", "url_of"]

_BACKLOG = 2048
_OWNER_AND_GROUP = 0o117
"""What is masked out of the mode of a Unix socket: a proxy in the service's group may connect, others may not."""


@contextmanager
def bind(address: ListenAddress | UnixAddress) -> Iterator[socket.socket]:
    """The socket the service listens at; closed at the end, and the file of a Unix socket removed.

    Raises:
        ConfigurationError: the address is taken or is none of this machine's, or the file can't be made.
    """
    try:
        listening = _bind_unix(address.path) if isinstance(address, UnixAddress) else _bind_tcp(address)
    except OSError as exc:
        raise ConfigurationError(
            f"listen: can't listen at {address} ({exc.strerror or exc}); choose another address with --listen"
        ) from exc
    try:
        with listening:
            yield listening
    finally:
        if isinstance(address, UnixAddress):
            address.path.unlink(missing_ok=True)


def url_of(listening: socket.socket, *, has_tls: bool) -> str:
    """The address on this machine: of a web service, or `unix:/path`."""
    name = listening.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host, port, *_ = name
    address = ListenAddress({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)
    return f"{'https' if has_tls else 'http'}://{address}"


def _bind_tcp(address: ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)


def _bind_unix(path: Path) -> socket.socket:
    if _is_left_over(path):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(_OWNER_AND_GROUP)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(mask)
    listening.listen(_BACKLOG)
    return listening


def _is_left_over(path: Path) -> bool:
    """Whether it is the socket of a service that has ended without removing it."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False
