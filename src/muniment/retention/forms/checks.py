"""Forms of checking: drawing a sample, saying what was found, bringing in manual decisions, changing the mode."""

from typing import Any

from django import forms
from django.utils import timezone

from muniment.core import words
from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import Controller
from muniment.engine.retention.decision import OUTCOMES
from muniment.retention.actions import changing_mode, checking, comparing
from muniment.retention.models import DecisionSample, ManualDecision, SampledDecision
from muniment.retention.policies import check_policy

GROUPS = [("", "Not in question"), ("0", "None"), ("1", "1"), ("2", "2"), ("3", "3")]


def _codes(of: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(code, words.say(of, code)) for code in codes]


class DrawForm(forms.Form):
    """Of what a sample is drawn, and how large it is."""

    controller = forms.ModelChoiceField(
        label="Whose decisions",
        queryset=Controller.objects.none(),
        to_field_name="code",
        empty_label=None,
        error_messages={"required": "Choose whose decisions", "invalid_choice": "Choose whose decisions"},
    )
    about = forms.ChoiceField(
        label="Decisions about",
        choices=DecisionSample.About.choices,
        initial="record",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose people or records"},
    )
    outcomes = forms.MultipleChoiceField(
        label="Which were decided",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose which decisions are checked"},
    )
    by_group = forms.BooleanField(label="Draw as many of each review group", required=False, initial=True)
    partition = forms.ChoiceField(label="Of which partition", widget=forms.RadioSelect)
    size = forms.IntegerField(
        label="How many",
        help_text="As many of each outcome and group. More make the intervals narrower.",
        error_messages={"required": "Enter how many", "invalid": "Enter a whole number"},
    )

    def __init__(self, *args: Any, controllers: list[int], partitions: list[str], **more: Any) -> None:
        """Offer the controllers and partitions of whoever draws, and what policy says is decided by itself."""
        super().__init__(*args, **more)
        said = check_policy.on(timezone.localdate())
        fields: dict[str, Any] = self.fields
        fields["controller"].queryset = Controller.objects.filter(pk__in=controllers)
        fields["outcomes"].choices = _codes("decision", said.outcomes)
        fields["outcomes"].initial = list(said.outcomes)
        fields["partition"].choices = [(each, words.spaced(each)) for each in partitions]
        fields["partition"].initial = partitions[0] if partitions else ""
        fields["size"].initial = said.usual


class AnswerForm(forms.Form):
    """What a checker says of a decision; of a wrong one, what it should have been, the cause and why."""

    said = forms.ChoiceField(
        label="What was decided",
        choices=SampledDecision.Said.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it is right"},
    )
    should = forms.ChoiceField(label="It should have been", required=False)
    should_due = DayField(label="From or until, if a day is in question", required=False)
    should_group = forms.ChoiceField(label="Review group", choices=GROUPS, required=False)
    cause = forms.ChoiceField(label="Cause", required=False)
    reason = forms.CharField(label="Why it is wrong", required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, **more: Any) -> None:
        """Offer the outcomes of the schedule and the causes of policy."""
        super().__init__(*args, **more)
        fields: dict[str, Any] = self.fields
        fields["should"].choices = [("", "Choose"), *_codes("decision", OUTCOMES)]
        fields["cause"].choices = [("", "Choose"), *_codes("cause", check_policy.on(timezone.localdate()).causes)]

    def answer(self) -> checking.Answer:
        """Return what was said."""
        given = self.cleaned_data
        group = given["should_group"]
        return checking.Answer(
            given["said"],
            given["should"],
            given["should_due"],
            int(group) if group else None,
            given["cause"],
            given["reason"],
        )


class SecondForm(forms.Form):
    """What a second person says of what was found to be wrong."""

    agrees = forms.ChoiceField(
        label="Do you find it wrong too?",
        choices=[("yes", "Yes, it is wrong"), ("no", "No: it counts as what nobody can say")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you find it wrong too"},
    )
    note = forms.CharField(
        label="Your words", required=False, widget=forms.Textarea, help_text="Needed when you do not find it wrong."
    )


class FileForm(forms.Form):
    """A file of manual decisions."""

    file = forms.FileField(
        label="A file of decisions (CSV)",
        error_messages={"required": "Choose the file", "empty": "The file is empty: choose another"},
    )


class SettleForm(forms.Form):
    """How a difference is settled."""

    settlement = forms.ChoiceField(
        label="Who is right",
        choices=ManualDecision.Settlement.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say who is right"},
    )
    reason = ReasonField(comparing.WHY_SETTLED, label="Why")


class AskModeForm(forms.Form):
    """By what paper a controller leaves advisory mode."""

    paper = ReasonField(
        changing_mode.PAPER,
        label="Authority",
        help_text="The decision of the chief officer or the board, with its date.",
    )


class WhyForm(forms.Form):
    """Why a controller does not leave advisory mode, or goes back to it."""

    def __init__(self, ask: str, label: str, *args: Any, **more: Any) -> None:
        """Take what is asked for and the label of the field."""
        super().__init__(*args, **more)
        self.fields["why"] = ReasonField(ask, label=label)
