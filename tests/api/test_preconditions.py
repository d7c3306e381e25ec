"""ETag and If-Match: a change is made only where the record is as its maker has read it (alertsite-v3.md, 9: our own)."""

from collections.abc import Callable, Mapping

import pytest
from tests.api.harness import Server, messages

from mailtrip.model import Role

MONITORS, TYPED = "/api/v3/monitors", "/api/v3/monitors/email-round-trip"
RECIPIENTS, GROUPS = "/api/v3/recipients", "/api/v3/notifier-groups"
SLAS, BLACKOUTS = "/api/v3/slas", "/api/v3/blackouts"
WEEKLY = {"type": "Monitor", "start_day": 1, "start_time": "01:00", "end_day": 1, "end_time": "02:00"}

Target = tuple[str, str]
"""Where a record is read and removed, and where it is edited."""


def make(server: Server, path: str, body: Mapping[str, object]) -> str:
    response = server.post(path, json=body)
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == '"1"'
    return str(response.json()["id"])


def make_recipient(server: Server) -> str:
    return make(server, RECIPIENTS, {"method_id": 12, "recipient": "devops@example.com"})


def monitor(server: Server) -> Target:
    id_ = server.create()
    return f"{MONITORS}/{id_}", f"{TYPED}/{id_}"


def recipient(server: Server) -> Target:
    return (f"{RECIPIENTS}/{make_recipient(server)}",) * 2


def group(server: Server) -> Target:
    body = {"name": "x", "monitors": [server.create()], "recipients": [make_recipient(server)]}
    return (f"{GROUPS}/{make(server, GROUPS, body)}",) * 2


def sla(server: Server) -> Target:
    body = {"monitor_id": server.create(), "name": "x", "availability": 99, "response_time": 5}
    return (f"{SLAS}/{make(server, SLAS, body)}",) * 2


def blackout(server: Server) -> Target:
    return (f"{BLACKOUTS}/{make(server, BLACKOUTS, WEEKLY | {'assoc_id': server.create()})}",) * 2


@pytest.fixture(params=[monitor, recipient, group, sla, blackout])
def target(request: pytest.FixtureRequest, server: Server) -> Target:
    """A new record of each kind."""
    made: Callable[[Server], Target] = request.param
    return made(server)


def edit(
    server: Server, target: Target, if_match: str, body: dict[str, object] | None = None
) -> tuple[int, str | None]:
    """Edit with a condition: the status, and the new tag."""
    response = server.patch(target[1], json=body or {}, headers={"If-Match": if_match})
    return response.status_code, response.headers.get("ETag")


def test_a_read_a_create_and_an_edit_tell_the_tag(server: Server, target: Target) -> None:
    assert server.get(target[0]).headers["ETag"] == '"1"'
    assert server.get(target[0] + "?select=id").headers["ETag"] == '"1"'
    edited = server.patch(target[1], json={})
    assert edited.headers["ETag"] == server.get(target[0]).headers["ETag"] == '"2"'


def test_an_edit_with_the_current_tag_is_made_and_with_an_older_one_is_not(server: Server, target: Target) -> None:
    assert edit(server, target, '"1"') == (200, '"2"')
    response = server.patch(target[1], json={"note": "x"}, headers={"If-Match": '"1"'})
    [text] = messages(response)
    assert response.status_code == 412
    assert text.startswith("precondition_failed - If-Match: the ETag of the ")
    assert text.endswith(' is "2", and not among those given; read it again, then change it with that tag')
    assert server.get(target[0]).headers["ETag"] == '"2"'


@pytest.mark.parametrize(
    ("if_match", "status"),
    [("*", 200), ('"9", "1"', 200), ('W/"1"', 412), ('W/"1", "1"', 200), ('"x"', 412), ("", 412)],
)
def test_a_list_any_and_weak_tags_count_as_http_says(
    server: Server, target: Target, if_match: str, status: int
) -> None:
    assert edit(server, target, if_match)[0] == status


def test_what_is_no_tag_is_refused_to_those_who_have_a_token(server: Server, target: Target) -> None:
    response = server.patch(target[1], json={}, headers={"If-Match": "1"})
    assert response.status_code == 400
    assert messages(response) == [
        'invalid_request - If-Match: must be * or tags in quotes, such as "3", separated by commas'
    ]
    assert server.patch(target[1], json={}, headers={"If-Match": "1"}, role=None).status_code == 401


def test_a_removal_with_an_older_tag_is_not_made(server: Server, target: Target) -> None:
    edit(server, target, "*")
    response = server.delete(target[0], headers={"If-Match": '"1"'})
    assert (response.status_code, len(messages(response))) == (412, 1)
    assert server.delete(target[0], headers={"If-Match": '"2"'}).status_code == 204
    assert server.delete(target[0], headers={"If-Match": "*"}).status_code == 404


def test_who_may_not_change_a_record_is_told_so_whatever_the_tag(server: Server, target: Target) -> None:
    for call in (
        server.patch(target[1], json={}, headers={"If-Match": '"9"'}, role=Role.READ_ONLY),
        server.delete(target[0], headers={"If-Match": '"9"'}, role=Role.READ_ONLY),
    ):
        assert call.status_code == 403


def test_an_outdated_tag_is_told_before_what_is_wrong_with_the_fields(server: Server, target: Target) -> None:
    assert edit(server, target, '"9"', {"name": "", "type": 1, "assoc_id": "x"})[0] == 412


def test_a_monitor_is_not_there_on_the_path_of_another_type_whatever_the_tag(server: Server) -> None:
    path = f"{MONITORS}/email-imap/{server.create()}"
    assert server.patch(path, json={}, headers={"If-Match": '"9"'}).status_code == 404


def test_the_tag_of_a_monitor_changes_with_its_blackouts(server: Server) -> None:
    id_ = server.create()
    make(server, BLACKOUTS, WEEKLY | {"assoc_id": id_})
    assert server.get(f"{MONITORS}/{id_}").headers["ETag"] == '"2"'


def test_a_list_has_no_tag(server: Server) -> None:
    server.create()
    for path in (MONITORS, RECIPIENTS, GROUPS, SLAS, BLACKOUTS):
        assert "ETag" not in server.get(path).headers
