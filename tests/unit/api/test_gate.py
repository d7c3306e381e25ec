"""How many may be under way at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.api.gate import Gate, TooMany


def test_one_client_has_its_share_and_others_theirs() -> None:
    gate = Gate("requests", most=3, most_per_client=2)
    gate.enter("192.0.2.1")
    gate.enter("192.0.2.1")
    with pytest.raises(TooMany, match="too many requests of this address at once; try again"):
        gate.enter("192.0.2.1")
    gate.enter("192.0.2.2")
    with pytest.raises(TooMany, match="too many requests at once; try again"):
        gate.enter("192.0.2.3")


def test_an_ipv6_client_has_one_share_for_its_whole_network() -> None:
    gate = Gate("requests", most=10, most_per_client=1)
    gate.enter("2001:db8::1")
    with pytest.raises(TooMany):
        gate.enter("2001:db8::2")


def test_a_proxy_may_have_all_there_is() -> None:
    gate = Gate("connections", most=3, most_per_client=1)
    for _ in range(3):
        gate.enter("10.0.0.1", is_many=True)
    with pytest.raises(TooMany, match="too many connections at once"):
        gate.enter("10.0.0.1", is_many=True)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=200))
def test_it_never_lets_in_more_than_it_may_and_forgets_who_has_left(moves: list[tuple[bool, int]]) -> None:
    gate = Gate("requests", most=4, most_per_client=2)
    inside: list[str] = []
    for enters, number in moves:
        if enters:
            try:
                inside.append(gate.enter(f"192.0.2.{number}"))
            except TooMany:
                assert len(inside) == 4 or inside.count(f"192.0.2.{number}") == 2
        elif inside:
            gate.leave(inside.pop(number % len(inside)))
        assert gate.count == len(inside) <= 4
    for client in inside:
        gate.leave(client)
    for number in (0, 0, 1, 1):
        gate.enter(f"192.0.2.{number}")
