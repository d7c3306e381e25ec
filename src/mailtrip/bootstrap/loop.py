"""The event loop: uvloop where it is installed, asyncio's own elsewhere."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

__all__ = ["run_async"]

T = TypeVar("T")


def run_async(main: Coroutine[object, object, T]) -> T:
    """Run `main` to its end on a new event loop.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when `main` has been cancelled and has cleaned up.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 (an optional extra)
    except ImportError:
        return None
    return uvloop.new_event_loop
