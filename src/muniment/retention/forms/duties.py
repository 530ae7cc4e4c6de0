"""Forms of what is done elsewhere: one answer, and a file of them."""

from typing import Any

from django import forms

from muniment.core.govuk_fields import DayField
from muniment.retention.actions.answering import Said
from muniment.retention.models import Duty
from muniment.retention.policies import elsewhere

_NOT_YET = "No answer yet: it was asked for again"
_PRINTED = "No names and no dates of birth: it is printed on the certificate."


class DutyForm(forms.Form):
    """What was answered of one record at one place; for a shelf, how it was destroyed and who saw it."""

    said = forms.ChoiceField(label="The answer", required=False)
    note = forms.CharField(label="Note", help_text=_PRINTED, required=False, max_length=255)
    next_step = forms.CharField(
        label="Next step, where it is not done",
        help_text="Leave empty for the usual one. No names.",
        required=False,
        max_length=255,
    )
    next_on = DayField(label="Ask again on", help_text="For example: 27 3 2027", required=False)
    method = forms.CharField(
        label="Method", help_text="For example: cross-cut shredding", required=False, max_length=120
    )
    standard = forms.CharField(label="Standard", required=False, max_length=120)
    witness = forms.CharField(label="Who saw it", help_text="Job title or staff number", required=False, max_length=120)
    consignment = forms.CharField(
        label="Contractor and consignment", help_text="Where it was handed over", required=False, max_length=120
    )

    def __init__(self, duty: Duty, settings: elsewhere.Elsewhere, *arguments: Any, **named: Any) -> None:
        """Offer the answers that the place may give; only a shelf is asked how it was destroyed."""
        super().__init__(*arguments, **named)
        offered = [(code, Duty.Answer(code).label) for code in settings.answers(duty.where, duty.place)]
        self.fields["said"].choices = [("", _NOT_YET), *offered]  # type: ignore[attr-defined]
        if duty.where == Duty.Where.SHELF:
            self.fields["standard"].initial = settings.shelf["standard"]
        else:
            for name in ("method", "standard", "witness", "consignment"):
                del self.fields[name]

    def as_said(self) -> Said:
        """Return what was entered."""
        given = self.cleaned_data
        hand = {name: given.get(name, "") for name in ("method", "standard", "witness", "consignment")}
        if given["said"] != Duty.Answer.DONE:
            hand = dict.fromkeys(hand, "")
        return Said(given["said"], given["note"], given["next_step"], given["next_on"], **hand)


class AnswersForm(forms.Form):
    """A work file with its answers."""

    file = forms.FileField(
        label="Work file with answers",
        help_text="The CSV that was downloaded here, with its first line, saved as 'CSV UTF-8'.",
        error_messages={"required": "Choose the work file with its answers", "empty": "The file is empty"},
    )
