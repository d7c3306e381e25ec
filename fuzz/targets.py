"""The targets by name: each takes any bytes, and raises nothing while all promises are kept."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fuzz import grammars, headers

__all__ = ["TARGETS"]

TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {
        "framers": grammars.check_framers,
        "smtp": grammars.check_smtp,
        "pop3": grammars.check_pop3,
        "imap": grammars.check_imap,
        "received": headers.check_received,
        "authentication": headers.check_authentication,
        "spam": headers.check_spam,
        "bounce": headers.check_bounce,
        "facts": headers.check_facts,
        "token": headers.check_token,
        "compare": headers.check_compare,
    }
)
