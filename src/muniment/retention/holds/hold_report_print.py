"""The report on what has gone of a hold's scope, as a PDF."""

from muniment.core import words
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


def row(went: Went) -> tuple[str, str, str, str]:
    """Return a record that went as a row: its reference, its class, the day and the order."""
    item = went.item
    return (f"{item.system.title} {item.reference}", words.class_title(item.class_id), went.day, item.order.reference)
