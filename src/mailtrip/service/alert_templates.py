"""Templates of alerts, tried on an example."""

from dataclasses import dataclass

from mailtrip.alerts.render import in_line
from mailtrip.alerts.sample import sample_values
from mailtrip.alerts.template import fill
from mailtrip.errors import InvalidInput
from mailtrip.service.recipient_rules import template_faults

__all__ = ["Preview", "preview"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An alert in the words of templates."""

    subject: str
    text: str


def preview(*, subject_template: str | None, text_template: str | None) -> Preview:
    """What the templates make of an example; None is the usual words. It may take a tenth of a second.

    Raises:
        InvalidInput: with all faults; each tells its line.
    """
    faults = [
        *template_faults("subject_template", subject_template),
        *template_faults("text_template", text_template),
    ]
    if faults:
        raise InvalidInput(faults)
    values = sample_values()
    return Preview(
        subject=in_line(fill(subject_template or "{{ subject }}", values)),
        text=fill(text_template or "{{ text }}", values),
    )
