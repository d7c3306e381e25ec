"""A bound for what hostile input may cost, which a busy machine does not come near and quadratic work goes far beyond."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 10


@contextmanager
def bounded() -> Iterator[None]:
    """Fail when the work inside takes more than 10 s of this thread's CPU; in linear time it takes some hundredths."""
    began = time.thread_time()
    yield
    assert time.thread_time() - began < SECONDS
