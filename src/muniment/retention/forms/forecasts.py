"""What a reader narrows the forecast to."""

from typing import Any

from django import forms

from muniment.core import words
from muniment.core.govuk_fields import DayField
from muniment.core.models import Controller
from muniment.retention.foresight import counted
from muniment.retention.foresight.counted import Wanted
from muniment.retention.schedule import other_schedules

MOST_REVIEWERS = 10_000


class ForesightForm(forms.Form):
    """Which forecast, of whom, and with how many reviewers; what is left out is everything."""

    run = forms.ChoiceField(label="Beside", required=False)
    controller = forms.ModelChoiceField(
        label="Force or office",
        required=False,
        queryset=Controller.objects.all(),
        to_field_name="code",
        empty_label="All that I see",
    )
    area = forms.ChoiceField(label="Area of records", required=False)
    group = forms.ChoiceField(
        label="Group of people",
        required=False,
        choices=[("", "Every group"), ("1", "1"), ("2", "2"), ("3", "3"), ("0", "None")],
    )
    reviewers = forms.IntegerField(
        label="Reviewers",
        required=False,
        min_value=0,
        max_value=MOST_REVIEWERS,
        error_messages={
            "invalid": "Enter how many reviewers there are, as a whole number",
            "min_value": "Enter how many reviewers there are, 0 or more",
            "max_value": f"Enter how many reviewers there are, {MOST_REVIEWERS:,} at most",
        },
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Offer the forecasts that are kept, and the areas that have words."""
        super().__init__(*arguments, **named)
        compared = [(str(run.pk), run.versions["against"]) for run in counted.runs() if run.versions["against"]]
        self.fields["run"].choices = [("", "The schedule in force alone"), *compared]  # type: ignore[attr-defined]
        areas = sorted(words.codes("area"), key=lambda code: words.say("area", code))
        self.fields["area"].choices = [("", "Every area"), *((code, words.say("area", code)) for code in areas)]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> Wanted:
        """What it narrows to; what is wrong narrows nothing."""
        given = getattr(self, "cleaned_data", {})
        return Wanted(given.get("controller"), given.get("area") or "", given.get("group") or "")


class BesideForm(forms.Form):
    """Which other schedule to put beside the one in force."""

    as_on = DayField(label="The policy as on", required=False)
    draft = forms.ChoiceField(label="Or a draft of adoptions", required=False)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Offer the drafts that are there."""
        super().__init__(*arguments, **named)
        self.fields["draft"].choices = [("", "None"), *((name, name) for name in other_schedules.drafts())]  # type: ignore[attr-defined]
