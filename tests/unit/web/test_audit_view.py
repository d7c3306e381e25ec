"""The audit log in words, and what is asked of it."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from mailtrip.model import AuditAction, AuditActorType, AuditEntry, AuditKind
from mailtrip.model.audit import Change
from mailtrip.web.audit_view import ChangeRow, Query, row_of

NOW = datetime(2026, 3, 3, 10, 30, 1, 234567, tzinfo=UTC)


def entry(
    action: AuditAction = AuditAction.MONITOR_CHANGED,
    actor_type: AuditActorType = AuditActorType.USER,
    *,
    record_name: str | None = "Mail",
    changes: dict[str, Change] | None = None,
) -> AuditEntry:
    return AuditEntry(
        id=7,
        account_id=1,
        at=NOW,
        actor_type=actor_type,
        actor_id=3,
        actor_name="somebody",
        address="192.0.2.1",
        request_id="r",
        action=action,
        record_id=100001,
        record_name=record_name,
        changes=changes or {},
        hash=bytes(32),
    )


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (AuditAction.MONITOR_CHANGED, "Monitor changed"),
        (AuditAction.API_TOKEN_CREATED, "API token created"),
        (AuditAction.USER_LOGIN_FAILED, "User login failed"),
        (AuditAction.RECIPIENT_GROUP_REMOVED, "Recipient group removed"),
    ],
)
def test_what_was_done_is_said_in_words(action: AuditAction, what: str) -> None:
    assert row_of(entry(action)).what == what


@pytest.mark.parametrize("actor_type", AuditActorType)
def test_each_kind_of_actor_is_told_from_the_others(actor_type: AuditActorType) -> None:
    others = {row_of(entry(actor_type=other)).who for other in AuditActorType if other is not actor_type}

    assert row_of(entry(actor_type=actor_type)).who not in others


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ((None, "x"), (None, "x")),
        (("x", None), ("x", None)),
        ((False, True), ("no", "yes")),
        ((0, 0.5), ("0", "0.5")),
        (([], [1, 2]), (None, "1, 2")),
        (({"a": None}, [{"b": "ü"}]), ('{"a": null}', '[{"b": "ü"}]')),
    ],
)
def test_values_are_written_for_people(change: Change, shown: tuple[str | None, str | None]) -> None:
    [row] = row_of(entry(changes={"smtp_server": change})).changes

    assert row == ChangeRow(field="smtp server", before=shown[0], after=shown[1])


def test_a_record_without_a_name_is_shown_by_its_number() -> None:
    assert row_of(entry(record_name=None)).name == "number 100001"


def test_an_address_says_all_that_was_asked_for() -> None:
    query = Query(
        actor="a@b.example",
        kind=AuditKind.SLA,
        first=date(2026, 3, 1),
        last=date(2026, 3, 2),
        record_id=5,
        before=(NOW, 7),
    )

    found = Query.parse(dict(parse_qsl(urlsplit(query.path(after=entry())).query)))

    assert found == query
    assert (found.since, found.until) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "nonsense", "record": "5"},
        {"record": "5"},
        {"from": "2026-13-01", "to": "0001-01-01"},
        {"from": "9999-12-31"},
        {"before": "2026-01-01T00:00:00~5"},
        {"before": f"{NOW.isoformat()}~0"},
        {"before": f"{NOW.isoformat()}~{2**63}"},
        {"before": "~"},
        {"who": "a\0b"},
    ],
)
def test_what_is_wrong_in_an_address_counts_as_not_given(given: dict[str, str]) -> None:
    assert Query.parse(given) == Query()
