"""Pictures from people: only what is to be seen of them is kept."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.status_seed import chunk, make_png

from mailtrip.errors import InvalidInput
from mailtrip.service.pictures import LARGEST_PICTURE, clean

SEGMENTS = {
    "JFIF": (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
    "EXIF": (0xE1, b"Exif\0\0GPS 45.0 N 7.0 E"),
    "comment": (0xFE, b"made by somebody"),
    "table": (0xDB, bytes(65)),
    "size": (0xC0, struct.pack(">BHHB", 8, 20, 30, 1) + b"\1\x11\0"),
    "codes": (0xC4, bytes(17)),
    "scan": (0xDA, b"\1\1\0\0\x3f\0"),
}
DATA = b"\x12\xff\0\x34\xff\xd0\x56"


def segment(name: str) -> bytes:
    kind, data = SEGMENTS[name]
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


def make_jpeg(*names: str) -> bytes:
    return b"\xff\xd8" + b"".join(map(segment, names)) + segment("scan") + DATA + b"\xff\xd9"


PLAIN = make_jpeg("table", "size", "codes")


def fault_of(content: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        clean(content, field="logo")
    assert [fault.field for fault in refused.value.faults] == ["logo"]
    return refused.value.faults[0].text


def test_a_png_keeps_only_what_is_to_be_seen() -> None:
    hidden = chunk(b"tEXt", b"Author\0somebody") + chunk(b"eXIf", b"GPS") + chunk(b"iTXt", b"x")
    found = clean(make_png(extra=hidden) + b"<script>", field="logo")

    assert (found.content, found.media_type) == (make_png(), "image/png")


def test_a_jpeg_keeps_only_what_is_to_be_seen() -> None:
    found = clean(make_jpeg("JFIF", "EXIF", "comment", "table", "size", "codes") + b"<script>", field="logo")

    assert (found.content, found.media_type) == (PLAIN, "image/jpeg")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is no PNG or JPEG picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "is no PNG or JPEG picture"),
        (b"GIF89a" + bytes(50), "is no PNG or JPEG picture"),
        (make_png() + bytes(LARGEST_PICTURE), "at most 100000 are taken"),
        (make_png(2001, 1), "has 2001 x 1 pixels"),
        (make_png(1, 0), "has 1 x 0 pixels"),
        (make_png()[:-20], "ends too early"),
        (make_png(extra=b"\0\0\0\1tEXtabcde"), "is a broken PNG"),
        (make_png(extra=b"\xff\xff\xff\xfftEXtabcde"), "ends too early"),
        (make_jpeg("table", "codes"), "of a kind that browsers don't show"),
        (PLAIN[:-2], "ends too early"),
        (PLAIN[:30], "is a broken JPEG"),
        (b"\xff\xd8", "ends too early"),
        (b"\xff\xd8\x12\x34\x56\x78", "is a broken JPEG"),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes, text: str) -> None:
    assert text in fault_of(content)


@given(
    start=st.sampled_from([make_png(), PLAIN]),
    place=st.integers(0, 2000),
    change=st.binary(min_size=1, max_size=8),
)
def test_whatever_is_given_is_refused_or_cleaned_once_for_all(start: bytes, place: int, change: bytes) -> None:
    place %= len(start)
    content = start[:place] + change + start[place + len(change) :]
    try:
        found = clean(content, field="logo")
    except InvalidInput:
        return
    assert clean(found.content, field="logo") == found
