"""The network policy in force, from the settings; and a word on monitors that it stops."""

from functools import partial

import structlog

from mailtrip.config import Settings
from mailtrip.model import MAIL_PORTS, NetworkPolicy
from mailtrip.service.destinations import forbidden_monitors
from mailtrip.store import Database

__all__ = ["make_policy", "warn_of_forbidden"]

_log = structlog.get_logger(__name__)

_MOST_NAMED = 10


def make_policy(settings: Settings) -> NetworkPolicy:
    """The policy for monitors: the mail ports, and what the administrator allows and refuses."""
    return NetworkPolicy(
        allow=settings.allow_networks,
        deny=settings.deny_networks,
        ports=(*MAIL_PORTS, *(range(span.first, span.last + 1) for span in settings.allow_ports)),
    )


async def warn_of_forbidden(database: Database, policy: NetworkPolicy) -> None:
    """Log how many enabled monitors will not be run, as far as that can be told without looking up a name."""
    forbidden = await database.reading(partial(forbidden_monitors, policy=policy))
    if forbidden:
        _log.warning(
            "the network policy forbids the servers of some monitors: their runs end as unknown, status 97",
            monitors=len(forbidden),
            first_ids=forbidden[:_MOST_NAMED],
            remedy="see allow_networks and allow_ports",
        )
