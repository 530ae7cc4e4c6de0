"""Forms of disposals: proposing, returning, undoing, and what a source answered; each error says what to do."""

from typing import Any

from django import forms

from muniment.core.govuk_fields import ReasonField
from muniment.retention import anonymity, rules
from muniment.retention.anonymity import Known
from muniment.retention.models import SourceInstruction


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
