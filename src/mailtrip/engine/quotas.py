"""How many messages each sender may still send over its provider: decisions only, no waiting, no clock."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip.engine.ports import RecentRun, RunJob
from mailtrip.model import Provider, Providers, Run, RunKind

__all__ = ["WINDOW", "Quotas", "SenderQuota"]

WINDOW = timedelta(hours=1)
_MOST_SENDERS = 10_000
_Key = tuple[int, datetime, RunKind]


@dataclass(slots=True, kw_only=True)
class _Share:
    """A monitor that sends in the name of a sender: how often, its last slot, and when its next message is due."""

    interval: timedelta
    slot: datetime
    due: datetime | None = None


class SenderQuota:
    """The messages of one sender within an hour of slots.

    Slots are what is counted, not the moments of sending: a plan that fits the limit exactly is never held up by a
    message that went out some milliseconds late. Where the plan of the sender's monitors is beyond the limit, it is
    thinned out, for all of them alike: none is blind for the rest of the hour, and none always.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sent: OrderedDict[_Key, datetime] = OrderedDict()
        self._shares: dict[int, _Share] = {}

    @property
    def planned(self) -> float:
        """Messages an hour by the plan of the monitors that were due within the last hour."""
        return sum(WINDOW / share.interval for share in self._shares.values())

    @property
    def is_overbooked(self) -> bool:
        """Whether the plan is beyond the limit."""
        return self.planned > self._limit

    def take(self, run: Run, interval: timedelta) -> bool:
        """Count a run's message; False, and not counted, where there is no room for it.

        Args:
            run: which; tests and rechecks only need room, as they follow no plan.
            interval: of its monitor.
        """
        self._forget(run.slot)
        share = self._share(run, interval)
        if len(self._sent) >= self._limit:
            return False
        is_early = share is not None and share.due is not None and run.slot < share.due
        if is_early and self.is_overbooked:
            return False
        self._count(run, share)
        return True

    def give_back(self, run: Run) -> None:
        """The run sent nothing after all."""
        self._sent.pop(_key(run), None)

    def learn(self, runs: Sequence[tuple[Run, timedelta, bool]]) -> None:
        """Take note of runs of an earlier process, by slot: each with its monitor's interval, and whether it counts."""
        shares = [self._share(run, interval) for run, interval, _ in runs]
        for (run, _, is_counted), share in zip(runs, shares, strict=True):
            if is_counted:
                self._count(run, share)

    def _forget(self, now: datetime) -> None:
        while self._sent and next(iter(self._sent.values())) <= now - WINDOW:
            self._sent.popitem(last=False)
        self._shares = {
            id_: share for id_, share in self._shares.items() if now - share.slot <= max(WINDOW, share.interval)
        }

    def _share(self, run: Run, interval: timedelta) -> _Share | None:
        if run.kind is not RunKind.SCHEDULED:
            return None
        share = self._shares.get(run.monitor_id)
        if share is None or share.interval != interval:
            share = self._shares[run.monitor_id] = _Share(interval=interval, slot=run.slot)
        share.slot = run.slot
        return share

    def _count(self, run: Run, share: _Share | None) -> None:
        self._sent[_key(run)] = run.slot
        if share is None:
            return
        step = share.interval * max(1.0, self.planned / self._limit)
        # What a slot was late is given to the next one, so that the share comes out right in the long run.
        is_in_step = share.due is not None and timedelta(0) <= run.slot - share.due < step
        share.due = (share.due if is_in_step and share.due is not None else run.slot) + step


class Quotas:
    """The quotas of all senders over all providers that limit messages; a sender counts at each provider apart."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._quotas: OrderedDict[tuple[str, str], SenderQuota] = OrderedDict()

    def is_limited(self, smtp_host: str) -> bool:
        """Whether the provider of an SMTP host limits messages."""
        return self._providers.of(smtp_host).messages_per_hour is not None

    def learn(self, recent: Sequence[RecentRun]) -> None:
        """Take note of the runs of an earlier process within the last hour, oldest slot first."""
        found: dict[SenderQuota, list[tuple[Run, timedelta, bool]]] = {}
        for each in recent:
            quota = self._quota(self._providers.of(each.smtp_host), each.sender)
            if quota is not None:
                found.setdefault(quota, []).append((each.run, each.interval, each.may_have_sent))
        for quota, runs in found.items():
            quota.learn(runs)

    def take(self, job: RunJob) -> str | None:
        """Count the message of a run; where there is no room for it, the reason, with the remedy."""
        if not job.settings.sends_message:
            return None
        provider, sender = self._of(job)
        quota = self._quota(provider, sender)
        if quota is None or quota.take(job.run, job.settings.interval):
            return None
        reason = f"{provider.name} takes {provider.messages_per_hour} messages an hour from one sender, and "
        if quota.is_overbooked:
            return f"{reason}{quota.planned:.4g} an hour are planned for {sender}; set a longer interval"
        return f"{reason}{sender} has sent as many within the last hour"

    def give_back(self, job: RunJob) -> None:
        """The run sent nothing after all; nothing happens when it was not counted."""
        quota = self._quota(*self._of(job)) if job.settings.sends_message else None
        if quota is not None:
            quota.give_back(job.run)

    def _of(self, job: RunJob) -> tuple[Provider, str]:
        settings = job.settings
        return self._providers.of(settings.smtp.host), settings.sender or settings.email

    def _quota(self, provider: Provider, sender: str) -> SenderQuota | None:
        if provider.messages_per_hour is None:
            return None
        key = provider.name, sender.lower()
        quota = self._quotas.setdefault(key, SenderQuota(provider.messages_per_hour))
        self._quotas.move_to_end(key)
        if len(self._quotas) > _MOST_SENDERS:
            self._quotas.popitem(last=False)
        return quota


def _key(run: Run) -> _Key:
    return run.monitor_id, run.slot, run.kind
