"""`If-Match` as RFC 9110 has it (8.8.3 and 13.1.1)."""

import pytest

from mailtrip.api.codecs import BadValue
from mailtrip.api.preconditions import parse_if_match


@pytest.mark.parametrize(
    ("values", "revisions"),
    [
        ([], None),
        (["*"], None),
        ([" * "], None),
        (['"3"'], {3}),
        (['"3", "14"'], {3, 14}),
        (['"3","14"'], {3, 14}),
        (['"3"', '"14"'], {3, 14}),
        ([', "3" ,, "14",'], {3, 14}),
        (['W/"3"'], set()),
        (['W/"3", "4"'], {4}),
        (['"x,y", "5"'], {5}),
        (['"W/", "5"'], {5}),
        (['"03", "-1", "", "99999999999999999999"'], set()),
        (["\x22\xe4\x22"], set()),
        ([""], set()),
    ],
)
def test_the_strong_tags_of_a_list_are_the_revisions_that_match(values: list[str], revisions: set[int] | None) -> None:
    assert parse_if_match(values) == revisions


@pytest.mark.parametrize("value", ["3", "*, *", '*, "3"', '"3" "4"', '"3', "'3'", 'w/"3"', 'W/ "3"', '"a b"', '"3";'])
def test_what_is_no_list_of_tags_is_refused(value: str) -> None:
    with pytest.raises(BadValue, match="tags in quotes"):
        parse_if_match([value])
