"""The stream that tells pages of changes: who gets it, how many, and how it ends."""

import re
import threading
from collections.abc import Iterator

import pytest
import requests
from tests.contract.store.builders import make_monitor
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, serve


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("events")) as served:
        yield served


def sign_in(service: WebService, email: str = ADMIN_EMAIL, password: str = PASSWORD) -> requests.Session:
    client = requests.Session()
    found = re.search(r'name="form_token" value="(\w+)"', client.get(f"{service.url}/sign-in", timeout=10).text)
    assert found is not None
    form = {"form_token": found[1], "email": email, "password": password}
    assert client.post(f"{service.url}/sign-in", data=form, timeout=10).ok
    return client


def mark_of(client: requests.Session, service: WebService) -> str:
    """What the page that is shown now knows."""
    found = re.search(r'data-live="/events\?since=([\d.]+)"', client.get(f"{service.url}/overview", timeout=10).text)
    assert found is not None
    return found[1]


def test_a_stranger_gets_none(service: WebService) -> None:
    answer = requests.get(f"{service.url}/events", allow_redirects=False, timeout=10)

    assert answer.status_code == 303


def test_a_page_that_missed_a_change_is_told_at_once(service: WebService) -> None:
    client = sign_in(service)
    known = mark_of(client, service)
    make_monitor(service.database)

    with client.get(f"{service.url}/events?since={known}", stream=True, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.iter_lines(decode_unicode=True)
        event = next(line for line in lines if line.startswith("event:"))

    assert event == "event: changed"


def test_one_that_connects_again_goes_on_from_its_last_event(service: WebService) -> None:
    client = sign_in(service)
    known = mark_of(client, service)
    headers = {"Last-Event-ID": known}

    with client.get(f"{service.url}/events?since=1.1.1.1", headers=headers, stream=True, timeout=10) as answer:
        lines = answer.iter_lines(decode_unicode=True)
        assert [next(lines) for _ in range(3)] == ["retry: 2000", "", ":"]


def test_the_end_of_the_service_ends_it(service: WebService) -> None:
    client = sign_in(service)
    with client.get(f"{service.url}/events", stream=True, timeout=10) as answer:
        lines = answer.iter_lines(decode_unicode=True)
        assert next(lines) == "retry: 2000"
        rest: list[str] = []
        reader = threading.Thread(target=lambda: rest.extend(lines))
        reader.start()
        service.dashboard.stop()
        reader.join(10)

        assert not reader.is_alive()


def test_there_are_not_more_than_so_many(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serve(tmp_path_factory.mktemp("few"), most_streams=1) as service:
        client = sign_in(service)
        with client.get(f"{service.url}/events", stream=True, timeout=10) as first:
            lines = first.iter_lines(decode_unicode=True)  # closes the stream with its end
            assert next(lines) == "retry: 2000"
            answer = client.get(f"{service.url}/events", timeout=10)
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "30"
