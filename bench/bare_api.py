"""The yardstick of the API: bare FastAPI routes with a monitor's model, which keep monitors in memory."""

import asyncio
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, create_model

from children import answer, receive_task


def _app(sample: dict[str, Any], count: int) -> FastAPI:
    """Read, edit and list, with what FastAPI does by itself and nothing else.

    Args:
        sample: a monitor as our API shows it; its fields with their types make the model.
        count: how many monitors a list has.
    """
    fields: dict[str, Any] = {name: (type(value) if value is not None else Any, ...) for name, value in sample.items()}
    changes: dict[str, Any] = dict.fromkeys(sample, (Any | None, None))
    monitor_model: type[BaseModel] = create_model("Monitor", **fields)
    changes_model: type[BaseModel] = create_model("Changes", **changes)
    listing_model: type[BaseModel] = create_model(
        "Listing", metadata=(dict[str, Any], ...), results=(list[monitor_model], ...)
    )
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


async def _serve(task: dict[str, Any]) -> None:
    config = uvicorn.Config(
        _app(task["sample"], task["count"]),
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
