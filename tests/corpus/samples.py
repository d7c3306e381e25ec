"""The corpus: what mail servers write, in words of our own with example names, for tests of the header parsers."""

import re
from pathlib import Path

from hypothesis import strategies as st

__all__ = ["bounce", "bounces", "header_of", "message", "messages", "mutations", "received"]

_HERE = Path(__file__).parent


def received() -> dict[str, str]:
    """Bodies of Received fields, folded as they were written, by what wrote them."""
    blocks = re.split(r"^== (.+)\n", (_HERE / "received.txt").read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(blocks[::2], (block.rstrip("\n") for block in blocks[1::2]), strict=True))


def header_of(*bodies: str) -> bytes:
    """A header with these Received fields, the newest first."""
    return "".join(f"Received: {body}\n" for body in bodies).replace("\n", "\r\n").encode() + b"\r\n"


def messages() -> list[str]:
    return _names("messages")


def message(name: str) -> bytes:
    return (_HERE / "messages" / f"{name}.eml").read_bytes()


def bounces() -> list[str]:
    return _names("bounces")


def bounce(name: str, token: str) -> bytes:
    """A bounce about the message with this token."""
    return (_HERE / "bounces" / f"{name}.eml").read_bytes().replace(b"{token}", token.encode())


def _names(folder: str) -> list[str]:
    return sorted(path.stem for path in (_HERE / folder).glob("*.eml"))


def mutations(content: bytes) -> st.SearchStrategy[bytes]:
    """The content with pieces taken out, doubled, put elsewhere, or replaced by other bytes."""
    position = st.integers(0, len(content))
    edit = st.tuples(
        position, st.integers(0, 60), st.one_of(st.binary(max_size=20), st.sampled_from(_SPITEFUL), position)
    )
    return st.lists(edit, min_size=1, max_size=6).map(lambda edits: _edited(content, edits))


_SPITEFUL = [
    b"(",
    b")",
    b'"',
    b"\\",
    b";",
    b"=",
    b"\n",
    b"\r\n\r\n",
    b"\x00",
    b"[",
    b"--",
    b" " * 50,
    b"9" * 30,
    b"\xff\xfe",
]


def _edited(content: bytes, edits: list[tuple[int, int, bytes | int]]) -> bytes:
    for position, length, replacement in edits:
        piece = replacement if isinstance(replacement, bytes) else content[replacement : replacement + length]
        content = content[:position] + piece + content[position + length :]
    return content
