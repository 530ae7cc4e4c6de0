"""The form by which a request is refused, or charged for, for one reason; and that of what was paid."""

from decimal import Decimal
from typing import Any

from django import forms

from muniment.core.govuk_fields import DayField, ReasonField
from muniment.retention.actions.request_times import ASKED
from muniment.retention.forms.requests import KNOWN, BesideOthers
from muniment.retention.policies.request_policy import Fee, Refusal
from muniment.retention.requests import answers, refusals
from muniment.retention.requests.letters import About, Written

_WAYS = ((About.REFUSAL.value, "Refuse it"), (About.FEE.value, "Ask for a fee, and deal with it once that is paid"))
SHOWN = "shown_"


class RefusalForm(BesideOthers):
    """What shows one reason, what the letter says, and where the law lets one be charged the fee instead."""

    own_id = "refusal"

    def __init__(self, refusal: Refusal, fee: Fee | None, *arguments: Any, **named: Any) -> None:
        """Ask for each thing that the reason has to be shown by; `fee` is what can be charged instead of refusing."""
        self.refusal, self.fee, self.own_id = refusal, fee, f"refusal_{refusal.code}"
        super().__init__(*arguments, **named)
        for code, label in refusal.shows.items():
            self.fields[f"{SHOWN}{code}"] = ReasonField(
                f"Say this: {label[:1].lower()}{label[1:]}", label=label, max_length=answers.MOST, strip=True
            )
        if fee:
            self.fields["way"] = forms.ChoiceField(
                label="What the letter does",
                choices=_WAYS,
                widget=forms.RadioSelect,
                error_messages={"required": "Choose whether it is refused or a fee is asked for"},
            )
            self.fields["amount"] = forms.DecimalField(
                label="Fee, in pounds",
                help_text=f"Where one is asked for: {refusals.pounds(fee.most)} at most. For example: 12.50",
                required=False,
                max_digits=7,
                decimal_places=2,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "spellcheck": "false"}),
                error_messages=dict.fromkeys(
                    ("invalid", "max_digits", "max_decimal_places", "max_whole_digits"),
                    f"Enter a fee in pounds and pence, of {refusals.pounds(fee.most)} at most",
                ),
            )
        self.fields["words"] = ReasonField(
            ASKED[About.REFUSAL],
            label="Reasons that the letter states",
            help_text=f"{KNOWN}{' Where a fee is asked for: what it covers, and how it can be paid.' if fee else ''}",
            max_length=answers.MOST,
            strip=True,
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the fee where one is asked for, and leave it out of a refusal."""
        given = super().clean() or {}
        if given.get("way") != About.FEE:
            given["amount"] = None
        elif not self.has_error("amount"):
            for reason in refusals.is_reasonable(given.get("amount"), self.fee).reasons:
                self.add_error("amount", reason.rstrip("."))
        return given

    def as_written(self) -> Written:
        """Return what was entered."""
        given = self.cleaned_data
        amount: Decimal | None = given.get("amount")
        shown = {code: given[f"{SHOWN}{code}"] for code in self.refusal.shows}
        return Written(given.get("way") or About.REFUSAL, given["words"], self.refusal.code, amount, shown)


class PaidForm(BesideOthers):
    """When a fee was paid."""

    own_id = "paid"

    paid_on = DayField(
        label="Day on which the fee was paid", error_messages={"required": "Enter the day on which it was paid"}
    )
