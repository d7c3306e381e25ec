"""The page of the fault matrix says what the rows say."""

from collections import Counter

import pytest
from tests.matrix import test_others_defects
from tests.matrix.faults import ROWS
from tests.matrix.page import PAGE, table, table_of_others, table_on_page
from tests.matrix.rows import Part

from mailtrip.model import MailProtocol


@pytest.mark.parametrize("part", Part)
def test_the_table_on_the_page_agrees_row_by_row(part: Part) -> None:
    assert table_on_page(part) == table(part)


def test_no_two_rows_have_the_same_name() -> None:
    assert [name for name, count in Counter(row.name for row in ROWS).items() if count > 1] == []


@pytest.mark.parametrize("protocol", [MailProtocol.POP3, MailProtocol.IMAP])
def test_there_are_at_least_forty_faults_for_each_protocol(protocol: MailProtocol) -> None:
    assert sum(protocol in row.outcomes for row in ROWS) >= 40


def test_the_page_names_the_number_of_faults() -> None:
    runs = sum(len(row.outcomes) for row in ROWS)

    assert f"{len(ROWS)} faults, {runs} runs" in PAGE.read_text(encoding="utf-8")


def test_each_test_about_a_defect_of_others_is_on_the_page_and_no_other() -> None:
    tests = {name for name in vars(test_others_defects) if name.startswith("test_")}

    assert set(table_of_others()) == tests
