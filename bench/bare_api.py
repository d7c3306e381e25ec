"""The yardsticks of the API: bare FastAPI routes with a monitor's model, which keep monitors in memory or in a database."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, create_model
from sqlalchemy import JSON, Boolean, Column, Engine, Float, Integer, MetaData, Table, Text, create_engine, event
from sqlalchemy.types import TypeEngine

from children import answer, receive_task

_COLUMNS: dict[type, Callable[[], TypeEngine[Any]]] = {
    bool: Boolean,
    int: Integer,
    float: Float,
    list: JSON,
    dict: JSON,
}


def _models(sample: dict[str, Any]) -> tuple[type[BaseModel], type[BaseModel], type[BaseModel]]:
    """A monitor, the changes of one, and a list of them; the sample's fields with their types make them."""
    fields: dict[str, Any] = {name: (type(value) if value is not None else Any, ...) for name, value in sample.items()}
    changes: dict[str, Any] = dict.fromkeys(sample, (Any | None, None))
    monitor_model: type[BaseModel] = create_model("Monitor", **fields)
    listing: dict[str, Any] = {"metadata": (dict[str, Any], ...), "results": (list[monitor_model], ...)}  # type: ignore[valid-type]
    return monitor_model, create_model("Changes", **changes), create_model("Listing", **listing)


def _in_memory(sample: dict[str, Any], count: int) -> FastAPI:
    """Read, edit and list, with what FastAPI does by itself and nothing else.

    Args:
        sample: a monitor as our API shows it.
        count: how many monitors there are.
    """
    monitor_model, changes_model, listing_model = _models(sample)
    kept = {number: monitor_model(**sample | {"id": number}) for number in range(count)}
    app = FastAPI()

    @app.get("/monitors/{monitor_id}", response_model=monitor_model)
    async def read(monitor_id: int) -> BaseModel:
        return kept[monitor_id]

    @app.patch("/monitors/email-round-trip/{monitor_id}")
    async def edit(monitor_id: int, body: changes_model) -> dict[str, str]:  # type: ignore[valid-type]
        changed: dict[str, Any] = body.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        kept[monitor_id] = kept[monitor_id].model_copy(update=changed)
        return {"id": str(monitor_id)}

    @app.get("/monitors", response_model=listing_model)
    async def listing(limit: int) -> dict[str, object]:
        return {"metadata": {}, "results": list(kept.values())[:limit]}

    return app


def _in_database(sample: dict[str, Any], count: int, url: str) -> FastAPI:
    """The same over one table in the database at `url`: one transaction with one statement for each request."""
    monitor_model, changes_model, listing_model = _models(sample)
    engine = _engine(url)
    table = _fill(engine, sample, count)
    app = FastAPI()

    @app.get("/monitors/{monitor_id}", response_model=monitor_model)
    def read(monitor_id: int) -> Any:
        with engine.begin() as connection:
            return dict(connection.execute(table.select().where(table.c.id == monitor_id)).mappings().one())

    @app.patch("/monitors/email-round-trip/{monitor_id}")
    def edit(monitor_id: int, body: changes_model) -> dict[str, str]:  # type: ignore[valid-type]
        changed: dict[str, Any] = body.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        with engine.begin() as connection:
            connection.execute(table.update().where(table.c.id == monitor_id).values(**changed))
        return {"id": str(monitor_id)}

    @app.get("/monitors", response_model=listing_model)
    def listing(limit: int) -> dict[str, object]:
        with engine.begin() as connection:
            rows = connection.execute(table.select().order_by(table.c.id).limit(limit)).mappings()
            return {"metadata": {}, "results": [dict(row) for row in rows]}

    return app


def _engine(url: str) -> Engine:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")

    return engine


def _fill(engine: Engine, sample: dict[str, Any], count: int) -> Table:
    others = [Column(name, _COLUMNS.get(type(value), Text)()) for name, value in sample.items() if name != "id"]
    table = Table("bare_monitors", MetaData(), Column("id", Integer, primary_key=True), *others)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [sample | {"id": number} for number in range(count)])
    return table


async def _serve(task: dict[str, Any]) -> None:
    sample, count, url = task["sample"], task["count"], task["url"]
    config = uvicorn.Config(
        _in_database(sample, count, url) if url else _in_memory(sample, count),
        port=0,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn tells nobody)
        await asyncio.sleep(0.01)
    answer({"port": server.servers[0].sockets[0].getsockname()[1]})
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(_serve(receive_task()))
