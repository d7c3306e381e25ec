"""How the words of a mail server are quoted to people: no control characters, no secrets, bounded."""

import unicodedata
from collections.abc import Sequence

__all__ = ["HIDDEN", "clean"]

HIDDEN = "(hidden)"
_LONGEST = 300
_SHORTEST_SECRET = 3
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(said: bytes | str, *, secrets: Sequence[str] = (), longest: int = _LONGEST) -> str:
    """What a server said, as one line for people.

    Args:
        said: UTF-8, or something that is shown as if it were.
        secrets: texts a server may have echoed (a password, an encoded response); each is replaced. Those shorter
            than three characters are left, as they would blot out half of any text and say nothing.
        longest: characters kept; a cut text ends with an ellipsis.

    Returns:
        The text with blanks folded and control, format and bidirectional characters replaced by question marks.
    """
    text = said if isinstance(said, str) else _decoded(said, 8 * longest)
    for secret in sorted(secrets, key=len, reverse=True) if secrets else ():
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    text = " ".join(text.split())
    if not text.isprintable():
        text = "".join("?" if unicodedata.category(character) in _UNPRINTABLE else character for character in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _decoded(said: bytes, most: int) -> str:
    """The first `most` bytes as text, with an ellipsis where that is not all."""
    return said[:most].decode("utf-8", "replace") + ("…" if len(said) > most else "")
