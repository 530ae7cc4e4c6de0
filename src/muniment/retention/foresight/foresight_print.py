"""The forecast as a PDF for the board: what its figures are, the charts, and every table."""

from collections.abc import Sequence
from datetime import date, datetime

from muniment.core import words
from muniment.core.models import BatchRun
from muniment.retention.foresight import counted, foresight_tables, foresight_workbook
from muniment.retention.foresight.foresight_chart import Chart, charts
from muniment.retention.foresight.foresight_tables import Forecast
from muniment.retention.foresight.foresight_workbook import NOT_IN_IT, About
from muniment.retention.foresight.shown import Table
from muniment.retention.printed import Page, figures, heading, latin, paragraph, table

_DARK, _LIGHT = (29, 112, 184), (255, 255, 255)  # what waits for a person, and what goes by the clock


def as_pdf(run: BatchRun, of: Forecast, about: About) -> bytes:
    """Return a forecast as a PDF, the same bytes each time for the same reader and day."""
    assert run.ended_at
    title = f"What falls due until {words.day(counted.last_day(run))}"
    page = Page(wide=True)
    page.begin(title, run.ended_at)
    heading(page, title, 18)
    beside = f", beside {run.versions['against']}" if run.versions["against"] else ""
    said = f"Of {about.whose}. As on {words.day(counted.first_day(run))}, policy {run.versions['policy']}{beside}."
    paragraph(page, f"{said} Given to {about.given_to or 'whoever runs the server'} on {words.day(about.given_on)}.")
    paragraph(page, NOT_IN_IT)
    if of.estimated:
        paragraph(page, foresight_tables.estimate_in_words(of.estimated), style="B")
    for chart in charts(of):
        _draw(page, chart)
    every = foresight_tables.every(of)
    for each in (*of.compared, *(one for one in every if one not in of.compared)):
        _print(page, each)
    heading(page, "What these figures are", 13)
    lines = foresight_workbook.about_lines(run, of, about)
    table(page, ("What", "Which"), [(name, _said(value)) for name, value in lines])
    return bytes(page.output())


def _print(page: Page, of: Table) -> None:
    if page.will_page_break(40):
        page.add_page()
    heading(page, of.title, 13)
    if of.note:
        paragraph(page, of.note)
    if not of.rows:
        paragraph(page, "None.")
        return
    figures(page, [head or "Name" for head in of.heads], [[_said(value) for value in row] for row in of.rows])


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return words.moment(value)
    if isinstance(value, date):
        return words.day(value)
    return "" if value is None else f"{value:,.2f}" if isinstance(value, float) else _whole(value)


def _whole(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _draw(page: Page, chart: Chart) -> None:
    """Draw a chart; its numbers are in the first table, so that nobody needs it to read them."""
    if page.will_page_break(75):
        page.add_page()
    heading(page, chart.title, 13)
    scale, left, top = page.epw / chart.width, page.l_margin, page.get_y()
    scale *= 0.75
    for bar in chart.bars:
        page.set_fill_color(*(_DARK if bar.kind == "person" else _LIGHT))
        page.rect(left + bar.x * scale, top + bar.y * scale, bar.width * scale, bar.height * scale, style="DF")
    page.line(left, top + chart.base * scale, left + chart.width * scale, top + chart.base * scale)
    page.set_font("Helvetica", "", 8)
    for mark in chart.marks:
        wide = page.get_string_width(latin(mark.text))
        page.text(left + mark.x * scale - wide / 2, top + mark.y * scale, latin(mark.text))
    page.set_y(top + chart.height * scale + 2)
    key: Sequence[str] = [f"{words_} ({'dark' if kind == 'person' else 'light'})" for kind, words_ in chart.kinds]
    paragraph(page, f"{'; '.join(key)}. The same numbers are in the first table of what falls due.")
