"""The subject and the text of an alert as its recipient wants them: by templates of its own, else as `render` has them."""

from dataclasses import dataclass
from typing import Final

from mailtrip.alerts.document import Document, document_of
from mailtrip.alerts.render import explanation, in_line, notes_of, subject_of, text_of
from mailtrip.alerts.template import fill
from mailtrip.model import AlertMethod, AlertPackage

__all__ = ["Wording", "values_of", "wording_of"]

_LONGEST_SHORT: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """An alert in words.

    Attributes:
        subject: one line.
        text: lines ended by LF.
        is_own: the text was made by a template of the recipient's.
    """

    subject: str
    text: str
    is_own: bool = False


def wording_of(package: AlertPackage, *, public_url: str | None) -> Wording:
    """The alert in words; a template that can't be rendered is told of below the usual text, and stops no alert."""
    settings = package.recipient.settings
    subject, text, faults = subject_of(package), _usual_text(package, public_url=public_url), []
    if settings.subject_template is None and settings.text_template is None:
        return Wording(subject=subject, text=text)
    values = values_of(package, public_url=public_url)
    is_own = False
    if settings.subject_template is not None:
        try:
            subject = in_line(fill(settings.subject_template, values)) or subject
        except ValueError as exc:
            faults.append(f"The template of the subject has a fault: {exc}")
    if settings.text_template is not None:
        try:
            text, is_own = "\n".join([fill(settings.text_template, values), *notes_of(package)]), True
        except ValueError as exc:
            faults.append(f"The template of the text has a fault: {exc}")
    return Wording(subject=subject, text="\n".join([text, *faults]), is_own=is_own)


def values_of(package: AlertPackage, *, public_url: str | None) -> Document:
    """What templates may name."""
    document = document_of(package, public_url=public_url)
    alerts = document["alerts"]
    return document | {"alert": alerts[0] if isinstance(alerts, list) else None}


def _usual_text(package: AlertPackage, *, public_url: str | None) -> str:
    if package.recipient.settings.method is AlertMethod.EMAIL_WIRELESS:
        sentences = [f"{subject_of(package)}.", *notes_of(package), explanation(package.items[0])]
        return in_line(" ".join(sentences), most=_LONGEST_SHORT)
    return text_of(package, public_url=public_url)
