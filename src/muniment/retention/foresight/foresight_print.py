"""The forecast as a PDF for the board: what its figures are, the charts, and every table."""

from datetime import date, datetime

from muniment.core import words
from muniment.core.models import BatchRun
from muniment.retention.foresight import counted, foresight_tables, foresight_workbook
from muniment.retention.foresight.foresight_chart import Chart, charts, charts_beside
from muniment.retention.foresight.foresight_tables import Forecast
from muniment.retention.foresight.foresight_workbook import NOT_IN_IT, About
from muniment.retention.foresight.shown import Table
from muniment.retention.printed import Page, figures, heading, latin, paragraph, table

# What waits for a person, and what goes by the clock; beside it the other schedule's, of which the second is striped.
_FILLS = {
    "person": (29, 112, 184),
    "clock": (255, 255, 255),
    "other-person": (205, 210, 215),
    "other-clock": (255, 255, 255),
}
_STRIPED, _APART = "other-clock", 1.2  # mm between the lines of what is striped


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
        draw(page, chart)
    for chart in charts_beside(of):
        draw(page, chart)
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


def draw(page: Page, chart: Chart) -> None:
    """Draw a chart, with what it says for whoever does not see it; its numbers are in a table."""
    if page.will_page_break(85):
        page.add_page()
    heading(page, chart.title, 13)
    scale, left, top = page.epw / chart.width * 0.7, page.l_margin, page.get_y()
    with page.marked(page.element("Figure", alt=chart.said)):
        for line in chart.lines:
            page.set_draw_color(200)
            page.line(left + line.x * scale, top + line.y * scale, left + chart.width * scale, top + line.y * scale)
        page.set_draw_color(0)
        for bar in chart.bars:
            _bar(page, bar.kind, (left + bar.x * scale, top + bar.y * scale, bar.width * scale, bar.height * scale))
        page.line(left, top + chart.base * scale, left + chart.width * scale, top + chart.base * scale)
        page.set_font("Helvetica", "", 8)
        for mark in chart.marks:
            wide = page.get_string_width(latin(mark.text))
            page.text(left + mark.x * scale - wide / 2, top + mark.y * scale, latin(mark.text))
        for line in chart.lines:
            wide = page.get_string_width(latin(line.text))
            page.text(left + line.x * scale - wide - 2, top + line.y * scale + 1, latin(line.text))
        page.set_y(top + chart.height * scale + 2)
        _key(page, chart)
    table_ = "Side by side" if chart.lines else "What falls due"
    paragraph(page, f"The same numbers are in the table: {table_}.")


def _key(page: Page, chart: Chart) -> None:
    """Print what each fill means, in one line."""
    x, y = page.l_margin, page.get_y()
    for kind, words_ in chart.kinds:
        _bar(page, kind, (x, y, 4, 4))
        page.text(x + 6, y + 3.2, latin(words_))
        x += 6 + page.get_string_width(latin(words_)) + 8
    page.set_y(y + 6)


def _bar(page: Page, kind: str, box: tuple[float, float, float, float]) -> None:
    x, y, width, height = box
    page.set_fill_color(*_FILLS[kind])
    page.rect(x, y, width, height, style="DF")
    stripes = int(height / _APART) if kind == _STRIPED else 0
    for number in range(1, stripes + 1):
        page.line(x, y + number * _APART, x + width, y + number * _APART)
