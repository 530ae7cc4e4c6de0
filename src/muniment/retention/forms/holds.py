"""The form by which a hold is placed; each error says what to do."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone

from muniment.core.govuk_fields import DayField, ReasonField
from muniment.core.models import Controller
from muniment.retention import rules
from muniment.retention.holds import known_codes, reach
from muniment.retention.policies import policy_now

EARLIEST = date(1900, 1, 1)
LISTS = ("classes", "ho_classes", "cjs", "keywords", "units", "places", "areas", "systems")
_TYPED = ("keywords", "units", "places", "systems")  # which policy has no list of


class ScopeForm(forms.Form):
    """What a hold covers, of whose records, by whose decision; lists are one to a line or with commas between."""

    decided_by = forms.CharField(
        label="Whose decision",
        max_length=150,
        help_text="By job title: the chief officer, or whom they authorised.",
        error_messages={"required": rules.HELD_BY},
    )
    controllers = forms.ModelMultipleChoiceField(
        label="Whose records",
        queryset=Controller.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose whose records it covers"},
    )
    match = forms.ChoiceField(
        label="A record is covered when",
        required=False,
        widget=forms.RadioSelect,
        choices=[("any", "any of the lists below fits it"), (reach.EVERY, "every list that is filled in fits it")],
        initial="any",
    )
    people = forms.CharField(label="People, by reference", required=False, help_text="For example: P0000123-X")
    records = forms.CharField(label="Records, by reference", required=False)
    classes = forms.CharField(
        label="Record classes", required=False, help_text="For example: CP-CSA, CRI-G1. IG-LOG holds the audit."
    )
    ho_classes = forms.CharField(
        label="Home Office offence classes", required=False, help_text="For example: 019, 020/01"
    )
    cjs = forms.CharField(label="CJS offence codes", required=False, help_text="For example: TH68010")
    keywords = forms.CharField(
        label="Words",
        required=False,
        help_text="In titles, places and details at once; in narratives when the worker has opened them.",
    )
    units = forms.CharField(label="Units", required=False, help_text="For example: child exploitation, special branch")
    places = forms.CharField(label="Places and postcodes", required=False, help_text="For example: Orgreave, S13")
    areas = forms.CharField(label="Business areas", required=False, help_text="For example: CUSTODY")
    systems = forms.CharField(label="Systems, by code", required=False, help_text="For example: crime")
    happened_from = DayField(label="Things that happened from", required=False)
    happened_until = DayField(label="Things that happened until", required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse codes that policy does not know, and days that run backwards; lists become tuples of codes."""
        given = super().clean() or {}
        for kind in known_codes.READERS:
            found = known_codes.read(kind, parts(given.get(kind, "")), policy_now.policy())
            given[kind] = found.codes
            for problem in found.problems:
                self.add_error(kind, problem)
        for kind in _TYPED:
            given[kind] = tuple(parts(given.get(kind, "")))
        first, last = given.get("happened_from"), given.get("happened_until")
        if first and last and first > last:
            self.add_error("happened_until", "Enter a day that is not before the first")
        return given


class HoldForm(ScopeForm):
    """A hold and its scope."""

    title = forms.CharField(label="Title", max_length=200, error_messages={"required": "Give the hold a title"})
    kind = forms.ChoiceField(label="What it is for", error_messages={"required": "Choose what the hold is for"})
    authority = ReasonField(
        rules.HOLDING,
        label="Authority",
        help_text="The letter, order or decision that this hold carries out, with its date.",
    )
    start = DayField(
        label="From",
        error_messages={"required": "Enter the day from which it holds"},
        validators=[MinValueValidator(EARLIEST, "Enter a day from 1 January 1900 on")],
    )
    review_on = DayField(
        label="Looked at again on",
        required=False,
        help_text="It stands until two people release it. Left empty, policy gives the day.",
    )
    ahead = forms.BooleanField(label="Place it all the same, for records that are still to come", required=False)
    preset = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Offer the kinds that policy lists."""
        super().__init__(*arguments, **named)
        kinds = policy_now.hold_kinds()
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", "Choose"),
            *((code, kind["title"]) for code, kind in kinds.items()),
        ]

    def clean_review_on(self) -> date | None:
        """Refuse a day that is over."""
        day: date | None = self.cleaned_data["review_on"]
        return day and _to_come(day)

    def clean_preset(self) -> str:
        """Keep the name of a preset that policy has."""
        return name if (name := self.cleaned_data["preset"]) in policy_now.hold_presets() else ""


class AmendForm(ScopeForm):
    """What a hold is to cover from now on, and by what paper."""

    paper = ReasonField(
        rules.AMENDING_BY,
        label="Authority for the change",
        help_text="The letter, order or decision that changes what is to be held, with its date.",
    )
    why = ReasonField(rules.AMENDING, label="Why it changes")


class SendBackForm(forms.Form):
    """Why a change is not agreed to, or taken back."""

    note = ReasonField(rules.NOT_AMENDING, label="Why not")


class OnForm(forms.Form):
    """The day of which somebody asks what a hold covered."""

    on = DayField(label="A day, to see what it covered then")


class SinceForm(forms.Form):
    """The day from which a report looks."""

    since = DayField(label="Since", required=False)


class LookForm(forms.Form):
    """Why a hold is needed still, and when somebody asks that again."""

    review_on = DayField(label="Looked at again on", error_messages={"required": "Enter a day to come"})
    why = ReasonField(rules.STILL_HELD, label="Why it is needed still")

    def clean_review_on(self) -> date:
        """Refuse a day that is over."""
        return _to_come(self.cleaned_data["review_on"])


def _to_come(day: date) -> date:
    if day <= timezone.localdate():
        raise forms.ValidationError("Enter a day to come")
    return day


class ReleaseForm(forms.Form):
    """Why a hold is to be released."""

    note = ReasonField(rules.RELEASING, label="Why, and the paper that releases it")


def parts(text: str) -> list[str]:
    """Return the parts of a text that are one to a line or with commas between."""
    return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]
