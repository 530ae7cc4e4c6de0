"""Forms of reviews, holds and disposals; each error says what to do."""

from django import forms

from muniment.core.govuk_fields import DayField
from muniment.core.models import Controller
from muniment.retention import rules
from muniment.retention.models import Review, SourceInstruction

ANSWERS = (("yes", "Yes"), ("no", "No"), ("not_known", "Not known"))


class QueueForm(forms.Form):
    """How to narrow the queue of reviews."""

    group = forms.ChoiceField(
        label="Group", required=False, choices=[("", "Every group"), ("1", "1"), ("2", "2"), ("3", "3"), ("0", "None")]
    )
    controller = forms.ModelChoiceField(
        label="Force or office", required=False, queryset=Controller.objects.none(), empty_label="All of mine"
    )
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "Not decided"), *[(value, label) for value, label in Review.State.choices if value != "closed"]],
    )
    mine = forms.BooleanField(label="With me", required=False)


class AnswersForm(forms.Form):
    """The assessment criteria, each with an answer and the reviewer's words; nothing is filled in."""

    def __init__(self, *arguments: object, **named: object) -> None:
        """Make two fields for each criterion."""
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        for key, words in rules.CRITERIA.items():
            self.fields[f"answer_{key}"] = forms.ChoiceField(
                label=words, choices=ANSWERS, required=False, widget=forms.RadioSelect
            )
            self.fields[f"reason_{key}"] = forms.CharField(
                label="Why, and on what evidence", required=False, max_length=4000, widget=forms.Textarea
            )


class ConclusionForm(forms.Form):
    """What is decided."""

    outcome = forms.ChoiceField(
        label="What is to happen to the records?",
        choices=Review.Outcome.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    reason = forms.CharField(
        label="Reason for the decision",
        help_text="Say why it is necessary and proportionate, in your own words.",
        required=False,
        max_length=8000,
        widget=forms.Textarea,
    )
    next_review = DayField(
        label="Next review", required=False, help_text="When anything is kept. For example: 27 3 2031"
    )


class ReasonForm(forms.Form):
    """A reason, for acts that need nothing else."""

    note = forms.CharField(
        label="Reason",
        max_length=255,
        widget=forms.Textarea,
        error_messages={"required": "Give the reason in a sentence"},
    )


class AnswerForm(forms.Form):
    """What a source answered."""

    said = forms.ChoiceField(
        label="What the source answered",
        choices=SourceInstruction.Answer.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the source answered"},
    )
    note = forms.CharField(label="Note", required=False, max_length=255)


class HoldForm(forms.Form):
    """A hold and its scope; lists are one to a line or with commas between."""

    title = forms.CharField(label="Title", max_length=200, error_messages={"required": "Give the hold a title"})
    authority = forms.CharField(
        label="Authority",
        help_text="The letter, order or decision that this hold carries out, with its date.",
        widget=forms.Textarea,
        error_messages={"required": "Name the letter, order or decision"},
    )
    start = DayField(label="From", error_messages={"required": "Enter the day from which it holds"})
    controllers = forms.ModelMultipleChoiceField(
        label="Whose records",
        queryset=Controller.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose whose records it covers"},
    )
    people = forms.CharField(label="People, by reference", required=False, help_text="For example: P0000123-X")
    records = forms.CharField(label="Records, by reference", required=False)
    classes = forms.CharField(label="Record classes", required=False, help_text="For example: CP-CSA, CRI-G1")
    ho_classes = forms.CharField(
        label="Home Office offence classes", required=False, help_text="For example: 019, 020/01"
    )
    keywords = forms.CharField(label="Words in titles, places and details", required=False)
    areas = forms.CharField(label="Business areas", required=False, help_text="For example: CUSTODY")
    happened_from = DayField(label="Things that happened from", required=False)
    happened_until = DayField(label="Things that happened until", required=False)
