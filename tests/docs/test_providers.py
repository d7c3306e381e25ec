"""The page of mail providers says what the program knows, and its settings what it takes."""

from dataclasses import fields
from pathlib import Path

import pytest

from mailtrip.bootstrap.providers import make_providers
from mailtrip.config import ProviderTable, load
from mailtrip.model import PRESETS, Provider

DOCS = Path(__file__).parents[2] / "docs"


def section(title: str) -> list[list[str]]:
    """The cells of the rows of the table below a heading."""
    text = (DOCS / "reference/providers.md").read_text(encoding="utf-8").partition(f"## {title}\n")[2]
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    return [line.strip("| ").split(" | ") for line in lines]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_each_known_provider_is_there_with_its_limits_and_their_source(preset: Provider) -> None:
    [row] = [row for row in section("Known providers") if row[0] == f"`{preset.name}`"]

    assert row[1:] == [
        ", ".join(f"`{host}`" for host in preset.hosts),
        f"{preset.login_gap.total_seconds():g} s",
        str(preset.connections_per_login),
        str(preset.messages_per_hour),
        preset.source,
    ]
    assert preset.connections is None


def test_no_other_provider_is_there_and_the_order_is_the_same() -> None:
    assert [row[0] for row in section("Known providers")] == [f"`{preset.name}`" for preset in PRESETS]


def test_each_key_of_a_table_is_there_and_no_other() -> None:
    keys = [row[0] for row in section("Other providers, other limits")]

    assert keys == [f"`{field.name}`" for field in fields(ProviderTable)]


@pytest.mark.parametrize("page", ["reference/settings.md", "how-to/monitor-a-big-provider.md"])
def test_the_tables_that_pages_show_are_taken(page: str, tmp_path: Path) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    examples = [part.partition("```")[0] for part in text.split("```toml\n")[1:] if "[[providers]]" in part]
    path = tmp_path / "mailtrip.toml"
    for example in examples:
        path.write_text("\n".join(line.strip() for line in example.splitlines()), encoding="utf-8")
        assert make_providers(load(options={}, environ={}, config_file=path).settings.providers)
    assert examples
