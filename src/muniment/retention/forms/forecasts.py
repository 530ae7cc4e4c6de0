"""What a reader narrows the forecast to."""

from collections.abc import Iterable
from typing import Any

from django import forms

from muniment.core import words
from muniment.core.govuk_fields import DayField
from muniment.core.models import BatchRun, Controller
from muniment.retention.foresight import counted, moved
from muniment.retention.foresight.counted import Wanted
from muniment.retention.schedule import other_schedules

MOST_REVIEWERS = 10_000
_GROUPS = [("", "Every group"), ("1", "1"), ("2", "2"), ("3", "3"), ("0", "None")]


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
        choices=_GROUPS,
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
        compared = [(str(run.pk), _named(run)) for run in counted.runs() if run.versions["against"]]
        self.fields["run"].choices = [("", "The schedule in force alone"), *compared]  # type: ignore[attr-defined]
        areas = sorted(words.codes("area"), key=lambda code: words.say("area", code))
        self.fields["area"].choices = [("", "Every area"), *((code, words.say("area", code)) for code in areas)]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> Wanted:
        """What it narrows to; what is wrong narrows nothing."""
        given = getattr(self, "cleaned_data", {})
        return Wanted(given.get("controller"), given.get("area") or "", given.get("group") or "")


def _named(run: BatchRun) -> str:
    return str(run.versions["against"]) + (" (estimate)" if run.versions.get("estimated") else "")


class BesideForm(forms.Form):
    """Which other schedule to put beside the one in force."""

    as_on = DayField(label="The policy as on", required=False)
    draft = forms.ChoiceField(label="Or a draft of adoptions", required=False)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Offer the drafts that are there."""
        super().__init__(*arguments, **named)
        self.fields["draft"].choices = [("", "None"), *((name, name) for name in other_schedules.drafts())]  # type: ignore[attr-defined]


class MovesForm(forms.Form):
    """What the list of whom and what an adoption moves is narrowed to."""

    direction = forms.ChoiceField(label="How", required=False, choices=[("", "Every way"), *moved.DIRECTIONS.items()])
    subject = forms.ChoiceField(
        label="Of", required=False, choices=[("", "People and records"), ("person", "People"), ("record", "Records")]
    )
    class_id = forms.ChoiceField(label="Class of records", required=False)
    group = forms.ChoiceField(label="Group of people", required=False, choices=_GROUPS)

    def __init__(self, *arguments: Any, classes: Iterable[str], **named: Any) -> None:
        """Offer the classes of which something moves."""
        super().__init__(*arguments, **named)
        titled = sorted((words.class_title(each), each) for each in classes)
        self.fields["class_id"].choices = [("", "Every class"), *((each, title) for title, each in titled)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A record has no group, nor a person a class."""
        given = super().clean() or {}
        if given.get("class_id") and (given.get("group") or given.get("subject") == "person"):
            self.add_error("class_id", "Choose a class of records or a group of people, not both")
        elif given.get("group") and given.get("subject") == "record":
            self.add_error("group", "A record has no group: choose people, or every group")
        return given

    @property
    def narrow(self) -> moved.Narrow:
        """What it narrows to; what is wrong narrows nothing."""
        return moved.Narrow(**self.cleaned_data) if self.is_valid() else moved.Narrow()
