"""Alerts through Apprise, which knows the ways of a hundred services; each in a process of its own."""

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from mailtrip.alerts.wording import wording_of
from mailtrip.model import AlertKind, AlertPackage, DeliveryAnswer, NetworkPolicy

__all__ = ["AppriseChannel"]

_MODULE: Final = "mailtrip.alerts.channels.apprise_process"
_SECONDS: Final = 45.0
_MOST_AT_ONCE: Final = 4
_MOST_ANSWER: Final = 300
_SHORTEST_SECRET: Final = 4
_HIDDEN: Final = "(hidden)"
_PASSING: Final = frozenset({408, 425, 429})
_KINDS: Final = {
    AlertKind.ERROR: "failure",
    AlertKind.REMINDER: "failure",
    AlertKind.CLEAR: "success",
    AlertKind.DELAYED: "warning",
    AlertKind.TEST: "info",
}


class AppriseChannel:
    """Sends by the recipient's Apprise URL, which is its password; at most four at once.

    Args:
        policy: where Apprise may connect, at any port.
        public_url: the service's address, for links.
        seconds: after which an attempt is ended.
    """

    def __init__(self, policy: NetworkPolicy, *, public_url: str | None, seconds: float = _SECONDS) -> None:
        self._policy = policy
        self._public_url = public_url
        self._seconds = seconds
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery; services know no key by which they could tell that it came twice."""
        url = package.password
        if url is None:
            return DeliveryAnswer(is_sent=False, text="the recipient's Apprise URL can't be read", is_temporary=True)
        wording = await asyncio.to_thread(wording_of, package, public_url=self._public_url)
        order = {
            "url": url,
            "title": wording.subject,
            "body": wording.text,
            "kind": _KINDS.get(package.items[0].alert.kind, "warning"),
            "allow": [str(network) for network in self._policy.allow],
            "deny": [str(network) for network in self._policy.deny],
        }
        async with self._room:
            output = await self._run(json.dumps(order).encode())
        if output is None:
            return DeliveryAnswer(is_sent=False, text=f"no answer within {self._seconds:g} s", is_temporary=True)
        try:
            result = json.loads(output)
        except ValueError:
            return DeliveryAnswer(is_sent=False, text="Apprise ended without a word", is_temporary=True)
        return _answer(result, _secrets(url))

    async def _run(self, order: bytes) -> bytes | None:
        """What the process wrote; None where its time was over. Nothing of the order is in its arguments or environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-m", _MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
        try:
            async with asyncio.timeout(self._seconds):
                output, _ = await process.communicate(order)
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return output


def _environment() -> dict[str, str]:
    """No proxies and no keys: only where the operator's own certificate authorities are."""
    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    return {"LANG": "C.UTF-8"} | ({} if authorities is None else {"REQUESTS_CA_BUNDLE": authorities})


def _answer(result: Any, secrets: Sequence[str]) -> DeliveryAnswer:  # Any: JSON of our own
    status = result["status"]
    if result["refusals"] and not result["is_sent"]:  # our own words, with nothing of the URL but an address
        return DeliveryAnswer(is_sent=False, text=result["refusals"][0])
    if result["is_sent"]:
        text = "sent" if status is None else f"HTTP {status} {result['said']}"
    elif not result["is_known"]:
        text = " ".join(["Apprise does not take this URL.", *result["lines"]])
    elif status is not None:
        text = f"HTTP {status} {result['said']}"
    else:
        text = " ".join(result["lines"]) or "Apprise could not send it"
    is_final = not result["is_known"] or _is_final(status)
    return DeliveryAnswer(
        is_sent=result["is_sent"], text=_shown(text, secrets), is_temporary=not (result["is_sent"] or is_final)
    )


def _is_final(status: int | None) -> bool:
    """Also where Apprise is not content with what it reads in a 200: the service has taken what was sent."""
    return status is not None and status < 500 and status not in _PASSING


def _secrets(url: str) -> list[str]:
    """What may be a key in an Apprise URL: all of it, and each of its parts, longest first."""
    rest = url.partition("://")[2]
    try:
        parts = urlsplit(url)
        login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    except ValueError:
        parts, login = urlsplit(""), ""
    pieces = {url, rest, parts.netloc, parts.username or "", parts.password or ""}
    for separator in "/?&=@:":
        pieces |= {piece for each in tuple(pieces) for piece in each.split(separator)}
    pieces |= {other for piece in pieces for other in (unquote(piece), quote(piece, safe=""))}
    pieces |= {base64.b64encode(login.encode()).decode()}
    pieces -= {url.partition("://")[0]}
    return sorted((piece for piece in pieces if len(piece) >= _SHORTEST_SECRET), key=len, reverse=True)


def _shown(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = re.sub(re.escape(secret), _HIDDEN, text, flags=re.IGNORECASE)
    line = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(line.split())[:_MOST_ANSWER]
