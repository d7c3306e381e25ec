"""Fixtures for all tests come from the plugins named here; each is a module beside the servers it starts."""

from hypothesis import settings

pytest_plugins = [
    "tests.mailserver.fixtures",
    "tests.postgresql",
]

# How long one example takes says something of the machine, and nothing of what is tested.
settings.register_profile("patient", parent=settings.default, deadline=None)
settings.load_profile("patient")
