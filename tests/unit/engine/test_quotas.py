"""How many messages a sender may send: what is counted, what is thinned out, what is given back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.engine.ports import RecentRun, RunJob
from mailtrip.engine.quotas import Quotas, SenderQuota
from mailtrip.model import Provider, Providers, Run, RunKind
from mailtrip.testing.engine import make_job

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def run_of(monitor_id: int, minute: float, kind: RunKind = RunKind.SCHEDULED) -> Run:
    return make_job(monitor_id, START + minute * MINUTE, kind=kind).run


def sent_by(quota: SenderQuota, intervals: dict[int, int], minutes: Sequence[int]) -> dict[int, list[int]]:
    """In which minutes each monitor may send, when monitor N is due each `intervals[N]` minutes."""
    sent: dict[int, list[int]] = {monitor_id: [] for monitor_id in intervals}
    for minute in minutes:
        for monitor_id, interval in intervals.items():
            if minute % interval == 0 and quota.take(run_of(monitor_id, minute), interval * MINUTE):
                sent[monitor_id].append(minute)
    return sent


@pytest.mark.parametrize("limit", [1, 4, 12, 60])
def test_a_plan_that_just_fits_is_never_held_up(limit: int) -> None:
    interval = 60 // limit

    sent = sent_by(SenderQuota(limit), {1: interval}, range(600))

    assert sent[1] == [*range(0, 600, interval)]


def test_monitors_that_fit_together_are_never_held_up() -> None:
    intervals = {1: 4, 2: 60, 3: 15}

    sent = sent_by(SenderQuota(20), intervals, range(600))

    assert sent == {id_: [*range(0, 600, interval)] for id_, interval in intervals.items()}


def test_a_plan_beyond_the_limit_is_thinned_out_evenly() -> None:
    sent = sent_by(SenderQuota(20), {1: 1}, range(180))

    assert sent[1] == [*range(0, 180, 3)]


def test_monitors_that_share_a_sender_are_thinned_out_alike_in_the_long_run() -> None:
    intervals = dict.fromkeys(range(1, 31), 15)

    sent = sent_by(SenderQuota(20), intervals, range(24 * 60))

    assert all(10 <= len(minutes) <= 25 for minutes in sent.values())


def test_a_sender_whose_plan_is_a_little_too_much_loses_a_little() -> None:
    sent = sent_by(SenderQuota(60), {1: 1, 2: 60}, range(600))

    assert len(sent[1]) >= 580


@given(
    st.integers(1, 30),
    st.dictionaries(st.integers(1, 6), st.sampled_from([1, 2, 3, 5, 15, 60, 90]), min_size=1, max_size=6),
    st.lists(st.integers(0, 239), max_size=40),
)
def test_no_hour_of_slots_has_more_messages_than_the_limit(
    limit: int, intervals: dict[int, int], tests: list[int]
) -> None:
    quota = SenderQuota(limit)
    slots: list[int] = []
    for minute in range(240):
        for monitor_id, interval in intervals.items():
            if minute % interval == 0 and quota.take(run_of(monitor_id, minute), interval * MINUTE):
                slots.append(minute)
        if minute in tests and quota.take(run_of(1, minute, RunKind.TEST), MINUTE):
            slots.append(minute)

    for start in range(180):
        assert sum(start <= slot < start + 60 for slot in slots) <= limit


def test_a_test_is_not_spaced_but_counted() -> None:
    quota = SenderQuota(2)
    quota.take(run_of(1, 0), MINUTE)

    tests = [quota.take(run_of(1, minute, RunKind.TEST), MINUTE) for minute in (1, 2, 61)]

    assert tests == [True, False, True]


def test_what_sent_nothing_is_given_back() -> None:
    quota = SenderQuota(1)
    first = run_of(1, 0)
    quota.take(first, HOUR)
    quota.give_back(first)
    quota.give_back(first)

    assert quota.take(run_of(2, 1), HOUR)
    assert not quota.take(run_of(3, 2), HOUR)


def test_what_an_earlier_process_sent_counts_as_if_it_were_our_own() -> None:
    minutes = range(90)
    whole = sent_by(SenderQuota(20), {1: 1}, minutes)[1]
    before = SenderQuota(20)
    sent = set(sent_by(before, {1: 1}, range(45))[1])

    after = SenderQuota(20)
    after.learn([(run_of(1, minute), MINUTE, minute in sent) for minute in range(45)])

    assert sent_by(after, {1: 1}, range(45, 90))[1] == [minute for minute in whole if minute >= 45]


LIMITED = Provider(name="limited", hosts=("smtp.example.com",), messages_per_hour=1)
OTHER = Provider(name="other", hosts=("smtp.example.net",), messages_per_hour=1)


def job(monitor_id: int, minute: float = 0, **settings: object) -> RunJob:
    return make_job(monitor_id, START + minute * MINUTE, kind=RunKind.SCHEDULED, **{"interval": HOUR} | settings)


def test_a_host_of_a_provider_without_a_limit_is_free() -> None:
    quotas = Quotas(Providers([LIMITED]))

    assert [quotas.take(job(id_, smtp_server="smtp.example.org")) for id_ in range(5)] == [None] * 5


def test_a_sender_counts_over_all_its_monitors_in_any_case_of_letters() -> None:
    quotas = Quotas(Providers([LIMITED]))

    assert quotas.take(job(1, email="me@example.com")) is None
    assert quotas.take(job(2, email="box@example.com", sender="ME@example.com")) is not None
    assert quotas.take(job(3, email="other@example.com")) is None


def test_a_sender_counts_at_each_provider_apart() -> None:
    quotas = Quotas(Providers([LIMITED, OTHER]))

    assert quotas.take(job(1)) is None
    assert quotas.take(job(2, smtp_server="smtps://smtp.example.net")) is None


def test_the_reason_names_the_limit_and_the_remedy() -> None:
    quotas = Quotas(Providers([LIMITED]))
    quotas.take(job(1, interval=MINUTE))

    assert quotas.take(job(1, 1, interval=MINUTE)) == (
        "limited takes 1 messages an hour from one sender, and 60 an hour are planned for probe@example.com; "
        "set a longer interval"
    )
    tested = job(2, 2, sender="tested@example.com")
    quotas.take(tested)
    assert quotas.take(make_job(3, START + 3 * MINUTE, kind=RunKind.TEST, sender="tested@example.com")) == (
        "limited takes 1 messages an hour from one sender, and tested@example.com has sent as many within the last hour"
    )


def test_the_runs_of_an_earlier_process_are_learnt_by_sender() -> None:
    quotas = Quotas(Providers([LIMITED]))
    quotas.learn(
        [
            RecentRun(
                run=run_of(1, 0),
                smtp_host="smtp.example.com",
                sender="Probe@example.com",
                interval=HOUR,
                may_have_sent=True,
            ),
            RecentRun(
                run=run_of(2, 1),
                smtp_host="smtp.example.com",
                sender="b@example.com",
                interval=HOUR,
                may_have_sent=False,
            ),
            RecentRun(
                run=run_of(3, 2),
                smtp_host="elsewhere.example",
                sender="c@example.com",
                interval=HOUR,
                may_have_sent=True,
            ),
        ]
    )

    assert quotas.take(job(4, 30)) is not None
    assert quotas.take(job(5, 30, sender="b@example.com")) is None
    assert quotas.take(job(6, 30, sender="c@example.com")) is None


def test_given_back_is_what_was_taken_and_nothing_else() -> None:
    quotas = Quotas(Providers([LIMITED]))
    taken, refused = job(1), job(2)
    quotas.take(taken)
    quotas.take(refused)
    quotas.give_back(refused)
    quotas.give_back(job(9, smtp_server="smtp.example.org"))

    assert quotas.take(job(3)) is not None
    quotas.give_back(taken)
    assert quotas.take(job(3)) is None


def test_only_hosts_of_providers_with_a_limit_are_asked_for() -> None:
    quotas = Quotas(Providers([LIMITED, Provider(name="free", hosts=("example.org",))]))

    assert [quotas.is_limited(host) for host in ("smtp.example.com", "a.example.org", "x")] == [True, False, False]
