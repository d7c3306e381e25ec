"""The dead man's switch of a running service."""

import httpx2

from mailtrip.bootstrap.web_client import open_web_client
from mailtrip.clock import Clock
from mailtrip.engine.heartbeat import Heartbeat, reason_to_be_silent
from mailtrip.engine.local import LocalEngine
from mailtrip.engine.outbox import Outbox

__all__ = ["beat"]

_SECONDS = 20.0


async def beat(url: str | None, engine: LocalEngine, outbox: Outbox, *, clock: Clock) -> None:
    """Ask for this address each minute while all works, until cancelled; without an address, do nothing."""
    if url is None:
        return
    async with open_web_client() as web:

        async def call() -> str | None:
            try:
                response = await web.get(url, timeout=_SECONDS)
            except httpx2.HTTPError as exc:
                return type(exc).__name__  # its text may have the address in it
            return None if response.is_success else f"HTTP {response.status_code}"

        def find_reason() -> str | None:
            return reason_to_be_silent(engine.health(), outbox_idle=outbox.pulse.idle)

        await Heartbeat(find_reason, call, clock=clock).run()
