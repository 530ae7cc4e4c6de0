"""Forms of supplies; each error says what to do."""

from django import forms

from muniment.supply.models import Notice


class SendBackForm(forms.Form):
    """Why a supply is returned."""

    note = forms.CharField(
        label="Why you return it",
        max_length=255,
        error_messages={
            "required": "Say why you return it",
            "max_length": "Write the reason in 255 characters or fewer",
        },
    )


class AnswerForm(forms.Form):
    """What a recipient answered to a notice."""

    said = forms.ChoiceField(
        label="Their answer",
        choices=[("", "Choose"), *Notice.Answer.choices],
        error_messages={"required": "Choose what the recipient answered"},
    )
    note = forms.CharField(
        label="Why they cannot",
        help_text="No names and no dates of birth.",
        required=False,
        max_length=255,
        error_messages={"max_length": "Write the reason in 255 characters or fewer"},
    )

    def clean(self) -> dict[str, object]:
        """Ask for the reason where they cannot."""
        found = super().clean() or {}
        if found.get("said") == Notice.Answer.CANNOT and not str(found.get("note", "")).strip():
            self.add_error("note", "Say why the recipient cannot do it")
        return found
