"""Settings: which there are, and where their values come from. Only `cli` and `bootstrap` import this package."""

from mailtrip.config.edge import CallRate
from mailtrip.config.load import CONFIG_VARIABLE, Configuration, find_environment_faults, load
from mailtrip.config.networks import PortSpan
from mailtrip.config.providers import ProviderTable
from mailtrip.config.settings import SETTINGS, Secrecy, Setting, Settings
from mailtrip.config.values import ListenAddress, LogFormat, LogLevel, UnixAddress

__all__ = [
    "CONFIG_VARIABLE",
    "SETTINGS",
    "CallRate",
    "Configuration",
    "ListenAddress",
    "LogFormat",
    "LogLevel",
    "PortSpan",
    "ProviderTable",
    "Secrecy",
    "Setting",
    "Settings",
    "UnixAddress",
    "find_environment_faults",
    "load",
]
