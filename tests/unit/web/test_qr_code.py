import re
from xml.etree import ElementTree as ET

import pytest

from mailtrip.service import second_factors
from mailtrip.web.qr_code import qr_code

QUIET = 4
FINDER = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
ADDRESS = second_factors.address_of("A" * 32, "name@example.com")


def modules(picture: str) -> list[str]:
    """The picture as rows of dark (#) and light (.) modules, its margin among them."""
    (side,) = set(ET.fromstring(picture).attrib["viewBox"].split()[2:])
    rows = [["."] * int(side) for _ in range(int(side))]
    (path,) = re.findall(r'<path stroke="#000" d="([^"]+)"', picture)
    x, y = 0, 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+) ?(-?[\d.]+)?", path):
        if command == "h":
            rows[int(y)][x : x + int(first)] = "#" * int(first)
            x += int(first)
        else:
            x, y = (int(first), float(second)) if command == "M" else (x + int(first), y + float(second))
    return ["".join(row) for row in rows]


def test_a_camera_finds_its_three_corners_within_a_margin() -> None:
    rows = modules(qr_code(ADDRESS))
    end = len(rows) - QUIET

    assert {*rows[:QUIET], *rows[end:]} == {"." * len(rows)}
    assert {row[:QUIET] + row[end:] for row in rows} == {"." * 2 * QUIET}
    for top, left in ((QUIET, QUIET), (QUIET, end - 7), (end - 7, QUIET)):
        assert [row[left : left + 7] for row in rows[top : top + 7]] == FINDER


def test_it_is_black_on_white_and_has_no_style_of_its_own() -> None:
    picture = qr_code(ADDRESS)

    assert re.findall(r'(?:fill|stroke)="([^"]+)"', picture) == ["#fff", "#000"]
    assert "style" not in picture
    assert "class" not in picture


@pytest.mark.parametrize("email", ["a@b.example", "ж" * 32 + "@" + "x." * 90 + "example", '"<&>"@example.com'])
def test_the_address_of_any_user_fits_and_has_a_picture_of_its_own(email: str) -> None:
    assert modules(qr_code(second_factors.address_of("A" * 32, email))) != modules(qr_code(ADDRESS))
