"""Where a recipient can't be told, its fall-back is: once, with the reason, and nobody twice."""

from datetime import timedelta

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW, STRANGER
from tests.contract.store.test_alerts import FAILED, deliver, happen, make_recipient, monitor_of, told
from tests.contract.store.test_recipients import make, make_account

from mailtrip.alerts.wording import wording_of
from mailtrip.errors import InvalidInput
from mailtrip.model import AlertPackage, DeliveryAnswer
from mailtrip.service import alert_log, recipients
from mailtrip.service.monitors import UNCHANGED
from mailtrip.store import Database

SECOND = timedelta(seconds=1)
GONE = DeliveryAnswer(is_sent=False, text="HTTP 410 gone")
BUSY = DeliveryAnswer(is_sent=False, text="HTTP 503 busy", is_temporary=True)


def set_fallback(database: Database, recipient_id: int, fallback_id: int | None) -> None:
    database.write(
        lambda connection: recipients.edit(
            connection,
            ADMIN,
            recipient_id,
            {"fallback_id": fallback_id},
            password=UNCHANGED,
            secrets=KEYS,
            now=NOW,
        )
    )


def idle_recipient(database: Database, name: str, **fields: object) -> int:
    """One that is told as a fall-back only."""
    return make_recipient(database, name=name, availability_alert=False, **fields)


def deliver_until(
    database: Database, seconds: int, answer: DeliveryAnswer, *, begin: int = 2, step: int = 2
) -> list[AlertPackage]:
    found = []
    for second in range(begin, seconds, step):
        found += deliver(database, at=NOW + second * SECOND, answer=answer)
    return found


def test_what_has_failed_for_good_goes_to_the_fallback_with_the_reason(database: Database) -> None:
    second = idle_recipient(database, "Second")
    first = make_recipient(database, name="First", fallback_id=second)
    happen(database, monitor_of(database, name="Mail"), FAILED)

    (failed,) = deliver(database, at=NOW + 2 * SECOND, answer=GONE)
    (passed_on,) = deliver(database, at=NOW + 3 * SECOND)

    assert (failed.recipient.id, passed_on.recipient.id) == (first, second)
    assert passed_on.delivery.key != failed.delivery.key
    assert passed_on.delivery.fallback_for == failed.delivery.key
    assert [(item.monitor_name, item.alert.kind) for item in passed_on.items] == [
        (item.monitor_name, item.alert.kind) for item in failed.items
    ]
    text = wording_of(passed_on, public_url=None).text
    assert "This was meant for First by POST JSON request to web server, which failed: HTTP 410 gone" in text
    assert [alert.recipient_id for alert in told(database)] == [first, second]
    assert deliver(database, at=NOW + timedelta(hours=1)) == []


def test_without_a_fallback_nobody_else_is_told(database: Database) -> None:
    idle_recipient(database, "Second")
    make_recipient(database, name="First")
    happen(database, monitor_of(database), FAILED)
    deliver(database, at=NOW + 2 * SECOND, answer=GONE)

    assert deliver(database, at=NOW + 3 * SECOND) == []


def test_what_does_not_get_there_for_ten_minutes_is_told_to_the_fallback_once_while_it_is_tried_on(
    database: Database,
) -> None:
    second = idle_recipient(database, "Second")
    make_recipient(database, name="First", fallback_id=second)
    happen(database, monitor_of(database), FAILED)

    early = deliver_until(database, 600, BUSY, step=30)
    late = deliver_until(database, 3600, BUSY, begin=600, step=60)

    assert {package.recipient.settings.name for package in early} == {"First"}
    to_second = [package for package in late if package.recipient.settings.name == "Second"]
    assert len({package.delivery.key for package in to_second}) == 1
    assert len(late) > len(to_second)
    note = "which has not worked so far: HTTP 503 busy"
    assert note in wording_of(to_second[0], public_url=None).text


def test_what_waits_in_line_behind_it_goes_to_the_fallback_at_once(database: Database) -> None:
    second = idle_recipient(database, "Second")
    make_recipient(database, name="First", fallback_id=second)
    happen(database, monitor_of(database, name="early"), FAILED)
    deliver_until(database, 900, BUSY, step=60)
    later = NOW + timedelta(minutes=16)
    happen(database, monitor_of(database, name="later", smtp_server="smtps://other.probe.test"), FAILED, slot=later)

    sent = [*deliver(database, at=later + 2 * SECOND), *deliver(database, at=later + 3 * SECOND)]

    (package,) = [package for package in sent if package.items[0].monitor_name == "later"]
    assert package.recipient.id == second
    assert (
        "which has not worked so far: an earlier message still waits there" in wording_of(package, public_url=None).text
    )


def test_two_that_name_each_other_are_told_once_each(database: Database) -> None:
    second = idle_recipient(database, "Second")
    first = make_recipient(database, name="First", fallback_id=second)
    set_fallback(database, second, first)
    happen(database, monitor_of(database), FAILED)

    sent = deliver_until(database, 12, GONE)

    assert [package.recipient.id for package in sent] == [first, second]


def test_a_fallback_may_have_one_of_its_own(database: Database) -> None:
    third = idle_recipient(database, "Third")
    second = idle_recipient(database, "Second", fallback_id=third)
    first = make_recipient(database, name="First", fallback_id=second)
    happen(database, monitor_of(database), FAILED)

    assert [package.recipient.id for package in deliver_until(database, 12, GONE)] == [first, second, third]


def test_a_test_of_a_recipient_is_of_this_one_only(database: Database) -> None:
    second = idle_recipient(database, "Second")
    first = make_recipient(database, name="First", fallback_id=second)
    database.write(lambda connection: alert_log.order_test(connection, ADMIN, first, now=NOW))

    assert [package.recipient.id for package in deliver_until(database, 12, GONE)] == [first]


def test_a_recipient_that_is_removed_is_nobodys_fallback_any_more(database: Database) -> None:
    second = idle_recipient(database, "Second")
    first = make_recipient(database, name="First", fallback_id=second)
    database.write(lambda connection: recipients.remove(connection, ADMIN, second, now=NOW))

    found = database.read(lambda connection: recipients.get(connection, ADMIN, first))

    assert (found.settings.fallback_id, found.revision) == (None, 2)


@pytest.mark.parametrize("which", ["itself", "a stranger's", "nobody"])
def test_a_fallback_is_another_recipient_of_the_account(database: Database, which: str) -> None:
    first = make_recipient(database, name="First")
    fallback_id = {"itself": first, "a stranger's": stranger(database), "nobody": 999}[which]

    with pytest.raises(InvalidInput) as caught:
        set_fallback(database, first, fallback_id)

    (fault,) = caught.value.faults
    assert fault.field == "fallback_id"
    assert fault.text in {"is the recipient itself; name another one", f"there is no recipient {fallback_id}"}


def stranger(database: Database) -> int:
    make_account(database)
    return make(database, by=STRANGER)
