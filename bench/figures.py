"""Figures out of samples: medians with their range, percentiles, and what a process has used."""

import os
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Spread", "Usage", "cpu_seconds", "peak_rss", "percentile", "rss", "spread"]

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of repeated measurements."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}-{self.greatest:.2f})"


def spread(samples: Sequence[float]) -> Spread:
    """Of at least one sample."""
    return Spread(statistics.median(samples), min(samples), max(samples))


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0..1) of all samples don't exceed; of at least one sample."""
    ordered = sorted(samples)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


@dataclass(frozen=True, slots=True)
class Usage:
    """What this process has used so far: CPU (user and system) and wall time, in seconds."""

    cpu: float
    wall: float

    @classmethod
    def now(cls) -> "Usage":
        used = resource.getrusage(resource.RUSAGE_SELF)
        return cls(used.ru_utime + used.ru_stime, time.monotonic())

    def since(self, start: "Usage") -> "Usage":
        return Usage(self.cpu - start.cpu, self.wall - start.wall)


def cpu_seconds(pid: int) -> float:
    """CPU (user and system) that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss(pid: int | str = "self") -> float:
    """Resident memory of a process, MiB."""
    return _status(pid, "VmRSS")


def peak_rss(pid: int | str = "self") -> float:
    """The most resident memory a process has had so far, MiB."""
    return _status(pid, "VmHWM")


def _status(pid: int | str, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    value = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(value) * 1024 / _MIB
