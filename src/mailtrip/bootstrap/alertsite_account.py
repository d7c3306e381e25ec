"""Reads the mail monitors of an account at the vendor's API, or at one that is compatible with it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing, closing
from datetime import timedelta
from typing import Final

import httpx2

from mailtrip.alerts.channels.web import Unreachable
from mailtrip.api.alertsite.monitor_wire import parse_monitor
from mailtrip.bootstrap.alerts import Finder
from mailtrip.bootstrap.web_client import open_web_client
from mailtrip.errors import Fault, InvalidInput, RateLimited
from mailtrip.mail.resolve import Resolver
from mailtrip.model import MonitorType, NetworkPolicy
from mailtrip.web.services import AccountLogin, ForeignMonitor

__all__ = ["AlertSiteAccount", "read_foreign"]

_SECONDS: Final = 30.0
_LARGEST: Final = 4_194_304
_MOST_AT_ONCE: Final = 3
_TYPES: Final = tuple(str(each) for each in MonitorType)
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_OF_THEIR_ACCOUNT: Final = frozenset(
    {"location_ids", "home_location_id", "mode", "locations_per_run", "rotate_locations"}
)
"""Settings that mean something in the other account only."""


class AlertSiteAccount:
    """Reads accounts; what it logs in with is used once and kept nowhere.

    Args:
        policy: which addresses may be connected to, whatever a name leads to.
    """

    def __init__(self, policy: NetworkPolicy) -> None:
        self._policy = policy
        self._under_way = 0

    async def read(self, login: AccountLogin) -> Sequence[Mapping[str, object]]:
        """The monitors of the types that there are here, as the account shows them.

        Raises:
            InvalidInput: the account can't be read; the fault names `url`, `username` or `token`.
            RateLimited: too many accounts are being read.
        """
        if self._under_way >= _MOST_AT_ONCE:
            raise RateLimited("too many accounts are being read", retry_after=timedelta(seconds=10))
        self._under_way += 1
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._read(login)
        except TimeoutError:
            raise _fault("url", f"gave no whole answer within {_SECONDS:.0f} s; try again later") from None
        finally:
            self._under_way -= 1

    async def _read(self, login: AccountLogin) -> Sequence[Mapping[str, object]]:
        base = _base(login.url)
        with closing(Resolver(threads=1)) as resolver:
            try:
                addresses = await Finder(resolver, self._policy).find(base.host, base.port or _port(base))
            except Unreachable as exc:
                raise _fault("url", f"can't be reached: {exc}") from None
        async with open_web_client() as client:
            account = _Conversation(client, base, addresses[0])
            token = login.token or await account.log_in(login)
            query = f"type={','.join(_TYPES)}"
            return _monitors(await account.ask("GET", f"/monitors?{query}", token=token))


class _Conversation:
    """Requests to one address, under the name that was given."""

    def __init__(self, client: httpx2.AsyncClient, base: httpx2.URL, address: str) -> None:
        self._client = client
        self._base = base
        self._address = address

    async def log_in(self, login: AccountLogin) -> str:
        """A token of the account."""
        body = json.dumps({"username": login.username, "password": login.password}).encode()
        answer = await self.ask("POST", "/access-tokens", body=body)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not (isinstance(token, str) and token.isascii() and token.isprintable()):
            raise _fault("url", "is no API of AlertSite: it gave no access token")
        return token

    async def ask(self, method: str, path: str, *, body: bytes | None = None, token: str | None = None) -> object:
        """The JSON of an answer."""
        url = httpx2.URL(f"{str(self._base).rstrip('/')}{path}").copy_with(host=self._address)
        headers = {"Host": self._base.netloc.decode("ascii"), "Accept": "application/json"}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        headers |= {"Authorization": f"Bearer {token}"} if token is not None else {}
        extensions = {"sni_hostname": self._base.host, "timeout": httpx2.Timeout(_SECONDS).as_dict()}
        request = self._client.build_request(method, url, content=body, headers=headers, extensions=extensions)
        try:
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                content = await _content(response)
            finally:
                await response.aclose()
        except (httpx2.TransportError, httpx2.DecodingError) as exc:
            raise _fault("url", f"can't be read: {type(exc).__name__}") from None
        if response.status_code in {400, 401, 403}:
            field = "username" if method == "POST" else "token"
            raise _fault(field, f"is refused there (status {response.status_code}); compare it, and its password")
        if response.status_code != 200:
            raise _fault("url", f"answered with status {response.status_code}; an API of AlertSite answers with 200")
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise _fault("url", "is no API of AlertSite: its answer is no JSON") from None


def read_foreign(item: Mapping[str, object]) -> ForeignMonitor:
    """A monitor as another account shows it, read for one of ours; raises InvalidInput for one of another type."""
    type_ = next((each for each in MonitorType if each == item.get("type")), None)
    if type_ is None:
        raise _fault("type", "is none of those that there are here")
    parsed = parse_monitor(item, type_, create=True)
    changes = {name: value for name, value in parsed.settings.items() if name not in _OF_THEIR_ACCOUNT}
    return ForeignMonitor(type=type_, changes=changes, faults=parsed.faults)


def _base(text: str) -> httpx2.URL:
    """The URL of an API; HTTP is for one on this machine, as a password goes there."""
    try:
        url = httpx2.URL(text.strip())
    except httpx2.InvalidURL:
        raise _fault("url", "is no URL; write one like https://api.alertsite.com/api/v3") from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and url.host in _LOCAL)
    if not is_safe or not url.host or url.userinfo or url.query or url.fragment:
        raise _fault("url", "is not taken; write one with https and a path only, like https://api.alertsite.com/api/v3")
    return url


def _port(url: httpx2.URL) -> int:
    return 443 if url.scheme == "https" else 80


async def _content(response: httpx2.Response) -> bytes:
    content = bytearray()
    async with aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            content += chunk
            if len(content) > _LARGEST:
                raise _fault("url", f"answered with more than {_LARGEST >> 20} MiB")
    return bytes(content)


def _monitors(answer: object) -> Sequence[Mapping[str, object]]:
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise _fault("url", "is no API of AlertSite: it gave no list of monitors")
    return [item for item in results if isinstance(item, dict) and item.get("type") in _TYPES]


def _fault(field: str, text: str) -> InvalidInput:
    return InvalidInput([Fault(field, text)])
