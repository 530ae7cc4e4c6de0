"""Django's bound fields as parameters of GOV.UK components."""

from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.renderers import DjangoTemplates

from muniment.core import reasons, words


class GovukRenderer(DjangoTemplates):
    """Django's own renderer for what is not drawn by the `field` tag."""


class DayField(forms.DateField):
    """A day, typed as text the way people write it: 27 3 2026, 27/3/2026 or 2026-03-27."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a date field."""
        formats = ["%d/%m/%Y", "%d %m %Y", "%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%d.%m.%Y"]
        options.setdefault("error_messages", {"invalid": "Enter a day like 27 3 2026"})
        super().__init__(input_formats=formats, **options)


class ReasonField(forms.CharField):
    """A reason that is required: words that tell something (`core.reasons`)."""

    def __init__(self, ask: str, **options: Any) -> None:
        """Take what is asked for, as a sentence without its full stop, and the options of a field of text."""
        super().__init__(required=False, **{"widget": forms.Textarea, **options})
        self.ask = ask

    def clean(self, value: Any) -> str:
        """Return the reason, or say what is asked for."""
        text = str(super().clean(value))
        if refused := reasons.is_given(text, self.ask).reasons:
            raise forms.ValidationError(refused[0].rstrip("."))
        return text


def _common(bound: BoundField) -> dict[str, Any]:
    params: dict[str, Any] = {"name": bound.html_name, "id": bound.auto_id}
    if bound.help_text:
        params["hint"] = {"text": str(bound.help_text)}
    if bound.errors:
        params["errorMessage"] = {"text": bound.errors[0]}
    return params


def _choices(bound: BoundField, chosen: set[str]) -> list[dict[str, Any]]:
    items = []
    for value, label in bound.field.choices:  # type: ignore[attr-defined]
        if isinstance(label, list | tuple):
            items += [{"value": str(one), "text": str(two), "checked": str(one) in chosen} for one, two in label]
        elif str(value) != "" or isinstance(bound.field.widget, forms.Select):
            items.append(
                {
                    "value": str(value),
                    "text": str(label),
                    "checked": str(value) in chosen,
                    "selected": str(value) in chosen,
                }
            )
    return items


def _chosen(bound: BoundField) -> set[str]:
    value = bound.value()
    if value is None:
        return set()
    return {str(each) for each in value} if isinstance(value, list | tuple | set) else {str(value)}


def params_of(bound: BoundField) -> tuple[str, dict[str, Any]]:  # noqa: PLR0911 - a table of widgets
    """Return (component, parameters) of a bound field.

    `CheckboxSelectMultiple` is a subclass of `RadioSelect`, so it is tested first.
    """
    widget, params = bound.field.widget, _common(bound)
    label = str(bound.label)
    legend = {"legend": {"text": label, "classes": "govuk-fieldset__legend--s"}}
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checkboxes", {
            **params,
            "idPrefix": bound.auto_id,
            "fieldset": legend,
            "items": _choices(bound, _chosen(bound)),
        }
    if isinstance(widget, forms.RadioSelect):
        return "radios", {
            **params,
            "idPrefix": bound.auto_id,
            "fieldset": legend,
            "items": _choices(bound, _chosen(bound)),
        }
    if isinstance(widget, forms.CheckboxInput):
        item = {"value": "on", "text": label, "checked": bool(bound.value()), "id": bound.auto_id}
        return "checkboxes", {**params, "idPrefix": bound.auto_id, "items": [item]}
    params["label"] = {"text": label, "classes": "govuk-label--s"}
    value = bound.value()
    if isinstance(widget, forms.Select):
        return "select", {**params, "items": _choices(bound, _chosen(bound))}
    if isinstance(widget, forms.Textarea):
        return "textarea", {**params, "value": "" if value is None else str(value), "rows": 3}
    if isinstance(widget, forms.FileInput):
        return "file-upload", params
    if isinstance(widget, forms.PasswordInput):
        return "password-input", {**params, "autocomplete": widget.attrs.get("autocomplete", "current-password")}
    params["value"] = words.typed(value) if isinstance(value, date) else "" if value is None else str(value)
    for name in ("autocomplete", "inputmode", "spellcheck"):
        if name in widget.attrs:
            params[name] = widget.attrs[name]
    return "input", params
