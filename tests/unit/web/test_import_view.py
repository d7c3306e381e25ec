import pytest

from mailtrip.model import MonitorType
from mailtrip.web.import_view import MOST_LINES, read_lines
from mailtrip.web.monitor_fields import LOGIN

HEADER = "name,email"


def test_each_row_becomes_the_entries_of_a_form_with_the_number_of_its_line() -> None:
    found = read_lines('\ufeffName; email; note; expect_spf\n\nFirst;a@example.com;"two\nlines";yes\n;b@example.com\n')

    assert [(line.number, line.entries["name"], line.entries["email"]) for line in found] == [
        (4, "First", "a@example.com"),
        (5, "", "b@example.com"),
    ]
    assert [line.entries["expect_spf"] for line in found] == ["yes", ""]
    assert {line.entries["interval"] for line in found} == {"5"}


def test_the_type_and_the_servers_decide_what_is_not_said() -> None:
    check, trip = read_lines(
        "type,mailbox_server,smtp_username\nemail-imap,mail.example.com,\n,pop3s://a.example,relay\n"
    )

    assert (check.type, trip.type) == (MonitorType.IMAP, MonitorType.ROUND_TRIP)
    assert (trip.entries["mailbox_protocol"], trip.entries[LOGIN]) == ("pop3", "own")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no monitor in it"),
        (HEADER, "no monitor in it"),
        ("nam,email\na,b", "Cell 1 of the header row is no column"),
        ("name,name\na,b", "name twice"),
        (f"{HEADER}\na,b,c", "Line 2 has 3 cells"),
        (f"{HEADER}\n" + "a,b\n" * (MOST_LINES + 1), "more than 200 rows"),
        (f'{HEADER}\n"a"b,c', "Line 2 is no CSV"),
        ("type\nweb", "Line 2 has an unknown type"),
        ("enabled\nmaybe", "neither yes nor no"),
        ("type,email\nemail-imap,a@example.com", "email is not for a monitor of type email-imap"),
    ],
)
def test_a_text_that_cannot_be_read_says_why(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_lines(text)
