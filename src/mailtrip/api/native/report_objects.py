"""What the reports of `/api/v1` look like in JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from mailtrip.api.codecs import LARGEST_ID
from mailtrip.model import Step
from mailtrip.model.tally import Counts, Distribution, Size
from mailtrip.reports.outages import Outage
from mailtrip.service.outages import OutageReport
from mailtrip.service.report_figures import AvailabilityReport, Percentiles, ResponseReport, percentiles_of
from mailtrip.service.sla_reports import SLAFigures, SLAReport

__all__ = [
    "AvailabilityObject",
    "OutagesObject",
    "ResponseTimeObject",
    "SLAsObject",
    "percent",
    "seconds",
    "show_availability",
    "show_outages",
    "show_response_times",
    "show_slas",
]

EDGES: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Of the histogram, in seconds."""

_FROM: Final = "Beginning (UTC), at a whole hour."
_TO: Final = "End (UTC), at a whole hour; no part of it."
_BEGIN: Final = "2026-01-01T00:00:00Z"
_END: Final = "2026-02-01T00:00:00Z"
_COMPLETE: Final = (
    "False while runs from before this program kept reports are still being added, newest first: then older figures "
    "are too low."
)


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True)


class CountsObject(_Object):
    """How many planned runs came to what."""

    availability_percent: float | None = Field(
        description="Share of the runs that could tell (ok, warning, error) which proved the mail path working (ok, "
        "warning). null when none could: no data is never 100 %.",
        examples=[99.94],
    )
    ok: int = Field(description="All went well.", examples=[8900])
    warning: int = Field(
        description="The mail path works, but something is not as it should be; also errors that the recheck did not find.",
        examples=[20],
    )
    error: int = Field(description="The mail path failed.", examples=[5])
    unknown: int = Field(description="Trouble of the monitor's own: nothing is said about the mail path.", examples=[2])
    not_measured: int = Field(description="The program was not running, or cut the run short.", examples=[0])
    skipped: int = Field(description="Not started on purpose.", examples=[1])
    blackout: int = Field(description="In a blackout of the monitor's runs; counts for nothing.", examples=[0])


class BucketObject(CountsObject):
    """An hour, a day or a month, of all monitors together."""

    from_: datetime = Field(alias="from", description=_FROM, examples=[_BEGIN])
    to: datetime = Field(description=_TO, examples=["2026-01-02T00:00:00Z"])


class MonitorObject(CountsObject):
    """A monitor, over the whole time of the report."""

    monitor_id: int = Field(description="The monitor's number.", ge=1, le=LARGEST_ID, examples=[100001])
    name: str = Field(description="The monitor's name.", examples=["Round-Trip Email Monitor"])


class _Report(_Object):
    from_: datetime = Field(alias="from", description=_FROM, examples=[_BEGIN])
    to: datetime = Field(description=_TO, examples=[_END])
    is_complete: bool = Field(description=_COMPLETE, examples=[True])


class AvailabilityObject(_Report):
    """How available monitors were."""

    bucket: Size = Field(description="How long each bucket is.", examples=["day"])
    total: CountsObject = Field(description="All monitors over the whole time.")
    buckets: tuple[BucketObject, ...] = Field(description="All monitors together, oldest first.")
    monitors: tuple[MonitorObject, ...] = Field(description="Each monitor over the whole time, by number.")


class TimesObject(_Object):
    """How times are spread. Percentiles are within 1 % of a measured time; null without times."""

    count: int = Field(description="How many times there are.", examples=[8920])
    mean_seconds: float | None = Field(description="Their mean, exact; null for steps.", examples=[1.41])
    p50_seconds: float | None = Field(description="Half of them are not above it.", examples=[1.2])
    p90_seconds: float | None = Field(description="90 % of them are not above it.", examples=[1.9])
    p95_seconds: float | None = Field(description="95 % of them are not above it.", examples=[2.4])
    p99_seconds: float | None = Field(description="99 % of them are not above it.", examples=[4.7])


class BinObject(_Object):
    """A column of a histogram."""

    up_to_seconds: float | None = Field(
        description="Its upper edge, within 1 %; null for what is above all edges.", examples=[3.0]
    )
    count: int = Field(description="How many times are not above it, and above the edge before.", examples=[4300])


class SpreadObject(TimesObject):
    """How times are spread, with a histogram."""

    histogram: tuple[BinObject, ...] = Field(description="By ascending edges.")


class StepTimesObject(SpreadObject):
    """How the times of a step are spread, of runs that proved the mail path working."""

    step: Step = Field(description="Which step.", examples=["connect"])


class BucketTimesObject(TimesObject):
    """An hour, a day or a month, of all monitors together."""

    from_: datetime = Field(alias="from", description=_FROM, examples=[_BEGIN])
    to: datetime = Field(description=_TO, examples=["2026-01-02T00:00:00Z"])


class MonitorTimesObject(TimesObject):
    """A monitor, over the whole time of the report."""

    monitor_id: int = Field(description="The monitor's number.", ge=1, le=LARGEST_ID, examples=[100001])
    name: str = Field(description="The monitor's name.", examples=["Round-Trip Email Monitor"])


class ResponseTimeObject(_Report):
    """How long messages took from their acceptance to their arrival; of checks, how long these took."""

    bucket: Size = Field(description="How long each bucket is.", examples=["day"])
    total: SpreadObject = Field(description="All monitors over the whole time.")
    steps: tuple[StepTimesObject, ...] = Field(description="The steps of their runs, in the order of a good run.")
    buckets: tuple[BucketTimesObject, ...] = Field(description="All monitors together, oldest first.")
    monitors: tuple[MonitorTimesObject, ...] = Field(description="Each monitor over the whole time, by number.")


class SLAObject(CountsObject):
    """An SLA and what was reached, within its operating periods and without its exclusions."""

    sla_id: int = Field(description="The SLA's number.", ge=1, le=LARGEST_ID, examples=[100001])
    name: str = Field(description="The SLA's name.", examples=["Gold"])
    monitor_id: int = Field(description="The monitor's number.", ge=1, le=LARGEST_ID, examples=[100001])
    monitor_name: str = Field(description="The monitor's name.", examples=["Round-Trip Email Monitor"])
    availability_goal_percent: float = Field(description="What is expected.", examples=[99.9])
    is_available: bool | None = Field(
        description="Whether that is reached; null when nothing was measured.", examples=[True]
    )
    response_time_goal_seconds: float = Field(description="The response time that is expected.", examples=[5.0])
    response_time_seconds: float | None = Field(
        description="The mean response time; null when none was measured.", examples=[1.41]
    )
    is_quick: bool | None = Field(
        description="Whether the mean is within the goal; null when none was measured.", examples=[True]
    )


class SLAsObject(_Report):
    """What SLAs reached."""

    slas: tuple[SLAObject, ...] = Field(description="By the monitors' numbers; monitors without an SLA are left out.")


class OutageObject(_Object):
    """A row of failed runs of a monitor at a location."""

    monitor_id: int = Field(description="The monitor's number.", ge=1, le=LARGEST_ID, examples=[100001])
    name: str = Field(description="The monitor's name.", examples=["Round-Trip Email Monitor"])
    location_id: int = Field(description="The location's number.", ge=1, le=LARGEST_ID, examples=[10])
    begin: datetime = Field(
        description="When the first failed run was planned (UTC), to the second.", examples=["2026-01-31T12:00:00Z"]
    )
    end: datetime | None = Field(
        description="When the next run was planned that proved the mail path working; null while there is none.",
        examples=["2026-01-31T12:15:00Z"],
    )
    duration_seconds: int | None = Field(description="Between these; null while it goes on.", examples=[900])
    status: int = Field(description="Status code of the first failed run.", examples=[104])
    cause: str = Field(description="The status in words.", examples=["SMTP: login refused"])
    failures: int = Field(description="How many runs failed, up to the end of the report's time.", examples=[3])


class OutagesObject(_Object):
    """Outages that begin, end or go on in a span of time."""

    from_: datetime = Field(alias="from", description="Beginning (UTC).", examples=[_BEGIN])
    to: datetime = Field(description="End (UTC).", examples=[_END])
    is_complete: bool = Field(description=_COMPLETE, examples=[True])
    outages: tuple[OutageObject, ...] = Field(description="Newest first.")


def percent(counts: Counts) -> float | None:
    """The availability in percent."""
    share = counts.availability
    return None if share is None else share * 100


def seconds(time: timedelta | None) -> float | None:
    """In seconds, to the microsecond."""
    return None if time is None else time.total_seconds()


def show_availability(report: AvailabilityReport, bucket: Size) -> bytes:
    """As `AvailabilityObject`."""
    return to_json(
        {
            **_head(report, bucket),
            "total": _counts(report.total),
            "buckets": [{"from": each.since, "to": each.until, **_counts(each.counts)} for each in report.buckets],
            "monitors": [
                {"monitor_id": each.monitor_id, "name": each.name, **_counts(each.counts)} for each in report.monitors
            ],
        }
    )


def show_response_times(report: ResponseReport, bucket: Size) -> bytes:
    """As `ResponseTimeObject`."""
    return to_json(
        {
            **_head(report, bucket),
            "total": _spread(report.times, report.total),
            "steps": [{"step": step, **_spread(times, None)} for step, times in report.steps.items()],
            "buckets": [
                {"from": each.since, "to": each.until, **_times(each.times, each.counts)} for each in report.buckets
            ],
            "monitors": [
                {"monitor_id": each.monitor_id, "name": each.name, **_times(each.times, each.counts)}
                for each in report.monitors
            ],
        }
    )


def show_slas(report: SLAReport) -> bytes:
    """As `SLAsObject`."""
    return _bytes(
        SLAsObject.model_construct(
            from_=report.since,
            to=report.until,
            is_complete=report.is_complete,
            slas=tuple(_sla(each) for each in report.slas),
        )
    )


def show_outages(report: OutageReport) -> bytes:
    """As `OutagesObject`."""
    return to_json(
        {
            "from": report.since,
            "to": report.until,
            "is_complete": report.is_complete,
            "outages": [_outage(each, report.names) for each in report.outages],
        }
    )


def _bytes(report: BaseModel) -> bytes:
    return report.model_dump_json(by_alias=True).encode()


def _head(report: AvailabilityReport | ResponseReport, bucket: Size) -> dict[str, Any]:  # Any: values of several types
    return {"from": report.since, "to": report.until, "is_complete": report.is_complete, "bucket": bucket}


def _counts(counts: Counts) -> dict[str, Any]:  # Any: values of several types
    return {
        "availability_percent": percent(counts),
        "ok": counts.ok,
        "warning": counts.warning,
        "error": counts.error,
        "unknown": counts.unknown,
        "not_measured": counts.not_measured,
        "skipped": counts.skipped,
        "blackout": counts.blackout,
    }


def _times(times: Percentiles | None, counts: Counts | None) -> dict[str, Any]:  # Any: values of several types
    return {
        "count": times.total if times else 0,
        "mean_seconds": seconds(counts.mean_response_time) if counts else None,
        **{f"{name}_seconds": seconds(getattr(times, name, None)) for name in ("p50", "p90", "p95", "p99")},
    }


def _spread(times: Distribution, counts: Counts | None) -> dict[str, Any]:  # Any: values of several types
    edges: Iterable[float | None] = (*EDGES, None)
    numbers = times.histogram(timedelta(seconds=edge) for edge in EDGES)
    bins = [{"up_to_seconds": edge, "count": count} for edge, count in zip(edges, numbers, strict=True)]
    return {**_times(percentiles_of(times), counts), "histogram": bins}


def _sla(figures: SLAFigures) -> SLAObject:
    settings = figures.sla.settings
    return SLAObject.model_construct(
        sla_id=figures.sla.id,
        name=settings.name,
        monitor_id=figures.sla.monitor_id,
        monitor_name=figures.sla.monitor_name,
        availability_goal_percent=settings.availability_percent,
        is_available=figures.is_available,
        response_time_goal_seconds=settings.response_time.total_seconds(),
        response_time_seconds=seconds(figures.counts.mean_response_time),
        is_quick=figures.is_quick,
        **_counts(figures.counts),
    )


def _outage(outage: Outage, names: Mapping[int, str]) -> dict[str, Any]:  # Any: values of several types
    return {
        "monitor_id": outage.monitor_id,
        "name": names[outage.monitor_id],
        "location_id": outage.location_id,
        "begin": outage.begin,
        "end": outage.end,
        "duration_seconds": None if outage.duration is None else int(outage.duration.total_seconds()),
        "status": int(outage.status),
        "cause": outage.status.text,
        "failures": outage.failures,
    }
