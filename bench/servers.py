"""The benchmark's mail server in a process of its own, as the parts of the benchmark start it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from children import SERVER_CORE, Child

__all__ = ["ServerProcess"]


class ServerProcess:
    """A context manager: the server is there inside of it.

    Args:
        holds: moments ("auth", "dot") at which a reply is held back, for how many seconds, and how often not at first.
        reply_delay: seconds before each reply.
        is_punctual: burns its core to be on time, and tells how late it was.
        core: which one it is pinned to; None for any.
    """

    def __init__(
        self,
        *,
        holds: Sequence[tuple[str, float, int]] = (),
        reply_delay: float = 0.0,
        is_punctual: bool = False,
        core: int | None = SERVER_CORE,
    ) -> None:
        self._task = {
            "holds": [list(hold) for hold in holds],
            "reply_delay": reply_delay,
            "is_punctual": is_punctual,
        }
        self._core = core
        self._folder = tempfile.TemporaryDirectory(prefix="mailtrip-bench-")
        self._child: Child | None = None
        self._told: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._child = Child("mail_server.py", self._task, core=self._core)
        self._told = self._child.hear(60)
        self._ca_path.write_text(self._told["ca"], encoding="ascii")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.stop()
        self._folder.cleanup()

    def site(self, protocol: str, *, is_tls: bool) -> dict[str, Any]:
        """What a contender needs to know of it, as a part of its task."""
        return {
            "protocol": protocol,
            "is_tls": is_tls,
            "ports": self._told["ports"],
            "ca": self._told["ca"],
            "ca_path": str(self._ca_path),
        }

    def report(self) -> dict[str, float]:
        """What it has used and seen so far."""
        assert self._child is not None
        report: dict[str, float] = self._child.ask("report")
        return report

    @property
    def _ca_path(self) -> Path:
        return Path(self._folder.name, "ca.pem")
