"""Forms of reviews, holds and disposals; each error says what to do."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from muniment.core import reasons, words
from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import Controller, User
from muniment.engine.retention.persons import RULES
from muniment.retention import anonymity, queue, rules
from muniment.retention.anonymity import Known
from muniment.retention.disposal_models import SourceInstruction
from muniment.retention.intervals import Latest
from muniment.retention.models import Review
from muniment.retention.review_models import ReviewAsk

ANSWERS = (("yes", "Yes"), ("no", "No"), ("not_known", "Not known"))


class QueueForm(forms.Form):
    """How to narrow the queue of reviews, and what comes first."""

    controller = forms.ModelChoiceField(
        label="Force or office", required=False, queryset=Controller.objects.none(), empty_label="All of mine"
    )
    group = forms.ChoiceField(
        label="Group", required=False, choices=[("", "Every group"), ("1", "1"), ("2", "2"), ("3", "3"), ("0", "None")]
    )
    kind = forms.ChoiceField(
        label="How it came about",
        required=False,
        choices=[
            ("", "In any way"),
            *[(kind, words.say("kind_of_review", kind)) for kind in ("initial", "scheduled", "triggered", "explicit")],
        ],
    )
    rule = forms.ChoiceField(label="Why it is due", required=False)
    who = forms.ChoiceField(
        label="Who they are",
        required=False,
        choices=[
            ("", "Everyone"),
            ("offenders", "Offenders and suspects"),
            ("others", "Victims, witnesses and others"),
        ],
    )
    due = forms.ChoiceField(
        label="Due", required=False, choices=[("", "At any time"), ("over", "Before today"), ("month", "This month")]
    )
    going = forms.ChoiceField(
        label="Records that may go",
        required=False,
        choices=[("", "Some or none"), ("some", "Some"), ("none", "None")],
    )
    allocated = forms.ChoiceField(
        label="With", required=False, choices=[("", "Anybody"), ("me", "Me"), ("nobody", "Nobody")]
    )
    waits = forms.ChoiceField(
        label="Waits", required=False, choices=[("", "Any time"), ("aged", "Too long, by policy")]
    )
    together = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    cause = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("", "Waiting or started"),
            ("undecided", "Not decided, put aside too"),
            (queue.BACK, "Open again after a disposal"),
            (queue.DOUBT, "In doubt: the person has changed"),
            (queue.CHASE, "Waiting for an answer that is late"),
            *[(value, label) for value, label in Review.State.choices if value != "closed"],
        ],
    )
    sort = forms.ChoiceField(
        label="Sort by", required=False, choices=[("", "Highest risk first"), ("due", "Longest due first")]
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Offer the rules that may set a person's date, by their titles."""
        super().__init__(*arguments, **named)
        said = sorted((words.class_title(rule), rule) for rule in RULES)
        titled = [(rule, title) for title, rule in said]
        self.fields["rule"].choices = [("", "Every reason"), *titled, ("none", "No rule")]  # type: ignore[attr-defined]


class AnswersForm(forms.Form):
    """The assessment criteria, each with an answer and the reviewer's words; nothing is filled in."""

    def __init__(self, questions: Mapping[str, str], *arguments: object, **named: object) -> None:
        """Make two fields for each question that is asked."""
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.questions = questions
        for key, question in questions.items():
            self.fields[f"answer_{key}"] = forms.ChoiceField(
                label=question, choices=ANSWERS, required=False, widget=forms.RadioSelect
            )
            self.fields[f"reason_{key}"] = forms.CharField(
                label="Why, and on what evidence", required=False, max_length=4000, widget=forms.Textarea
            )

    def require_answers(self, kept: dict[str, str], reasoned: Collection[str] = ()) -> None:
        """Put an error at each question that has no answer, here or saved before, or none of the reason it needs."""
        for key, question in self.questions.items():
            given = self.cleaned_data.get(f"answer_{key}")
            if not (given or kept.get(f"answer_{key}")):
                self.add_error(f"answer_{key}", f"Answer the question '{question}'")
            elif key in reasoned and not (self.cleaned_data.get(f"reason_{key}") or kept.get(f"reason_{key}")):
                self.add_error(f"reason_{key}", f"Say why you answer so: '{question}'")


class PassOnForm(forms.Form):
    """Whom or what a review goes to, or waits for: one of the three is used, by the button that is pressed."""

    NEEDED: ClassVar[dict[str, tuple[str, str]]] = {
        "park": ("waiting_for", "Say what the review waits for"),
        "refer": ("refer_to", "Say to whom you refer the review"),
        "hand over": ("hand_to", "Choose to whom you hand the review over"),
    }

    waiting_of = forms.ChoiceField(
        label="What kind of thing it waits for",
        required=False,
        choices=[(of, label) for of, label in ReviewAsk.Of.choices if of != ReviewAsk.Of.SPECIALIST],
        initial=ReviewAsk.Of.PAPER,
    )
    waiting_for = forms.CharField(
        label="What it waits for",
        help_text="For example: the paper file from the store",
        required=False,
        max_length=60,
        error_messages={"max_length": "Say what it waits for in 60 characters or fewer"},
    )
    refer_to = forms.CharField(
        label="Specialist to whom it is referred",
        help_text="For example: the public protection unit. It stays with you.",
        required=False,
        max_length=60,
        error_messages={"max_length": "Name the specialist in 60 characters or fewer"},
    )
    hand_to = forms.ChoiceField(label="Colleague who takes it over", required=False)

    def __init__(self, colleagues: list[User], *arguments: Any, **named: Any) -> None:
        """Offer the colleagues who may work the review."""
        super().__init__(*arguments, **named)
        said = [(each.username, f"{each.display_name}, {each.post}".strip(", ")) for each in colleagues]
        hand_to = self.fields["hand_to"]
        hand_to.choices = [("", "Choose a colleague"), *said]  # type: ignore[attr-defined]
        hand_to.error_messages["invalid_choice"] = "Choose a colleague who may work this review"

    def require_what(self, verb: str) -> None:
        """Put an error at what a verb needs and does not have."""
        if needed := self.NEEDED.get(verb):
            name, words_ = needed
            if not self.has_error(name) and not str(self.cleaned_data.get(name, "")).strip():
                self.add_error(name, words_)


class ConclusionForm(forms.Form):
    """What is decided."""

    def __init__(self, latest: Latest, *arguments: Any, may_propose: bool = True, **named: Any) -> None:
        """Say how far ahead the next review may lie, with an example that fits; offer only what the user may decide."""
        super().__init__(*arguments, **named)
        if not may_propose:
            outcome = self.fields["outcome"]
            outcome.choices = [(Review.Outcome.RETAIN.value, Review.Outcome.RETAIN.label)]  # type: ignore[attr-defined]
            outcome.help_text = "Your roles do not let you propose a disposal: to decide one, hand the review over."
            outcome.error_messages["invalid_choice"] = outcome.help_text
        self._latest, self._on = latest, timezone.localdate()
        example = words.typed(min(self._on + rules.YEAR, latest.day))
        following = self.fields["next_review"]
        following.help_text = f"When anything is kept, at the latest {words.day(latest.day)}. For example: {example}"
        following.error_messages["invalid"] = f"Enter the next review as a day, such as {example}"

    def require_decision(self) -> None:
        """Put an error at each thing without which nothing can be decided."""
        given = self.cleaned_data
        if not given.get("outcome"):
            self.add_error("outcome", "Choose what is to happen to the records")
        for reason in reasons.is_given(str(given.get("reason", "")), rules.DECIDING).reasons:
            self.add_error("reason", reason.rstrip("."))
        following = given.get("next_review")
        if given.get("outcome") in {"retain", "part"} and not self.has_error("next_review"):
            verdict = rules.is_next_review(following, self._on, self._latest.day, self._latest.because)
            for reason in verdict.reasons:
                self.add_error("next_review", reason.rstrip("."))

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
    next_review = DayField(label="Next review", required=False)


class DueForm(forms.Form):
    """The reason for disposals that the clock has brought."""

    reason = ReasonField(
        rules.DUE,
        label="Reason for these disposals",
        help_text="It is kept with each order. For example: clear period over, nothing stands against it.",
        max_length=255,
    )


class ReturnForm(forms.Form):
    """What is wrong with a proposal that goes back."""

    note = ReasonField(rules.WRONG, label="What is wrong with it")


class UndoForm(forms.Form):
    """Why a disposal is undone."""

    note = ReasonField(rules.UNDOING, label="Why it is undone")


class AnswerForm(forms.Form):
    """What a source answered to its instruction."""

    said = forms.ChoiceField(
        label="Its answer",
        choices=[
            ("", "Choose"),
            *(each for each in SourceInstruction.Answer.choices if each[0] != SourceInstruction.Answer.PART),
        ],
        error_messages={"required": "Choose what the source answered"},
    )
    note = forms.CharField(
        label="Note",
        help_text="No names and no dates of birth: it is printed on the certificate.",
        required=False,
        max_length=255,
        error_messages={"max_length": "Write the note in 255 characters or fewer"},
    )

    def __init__(self, people: Known, *arguments: Any, **named: Any) -> None:
        """Take what would name the people of the order."""
        super().__init__(*arguments, **named)
        self._people = people

    def clean_note(self) -> str:
        """Return the note, or say what in it names somebody."""
        note = str(self.cleaned_data["note"])
        if refused := anonymity.names_nobody(note, self._people).reasons:
            raise forms.ValidationError(refused[0].rstrip("."))
        return note

    def clean(self) -> dict[str, Any]:
        """Ask for a note where the source has not simply deleted."""
        given = self.cleaned_data
        if given.get("said", "done") != SourceInstruction.Answer.DONE and not given.get("note", "-"):
            self.add_error("note", rules.ANSWERING)
        return given


class ReleaseForm(forms.Form):
    """Why a hold is to be released."""

    note = ReasonField(rules.RELEASING, label="Why, and the paper that releases it")


class EventForm(forms.Form):
    """Something that happened to a person's records."""

    kind = forms.ChoiceField(label="What happened", error_messages={"required": "Choose what happened"})
    dated = DayField(
        label="Day on which it happened",
        help_text="For example: 27 3 2026",
        error_messages={"required": "Enter the day on which it happened"},
    )
    closed = DayField(label="Day on which it ended", required=False, help_text="Leave empty while it is open.")

    def __init__(self, kinds: tuple[str, ...], *arguments: Any, **named: Any) -> None:
        """Offer the kinds that the retention rules know, in words."""
        super().__init__(*arguments, **named)
        said = sorted(((kind, words.say("event", kind)) for kind in kinds), key=lambda pair: pair[1])
        self.fields["kind"].choices = [("", "Choose"), *said]  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """The end of something that was open."""

    event = forms.IntegerField(widget=forms.HiddenInput)
    closed = DayField(label="Day on which it ended", error_messages={"required": "Enter the day on which it ended"})


def parts(text: str) -> list[str]:
    """Return the parts of a text that are one to a line or with commas between."""
    return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]
