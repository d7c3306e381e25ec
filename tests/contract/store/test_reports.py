"""The site status report."""

import pytest
from tests.contract.store.builders import ADMIN, NOW, STRANGER, finished, make_monitor, result

from mailtrip.model import MonitorType, StatusCode, Verdict
from mailtrip.service import reports
from mailtrip.service.reports import StatusFilter
from mailtrip.store import Database


@pytest.fixture
def monitor_ids(database: Database) -> list[int]:
    """Monitors whose last runs were: ok, warning, error, unknown, none."""
    outcomes = (
        result(),
        result(StatusCode.SLOW, Verdict.SLOW),
        result(StatusCode.RECIPIENT_REFUSED, Verdict.REFUSED),
        result(StatusCode.INTERNAL_ERROR, Verdict.UNKNOWN),
    )
    ids = []
    for outcome in outcomes:
        ids.append(make_monitor(database))
        finished(database, ids[-1], outcome, slot=NOW)
    return [*ids, make_monitor(database)]


def test_each_monitor_comes_with_its_last_run(database: Database, monitor_ids: list[int]) -> None:
    found = database.read(lambda connection: reports.site_status(connection, ADMIN))
    statuses = [item.run and item.run.result and item.run.result.status for item in found]
    assert [item.monitor.id for item in found] == monitor_ids
    assert statuses == [
        StatusCode.OK,
        StatusCode.SLOW,
        StatusCode.RECIPIENT_REFUSED,
        StatusCode.INTERNAL_ERROR,
        None,
    ]


@pytest.mark.parametrize(("status", "positions"), [(StatusFilter.OK, [0, 1]), (StatusFilter.ERROR, [2])])
def test_unknown_and_unmeasured_monitors_are_neither_ok_nor_in_error(
    database: Database, monitor_ids: list[int], status: StatusFilter, positions: list[int]
) -> None:
    found = database.read(lambda connection: reports.site_status(connection, ADMIN, status=status))
    assert [item.monitor.id for item in found] == [monitor_ids[position] for position in positions]


def test_the_report_is_cut_to_monitors_that_are_named(database: Database, monitor_ids: list[int]) -> None:
    wanted = [monitor_ids[3], monitor_ids[1], 5, 2**70]
    found = database.read(lambda connection: reports.site_status(connection, ADMIN, monitor_ids=wanted))
    assert [item.monitor.id for item in found] == [monitor_ids[1], monitor_ids[3]]


def test_the_report_is_cut_to_types(database: Database, monitor_ids: list[int]) -> None:
    def count(wanted: MonitorType) -> int:
        return len(database.read(lambda connection: reports.site_status(connection, ADMIN, types=[wanted])))

    assert [count(MonitorType.ROUND_TRIP), count(MonitorType.SMTP)] == [len(monitor_ids), 0]


def test_another_account_has_a_report_of_its_own(database: Database, monitor_ids: list[int]) -> None:
    assert database.read(lambda connection: reports.site_status(connection, STRANGER)) == []
