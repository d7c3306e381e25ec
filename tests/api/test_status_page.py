"""`/api/v1/status-page` and `/api/v1/incidents`: what is set is read back, and all that is wrong is told at once."""

import base64
import re
from typing import Any

from tests.api.harness import Server, messages
from tests.web.status_seed import make_png

PAGE = "/api/v1/status-page"
INCIDENTS = "/api/v1/incidents"

# Any: JSON of many shapes.


def fields_of(response: Any) -> list[str]:
    return [re.sub(r"invalid_request - (\w+): .*", r"\1", text) for text in messages(response)]


def test_a_page_is_read_before_it_is_made(server: Server) -> None:
    assert server.get(PAGE).json() == {
        "path": None,
        "title": "Status of our mail",
        "text": None,
        "is_published": False,
        "entries": [],
        "has_logo": False,
    }


def test_what_is_set_is_read_back_and_the_rest_stays(server: Server) -> None:
    entries = [{"monitor_id": server.create(), "name": "Mail", "group": None}]
    logo = base64.b64encode(make_png()).decode()
    first = server.patch(PAGE, json={"title": "Ours", "entries": entries, "logo": logo, "is_published": True}).json()
    second = server.patch(PAGE, json={"text": "Hello", "colour": "red"})

    assert re.match(r"/status/[A-Za-z0-9_-]{32}\Z", first["path"])
    assert second.json() == first | {"text": "Hello"}
    assert second.headers["X-Mailtrip-Ignored-Fields"] == "colour"
    assert (first["title"], first["entries"], first["has_logo"], first["is_published"]) == ("Ours", entries, True, True)
    assert server.patch(PAGE, json={"logo": None}).json()["has_logo"] is False
    assert server.post(f"{PAGE}/renew").json()["path"] != first["path"]


def test_all_faults_of_a_page_are_told_at_once(server: Server) -> None:
    body = {"title": " ", "is_published": 7, "entries": [{"monitor_id": 5, "name": "Mail"}], "logo": "AAAA"}
    response = server.patch(PAGE, json=body)

    assert response.status_code == 400
    assert sorted(fields_of(response)) == ["entries", "is_published", "logo", "title"]
    assert fields_of(server.patch(PAGE, json={"logo": "no base64!"})) == ["logo"]
    assert fields_of(server.patch(PAGE, json={"entries": [{"monitor_id": 5}]})) == ["entries"]
    assert server.get(PAGE).json()["path"] is None


def test_an_incident_is_told_followed_and_listed(server: Server) -> None:
    monitor_id = server.create()
    body = {"title": "Slow", "text": "We look.", "monitor_ids": [monitor_id], "began_at": "2026-01-01T11:00:00Z"}
    made = server.post(INCIDENTS, json=body)
    path = f"{INCIDENTS}/{made.json()['id']}"
    told = server.post(f"{path}/updates", json={"text": "Done.", "state": "resolved"})
    server.post(INCIDENTS, json={"title": "Next", "text": "We look."})

    assert (made.status_code, told.status_code) == (201, 201)
    assert made.json()["state"] == "investigating"
    found = server.get(path).json()
    assert found == told.json()
    assert (found["state"], found["resolved_at"]) == ("resolved", "2026-01-01T12:00:00Z")
    assert found["began_at"] == "2026-01-01T11:00:00Z"
    assert [(each["state"], each["text"]) for each in found["updates"]] == [
        ("investigating", "We look."),
        ("resolved", "Done."),
    ]
    first = server.get(INCIDENTS, params={"limit": 1}).json()
    second = server.get(INCIDENTS, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [each["title"] for each in first["results"] + second["results"]] == ["Next", "Slow"]
    assert second["next_cursor"] is None


def test_all_faults_of_an_incident_are_told_at_once(server: Server) -> None:
    body = {"state": "over", "began_at": "2027-01-01T00:00:00Z", "monitor_ids": [5]}
    response = server.post(INCIDENTS, json=body)

    assert response.status_code == 400
    assert sorted(fields_of(response)) == ["began_at", "monitor_ids", "state", "text", "title"]
    assert server.get(INCIDENTS).json()["results"] == []
