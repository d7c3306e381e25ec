"""How the bytes that a fuzzer makes are read: a few choices, and the content that a parser or a script is given.

An input has four bytes in front of its content: what to do with it, how to cut it, and which piece of it to repeat.
Repeating makes a large input of a small one, so that work which grows faster than its input shows.
"""

from dataclasses import dataclass

__all__ = ["LARGE", "Input", "pack", "unpack"]

LARGE = 64 * 1024
"""Bytes of a content with a repeated piece."""
_MOST_PIECES = 200
_REPEATS_FROM = 224
"""Of the third byte: below it nothing is repeated, so that most inputs stay small and quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a target is given.

    Attributes:
        choice: 0 to 255: which script, or which variant of a check.
        cuts: 0 to 255: how the content arrives; see `pieces`.
    """

    choice: int
    cuts: int
    content: bytes

    def pieces(self) -> list[bytes]:
        """The content cut into at most about 200 pieces, of lengths that `cuts` decides; 0 makes them the smallest."""
        longest = max(1, 2 * len(self.content) // _MOST_PIECES)
        pieces, position, state = [], 0, self.cuts
        while position < len(self.content):
            # A linear congruential generator: the same cuts for the same input, anywhere.
            state = (state * 1103515245 + 12345) % 2**31
            size = longest if self.cuts == 0 else 1 + (state >> 8) % (2 * longest)
            pieces.append(self.content[position : position + size])
            position += size
        return pieces


def unpack(data: bytes) -> Input:
    """Read any bytes as an input; what is missing counts as zero."""
    choice, cuts, place, length = data[:4].ljust(4, b"\0")
    content = data[4:]
    start = (place - _REPEATS_FROM) * len(content) // (256 - _REPEATS_FROM)
    piece = content[start : start + length]
    if place >= _REPEATS_FROM and piece:
        times = max(1, (LARGE - len(content)) // len(piece))
        content = content[:start] + piece * times + content[start:]
    return Input(choice=choice, cuts=cuts, content=content)


def pack(content: bytes, *, choice: int = 0, cuts: int = 0, repeats: bool = False) -> bytes:
    """The bytes that `unpack` reads as this content, or as this content with a piece of it repeated."""
    return bytes((choice, cuts, _REPEATS_FROM + 8 if repeats else 0, 20 if repeats else 0)) + content
