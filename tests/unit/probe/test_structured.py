import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded

from mailtrip.probe.structured import Part, first_value, pairs_of, parts_of


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", [Part("")]),
        ("a b; c", [Part("a b"), Part("c")]),
        ("a (one) b(two);", [Part("a b", ("one", "two")), Part("")]),
        ("a (b (c; d) e) f", [Part("a f", ("b (c; d) e",))]),
        (r"a (b \) c) d", [Part("a d", (r"b \) c",))]),
        ('a "b; (c)" d', [Part('a "b; (c)" d')]),
        (r'a "b \" ; c"; d', [Part(r'a "b \" ; c"'), Part("d")]),
        ('a "b; c', [Part('a "b'), Part("c")]),
        ("a (b; c", [Part("a b"), Part("c")]),
        ("a) b", [Part("a b")]),
        ('(a "b) c; d" e', [Part("c", ('a "b',)), Part('d" e')]),
    ],
)
def test_semicolons_divide_what_is_not_quoted(body: str, expected: list[Part]) -> None:
    assert parts_of(body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b c=d", [("a", "b"), ("c", "d")]),
        ("A.B = c", [("a.b", "c")]),
        ('a="b c" d=e', [("a", "b c"), ("d", "e")]),
        (r'a="b \"c\""', [("a", 'b "c"')]),
        ("dkim/1=pass", [("dkim", "pass")]),
        ("a=b=c", [("a", "b=c")]),
        ("a= ", []),
        ("1=2", []),
    ],
)
def test_pairs_are_found_in_a_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(pairs_of(text)) == expected


def test_the_first_name_that_has_a_value_counts() -> None:
    pairs = [("a", ""), ("b", "1"), ("b", "2"), ("c", "3")]

    assert first_value(pairs, "a", "b", "c") == "1"
    assert first_value(pairs, "a", "x") is None


@pytest.mark.parametrize(
    "body", ["(" * 60_000, '"' * 60_000, '"\\' * 30_000, "a=" * 30_000, "a" * 60_000, ";" * 60_000, "a-" * 30_000]
)
def test_hostile_bodies_are_taken_apart_in_bounded_time(body: str) -> None:
    with bounded():
        for part in parts_of(body):
            list(pairs_of(part.text))
        list(pairs_of(body))


@given(st.text(st.sampled_from('ab ;()"\\='), max_size=60))
def test_any_body_can_be_taken_apart(body: str) -> None:
    for part in parts_of(body):
        list(pairs_of(part.text))
