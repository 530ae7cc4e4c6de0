"""Forms about linkage and prime records."""

from collections.abc import Mapping
from datetime import date

from django import forms

from muniment.core import words
from muniment.core.govuk_fields import DayField, ReasonField
from muniment.people.actions import release, sampling
from muniment.people.models import Label


class ReleaseForm(forms.Form):
    """Why somebody releases a run that waits."""

    reason = ReasonField(release.WHY, label="Why this may be published", max_length=4000)


class DrawForm(forms.Form):
    """How many pairs to draw."""

    size = forms.IntegerField(
        label="How many pairs",
        initial=210,
        help_text="The same number from each band of weight. More pairs make the intervals narrower.",
        min_value=sampling.LEAST,
        max_value=sampling.MOST,
        error_messages={
            "required": "Say how many pairs to draw",
            "invalid": "Write how many pairs to draw as a number",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


class LabelForm(forms.Form):
    """What somebody says of a pair."""

    said = forms.ChoiceField(
        label="Are they one person?",
        choices=Label.Said.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the two are one person, or that you cannot tell"},
    )


class DaysForm(forms.Form):
    """As at which day to show a prime record, and as known on which."""

    as_at = DayField(
        label="As at",
        help_text="The day that you ask about, for example 27 3 2026",
        error_messages={"required": "Enter the day that you ask about, like 27 3 2026"},
    )
    known_on = DayField(
        label="As known on",
        help_text="By what was recorded here until the end of this day",
        error_messages={"required": "Enter the day by whose end it was known, like 27 3 2026"},
    )

    def __init__(self, given: Mapping[str, str], on: date) -> None:
        """Take what was entered; where one of the two days is left out it is `on`, today."""
        super().__init__({name: given.get(name, words.typed(on)) for name in ("as_at", "known_on")})
        self.on = on

    def clean_as_at(self) -> date:
        """Return the day asked about, which has been."""
        return self._past("as_at", "No source has told of a day that is to come: enter today or a day before")

    def clean_known_on(self) -> date:
        """Return the day as known on, which has been."""
        return self._past("known_on", "Nobody knows yet what will be known: enter today or a day before")

    def _past(self, name: str, otherwise: str) -> date:
        day: date = self.cleaned_data[name]
        if day > self.on:
            raise forms.ValidationError(otherwise)
        return day
