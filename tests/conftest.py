"""Fixtures for all tests come from the plugins named here; each is a module beside the servers it starts."""

pytest_plugins = [
    "tests.mailserver.fixtures",
    "tests.postgresql",
]
