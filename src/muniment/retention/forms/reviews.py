"""Forms of a review: the queue, answers, handing over, deciding, agreeing, giving out; each error says what to do."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from muniment.core import reasons, words
from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import Controller, User
from muniment.engine.retention.persons import RULES
from muniment.retention import rules
from muniment.retention.models import Review, ReviewAsk
from muniment.retention.reviews import queue
from muniment.retention.reviews.intervals import Latest

ANSWERS = (("yes", "Yes"), ("no", "No"), ("not_known", "Not known"))
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


class EscalationForm(forms.Form):
    """Why a review that was escalated stays with whoever has it."""

    note = ReasonField(rules.STAYING_WITH, label="Why it stays where it is")


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
            (queue.ESCALATED, "Escalated to me"),
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
