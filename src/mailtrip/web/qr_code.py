"""QR codes as pictures within a page; no other module knows who draws them."""

import segno
from markupsafe import Markup

__all__ = ["qr_code"]


def qr_code(text: str) -> Markup:
    """An SVG of a QR code of the text, which fills the width that it is given.

    It is black on white whatever the page's colours are, with the margin that the standard asks for: many cameras find no
    others. Colours are attributes, so that a strict Content-Security-Policy lets it pass.

    Args:
        text: up to 2,300 bytes in UTF-8.
    """
    code = segno.make(text, error="m", micro=False)
    picture = code.svg_inline(border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True)
    return Markup(picture)  # noqa: S704  # of coordinates only: the text itself is not in it
