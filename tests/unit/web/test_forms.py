"""Proofs that a form is of our own page."""

import pytest

from mailtrip.errors import Forbidden
from mailtrip.web.forms import check_origin, check_token, make_token

KEY = "a" * 64


def test_a_token_is_different_each_time_and_taken_each_time() -> None:
    tokens = {make_token(KEY) for _ in range(10)}

    assert len(tokens) == 10
    for token in tokens:
        check_token(token, KEY)


@pytest.mark.parametrize("text", ["", "0" * 128, "x" * 128, make_token("b" * 64), make_token(KEY)[:-1]])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Forbidden):
        check_token(text, KEY)


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://us.example:8025"}, False),
        ({"origin": "http://us.example:8025"}, True),
        ({"origin": "http://us.example"}, False),
        ({"origin": "null"}, False),
    ],
)
def test_what_a_page_of_another_site_sends_is_refused(headers: dict[str, str], is_ours: bool) -> None:
    sent = {"host": "us.example:8025"} | headers

    if is_ours:
        check_origin(sent)
    else:
        with pytest.raises(Forbidden):
            check_origin(sent)
