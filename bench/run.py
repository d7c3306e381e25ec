"""`make bench`: measures the mail clients and the service on this machine, on loopback, and says which targets are met.

python bench/run.py                     all parts
python bench/run.py cpu accuracy        these parts
python bench/run.py --quick             a smoke test: the figures mean nothing
python bench/run.py --write             the tables into docs/reference/benchmarks.md as well
"""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import part_accuracy
import part_alerts
import part_api
import part_cpu
import part_delivery
import part_lateness
import part_mailbox
import part_memory
import part_pages
import part_reports
import part_seen
from tables import Findings, as_text, write_into

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmarks.md"
_PARTS: dict[str, Callable[[bool], Findings]] = {
    "cpu": lambda is_quick: part_cpu.measure(
        part_cpu.CPUPlan(plain=50, tls=50, repetitions=1) if is_quick else part_cpu.CPUPlan()
    ),
    "memory": lambda is_quick: part_memory.measure(
        part_memory.MemoryPlan(trips=20, hold_seconds=2) if is_quick else part_memory.MemoryPlan()
    ),
    "accuracy": lambda is_quick: part_accuracy.measure(
        part_accuracy.AccuracyPlan(pace=20, seconds=2, hold_seconds=1, repetitions=1)
        if is_quick
        else part_accuracy.AccuracyPlan()
    ),
    "seen": lambda is_quick: part_seen.measure(
        part_seen.SeenPlan(messages=4, at_once=2) if is_quick else part_seen.SeenPlan()
    ),
    "delivery": lambda is_quick: part_delivery.measure(
        part_delivery.DeliveryPlan(prompt=6, prompt_pace=3, delayed=6, delayed_pace=3, longest_delay=3, mailboxes=6)
        if is_quick
        else part_delivery.DeliveryPlan()
    ),
    "mailbox": lambda is_quick: part_mailbox.measure(
        part_mailbox.MailboxPlan(messages=2000, repetitions=1, runs=1) if is_quick else part_mailbox.MailboxPlan()
    ),
    "lateness": lambda is_quick: part_lateness.measure(
        part_lateness.LatenessPlan(monitors=500, seconds=10, settle_seconds=5)
        if is_quick
        else part_lateness.LatenessPlan()
    ),
    "alerts": lambda is_quick: part_alerts.measure(
        part_alerts.AlertsPlan(monitors=300, causes=(2,)) if is_quick else part_alerts.AlertsPlan()
    ),
    "api": lambda is_quick: part_api.measure(
        part_api.APIPlan(monitors=50, calls=12, lists=6, listed=50, settle_seconds=1)
        if is_quick
        else part_api.APIPlan()
    ),
    "reports": lambda is_quick: part_reports.measure(
        part_reports.ReportsPlan(monitors=20, days=40, samples=200, calls=2) if is_quick else part_reports.ReportsPlan()
    ),
    "pages": lambda is_quick: part_pages.measure(
        part_pages.PagesPlan(monitors=2, runs=3) if is_quick else part_pages.PagesPlan()
    ),
}


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    are_met = True
    for part in arguments.parts or _PARTS:
        print(f"== {part}", flush=True)
        findings = _PARTS[part](arguments.quick)
        print(f"\n{as_text(findings)}\n", flush=True)
        are_met = are_met and all(target.is_met for target in findings.targets)
        if arguments.write:
            write_into(_PAGE, findings)
    return 0 if are_met or arguments.quick else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the mail clients and the service.")
    parser.add_argument("parts", nargs="*", help=f"what to measure: {', '.join(_PARTS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="a smoke test: tiny counts, the figures mean nothing")
    parser.add_argument("--write", action="store_true", help=f"write the tables into docs/reference/{_PAGE.name}")
    arguments = parser.parse_args()
    unknown = [part for part in arguments.parts if part not in _PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; the parts are {', '.join(_PARTS)}")
    return arguments


def _stop(_number: int, _frame: FrameType | None) -> None:
    """As with Ctrl-C: the way out ends the children."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
