"""The timeline of a run: which step took how long, collected while the steps are told."""

from datetime import timedelta

from mailtrip.model import Step, Timing
from mailtrip.probe.ports import Observer

__all__ = ["Timeline"]

_STEPS = tuple(Step)
_MAILBOX_SESSION = frozenset(_STEPS[: _STEPS.index(Step.MAILBOX_OPEN) + 1])
_TOLD_BY_THE_RUN = frozenset({Step.WAIT, Step.LOOK})


class Timeline:
    """Collects the steps that the mail clients tell it as their observer, and those that the run tells.

    Pieces of a step add up. Looks and waits are left to the run, which tells of the one look that found the message; so
    is a mailbox that is opened again, as the time of its first session is the one that counts.

    Args:
        started_at: monotonic seconds from which offsets count.
        observe: is told of the same steps, as they happen.
    """

    def __init__(self, started_at: float, observe: Observer | None = None) -> None:
        self.started_at = started_at
        self._observe = observe
        self._steps: dict[Step, tuple[float, float]] = {}

    def __call__(self, step: Step, began: float, ended: float | None) -> None:
        """The observer of the mail clients."""
        is_opened = Step.MAILBOX_OPEN in self._steps
        if step in _TOLD_BY_THE_RUN or (is_opened and step in _MAILBOX_SESSION):
            return
        self.tell(step, began, ended)

    def tell(self, step: Step, began: float, ended: float | None) -> None:
        """Note any step; for the run itself."""
        if ended is not None:
            first, seconds = self._steps.get(step, (began, 0.0))
            self._steps[step] = (first, seconds + ended - began)
        if self._observe is not None:
            self._observe(step, began, ended)

    @property
    def timings(self) -> tuple[Timing, ...]:
        """The steps that were completed, in the order in which they began."""
        steps = sorted(self._steps.items(), key=lambda item: item[1][0])
        return tuple(
            Timing(
                step=step,
                offset=timedelta(seconds=began - self.started_at),
                duration=timedelta(seconds=seconds),
            )
            for step, (began, seconds) in steps
        )
