"""Fixtures for all tests come from the plugins named here; each is a module beside the servers it starts."""

import signal

from hypothesis import settings

pytest_plugins = [
    "tests.mailserver.fixtures",
    "tests.postgresql",
]

# How long one example takes says something of the machine, and nothing of what is tested.
settings.register_profile("patient", parent=settings.default, deadline=None)
settings.load_profile("patient")

# A shell lets its background jobs ignore Ctrl-C, and what they start would as well: tests send it to programs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
