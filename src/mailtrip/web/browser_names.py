"""Which browser a session is of, in words that its user knows. Pure; versions and devices are left out."""

from typing import Final

__all__ = ["browser_name"]

# The first that is found counts: most browsers also name those whose pages they want to be given.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str | None) -> str | None:
    """Such as `Firefox on Windows`; None where neither the browser nor the system is known.

    Args:
        user_agent: the header of that name, as whoever asks chose it.
    """
    text = user_agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in text), None)
    system = next((name for mark, name in _SYSTEMS if mark in text), None)
    if browser is None or system is None:
        return browser or (None if system is None else f"a program on {system}")
    return f"{browser} on {system}"
