"""Forms around a review: what came of what was asked, why one is needed, who agrees, to whom it goes, who stands in."""

from collections.abc import Iterable
from typing import Any

from django import forms

from muniment.core import words
from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import User
from muniment.retention import rules
from muniment.retention.review_models import ReviewAsk

MOST = 200  # reviews that are allocated at once


class CameForm(forms.Form):
    """What came of each thing that was asked of somebody else and is not answered; nothing is filled in."""

    def __init__(self, waiting: Iterable[ReviewAsk], *arguments: Any, **named: Any) -> None:
        """Make two fields for each."""
        super().__init__(*arguments, **named)
        self.waiting = list(waiting)
        for each in self.waiting:
            self.fields[f"came_{each.pk}"] = forms.ChoiceField(
                label=f"What came of it: {each.what}",
                choices=[("", "Nothing yet"), *ReviewAsk.Answer.choices],
                required=False,
            )
            self.fields[f"said_{each.pk}"] = forms.CharField(
                label="What it says, or why it will not come",
                required=False,
                max_length=4000,
                widget=forms.Textarea,
            )

    def clean(self) -> dict[str, Any]:
        """Ask for words beside each answer, and for an answer beside words."""
        given = super().clean() or {}
        for each in self.waiting:
            came, said = given.get(f"came_{each.pk}"), str(given.get(f"said_{each.pk}", "")).strip()
            if came and not said:
                self.add_error(f"said_{each.pk}", f"Say what came of it: {each.what}")
            if said and not came:
                self.add_error(f"came_{each.pk}", f"Choose what came of it: {each.what}")
        return given

    def require_all(self) -> None:
        """Put an error at each that is not answered."""
        for each in self.waiting:
            if not self.cleaned_data.get(f"came_{each.pk}") and not self.has_error(f"came_{each.pk}"):
                self.add_error(f"came_{each.pk}", f"Record what came of what you asked for: {each.what}")


class NeedForm(forms.Form):
    """Why a review is asked for outside the schedule."""

    need = forms.ChoiceField(
        label="What makes it necessary", error_messages={"required": "Choose what makes the review necessary"}
    )
    why = ReasonField(
        rules.NEEDING,
        label="Why it is needed",
        help_text="Name the letter, order or finding, and what has to be looked at.",
    )

    def __init__(self, needs: Iterable[str], *arguments: Any, **named: Any) -> None:
        """Offer the needs that policy names."""
        super().__init__(*arguments, **named)
        said = [(need, words.say("trigger", need)) for need in needs]
        self.fields["need"].choices = [("", "Choose"), *said]  # type: ignore[attr-defined]


class DisagreeForm(forms.Form):
    """What has to be looked at again."""

    note = ReasonField(rules.DISAGREEING, label="What has to be looked at again")


def _named(users: Iterable[User]) -> list[tuple[str, str]]:
    return [(each.username, f"{each.display_name}, {each.post}".strip(", ")) for each in users]


class AllocateForm(forms.Form):
    """To whom reviews go: those that are ticked, or the first of the queue that nobody has."""

    to = forms.ChoiceField(label="Give to", error_messages={"required": "Choose who takes them"})
    first = forms.IntegerField(
        label="How many, from the top of this queue",
        help_text=f"Those that nobody has, up to {MOST}. Leave it empty for the ones that you have ticked.",
        required=False,
        min_value=1,
        max_value=MOST,
        error_messages={
            "invalid": "Enter how many as a whole number",
            "min_value": "Enter 1 or more",
            "max_value": f"Enter {MOST} or fewer",
        },
    )

    def __init__(self, users: Iterable[User], *arguments: Any, **named: Any) -> None:
        """Offer those who work reviews."""
        super().__init__(*arguments, **named)
        self.fields["to"].choices = [("", "Choose"), *_named(users)]  # type: ignore[attr-defined]
        self.fields["to"].error_messages["invalid_choice"] = "Choose somebody who works reviews"


class DeputyForm(forms.Form):
    """Who stands in for whom, and when."""

    user = forms.ChoiceField(label="Who is away", error_messages={"required": "Choose who is away"})
    deputy = forms.ChoiceField(label="Who stands in", error_messages={"required": "Choose who stands in"})
    start = DayField(label="From", error_messages={"required": "Enter the first day"})
    until = DayField(
        label="Until, the first day on which they are back",
        error_messages={"required": "Enter the first day on which they are back"},
    )

    def __init__(self, away: Iterable[User], users: Iterable[User], *arguments: Any, **named: Any) -> None:
        """Offer whom the visitor may put a deputy for, and who may be one."""
        super().__init__(*arguments, **named)
        self.fields["user"].choices = [("", "Choose"), *_named(away)]  # type: ignore[attr-defined]
        self.fields["deputy"].choices = [("", "Choose"), *_named(users)]  # type: ignore[attr-defined]
