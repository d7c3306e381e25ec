"""Who hears of a monitor: everybody, until groups narrow it."""

from dataclasses import replace
from datetime import datetime

from tests.unit.alerts.builders import NOW, make_recipient

from mailtrip.alerts.policy import Route
from mailtrip.alerts.routing import Router
from mailtrip.model import RecipientGroup, RecipientGroupSettings

FIRST, SECOND, THIRD = (make_recipient(recipient_id=number) for number in (1, 2, 3))
EVERYBODY = (FIRST, SECOND, THIRD)


def group(
    *recipient_ids: int, monitors: tuple[int, ...] = (7,), codes: tuple[int, ...] = (), is_default: bool = False
) -> RecipientGroup:
    now: datetime = NOW
    settings = RecipientGroupSettings(
        name="x", monitor_ids=monitors, recipient_ids=recipient_ids, status_codes=codes, is_default=is_default
    )
    return RecipientGroup(id=1, account_id=1, settings=settings, created_at=now, modified_at=now)


def codes(router: Router, monitor_id: int) -> dict[int, set[int]]:
    return {recipient_id: set(route.status_codes) for recipient_id, route in router.routes_of(monitor_id).items()}


def test_without_groups_everybody_hears_of_every_monitor() -> None:
    assert codes(Router(EVERYBODY, []), 7) == {1: set(), 2: set(), 3: set()}


def test_a_monitor_in_groups_tells_their_recipients_only_and_the_others_go_on_telling_everybody() -> None:
    router = Router(EVERYBODY, [group(1), group(2, monitors=(8,))])

    assert (set(router.routes_of(7)), set(router.routes_of(8)), set(router.routes_of(9))) == ({1}, {2}, {1, 2, 3})


def test_a_default_group_is_for_monitors_that_are_in_none() -> None:
    router = Router(EVERYBODY, [group(1), group(2, monitors=(), is_default=True)])

    assert (set(router.routes_of(7)), set(router.routes_of(9))) == ({1}, {2})


def test_a_recipient_of_several_groups_hears_of_the_errors_of_all_of_them() -> None:
    assert codes(Router(EVERYBODY, [group(1, codes=(1, 2)), group(1, codes=(2, 3))]), 7) == {1: {1, 2, 3}}
    assert codes(Router(EVERYBODY, [group(1, codes=(1, 2)), group(1)]), 7) == {1: set()}
    assert codes(Router(EVERYBODY, [group(1), group(1, codes=(1, 2))]), 7) == {1: set()}


def test_a_group_without_recipients_counts_for_nothing() -> None:
    assert set(Router(EVERYBODY, [group()]).routes_of(7)) == {1, 2, 3}


def test_who_does_not_want_availability_alerts_hears_of_nothing() -> None:
    deaf = replace(SECOND, settings=replace(SECOND.settings, availability_alert=False))

    assert set(Router((FIRST, deaf), []).routes_of(7)) == {1}
    assert set(Router((FIRST, deaf), [group(2)]).routes_of(7)) == set()


def test_thresholds_are_the_recipient_s() -> None:
    settings = replace(FIRST.settings, start_threshold=3, stop_threshold=4, notify_on_clear=True)

    (route,) = Router([replace(FIRST, settings=settings)], []).routes_of(7).values()

    assert route == Route(start_threshold=3, stop_threshold=4, notify_on_clear=True)


def test_what_concerns_several_monitors_is_for_all_who_hear_of_any_of_them() -> None:
    router = Router(EVERYBODY, [group(1, codes=(2,)), group(1, 2, monitors=(8,), codes=(104,))])
    found = {id_: set(route.status_codes) for id_, route in router.routes_of_all([7, 8]).items()}

    assert found == {1: {2, 104}, 2: {104}}
    assert {id_: set(route.status_codes) for id_, route in router.routes_of_all([7, 9]).items()} == {
        1: set(),
        2: set(),
        3: set(),
    }
    assert router.routes_of_all([]) == {}
