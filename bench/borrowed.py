"""Servers that the tests start too: a real PostgreSQL, a real Postfix and Dovecot, a web server that keeps what it is told."""

import importlib
import sys
from types import ModuleType

from children import FOLDER

__all__ = ["mail_server_module", "postgresql_module", "receiver_module"]


def postgresql_module() -> ModuleType:
    """`tests.postgresql`."""
    return _import("tests.postgresql")


def mail_server_module() -> ModuleType:
    """`tests.mailserver.server`."""
    return _import("tests.mailserver.server")


def receiver_module() -> ModuleType:
    """`tests.receiver`."""
    return _import("tests.receiver")


def _import(name: str) -> ModuleType:
    root = str(FOLDER.parent)
    if root not in sys.path:
        sys.path.append(root)
    return importlib.import_module(name)
