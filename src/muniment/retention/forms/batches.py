"""Forms of batches of disposals, and of work on exceptions; each error says what to do."""

from collections.abc import Iterable
from typing import Any

from django import forms

from muniment.core import words
from muniment.core.govuk_fields import ReasonField
from muniment.retention import rules
from muniment.retention.disposals.batches import Due
from muniment.retention.models import ReviewAsk

MOST_WAITING = 500  # reviews that are put aside at once


class BatchForm(forms.Form):
    """Whom a batch takes up, and why."""

    of = forms.ChoiceField(label="Who", error_messages={"required": "Choose whose disposals you propose"})
    reason = ReasonField(
        rules.DUE,
        label="Reason for this batch",
        help_text="It is kept with each order. For example: clear period over, nothing stands against it.",
        max_length=255,
    )

    def __init__(self, due: Iterable[Due], *arguments: Any, **named: Any) -> None:
        """Offer each force or office and rule by which somebody is due."""
        super().__init__(*arguments, **named)
        self.due = {f"{each.controller.code}:{each.rule}": each for each in due}
        choices = [
            (code, f"{each.controller.name}: {words.class_title(each.rule) or 'no rule'} ({each.people:,})")
            for code, each in self.due.items()
        ]
        self.fields["of"].choices = [("", "Choose"), *choices]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Due:
        """Whom it takes up, once it is valid."""
        return self.due[self.cleaned_data["of"]]


class SignForm(forms.Form):
    """What was found out about a batch that stopped."""

    found = ReasonField(rules.SIGNING, label="What you found out about it", max_length=255)


class CallOffForm(forms.Form):
    """Why a batch is called off."""

    why = ReasonField(rules.UNDOING, label="Why it is called off", max_length=255)


class WaitForm(forms.Form):
    """What many reviews are to wait for."""

    of = forms.ChoiceField(
        label="What kind of thing they wait for",
        choices=[(of, label) for of, label in ReviewAsk.Of.choices if of != ReviewAsk.Of.SPECIALIST],
        initial=ReviewAsk.Of.OTHER,
    )
    waiting_for = forms.CharField(
        label="What they wait for",
        help_text="For example: the dates of birth, asked of the custody system's owner on 3 March 2026",
        max_length=60,
        error_messages={
            "required": "Say what the reviews wait for",
            "max_length": "Say what they wait for in 60 characters or fewer",
        },
    )
    upto = forms.IntegerField(
        label="How many, from the top of this queue",
        help_text=f"Up to {MOST_WAITING}. Leave it empty for the ones that you have ticked.",
        required=False,
        min_value=1,
        max_value=MOST_WAITING,
        error_messages={
            "invalid": "Enter how many as a whole number",
            "min_value": "Enter 1 or more",
            "max_value": f"Enter {MOST_WAITING} or fewer",
        },
    )
