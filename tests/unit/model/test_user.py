"""Roles, and what users may do with which monitors."""

import itertools

import pytest

from mailtrip.model import Access, Actor, MonitorAccess, Role, User, UserSettings
from mailtrip.testing.clock import FakeClock

MIXED = MonitorAccess(default=Access.VIEW, edit=frozenset({1}), none=frozenset({3}))


def test_of_two_different_roles_the_one_named_first_is_above() -> None:
    for higher, lower in itertools.combinations(Role, 2):
        assert higher.is_above(lower)
        assert not lower.is_above(higher)
    assert not any(role.is_above(role) for role in Role)


@pytest.mark.parametrize(
    ("role", "access", "expected"),
    [
        (Role.POWER_USER, None, [Access.EDIT, Access.EDIT, Access.EDIT]),
        (Role.POWER_USER, MIXED, [Access.EDIT, Access.VIEW, Access.NONE]),
        (Role.USER, None, [Access.VIEW, Access.VIEW, Access.VIEW]),
        (Role.USER, MIXED, [Access.VIEW, Access.VIEW, Access.NONE]),
        (Role.READ_ONLY, MIXED, [Access.VIEW, Access.VIEW, Access.NONE]),
        (
            Role.POWER_USER,
            MonitorAccess(default=Access.NONE, view=frozenset({2})),
            [Access.NONE, Access.VIEW, Access.NONE],
        ),
    ],
)
def test_the_role_and_what_is_set_both_have_to_allow_it(
    role: Role, access: MonitorAccess | None, expected: list[Access]
) -> None:
    actor = Actor(account_id=1, role=role, access=access)
    assert [actor.access_to(monitor_id) for monitor_id in (1, 2, 3)] == expected


@pytest.mark.parametrize("role", Role)
def test_what_is_set_counts_for_roles_that_do_not_manage_users(role: Role) -> None:
    settings = UserSettings(email="a@example.com", role=role, access=MIXED)
    user = User(id=7, guid="0" * 32, account_id=1, settings=settings, created_at=FakeClock().now())
    actor = Actor.of(user)
    assert (actor.user_id, actor.email, actor.role) == (7, "a@example.com", role)
    assert actor.access == (None if role in {Role.ADMIN, Role.CO_ADMIN} else MIXED)
    assert not actor.is_operator


def test_the_operator_is_neither_a_user_nor_a_token() -> None:
    assert Actor(account_id=1, role=Role.ADMIN).is_operator
    assert not Actor(account_id=1, role=Role.ADMIN, token_id=1).is_operator
