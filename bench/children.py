"""Child processes of a benchmark: given one task, pinned to a core, heard in JSON lines, and ended for certain.

A child reads its task from the first line of its standard input, answers on its standard output, and ends when its
standard input does: it can't outlive the benchmark.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["CLIENT_CORE", "FOLDER", "SERVER_CORE", "Child", "answer", "receive_task"]

FOLDER = Path(__file__).resolve().parent
SERVER_CORE = 0
CLIENT_CORE = 1


class Child:
    """A process of one of the scripts in this folder; a context manager that ends it.

    Args:
        script: its file name.
        task: what it is to do; values that JSON can carry.
        core: which core it is pinned to, where the machine has it; None for any.
    """

    def __init__(self, script: str, task: Mapping[str, object], *, core: int | None = None) -> None:
        self._script = script
        self._process = subprocess.Popen(
            [sys.executable, str(FOLDER / script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.tell({**task, "core": core})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def tell(self, message: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def hear(self, seconds: float) -> Any:
        """Its next answer; whatever it says in JSON.

        Raises:
            RuntimeError: when it ended instead, or took longer than `seconds` and was killed.
        """
        assert self._process.stdout is not None
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            code = self._process.wait()
            raise RuntimeError(f"{self._script} ended with {code} before it answered (within {seconds:.0f} s)")
        return json.loads(line)

    def ask(self, question: str, seconds: float = 30.0) -> Any:
        """Ask a server child something; its answer."""
        self.tell(question)
        return self.hear(seconds)

    def stop(self) -> None:
        """End it: by the end of its input, else by force; safe to call twice."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def receive_task() -> dict[str, Any]:
    """In a child: the task, after pinning this process to the core it names."""
    line = sys.stdin.buffer.raw.readline()  # type: ignore[attr-defined]  # unbuffered: what follows is read elsewhere
    task: dict[str, Any] = json.loads(line)
    core = task.get("core")
    if core is not None and core in _cores():
        os.sched_setaffinity(0, {core})
    return task


def _cores() -> set[int]:
    """The cores this process may use; none where the system doesn't say."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def answer(message: object) -> None:
    """In a child: tell the benchmark."""
    print(json.dumps(message), flush=True)
