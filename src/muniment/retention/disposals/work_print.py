"""The work of a place on paper: what to do with what, the answers that may be given, and room to write and sign."""

from collections.abc import Iterable

from django.utils import timezone

from muniment.core import words
from muniment.retention.disposals import work_of
from muniment.retention.models import Duty
from muniment.retention.policies import elsewhere
from muniment.retention.printed import Page, heading, paragraph, table


def as_pdf(duties: Iterable[Duty], title: str) -> bytes:
    """Return the work of one place as a PDF."""
    todo = list(duties)
    settings, now, page = elsewhere.on(timezone.localdate()), timezone.now(), Page()
    page.begin(f"Work for {title}", now)
    heading(page, f"Disposal: work for {title}", 18)
    first = todo[0] if todo else None
    if first is not None:
        paragraph(page, f"For {first.holder}. Made on {words.moment(now)}. {len(todo)} to do.")
        paragraph(page, settings.do(first.where, first.place), style="B")
        paragraph(page, f"Answers: {work_of.said_answers(settings, first)}.")
        if first.where == Duty.Where.SHELF:
            paragraph(page, f"Standard: {settings.shelf['standard']}. {settings.shelf['standard_covers']}")
    rows = {line[0]: dict(zip(work_of.HEADS, line, strict=True)) for line in work_of.lines(todo)}
    heads = ("Duty", "Record", "Where it is", "Leave", "Answer, day, initials")
    table(page, heads, [_row(rows[each.reference]) for each in todo])
    paragraph(page, "Done by (name, job title): ______________________   Signed: ______________   Day: __________")
    if first is not None and first.where == Duty.Where.SHELF:
        paragraph(page, "Seen by (name, job title): ______________________   Signed: ______________   Day: __________")
        paragraph(page, "Contractor and consignment: ________________________________________________________")
    return bytes(page.output())


def _row(row: dict[str, str]) -> tuple[str, ...]:
    waits = f"Waits for your answer: {row['waits for it']}" if row["waits for it"] else ""
    record = "\n".join(filter(None, (row["reference"], row["in your terms"], row["class"], waits)))
    at = "\n".join(filter(None, (row["location"], row["medium"], row["people to delete with it"])))
    return (row["duty"], record, at, row["people to leave"], "")
