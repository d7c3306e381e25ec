"""`/api/v1`: runs of a monitor, one run with everything, and a test run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, choice, integer
from mailtrip.api.native.cursor import make_cursor, parse_cursor
from mailtrip.api.native.objects import RunList, RunTicket, show_run, show_summary
from mailtrip.api.native.times import TIME_SCHEMA, parse_time
from mailtrip.api.openapi import answers, linked, referring
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response
from mailtrip.api.test_runs import start_test
from mailtrip.model import Actor, Run, Verdict
from mailtrip.service import runs
from mailtrip.store import Connection

__all__ = ["router"]

_LIMIT: Final = integer(1, 1000)
_USUAL_LIMIT: Final = 100
_VERDICT: Final = choice(Verdict)
_VERDICT_WORDS: Final = "|".join(Verdict)
_VERDICTS_SCHEMA: Final[dict[str, JSON]] = {
    "type": "string",
    "pattern": f"^(?:{_VERDICT_WORDS})(?:,(?:{_VERDICT_WORDS}))*$",
    "examples": ["missing,refused"],
}


async def _monitor_id(
    monitor_id: Annotated[str, documented(ID_SCHEMA), Path(description="The monitor's number.", examples=[100001])],
) -> int:
    return path_id(monitor_id)


async def _run_id(
    run_id: Annotated[str, documented(ID_SCHEMA), Path(description="The run's number.", examples=[100001])],
) -> int:
    return path_id(run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    since: datetime | None
    until: datetime | None
    verdicts: frozenset[Verdict] | None
    limit: int
    before: tuple[datetime, int] | None


async def _read_wanted(
    call: AuthenticatedCall,
    request: Request,
    *,
    since: Annotated[
        str | None, documented(TIME_SCHEMA), Query(description="Only runs planned at this time or later.")
    ] = None,
    until: Annotated[
        str | None, documented(TIME_SCHEMA), Query(description="Only runs planned before this time.")
    ] = None,
    verdict: Annotated[
        str | None,
        documented(_VERDICTS_SCHEMA),
        Query(description="Only runs with this verdict, or one of several separated by commas."),
    ] = None,
    limit: Annotated[
        str | None,
        documented({**_LIMIT.returns, "default": _USUAL_LIMIT}),
        Query(description="Most runs to return.", examples=[_USUAL_LIMIT]),
    ] = None,
    cursor: Annotated[
        str | None,
        documented({"type": "string", "format": "run-cursor"}),
        Query(
            description="Where to go on: `next_cursor` of the answer before.",
            examples=["MTc2NzI2ODgwMDAwMDAwMC4xMDAwMDE"],
        ),
    ] = None,
) -> _Wanted:
    reader = QueryReader(request)
    wanted = _Wanted(
        since=reader.read("since", since, parse_time),
        until=reader.read("until", until, parse_time),
        verdicts=reader.read("verdict", verdict, _parse_verdicts),
        limit=reader.read("limit", limit, _LIMIT.parse) or _USUAL_LIMIT,
        before=reader.read("cursor", cursor, parse_cursor),
    )
    await reader.check(call)
    return wanted


async def list_runs(
    monitor_id: Annotated[int, Depends(_monitor_id)],
    call: AuthenticatedCall,
    wanted: Annotated[_Wanted, Depends(_read_wanted)],
) -> Response:
    """Runs of a monitor in any state, newest first."""
    return json_response(await call.reading(partial(_list, monitor_id, wanted)))


async def read_run(run_id: Annotated[int, Depends(_run_id)], call: AuthenticatedCall) -> Response:
    """One run with its steps, TLS facts, sessions and transcripts."""
    return json_response(await call.reading(partial(_read, run_id)))


async def run_monitor(monitor_id: Annotated[int, Depends(_monitor_id)], call: AuthenticatedCall) -> Response:
    """Start a test of a monitor at once, whether it is enabled or not; the run's `state` says when it is finished."""
    run = await start_test(call, monitor_id)
    return json_response(RunTicket(id=str(run.id)).model_dump_json().encode(), status=202)


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["runs"])
    routes.add_api_route(
        "/monitors/{monitor_id}/runs",
        list_runs,
        methods=["GET"],
        name="list_runs",
        summary="List runs of a monitor",
        responses=answers(referring("RunList"), "The runs.", 400, 401, 404),
    )
    routes.add_api_route(
        "/runs/{run_id}",
        read_run,
        methods=["GET"],
        name="read_run",
        summary="Read a run",
        responses=answers(referring("RunObject"), "The run.", 401, 404),
    )
    routes.add_api_route(
        "/monitors/{monitor_id}/test",
        run_monitor,
        methods=["POST"],
        name="run_monitor",
        summary="Run a monitor now",
        status_code=202,
        responses=linked(
            answers(referring("RunTicket"), "The run was started; its number.", 401, 403, 404, 429, success=202),
            {"read_run": {"operationId": "read_run", "parameters": {"run_id": "$response.body#/id"}}},
            success=202,
        ),
    )
    return routes


def _list(monitor_id: int, wanted: _Wanted, connection: Connection, actor: Actor) -> bytes:
    """One run more than wanted is asked for, to see whether there is more."""
    found = runs.page(
        connection,
        actor,
        monitor_id,
        since=wanted.since,
        until=wanted.until,
        verdicts=wanted.verdicts,
        limit=wanted.limit + 1,
        before=wanted.before,
    )
    return _page(found, wanted.limit).model_dump_json().encode()


def _page(found: Sequence[Run], limit: int) -> RunList:
    shown = found[:limit]
    cursor = make_cursor(shown[-1].slot, shown[-1].id) if len(found) > limit else None
    return RunList.model_construct(results=tuple(show_summary(run) for run in shown), next_cursor=cursor)


def _read(run_id: int, connection: Connection, actor: Actor) -> bytes:
    return show_run(runs.get(connection, actor, run_id)).model_dump_json().encode()


def _parse_verdicts(text: str) -> frozenset[Verdict]:
    return frozenset(_VERDICT.parse(word) for word in text.split(","))
