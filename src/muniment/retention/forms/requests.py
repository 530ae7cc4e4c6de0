"""Forms of requests for deletion and erasure: recording one, deciding it with a review, its reply, and its sending."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import Controller
from muniment.retention.actions.request_times import ASKED
from muniment.retention.actions.requests import Asked
from muniment.retention.models import PersonRequest, Review
from muniment.retention.policies import elsewhere
from muniment.retention.policies.request_policy import RequestPolicy
from muniment.retention.requests import answers, attached
from muniment.retention.requests.answers import Answer, There
from muniment.retention.requests.letters import About

PREFIXES = ("there_", "keeping_", "words_")  # of the fields by which a review answers requests
_STATED = "Give the reasons that the reply states"
KNOWN = "Only what they may know: no names of others, nothing of what they were not told."


class RequestForm(forms.Form):
    """What somebody asks about a person."""

    controller = forms.ModelChoiceField(
        label="Force or office that it came to",
        queryset=Controller.objects.none(),
        empty_label=None,
        error_messages={"required": "Choose the force or office that it came to"},
    )
    what = forms.ChoiceField(
        label="What is asked for", widget=forms.RadioSelect, error_messages={"required": "Choose what is asked for"}
    )
    asker = forms.ChoiceField(
        label="Who asked",
        help_text="Nothing else of them is kept: their name and address stay with the letter.",
        choices=PersonRequest.Asker.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who asked"},
    )
    their_reference = forms.CharField(
        label="Their reference",
        help_text="For example: the number of the application at ACRO. No name.",
        required=False,
        max_length=40,
        error_messages={"max_length": "Enter a reference of 40 characters or fewer"},
    )
    received_on = DayField(
        label="Day of receipt",
        help_text="The first arrival, not the day of recording. For example: 27 3 2026",
        error_messages={"required": "Enter the day on which it was received"},
    )
    databases = forms.MultipleChoiceField(
        label="National records that it is about",
        help_text="Through ACRO alone.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    grounds = forms.MultipleChoiceField(
        label="Grounds that are claimed",
        help_text="Through ACRO alone.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        controllers: Iterable[Controller],
        said: RequestPolicy,
        national: elsewhere.Elsewhere,
        *arguments: Any,
        **named: Any,
    ) -> None:
        """Offer what policy names, and the controllers for which the user may record a request."""
        super().__init__(*arguments, **named)
        mine = [each.pk for each in controllers]
        of = self.fields["controller"]
        of.queryset = Controller.objects.filter(pk__in=mine).order_by("name")  # type: ignore[attr-defined]
        titles = {each.code: each.title for each in national.national}
        offered = {
            "what": [
                (f"{kind.code}.{code}", f"{kind.title} ({regime.title})" if len(kind.regimes) > 1 else kind.title)
                for kind in said.kinds.values()
                for code, regime in kind.regimes.items()
            ],
            "databases": [(code, titles.get(code, code)) for code in said.databases],
            "grounds": list(said.grounds.items()),
        }
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what a request through ACRO needs, and leave it out of any other."""
        given = super().clean() or {}
        if str(given.get("what", "")).partition(".")[0] == answers.ACRO:
            if not given.get("databases"):
                self.add_error("databases", "Choose which national records it is about")
            if not given.get("grounds"):
                self.add_error("grounds", "Choose the grounds that are claimed")
        elif "what" in given:
            given["databases"], given["grounds"] = [], []
        return given

    def as_asked(self) -> Asked:
        """Return what was entered."""
        given = self.cleaned_data
        kind, _, regime = given["what"].partition(".")
        return Asked(
            kind,
            regime,
            given["asker"],
            given["received_on"],
            given["their_reference"],
            tuple(given["databases"]),
            tuple(given["grounds"]),
        )


class RequestAnswersForm(forms.Form):
    """What a review decides of each request about its person; nothing is filled in."""

    def __init__(
        self,
        review: Review,
        said: RequestPolicy,
        titles: Mapping[str, str],
        *arguments: Any,
        **named: Any,
    ) -> None:
        """Make the fields of each request: a choice for each national database, or why what stays does; the words."""
        super().__init__(*arguments, **named)
        self.requests, self._prime, self._said = attached.to_answer(review), review.prime, said
        for each in self.requests:
            for code in each.databases:
                self.fields[f"there_{each.pk}_{code}"] = forms.ChoiceField(
                    label=titles.get(code, code),
                    required=False,
                    choices=[
                        ("", "Choose"),
                        *((f"delete.{ground}", f"Delete: {label}") for ground, label in said.grounds.items()),
                        *((f"keep.{ground}", f"Keep: {label}") for ground, label in said.grounds_to_keep.items()),
                    ],
                )
            if each.kind != answers.ACRO:
                self.fields[f"keeping_{each.pk}"] = forms.ChoiceField(
                    label="Whatever stays is kept because",
                    required=False,
                    choices=[("", "Choose"), *said.keeping_now(each.regime).items()],
                )
            self.fields[f"words_{each.pk}"] = forms.CharField(
                label="Reasons that the reply states",
                help_text=KNOWN,
                required=False,
                max_length=answers.MOST,
                widget=forms.Textarea,
            )

    def require_all(self) -> None:
        """Put an error at each thing without which a request is not answered, or that no reply may say."""
        for each in self.requests:
            for code in each.databases:
                self._require(f"there_{each.pk}_{code}", f"Decide of {code.upper()} for {each.reference}")
            if each.kind != answers.ACRO:
                self._require(f"keeping_{each.pk}", f"Choose why whatever stays is kept, for {each.reference}")
            self._require(f"words_{each.pk}", _STATED)
            text = self.cleaned_data.get(f"words_{each.pk}", "")
            for reason in answers.can_be_said(text, self._prime, self._said).reasons:
                self.add_error(f"words_{each.pk}", reason.rstrip("."))

    def _require(self, name: str, why: str) -> None:
        if not self.has_error(name) and not str(self.cleaned_data.get(name, "")).strip():
            self.add_error(name, why)

    def as_answers(self) -> dict[int, Answer]:
        """Return what was entered, by the key of the request."""
        return {each.pk: self._answer(each) for each in self.requests}

    def _answer(self, request: PersonRequest) -> Answer:
        given = self.cleaned_data
        there = {}
        for code in request.databases:
            what, _, ground = str(given.get(f"there_{request.pk}_{code}", "")).partition(".")
            there[code] = There(what == "delete", ground)
        return Answer(there, given.get(f"keeping_{request.pk}", ""), given.get(f"words_{request.pk}", ""))


def typed_of(requests: Iterable[PersonRequest]) -> dict[str, str]:
    """Return what was decided of requests before, as the fields hold it: of a review that is open again."""
    typed: dict[str, str] = {}
    for each in requests:
        if answer := answers.kept(each):
            for code, there in answer.databases.items():
                typed[f"there_{each.pk}_{code}"] = f"{'delete' if there.deletes else 'keep'}.{there.ground}"
            typed |= {f"keeping_{each.pk}": answer.keeping, f"words_{each.pk}": answer.words}
    return typed


class ReplyForm(forms.Form):
    """The words of a reply, which begin as what was decided."""

    words = ReasonField(
        _STATED, label="Reasons that the reply states", help_text=KNOWN, max_length=answers.MOST, strip=True
    )


class BesideOthers(forms.Form):
    """A form of a page with several: its fields have ids of their own."""

    own_id = ""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"auto_id": f"{self.own_id}_%s", **named})


class IdentityLetterForm(BesideOthers):
    """What whoever asked is to send, so that it is established who they are."""

    own_id = "identity"

    words = ReasonField(
        ASKED[About.IDENTITY],
        label="What they are to send",
        help_text="For example: a copy of a passport or driving licence, and of a bill with their address.",
        max_length=answers.MOST,
        strip=True,
    )


class ExtensionForm(BesideOthers):
    """Why it takes longer."""

    own_id = "extension"

    reason = forms.ChoiceField(
        label="Reason",
        help_text="The law knows these alone.",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the reason for which the time is extended"},
    )
    words = ReasonField(
        ASKED[About.EXTENSION],
        label="Why it takes longer, for whoever reads it",
        help_text=KNOWN,
        max_length=answers.MOST,
        strip=True,
    )

    def __init__(self, said: RequestPolicy, *arguments: Any, **named: Any) -> None:
        """Offer the reasons that policy names."""
        super().__init__(*arguments, **named)
        self.fields["reason"].choices = list(said.extension_reasons.items())  # type: ignore[attr-defined]


class LiftingForm(BesideOthers):
    """Why a restriction ends."""

    own_id = "lifting"

    words = ReasonField(
        ASKED[About.LIFTING],
        label="Why the restriction ends, for whoever reads it",
        help_text=KNOWN,
        max_length=answers.MOST,
        strip=True,
    )


class ArrivedForm(BesideOthers):
    """When what establishes who asked arrived."""

    own_id = "arrived"

    received_on = DayField(
        label="Day on which it arrived", error_messages={"required": "Enter the day on which it arrived"}
    )


class SentForm(forms.Form):
    """When a letter was sent."""

    sent_on = DayField(
        label="Day on which it was sent", error_messages={"required": "Enter the day on which it was sent"}
    )
