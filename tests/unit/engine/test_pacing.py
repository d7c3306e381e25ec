import random

from hypothesis import example, given
from hypothesis import strategies as st

from mailtrip.engine.pacing import Admission, Ticket, TicketState, TokenBucket


def make_admission(*, runs: int = 100, sessions_per_host: int = 2, patience: float = 5.0) -> Admission:
    return Admission(runs=runs, sessions_per_host=sessions_per_host, patience=patience)


def test_a_bucket_lets_a_few_through_at_once_and_then_paces_them_evenly() -> None:
    bucket = TokenBucket(per_second=10.0, burst=3)
    assert [round(bucket.reserve(100.0), 6) for _ in range(6)] == [0.0, 0.0, 0.0, 0.1, 0.2, 0.3]


def test_a_bucket_that_was_left_alone_has_no_more_than_its_burst() -> None:
    bucket = TokenBucket(per_second=10.0, burst=2)
    bucket.reserve(0.0)
    assert [round(bucket.reserve(1000.0), 6) for _ in range(3)] == [0.0, 0.0, 0.1]


@given(
    st.lists(st.floats(min_value=0.0, max_value=1.0), max_size=100),
    st.integers(min_value=1, max_value=5),
    st.sampled_from([1.0, 7.0, 200.0]),
)
def test_no_window_of_time_sees_more_starts_than_burst_and_rate_allow(
    pauses: list[float], burst: int, rate: float
) -> None:
    bucket = TokenBucket(per_second=rate, burst=burst)
    now, starts = 0.0, []
    for pause in pauses:
        now += pause
        starts.append(now + bucket.reserve(now))
    assert starts == sorted(starts)
    for index, start in enumerate(starts):
        window = [other for other in starts[index:] if other <= start + 1.0]
        assert len(window) <= burst + rate + 1


def test_a_run_is_let_in_when_there_is_room_for_all_its_sessions() -> None:
    admission = make_admission()
    ticket = admission.ask(["smtp", "imap"], now=0.0)
    assert (ticket.state, admission.running, admission.waiting) == (TicketState.ADMITTED, 1, 0)


def test_host_names_differ_by_more_than_their_case() -> None:
    admission = make_admission(sessions_per_host=1)
    admission.ask(["Mail.Example.COM"], now=0.0)
    assert admission.ask(["mail.example.com"], now=0.0).state is TicketState.WAITING


def test_a_run_with_both_servers_on_one_host_takes_two_of_its_sessions() -> None:
    admission = make_admission(sessions_per_host=3)
    admission.ask(["mail", "mail"], now=0.0)
    assert admission.ask(["mail", "mail"], now=0.0).state is TicketState.WAITING
    assert admission.ask(["mail", "other"], now=0.0).state is TicketState.ADMITTED


def test_a_run_that_needs_more_of_a_host_than_its_cap_gets_the_cap() -> None:
    admission = make_admission(sessions_per_host=1)
    assert admission.ask(["mail", "mail"], now=0.0).state is TicketState.ADMITTED


def test_those_that_wait_are_let_in_by_age_but_urgent_ones_first() -> None:
    admission = make_admission(runs=1)
    first = admission.ask(["a"], now=0.0)
    older, younger = admission.ask(["b"], now=1.0), admission.ask(["c"], now=2.0)
    urgent = admission.ask(["d"], now=3.0, is_urgent=True)
    let_in = []
    ticket = first
    while admitted := admission.leave(ticket, now=4.0):
        (ticket,) = admitted
        let_in.append(ticket)
    assert let_in == [urgent, older, younger]


def test_a_run_that_waits_for_one_host_holds_no_session_of_the_other() -> None:
    admission = make_admission(sessions_per_host=1)
    admission.ask(["slow"], now=0.0)
    waiting = admission.ask(["fine", "slow"], now=0.0)
    assert waiting.state is TicketState.WAITING
    assert admission.ask(["fine"], now=1.0).state is TicketState.ADMITTED


def test_a_run_that_gives_up_is_never_let_in() -> None:
    admission = make_admission(sessions_per_host=1)
    running, waiting = admission.ask(["a"], now=0.0), admission.ask(["a"], now=0.0)
    admission.leave(waiting, now=1.0)
    assert (admission.leave(running, now=2.0), admission.waiting, admission.running) == ([], 0, 0)


def test_leaving_twice_gives_back_once() -> None:
    admission = make_admission(runs=1)
    ticket = admission.ask(["a"], now=0.0)
    admission.leave(ticket, now=1.0)
    admission.leave(ticket, now=1.0)
    admission.ask(["a"], now=2.0)
    assert admission.ask(["b"], now=2.0).state is TicketState.WAITING


def test_a_waiting_run_says_which_host_it_lacks() -> None:
    admission = make_admission(runs=3, sessions_per_host=1)
    admission.ask(["a"], now=0.0)
    assert admission.ask(["b", "a"], now=0.0).lacking == "a"
    admission.ask(["c"], now=0.0)
    admission.ask(["d"], now=0.0)
    assert not admission.ask(["e"], now=0.0).lacking


def overtaken_for(*, patience: float) -> int:
    """How many rounds a run of two busy hosts waits, when others that need one of them come all the time."""
    admission = make_admission(sessions_per_host=1, patience=patience)
    holders = {host: admission.ask([host], now=0.0) for host in ("a", "b")}
    waiting = admission.ask(["a", "b"], now=0.0)
    for round_ in range(1, 51):
        for host in ("a", "b"):
            queued = admission.ask([host], now=float(round_))
            admission.leave(holders[host], now=float(round_))
            holders[host] = queued
        if waiting.state is TicketState.ADMITTED:
            return round_
    return 51


def test_a_run_that_needs_two_busy_hosts_is_not_overtaken_for_ever() -> None:
    assert overtaken_for(patience=5.0) <= 12


def test_without_patience_running_out_it_would_be() -> None:
    assert overtaken_for(patience=1e9) == 51


def test_many_that_wait_for_a_dead_host_leave_the_other_host_all_sessions_but_one() -> None:
    admission = make_admission(sessions_per_host=10, patience=5.0)
    for _ in range(10):
        admission.ask(["z-dead"], now=0.0)
    blocked = [admission.ask(["fine", "z-dead"], now=0.0) for _ in range(50)]
    now = 0.0
    for _ in range(200):
        now += 0.5
        ticket = admission.ask(["fine"], now=now)
        assert ticket.state is TicketState.ADMITTED
        admission.leave(ticket, now=now)
    alone = [admission.ask(["fine"], now=now).state for _ in range(10)]
    assert alone.count(TicketState.ADMITTED) >= 9
    assert {ticket.state for ticket in blocked} == {TicketState.WAITING}


def test_a_host_may_have_a_cap_of_its_own() -> None:
    admission = Admission(runs=100, sessions_per_host=1, patience=5.0, cap_of={"wide": 3, "narrow": 1}.get)

    wide = [admission.ask(["Wide"], now=0.0).state for _ in range(4)]
    narrow = admission.ask(["narrow", "narrow"], now=0.0)

    assert wide == [TicketState.ADMITTED] * 3 + [TicketState.WAITING]
    assert (narrow.state, narrow.sessions) == (TicketState.ADMITTED, {"narrow": 1})
    assert [admission.cap(host) for host in ("wide", "other")] == [3, 1]


HOSTS = ["a", "b", "c", "d"]


def check_bounds(admission: Admission, tickets: list[Ticket], *, runs: int, sessions_per_host: int) -> None:
    admitted = [ticket for ticket in tickets if ticket.state is TicketState.ADMITTED]
    assert admission.running == len(admitted) <= runs
    assert admission.waiting == sum(ticket.state is TicketState.WAITING for ticket in tickets)
    for host in HOSTS:
        assert sum(ticket.sessions.get(host, 0) for ticket in admitted) <= sessions_per_host


@given(
    st.integers(min_value=0, max_value=2**32),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=1, max_value=3),
    st.sampled_from([0.0, 3.0]),
)
@example(4, 5, 2, 0.0)  # sessions are kept for one who stands behind another that wants them
def test_caps_hold_and_everybody_is_let_in_in_the_end(
    seed: int, runs: int, sessions_per_host: int, patience: float
) -> None:
    dice = random.Random(seed)
    admission = make_admission(runs=runs, sessions_per_host=sessions_per_host, patience=patience)
    tickets: list[Ticket] = []
    for now in range(60):
        if dice.random() < 0.6:
            hosts = [dice.choice(HOSTS) for _ in range(dice.choice([1, 2]))]
            tickets.append(admission.ask(hosts, now=now, is_urgent=dice.random() < 0.2))
        elif here := [ticket for ticket in tickets if ticket.state is not TicketState.GONE]:
            admission.leave(dice.choice(here), now=now)
        check_bounds(admission, tickets, runs=runs, sessions_per_host=sessions_per_host)
    now = 60
    while here := [ticket for ticket in tickets if ticket.state is TicketState.ADMITTED]:
        now += 1
        admission.leave(dice.choice(here), now=now)
        check_bounds(admission, tickets, runs=runs, sessions_per_host=sessions_per_host)
    assert admission.waiting == 0
