"""What the API is given to work with; `bootstrap` fills it in, tests fill in their own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mailtrip.api.alertsite.monitor_texts import MonitorTexts
from mailtrip.api.edge_rules import EdgeRules
from mailtrip.clock import Clock
from mailtrip.model import NetworkPolicy
from mailtrip.service.api_tokens import TokenUses
from mailtrip.service.call_limits import CallLimits
from mailtrip.service.health import Health
from mailtrip.service.ports import DatabasePort, RunQueue, Secrets
from mailtrip.service.tokens import LoginLimiter

__all__ = ["Services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a request may use.

    Attributes:
        new_token: makes the token of a test run's message.
        queue: told of each test run that was ordered, after its row is committed.
        health: raises `Unavailable` when nobody can tell.
        policy: where monitors may connect.
        body_seconds: how long a client may take to send a body.
        token_uses: told of each use of an API token.
        edge: what the outermost layer goes by.
        call_limits: how often the API may be called; none unless given.
        monitor_texts: what lists of monitors wrote before.
        login_gate: how many passwords are looked at at once: each look costs memory and a processor for 30 ms.
    """

    database: DatabasePort
    secrets: Secrets = field(repr=False)
    new_token: Callable[[], str]
    queue: RunQueue
    clock: Clock
    limiter: LoginLimiter
    health: Callable[[], Awaitable[Health]]
    version: str
    policy: NetworkPolicy = field(default_factory=NetworkPolicy)
    body_seconds: float = 30.0
    edge: EdgeRules = field(default_factory=EdgeRules)
    call_limits: CallLimits = field(default_factory=CallLimits)
    token_uses: TokenUses = field(default_factory=TokenUses)
    monitor_texts: MonitorTexts = field(default_factory=MonitorTexts, repr=False)
    login_gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
