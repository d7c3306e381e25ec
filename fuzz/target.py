"""One target: fuzzed with atheris, or played once for each file that is named, without it.

python -m fuzz.target NAME FILE...          plays these inputs, as a finding is reproduced
python -m fuzz.target NAME --fuzz OPTION... fuzzes with these options of libFuzzer, its corpus folders among them
"""

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fuzz.inputs import LARGE

__all__ = ["main"]

_MOST_SECONDS = 2.0
"""Of the processor's time for one input: a hundred times what the slowest sound one needs, instrumented."""


def main(arguments: list[str]) -> int:
    name, *rest = arguments
    if rest[:1] == ["--fuzz"]:
        _fuzz(name, rest[1:])
    for path in rest:
        print(f"{name}: {path}", flush=True)
        _timed(_load(name))(Path(path).read_bytes())
    return 0


def _load(name: str) -> Callable[[bytes], None]:
    from fuzz.targets import TARGETS  # noqa: PLC0415  # behind the instrumentation of what it imports

    return TARGETS[name]


def _fuzz(name: str, options: list[str]) -> None:
    atheris = importlib.import_module("atheris")  # a finding is reproduced without it
    with atheris.instrument_imports(include=["mailtrip.mail", "mailtrip.probe", "email"]):
        target = _load(name)
    atheris.Setup([f"fuzz.target {name}", *options], _timed(target))
    atheris.Fuzz()


def _timed(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def timed(data: bytes) -> None:
        began = time.thread_time()
        target(data)
        spent = time.thread_time() - began
        assert spent <= _MOST_SECONDS, f"{spent:.1f} s for an input of at most {max(len(data), LARGE)} bytes"

    return timed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
