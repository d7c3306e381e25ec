"""The providers in force."""

from datetime import timedelta

import pytest

from mailtrip.bootstrap.providers import make_providers
from mailtrip.config import ProviderTable
from mailtrip.errors import ConfigurationError
from mailtrip.model import PRESETS, Providers

GMAIL = next(preset for preset in PRESETS if preset.name == "gmail")


def test_without_tables_the_presets_are_in_force() -> None:
    assert make_providers([]) == PRESETS


def test_a_table_of_a_presets_name_changes_what_it_names_and_leaves_the_rest() -> None:
    providers = Providers(make_providers([ProviderTable(name="gmail", messages_per_hour=80)]))

    gmail = providers.of("smtp.gmail.com")

    assert (gmail.messages_per_hour, gmail.login_gap) == (80, GMAIL.login_gap)
    assert gmail.connections_per_login == GMAIL.connections_per_login
    assert gmail.source != GMAIL.source


def test_zero_lifts_a_limit() -> None:
    [gmail] = [
        each
        for each in make_providers(
            [
                ProviderTable(
                    name="gmail", login_gap_seconds=0, connections=0, connections_per_login=0, messages_per_hour=0
                )
            ]
        )
        if each.name == "gmail"
    ]

    assert gmail.login_gap == timedelta(0)
    assert (gmail.connections, gmail.connections_per_login, gmail.messages_per_hour) == (None, None, None)


def test_a_new_provider_needs_hosts_and_wins_over_presets() -> None:
    table = ProviderTable(name="relay", hosts=("gmail.com",), login_gap_seconds=2.5)

    relay = Providers(make_providers([table])).of("smtp.gmail.com")

    assert (relay.name, relay.login_gap) == ("relay", timedelta(seconds=2.5))
    with pytest.raises(ConfigurationError, match=r"providers: relay: has no hosts; name some.*gmail"):
        make_providers([ProviderTable(name="relay")])
