"""The process that hands one alert to Apprise: it reads what to send from its input, and writes what came of it.

Apprise opens its connections itself, to addresses and in ways that its URLs decide. So it runs in a process of its own,
which ends with the alert, and has a guard over it: Python tells an audit hook of each connection, file and program before
it is opened, and the hook refuses what the network policy does not allow, and all that is no connection.
"""

import json
import logging
import mimetypes
import os
import resource
import sys
import sysconfig
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any, Final

import requests
from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode
from requests.models import Response

from mailtrip.model import NetworkPolicy

__all__: list[str] = []

_MOST_TEXT: Final = 4000
_MEMORY: Final = 1 << 30
_CPU_SECONDS: Final = 30
_READABLE: Final = tuple(
    f"{os.path.realpath(place)}{os.sep}" for place in {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib")}
)
_TIME_ZONES: Final = "/usr/share/zoneinfo/"
_READABLE_FILES: Final = frozenset({*mimetypes.knownfiles, "/etc/localtime"})
_PROGRAMS: Final = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.", "syslog.")
_CHANGES: Final = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown")


class _Refused(PermissionError):
    """What the guard does not allow."""


class _Guard:
    """Refuses connections that the policy forbids, files that are not Python's own, and programs.

    Attributes:
        refusals: what it has refused, in words.
    """

    def __init__(self, policy: NetworkPolicy) -> None:
        self._policy = policy
        self.refusals: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:  # Any: each event has its own
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            reason = self._judge(args[1])
        elif event == "open":
            reason = _judge_file(args[0], args[2])
        elif event.startswith((*_PROGRAMS, *_CHANGES)):
            reason = f"{event} is not allowed here"
        else:
            return
        if reason is not None:
            self.refusals.append(reason)
            raise _Refused(reason)

    def _judge(self, address: object) -> str | None:
        match address:
            case None:  # a socket that is connected already
                return None
            case (str() as host, int(), *_):
                try:
                    refusal = self._policy.refuse_address(host)
                except ValueError:
                    return "names are resolved before a connection is made"
                return None if refusal is None else f"the network policy forbids it: {refusal}"
            case _:
                return "only connections over IP are allowed"


def _judge_file(path: object, flags: object) -> str | None:
    if isinstance(path, int):
        return None
    name = os.path.realpath(os.fsdecode(path) if isinstance(path, str | bytes) else str(path))
    if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return "files are not written here"
    if name.startswith((*_READABLE, _TIME_ZONES)) or name in _READABLE_FILES:
        return None
    return "files are not read here"


class _Answers:
    """What web servers said."""

    def __init__(self) -> None:
        self.last: tuple[int, str] | None = None

    def recording(self, send: Callable[..., Response]) -> Callable[..., Response]:
        """The same, noted; Apprise itself tells only whether it went well."""

        def wrapped(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> Response:
            response = send(session, request, **options)
            said = "" if options.get("stream") else response.content[:_MOST_TEXT].decode("utf-8", "replace")
            self.last = response.status_code, said
            return response

        return wrapped


class _Lines(logging.Handler):
    """What Apprise says went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _main() -> None:
    order = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lines, answers = _Lines(), _Answers()
    logger = logging.getLogger("apprise")
    logger.addHandler(lines)
    logger.propagate = False
    requests.Session.send = answers.recording(requests.Session.send)  # type: ignore[method-assign]  # this process is ours
    allow, deny = (tuple(ip_network(each) for each in order[name]) for name in ("allow", "deny"))
    guard = _Guard(NetworkPolicy(allow=allow, deny=deny))
    sys.addaudithook(guard)
    is_known, is_sent = _send(order)
    status, said = answers.last or (None, "")
    result = {
        "is_known": is_known,
        "is_sent": is_sent,
        "status": status,
        "said": said[:_MOST_TEXT],
        "refusals": guard.refusals[:3],
        "lines": [line[:_MOST_TEXT] for line in lines.lines[-3:]],
    }
    sys.stdout.write(json.dumps(result))


def _send(order: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether Apprise knows the address, and whether all went well."""
    asset = AppriseAsset(app_id="Mailtrip", app_desc="Mailtrip", storage_mode=PersistentStoreMode.MEMORY)
    plugin = Apprise.instantiate(order["url"], asset=asset, suppress_exceptions=True)
    if plugin is None:
        return False, False
    sender = Apprise(asset=asset)
    sender.add(plugin)
    is_sent = sender.notify(
        title=order["title"], body=order["body"], notify_type=order["kind"], body_format=NotifyFormat.TEXT
    )
    return True, bool(is_sent)


if __name__ == "__main__":
    _main()
