"""Alerts as JSON, posted to a web server: the vendor's method 16."""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx2

from mailtrip.alerts.render import fields_of
from mailtrip.model import AlertPackage, DeliveryAnswer

__all__ = ["FindAddresses", "Unreachable", "WebChannel"]

_SECONDS: Final = 20.0
_MOST_ANSWER: Final = 300
_SHORTEST_SECRET: Final = 4
"""Shorter ones would black out parts of ordinary words."""
_HIDDEN: Final = "(hidden)"
_PASSING: Final = frozenset({408, 425, 429})

FindAddresses = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host to which a connection may be made; raises Unreachable."""


class Unreachable(Exception):
    """There is no address to connect to; the text says why.

    Attributes:
        is_temporary: the same may work later.
    """

    def __init__(self, reason: str, *, is_temporary: bool) -> None:
        super().__init__(reason)
        self.is_temporary = is_temporary


class WebChannel:
    """Posts JSON; redirections are not followed, and proxies of the environment not used.

    Args:
        client: has no base URL, and opens no connection that it keeps.
        find_addresses: resolves and judges; the connection is made to what it gave, whatever the name says then.
    """

    def __init__(self, client: httpx2.AsyncClient, find_addresses: FindAddresses) -> None:
        self._client = client
        self._find_addresses = find_addresses

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery as one request; its `Idempotency-Key` is the same in all attempts."""
        try:
            url = httpx2.URL(package.recipient.settings.address)
            port = url.port or (443 if url.scheme == "https" else 80)
            addresses = await self._find_addresses(url.host, port)
        except httpx2.InvalidURL:
            return DeliveryAnswer(is_sent=False, text="the recipient's URL is none")
        except Unreachable as exc:
            return DeliveryAnswer(is_sent=False, text=str(exc), is_temporary=exc.is_temporary)
        answer = DeliveryAnswer(is_sent=False, text="the host has no address", is_temporary=True)
        for address in addresses:
            try:
                return await self._post(url, address, package)
            except httpx2.ConnectError as exc:
                answer = DeliveryAnswer(is_sent=False, text=f"{address}: {_words(exc)}", is_temporary=True)
            except httpx2.TransportError as exc:
                # The far end may have taken it: it goes again, under the same key.
                return DeliveryAnswer(is_sent=False, text=f"{address}: {_words(exc)}", is_temporary=True)
        return answer

    async def _post(self, url: httpx2.URL, address: str, package: AlertPackage) -> DeliveryAnswer:
        settings = package.recipient.settings
        login = None if settings.username is None else (settings.username, package.password or "")
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address, username=None, password=None),
            content=json.dumps(_body(package)).encode(),
            headers={
                "Host": url.netloc.decode("ascii"),
                "Content-Type": "application/json",
                "Idempotency-Key": package.delivery.key,
            },
            extensions={"sni_hostname": url.host, "timeout": httpx2.Timeout(_SECONDS).as_dict()},
        )
        response = await self._client.send(request, auth=login, stream=True, follow_redirects=False)
        try:
            said = await _beginning(response, _secrets(url, login))
        finally:
            await response.aclose()
        text = " ".join(f"HTTP {response.status_code} {said}".split())
        is_passing = response.status_code in _PASSING or response.status_code >= 500
        return DeliveryAnswer(is_sent=response.is_success, text=text, is_temporary=is_passing)


def _body(package: AlertPackage) -> dict[str, object]:
    """The fields of the first alert, as the vendor has them, and beside them all of those that are told together."""
    alerts = [fields_of(package, item) for item in package.items]
    return {**alerts[0], "alert_count": package.count, "alerts": alerts}


def _secrets(url: httpx2.URL, login: tuple[str, str] | None) -> list[str]:
    """What a server that repeats the request would tell of it, longest first: the login, and keys in the address."""
    found = {url.path, url.query.decode("ascii"), *url.path.split("/"), *url.params.values()}
    if login is not None:
        found |= {login[1], base64.b64encode(":".join(login).encode()).decode()}
    return sorted((each for each in found if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)


async def _beginning(response: httpx2.Response, secrets: Sequence[str]) -> str:
    """What the server says, without secrets: they are hidden before the text is cut, so that no part of one is left."""
    most = _MOST_ANSWER + max((len(secret.encode()) for secret in secrets), default=0)
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) >= most:
            break
    text = content[:most].decode("utf-8", "ignore")
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    for secret in secrets:  # one that is cut short where the reading ended
        begun = next((size for size in range(len(secret) - 1, 0, -1) if text.endswith(secret[:size])), 0)
        text = text[: len(text) - begun]
    return "".join(character if character.isprintable() else " " for character in text[:_MOST_ANSWER])


def _words(exc: httpx2.TransportError) -> str:
    return " ".join(str(exc).split()) or type(exc).__name__
