"""Forms of the schedule: whose and as on which day, and what a controller asks to adopt."""

from typing import Any

from django import forms
from django.utils import timezone

from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import Controller
from muniment.engine.policy.adoptions import read_length
from muniment.engine.policy.model import Length
from muniment.retention import rules
from muniment.retention.policies import policy_now

_UNITS = ("years", "months", "days")


class ScheduleForm(forms.Form):
    """Whose schedule, as on which day, and the day with which it is compared."""

    controller = forms.ModelChoiceField(
        label="For",
        required=False,
        queryset=Controller.objects.all(),
        to_field_name="code",
        empty_label="The base schedule",
    )
    on = DayField(label="As on", required=False)
    since = DayField(label="What has changed since", required=False)


class AdoptionForm(forms.Form):
    """Which rule is to be adopted or ended, by whom, from when and on what paper."""

    controller = forms.ModelChoiceField(
        label="For",
        queryset=Controller.objects.none(),
        to_field_name="code",
        empty_label="Choose",
        error_messages={"required": "Choose the force or office"},
    )
    rule = forms.ChoiceField(label="Class or rule", error_messages={"required": "Choose the class or rule"})
    what = forms.ChoiceField(
        label="What is asked for",
        choices=[("adopt", "Adopt it"), ("end", "End its adoption")],
        initial="adopt",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether it is to be adopted or ended"},
    )
    start = DayField(label="From", error_messages={"required": "Enter the day from which it applies"})
    value = forms.IntegerField(
        label="Period",
        required=False,
        min_value=1,
        max_value=1200,
        help_text="Leave it empty to adopt the period that the schedule has.",
    )
    unit = forms.ChoiceField(label="Unit", choices=[(each, each.title()) for each in _UNITS], required=False)
    authority = ReasonField(
        rules.ADOPTING,
        label="Authority",
        help_text="The document of the force or office that decides it, with its section and date.",
    )

    def __init__(self, *args: Any, controllers: list[int], **more: Any) -> None:
        """Offer the controllers that one works for, and every class and rule."""
        super().__init__(*args, **more)
        self.fields["controller"].queryset = Controller.objects.filter(pk__in=controllers)  # type: ignore[attr-defined]
        classes = policy_now.policy().classes
        offered = sorted(((key, f"{entry.title} ({key})") for key, entry in classes.items()), key=lambda each: each[1])
        self.fields["rule"].choices = [("", "Choose"), *offered]  # type: ignore[attr-defined]
        self.fields["start"].initial = timezone.localdate()

    @property
    def ends(self) -> bool:
        """Whether the adoption is to end."""
        return bool(self.cleaned_data["what"] == "end")

    def length(self) -> Length | None:
        """Return the period that was entered, if one was."""
        value = self.cleaned_data.get("value")
        if not value or self.ends:
            return None
        return read_length({"value": value, "unit": self.cleaned_data.get("unit") or "years"})


class RefuseForm(forms.Form):
    """Why a rule is not adopted as was asked."""

    why = ReasonField(rules.NOT_ADOPTING, label="Why it is not adopted so")
