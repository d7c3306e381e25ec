"""The command `mailtrip` as a process of its own, in a clean environment."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["COMMAND", "Finished", "environment", "mailtrip", "started"]

COMMAND = str(Path(sys.executable).with_name("mailtrip"))
_LONGEST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    output: str
    errors: str


def environment(**variables: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests, and with these; monitors may use loopback servers."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAILTRIP_")}
    return inherited | {"MAILTRIP_ALLOW_NETWORKS": "loopback", "MAILTRIP_ALLOW_PORTS": "any"} | variables


async def mailtrip(
    *arguments: str | Path, variables: Mapping[str, str] | None = None, standard_input: str = ""
) -> Finished:
    """Run a command to its end."""
    async with started(*arguments, variables=variables) as process:
        async with asyncio.timeout(_LONGEST_SECONDS):
            output, errors = await process.communicate(standard_input.encode())
        return Finished(process.returncode or 0, output.decode(), errors.decode())


@asynccontextmanager
async def started(
    *arguments: str | Path, variables: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command that runs; killed at the end of the block if it is still there."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *map(str, arguments),
        env=environment(**(variables or {})),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
