"""Alerts that are posted to a web server: the vendor's JSON and forms, and signed JSON of our own."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import httpx2

from mailtrip.alerts.document import document_of
from mailtrip.alerts.render import fields_of, notes_of
from mailtrip.alerts.signature import signature_headers, signing_key
from mailtrip.alerts.wording import wording_of
from mailtrip.model import AlertPackage, DeliveryAnswer

__all__ = [
    "FindAddresses",
    "SignedRequests",
    "Unreachable",
    "WebChannel",
    "WebRequest",
    "form_request",
    "vendor_request",
]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequest:
    """What is posted.

    Attributes:
        content: JSON, unless `media_type` says otherwise.
        headers: beside those that every request has.
        login: user name and password, for Basic authentication.
    """

    content: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    login: tuple[str, str] | None = field(default=None, repr=False)


class WebChannel:
    """Posts; redirections are not followed, and proxies of the environment not used.

    Args:
        client: has no base URL, and opens no connection that it keeps.
        find_addresses: resolves and judges; the connection is made to what it gave, whatever the name says then.
        compose: makes what is posted; raises ValueError, with the reason, where it can't.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        find_addresses: FindAddresses,
        compose: Callable[[AlertPackage], WebRequest],
    ) -> None:
        self._client = client
        self._find_addresses = find_addresses
        self._compose = compose

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery as one request; its `Idempotency-Key` is the same in all attempts."""
        try:
            composed = await asyncio.to_thread(self._compose, package)
        except ValueError as exc:
            return DeliveryAnswer(is_sent=False, text=str(exc), is_temporary=True)
        try:
            url = _url_of(package)
            port = url.port or (443 if url.scheme == "https" else 80)
            addresses = await self._find_addresses(url.host, port)
        except httpx2.InvalidURL as exc:
            return DeliveryAnswer(is_sent=False, text=str(exc))
        except Unreachable as exc:
            return DeliveryAnswer(is_sent=False, text=str(exc), is_temporary=exc.is_temporary)
        answer = DeliveryAnswer(is_sent=False, text="the host has no address", is_temporary=True)
        for address in addresses:
            try:
                return await self._post(url, address, package.delivery.key, composed)
            except httpx2.ConnectError as exc:
                answer = DeliveryAnswer(is_sent=False, text=f"{address}: {_words(exc)}", is_temporary=True)
            except httpx2.TransportError as exc:
                # The far end may have taken it: it goes again, under the same key.
                return DeliveryAnswer(is_sent=False, text=f"{address}: {_words(exc)}", is_temporary=True)
        return answer

    async def _post(self, url: httpx2.URL, address: str, key: str, composed: WebRequest) -> DeliveryAnswer:
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address, username=None, password=None),
            content=composed.content,
            headers={
                "Host": url.netloc.decode("ascii"),
                "Content-Type": composed.media_type,
                "Idempotency-Key": key,
                **composed.headers,
            },
            extensions={"sni_hostname": url.host, "timeout": httpx2.Timeout(_SECONDS).as_dict()},
        )
        response = await self._client.send(request, auth=composed.login, stream=True, follow_redirects=False)
        try:
            said = await _beginning(response, _secrets(url, composed.login))
        finally:
            await response.aclose()
        text = " ".join(f"HTTP {response.status_code} {said}".split())
        is_passing = response.status_code in _PASSING or response.status_code >= 500
        return DeliveryAnswer(is_sent=response.is_success, text=text, is_temporary=is_passing)


def vendor_request(package: AlertPackage) -> WebRequest:
    """The fields of the first alert, as the vendor has them, and beside them all of those that are told together."""
    alerts = [fields_of(package, item) for item in package.items]
    return WebRequest(
        content=json.dumps(
            {**alerts[0], "alert_count": package.count, "notes": notes_of(package), "alerts": alerts}
        ).encode(),
        login=_login(package),
    )


def form_request(package: AlertPackage) -> WebRequest:
    """The same fields of the first alert as a form (`application/x-www-form-urlencoded`), for the vendor's method 10."""
    fields = {name: value for name, value in fields_of(package, package.items[0]).items() if isinstance(value, str)}
    fields |= {"alert_count": str(package.count), "notes": " ".join(notes_of(package))}
    return WebRequest(
        content=urlencode(fields).encode(), media_type="application/x-www-form-urlencoded", login=_login(package)
    )


class SignedRequests:
    """Makes signed documents.

    Args:
        now: tells the time of an attempt.
        public_url: the service's address, for links.
    """

    def __init__(self, now: Callable[[], datetime], *, public_url: str | None) -> None:
        self._now = now
        self._public_url = public_url

    def compose(self, package: AlertPackage) -> WebRequest:
        """The same content in all attempts, signed with the recipient's secret; raises ValueError where it has none."""
        key = signing_key(package.password or "")
        at = package.delivery.created_at
        wording = wording_of(package, public_url=self._public_url)
        document = document_of(package, public_url=self._public_url)
        document |= {"subject": wording.subject, "text": wording.text}
        content = json.dumps({"type": "alert", "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "data": document}).encode()
        headers = signature_headers(key, message_id=package.delivery.key, at=self._now(), content=content)
        return WebRequest(content=content, headers=headers)


def _url_of(package: AlertPackage) -> httpx2.URL:
    """Raises InvalidURL, whose text has nothing of it."""
    address = package.recipient.settings.address
    if not address:
        raise httpx2.InvalidURL("the recipient's web address was sealed with another key; give it again")
    try:
        return httpx2.URL(address)
    except httpx2.InvalidURL:
        raise httpx2.InvalidURL("the recipient's web address is none; give it again") from None


def _login(package: AlertPackage) -> tuple[str, str] | None:
    username = package.recipient.settings.username
    return None if username is None else (username, package.password or "")


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
