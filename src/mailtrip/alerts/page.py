"""An alert as HTML for mail programs: tables and inline styles, which is what all of them show. Nothing is loaded."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from mailtrip.alerts.chart import Bar, shown_duration
from mailtrip.alerts.document import document_of
from mailtrip.alerts.render import listing_of, name_of, state_of, what_of
from mailtrip.alerts.wording import Wording
from mailtrip.model import AlertKind, AlertPackage
from mailtrip.model.words import STEP_NAMES

__all__ = ["Page"]

_MOST_LISTED: Final = 20
_TROUBLE: Final = "#d1242f"
_COLOURS: Final = {
    AlertKind.CLEAR: "#1a7f37",
    AlertKind.DELAYED: "#9a6700",
    AlertKind.WITHDRAWN: "#57606a",
    AlertKind.TEST: "#57606a",
}


class Page:
    """Makes pages from the template of this package.

    Args:
        public_url: the service's address, for links; None for none.
    """

    def __init__(self, *, public_url: str | None) -> None:
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
        self._public_url = public_url

    def show(self, package: AlertPackage, wording: Wording, bars: tuple[Bar, ...], *, picture: str) -> str:
        """The alert as a whole HTML document.

        Args:
            package: what is told.
            wording: takes the place of the usual facts where it is the recipient's own.
            bars: what the picture shows, for those who don't see it; empty for no picture.
            picture: its Content-ID.
        """
        item = package.items[0]
        document = document_of(package, public_url=self._public_url)
        return self._template.render(
            document,
            recipient=package.recipient.shown_name,
            colour=_COLOURS.get(item.alert.kind, _TROUBLE),
            is_test=item.alert.kind is AlertKind.TEST,
            what=what_of(package),
            listing=listing_of(package),
            listed=[(name_of(each), state_of(each)) for each in package.items[:_MOST_LISTED]],
            steps=", ".join(f"{STEP_NAMES[bar.step]} {shown_duration(bar)}" for bar in bars),
            picture=picture,
            links=package.links,
            title=wording.subject,
            own_text=wording.text if wording.is_own else None,
        )
