"""Forms about linkage."""

from django import forms

from muniment.core.govuk_fields import ReasonField
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
