"""Tags and filters of every template."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from muniment.core import words as wording
from muniment.core.govuk_fields import params_of
from muniment.engine.policy.model import Length, RecordClass, Terms
from muniment.retention.schedule import schedule_words
from muniment.site import components

register = template.Library()
_BAR = 96  # pixels that the longest bar of a chart takes


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
    for name, value in _nested(params).items():
        whole = isinstance(value, dict) and isinstance(found.get(name), dict)
        found[name] = found[name] | value if whole else value
    return components.render(component, found)


@register.simple_tag
def error_summary(form: forms.BaseForm) -> SafeString:
    """List what is wrong with a form, each error linked to its field."""
    return problems(form)


@register.simple_tag
def problems(*forms_: forms.BaseForm, title: str = "There is a problem") -> SafeString:
    """List what is wrong with several forms of one page, each error linked to its field."""
    errors = [
        {"text": error, "href": f"#{_first_control(form[name])}"} if name != "__all__" else {"text": error}
        for form in forms_
        for name, found in form.errors.items()
        for error in found
    ]
    return components.render("error-summary", {"titleText": title, "errorList": errors}) if errors else SafeString("")


def _first_control(bound: BoundField) -> str:
    """Return the id of a field's first control, as the macros number them: the first has no number."""
    return str(bound.auto_id)


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a day: 27 March 2026."""
    if value is None:
        return "not known"
    return wording.day(timezone.localtime(value).date() if isinstance(value, datetime) else value)


@register.filter
def moment(value: datetime | None) -> str:
    """Write a moment: 27 March 2026 at 14:05."""
    return wording.moment(value) if value is not None else ""


@register.filter
def between(earliest: date, latest: date) -> str:
    """Write a partial date as far as it is known."""
    return wording.between(earliest, latest)


@register.filter
def words(code: str) -> str:
    """Write a code in its own letters: PENALTY_NOTICE becomes Penalty notice."""
    return wording.spaced(code)


@register.filter
def said(code: object, of: str) -> str:
    """Write a code in the words of its list: `{{ part.role|said:"role" }}`."""
    return wording.say(of, code) if code else ""


@register.filter
def class_title(class_id: str) -> str:
    """Write a record class or rule by its title."""
    return wording.class_title(class_id) if class_id else ""


@register.filter
def period_said(terms: Terms) -> list[str]:
    """Write for how long a class is kept, in lines."""
    return schedule_words.period(terms)


@register.filter
def runs_from_said(terms: Terms, entry: RecordClass) -> list[str]:
    """Write from which day a class is kept, in lines."""
    return schedule_words.runs_from(entry, terms)


@register.filter
def earlier(shown: list[Any], every: list[Any]) -> list[Any]:
    """Return what comes after the rows that are shown already."""
    return every[len(shown) :]


@register.filter
def kept(decision: Any) -> str:
    """Write what is decided about a record in a few words: until when it is kept, or since when it waits."""
    if not decision:
        return "Not decided yet"
    due = wording.day(decision.due) if decision.due else ""
    said_ = {"retain": "Until", "review": "Review due", "dispose": "May go from", "archive": "Archive from"}
    if decision.outcome in said_ and due:
        return f"{said_[decision.outcome]} {due}"
    return wording.say("decision", decision.outcome)


@register.filter
def under(values: Sequence[Any], heads: Sequence[str]) -> list[tuple[str, Any]]:
    """Put the values of a row under the heads of their columns."""
    return list(zip(heads, values, strict=True))


@register.filter
def figure(value: str | float | None) -> str:
    """Write a number with its thousands marked, a part of one to two places; words as they are."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value or "")


@register.filter
def length_of_time(value: Length | None) -> str:
    """Write a length of time: 7 years."""
    return wording.period(value) if value else ""


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
def heads(*names: str, numeric: int = 0) -> SafeString:
    """Draw the head of a table; the last `numeric` columns hold numbers."""
    first = len(names) - numeric
    cells = ((" govuk-table__header--numeric" if at >= first else "", name) for at, name in enumerate(names))
    return format_html(
        '<thead class="govuk-table__head"><tr>{}</tr></thead>',
        format_html_join("", '<th class="govuk-table__header{}" scope="col">{}</th>', cells),
    )


@register.simple_block_tag
def cell(content: str, name: str = "", classes: str = "", *, numeric: bool = False) -> SafeString:
    """Draw a cell; on a phone it stands alone, after its name."""
    return format_html(
        '<td class="govuk-table__cell{}{}" data-name="{}">{}</td>',
        " govuk-table__cell--numeric" if numeric else "",
        f" {classes}" if classes else "",
        name,
        content,
    )


@register.simple_block_tag
def rowhead(content: str) -> SafeString:
    """Draw the cell that names its row."""
    return format_html('<th class="govuk-table__header" scope="row">{}</th>', content)


@register.simple_tag
def no_rows(columns: int, text: str) -> SafeString:
    """Draw the one row of a table that has none."""
    return format_html(
        '<tr class="govuk-table__row"><td class="govuk-table__cell" colspan="{}">{}</td></tr>', columns, text
    )


@register.simple_block_tag
def fact(content: str, key: str) -> SafeString:
    """Draw a row of a summary list: what it is, and its value."""
    return format_html(
        '<div class="govuk-summary-list__row"><dt class="govuk-summary-list__key">{}</dt>'
        '<dd class="govuk-summary-list__value app-break">{}</dd></div>',
        key,
        content,
    )


@register.simple_block_tag
def details(content: str, summary: str, classes: str = "", *, opened: bool = False) -> SafeString:
    """Draw what opens only when asked, or stands open because of what is in it."""
    return format_html(
        '<details class="govuk-details{}"{}><summary class="govuk-details__summary">'
        '<span class="govuk-details__summary-text">{}</span></summary>'
        '<div class="govuk-details__text">{}</div></details>',
        f" {classes}" if classes else "",
        SafeString(" open") if opened else "",
        summary,
        content,
    )


@register.simple_tag
def tag(text: str, colour: str = "") -> SafeString:
    """Draw a small label; without a colour it is blue."""
    return format_html(
        '<strong class="govuk-tag{}">{}</strong>', f" govuk-tag--{colour}" if colour else "", conditional_escape(text)
    )


@register.simple_tag
def bar(value: float, most: float, label: str) -> SafeString:
    """Draw one bar of a chart; the number stands beside it in the table."""
    width = 0 if not most else round(_BAR * min(abs(value), most) / most)
    return format_html(
        '<svg class="app-chart{}" width="{}" height="12" role="img" aria-label="{}">'
        '<rect width="{}" height="12"/></svg>',
        " app-chart--against" if value < 0 else "",
        _BAR,
        label,
        width,
    )
