"""The page on templates: each makes what is printed below it, and all filters and variables are told."""

import re
from pathlib import Path

import pytest

from mailtrip.alerts.sample import sample_values
from mailtrip.alerts.template import _FILTERS, VARIABLES
from mailtrip.service.alert_templates import preview

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "word-alerts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```jinja\n(.*?)^```\n\nmakes\n\n```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("template", "made"), EXAMPLES)
def test_each_template_makes_what_is_printed(template: str, made: str) -> None:
    assert preview(subject_template=None, text_template=template).text == made


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```jinja") == 2


def test_each_filter_is_documented_and_no_other() -> None:
    table = PAGE.partition("| filter |")[2].partition("\n\n")[0]
    names = [name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)", line.split("|")[1])]

    assert sorted(names) == sorted(_FILTERS)


def test_the_variables_are_the_fields_of_the_document_and_the_first_alert() -> None:
    assert set(sample_values()) == VARIABLES
