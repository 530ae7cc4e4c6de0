"""Tags and filters of every template."""

from datetime import date, datetime
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from muniment.core.govuk_fields import params_of
from muniment.site import components

register = template.Library()


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Turn `label_text="x"` into {"label": {"text": "x"}}, so that a tag can give nested parameters."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        target, *path = nested, *name.split("__")
        for step in path[:-1]:
            target = target.setdefault(step, {})
        target[path[-1]] = value
    return nested


@register.simple_tag
def govuk(component: str, **params: Any) -> SafeString:
    """Render a GOV.UK component: `{% govuk "button" text="Save" %}`; two underscores go one level down."""
    return components.render(component, _nested(params))


@register.simple_tag
def field(bound: BoundField, **params: Any) -> SafeString:
    """Render a form's field as its GOV.UK component, with label, hint and error."""
    component, found = params_of(bound)
    return components.render(component, {**found, **_nested(params)})


@register.simple_tag
def error_summary(form: forms.BaseForm) -> SafeString:
    """List what is wrong with a form, each error linked to its field."""
    if not form.errors:
        return SafeString("")
    errors = [
        {"text": error, "href": f"#{form[name].id_for_label or form[name].auto_id}"}
        if name != "__all__"
        else {"text": error}
        for name, found in form.errors.items()
        for error in found
    ]
    return components.render("error-summary", {"titleText": "There is a problem", "errorList": errors})


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a day: 27 March 2026."""
    if value is None:
        return "not known"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return f"{value.day} {value:%B %Y}"


@register.filter
def moment(value: datetime | None) -> str:
    """Write a moment: 27 March 2026 at 14:05."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{day(local)} at {local:%H:%M}"


@register.filter
def between(earliest: date, latest: date) -> str:
    """Write a partial date as far as it is known."""
    if earliest == latest:
        return day(earliest)
    if (earliest.year, earliest.month) == (latest.year, latest.month):
        return f"{earliest:%B %Y}"
    return str(earliest.year) if earliest.year == latest.year else f"{day(earliest)} to {day(latest)}"


@register.filter
def words(code: str) -> str:
    """Write a code as words: NO_FURTHER_ACTION becomes No further action."""
    text = code.replace("_", " ").lower()
    return text[:1].upper() + text[1:]


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the page's query string with some values changed; None takes one out."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = value
    return f"?{params.urlencode()}"


@register.simple_tag
def bar(value: float, most: float, label: str) -> SafeString:
    """Draw one bar of a chart; the number stands beside it in the table."""
    width = 0 if not most else round(200 * max(0.0, value) / most)
    return format_html(
        '<svg class="app-chart" width="200" height="14" role="img" aria-label="{}"><rect width="{}" height="14"/></svg>',
        label,
        width,
    )
