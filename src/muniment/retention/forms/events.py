"""Forms of what happened to a person's records, and of its end."""

from typing import Any

from django import forms

from muniment.core import words
from muniment.core.govuk_fields import DayField


class EventForm(forms.Form):
    """Something that happened to a person's records."""

    kind = forms.ChoiceField(label="What happened", error_messages={"required": "Choose what happened"})
    dated = DayField(
        label="Day on which it happened",
        help_text="For example: 27 3 2026",
        error_messages={"required": "Enter the day on which it happened"},
    )
    closed = DayField(label="Day on which it ended", required=False, help_text="Leave empty while it is open.")

    def __init__(self, kinds: tuple[str, ...], *arguments: Any, **named: Any) -> None:
        """Offer the kinds that the retention rules know, in words."""
        super().__init__(*arguments, **named)
        said = sorted(((kind, words.say("event", kind)) for kind in kinds), key=lambda pair: pair[1])
        self.fields["kind"].choices = [("", "Choose"), *said]  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """The end of something that was open."""

    event = forms.IntegerField(widget=forms.HiddenInput)
    closed = DayField(label="Day on which it ended", error_messages={"required": "Enter the day on which it ended"})
