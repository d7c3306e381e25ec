"""The event loop: uvloop where it is installed, asyncio's own elsewhere."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import TypeVar

__all__ = ["calm_garbage_collector", "run_async"]

T = TypeVar("T")

_YOUNG = 20_000
_YOUNG_PER_MIDDLE = 50
_MIDDLE_PER_FULL = 1000


def run_async(main: Coroutine[object, object, T]) -> T:
    """Run `main` to its end on a new event loop.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when `main` has been cancelled and has cleaned up.
    """
    calm_garbage_collector()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def calm_garbage_collector() -> None:
    """Let the process's garbage collector stop the event loop less often, and for less long.

    Its pauses go into what is measured: with 1,000 trips in flight a full collection took 100 ms, and the 99th
    percentile of a reply's error was 9 ms instead of 1. Trips leave few cycles behind, so little waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _YOUNG_PER_MIDDLE, _MIDDLE_PER_FULL)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 (an optional extra)
    except ImportError:
        return None
    return uvloop.new_event_loop
