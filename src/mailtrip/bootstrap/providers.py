"""The mail providers in force: those that are known, changed and extended by the settings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from mailtrip.config import ProviderTable
from mailtrip.errors import ConfigurationError
from mailtrip.model import PRESETS, Provider

__all__ = ["make_providers"]

_FROM_SETTINGS = "the settings"


def make_providers(tables: Sequence[ProviderTable]) -> tuple[Provider, ...]:
    """The presets with what the tables say in place of it, and then the providers that are no presets.

    Raises:
        ConfigurationError: one line for each table that neither is a preset's nor has hosts.
    """
    presets = {preset.name: preset for preset in PRESETS}
    faults = [
        f'providers: {table.name}: has no hosts; name some, as "{table.name}" is none of {", ".join(presets)}'
        for table in tables
        if table.name not in presets and table.hosts is None
    ]
    if faults:
        raise ConfigurationError("\n".join(faults))
    changed = {table.name: _change(presets.get(table.name), table) for table in tables}
    # Of two that have a host in common the later one counts: what the owner says comes last.
    return (*(preset for preset in PRESETS if preset.name not in changed), *changed.values())


def _change(preset: Provider | None, table: ProviderTable) -> Provider:
    provider = preset or Provider(name=table.name, hosts=())
    gap = table.login_gap_seconds
    return replace(
        provider,
        hosts=provider.hosts if table.hosts is None else table.hosts,
        login_gap=provider.login_gap if gap is None else timedelta(seconds=gap),
        connections=_limit(table.connections, provider.connections),
        connections_per_login=_limit(table.connections_per_login, provider.connections_per_login),
        messages_per_hour=_limit(table.messages_per_hour, provider.messages_per_hour),
        source=_FROM_SETTINGS,
    )


def _limit(said: int | None, before: int | None) -> int | None:
    return before if said is None else said or None
