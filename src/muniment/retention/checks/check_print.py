"""What a sample of automatic decisions tells, for the board: one short document, a file and a workbook."""

import csv
import io

from django.utils import timezone

from muniment.core import words, workbooks
from muniment.core.workbooks import Sheet, Value
from muniment.retention.checks import check_shown, sampled
from muniment.retention.models import DecisionSample
from muniment.retention.printed import Page, heading, paragraph, table


def as_pdf(sample: DecisionSample) -> bytes:
    """Return what a sample tells as a PDF."""
    told, page = sampled.results(sample), Page()
    page.begin(f"Check of automatic decisions, sample {sample.pk}", timezone.now())
    heading(page, f"How often automatic decisions are wrong: {sample.controller.name}", 18)
    paragraph(page, standing(sample), style="B")
    for reason in sampled.stands_against(sample.controller).reasons:
        paragraph(page, reason, style="B")
    table(page, ("What", "Which"), check_shown.about(sample))
    heading(page, "Rates", 13)
    table(page, ("What is wrong", "Share, with its interval", ""), _rates(sample))
    heading(page, "Stratum by stratum", 13)
    table(page, check_shown.HEADS, [check_shown.row(each) for each in told.tallies])
    if told.causes:
        heading(page, "Causes of what was wrong", 13)
        table(page, ("Cause", "Decisions"), check_shown.causes(told))
    heading(page, "How these are worked out, and what they do not tell", 13)
    for each in check_shown.LIMITS:
        paragraph(page, f"- {each}")
    return bytes(page.output())


def standing(sample: DecisionSample) -> str:
    """Say how far a sample has come."""
    if sample.closed_at:
        return f"Closed on {words.day(timezone.localtime(sample.closed_at).date())}: these figures stand."
    return "Not closed: what is told so far."


def _rates(sample: DecisionSample) -> list[tuple[str, str, str]]:
    found = check_shown.rates(sampled.results(sample))
    return [(each.title, each.words, "above policy's limit" if each.is_over else each.unsure) for each in found]


def as_csv(sample: DecisionSample) -> str:
    """Return what a sample tells as a file: what it is of, rates, strata and causes, one under the other."""
    out = io.StringIO()
    written = csv.writer(out)
    told = sampled.results(sample)
    written.writerows([("Sample", sample.pk), *check_shown.about(sample), ("State", standing(sample)), ()])
    written.writerow(("Rate", "Share", "Low", "High", "Above the limit"))
    for each in check_shown.rates(told):
        share = "" if each.share is None else f"{each.share:.4f}"
        written.writerow((each.title, share, f"{each.low:.4f}", f"{each.high:.4f}", "yes" if each.is_over else "no"))
    written.writerows([(), check_shown.HEADS, *(check_shown.row(each) for each in told.tallies), ()])
    written.writerows([("Cause", "Decisions"), *check_shown.causes(told)])
    return out.getvalue()


def as_xlsx(sample: DecisionSample) -> bytes:
    """Return what a sample tells as a workbook: what it is of, and rates, strata and causes on sheets of their own."""
    told = sampled.results(sample)
    about: list[tuple[str, Value]] = [("Sample", sample.pk), *check_shown.about(sample), ("State", standing(sample))]
    about += [("What it does not tell", each) for each in check_shown.LIMITS]
    rates = [
        (each.title, None if each.share is None else 100 * each.share, 100 * each.low, 100 * each.high, each.is_over)
        for each in check_shown.rates(told)
    ]
    sheets = (
        Sheet(
            "Rates",
            ("What is wrong", "Share, %", "Low, %", "High, %", "Above the limit"),
            [(*numbers, "Yes" if is_over else "No") for *numbers, is_over in rates],
        ),
        Sheet("Strata", check_shown.NUMBERS, [check_shown.numbers(each) for each in told.tallies]),
        Sheet("Causes", ("Cause of what was wrong", "Decisions"), check_shown.causes(told)),
    )
    title = f"Check of automatic decisions, sample {sample.pk}"
    return workbooks.workbook(title, about, sheets, made_at=timezone.now())
