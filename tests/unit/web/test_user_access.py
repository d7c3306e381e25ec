import pytest

from mailtrip.errors import InvalidInput
from mailtrip.model import Access, MonitorAccess
from mailtrip.web.user_access import read_access

HAD = MonitorAccess(default=Access.EDIT, view=frozenset({1, 2}), none=frozenset({3}))


def test_what_is_in_the_form_is_set_and_what_is_not_stays() -> None:
    form = {"default": "None", "monitor-1": "Edit", "monitor-3": "usual", "monitor-4": "View", "form_token": "0"}

    access = read_access(form, HAD)

    assert access == MonitorAccess(default=Access.NONE, edit=frozenset({1}), view=frozenset({2, 4}))


@pytest.mark.parametrize("form", [{}, {"default": "edit"}, {"default": "Edit", "monitor-1": "all"}])
def test_a_choice_that_there_is_not_sets_nothing(form: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        read_access(form, HAD)


def test_a_thousand_exceptions_are_the_most() -> None:
    form = {"default": "Edit", **{f"monitor-{number}": "View" for number in range(1, 1001)}}
    assert len(read_access(form, MonitorAccess()).view) == 1000

    with pytest.raises(InvalidInput, match="1,001 exceptions"):
        read_access(form | {"monitor-1001": "View"}, MonitorAccess())
