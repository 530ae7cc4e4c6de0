"""The report on what has gone of a hold's scope, as a PDF and as a workbook."""

from datetime import date

from django.utils import timezone

from muniment.core import words, workbooks
from muniment.core.workbooks import Sheet, Value
from muniment.retention.holds.gone import Went
from muniment.retention.holds.hold_reports import Report
from muniment.retention.printed import Page, heading, paragraph, table

_AGREES = {True: "Agrees", False: "Does not agree", None: "For the reader to weigh"}


def as_pdf(report: Report, named: tuple[Went, ...], scope: list[tuple[str, str]]) -> bytes:
    """Return a report as a PDF; `named` are the records that its reader may see, `scope` is the hold's in words."""
    hold, page = report.hold, Page()
    page.begin(f"What has gone of the scope of hold {hold.reference}", report.made_at)
    heading(page, f"Hold {hold.reference}: what has gone since {words.day(report.since)}", 18)
    paragraph(page, report.verdict, style="B")
    whose = ", ".join(each.name for each in report.controllers)
    paragraph(page, f"{hold.title}. Made on {words.moment(report.made_at)}, of the records of {whose or 'nobody'}.")
    heading(page, "Scope", 13)
    table(page, ("Part", "What"), scope or [("Everything", "of these controllers")])
    if report.versions > 1:
        said = f"The scope has had {report.versions} versions: each record is held against what stood when it went."
        paragraph(page, said)
    heading(page, "What has gone", 13)
    paragraph(page, f"In scope: {len(report.went):,}. Nobody can say: {len(report.unknown):,}. Not: {report.others:,}.")
    if report.let_go:
        paragraph(page, f"Once in scope, and out of it when they went: {len(report.let_go):,}.")
    if named:
        table(page, ("Record", "Class", "Destroyed", "Order"), [row(each) for each in named])
    heading(page, "What this was held against", 13)
    table(page, ("Check", "Found", ""), [(each.what, each.found, _AGREES[each.agrees]) for each in report.checks])
    heading(page, "What it cannot know", 13)
    for each in report.limits:
        paragraph(page, f"- {each}")
    return bytes(page.output())


def as_xlsx(report: Report, named: tuple[Went, ...], scope: list[tuple[str, str]]) -> bytes:
    """Return a report as a workbook; arguments as of `as_pdf`."""
    hold = report.hold
    about: list[tuple[str, Value]] = [
        ("Hold", f"{hold.reference}, {hold.title}"),
        ("What it says", report.verdict),
        ("Whose records", ", ".join(each.name for each in report.controllers) or "Nobody's"),
        ("Since", report.since),
        ("Made", report.made_at),
        ("In scope and gone", len(report.went)),
        ("Named here", f"{len(named):,}: those whose disposals the reader may see"),
        ("Gone, and nobody can say", len(report.unknown)),
        ("Gone, and not in scope", report.others),
        *(("What it cannot know", each) for each in report.limits),
    ]
    gone = [(record, kind, _day(each), order) for each in named for record, kind, _, order in [row(each)]]
    sheets = (
        Sheet("Scope", ("Part", "What"), scope or [("Everything", "of these controllers")]),
        Sheet("What has gone", ("Record", "Class", "Destroyed", "Order"), gone),
        Sheet(
            "Held against",
            ("Check", "Found", "Agrees"),
            [(each.what, each.found, _AGREES[each.agrees]) for each in report.checks],
        ),
    )
    title = f"What has gone of the scope of hold {hold.reference}"
    return workbooks.workbook(title, about, sheets, made_at=report.made_at)


def _day(went: Went) -> date | None:
    at = went.item.destroyed_at
    return timezone.localtime(at).date() if at else None


def row(went: Went) -> tuple[str, str, str, str]:
    """Return a record that went as a row: its reference, its class, the day and the order."""
    item = went.item
    return (f"{item.system.title} {item.reference}", words.class_title(item.class_id), went.day, item.order.reference)
