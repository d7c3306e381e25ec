import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded

from mailtrip.probe.fields import Field, printable, read_fields


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"A: 1\r\nb-C: 2\r\n\r\nd: 3\r\n", [("a", "1"), ("b-c", "2")], id="a header and a body"),
        pytest.param(b"A: 1\nB: 2\n\nd: 3\n", [("a", "1"), ("b", "2")], id="other line ends"),
        pytest.param(b"A: 1\r\n 2\r\n\t3\r\nB: 4", [("a", "1 2 3"), ("b", "4")], id="folded"),
        pytest.param(b"A:\r\n 1", [("a", "1")], id="folded at once"),
        pytest.param(b"A  : 1\r\n", [("a", "1")], id="blanks before the colon"),
        pytest.param(b"A:\r\nB:", [("a", ""), ("b", "")], id="empty"),
        pytest.param(b"From box@example.net Mon Mar  9\r\nA: 1\r\n", [("a", "1")], id="a mailbox line"),
        pytest.param(b"no field\r\n of any kind: x\r\nA: 1", [("a", "1")], id="lines that are no fields"),
        pytest.param(b"\r\nA: 1\r\n", [], id="no header"),
        pytest.param(b"A: \x00\x1b[1m\xe2\x80\xae\xff", [("a", "??[1m?\ufffd")], id="what a terminal would obey"),
        pytest.param("A: J\u00fcrgen".encode(), [("a", "J\u00fcrgen")], id="beyond ASCII"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_a_header_is_read_as_fields(content: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(field.name, field.body) for field in read_fields(content)] == expected


def test_a_field_that_ends_beyond_the_bound_is_left_out() -> None:
    content = b"A: 1\r\n" + b"X: " + b"x" * 65_500 + b"\r\nAuthentication-Results: a; dkim=pass-not\r\n"

    assert [field.name for field in read_fields(content)] == ["a", "x"]


@pytest.mark.parametrize(
    "content", [b"a" * 65_536, b"a:" * 32_768, b" \n" * 32_768, b"a\t" * 32_768, b"\r" * 65_536, b":\n" * 32_768]
)
def test_hostile_headers_are_read_in_bounded_time(content: bytes) -> None:
    with bounded():
        read_fields(content)


@given(st.binary(max_size=500))
def test_any_bytes_are_fields_of_printable_text(content: bytes) -> None:
    for field in read_fields(content):
        assert field.name
        assert field.name == field.name.lower()
        assert field.body.isprintable()


@given(st.lists(st.builds(Field, st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), st.text().map(printable))))
def test_fields_that_were_written_are_read_again(fields: list[Field]) -> None:
    content = "".join(f"{field.name}: {field.body}\r\n" for field in fields).encode()

    assert list(read_fields(content)) == fields
