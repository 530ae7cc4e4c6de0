"""A controlled version of the procedure as a PDF."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from muniment.core import words
from muniment.retention.models import Procedure
from muniment.retention.printed import Page, heading, paragraph, table


def as_pdf(procedure: Procedure) -> bytes:
    """Return a version as a PDF, the same bytes each time."""
    body: Mapping[str, Any] = procedure.body
    page = Page("OFFICIAL")
    page.begin(f"{body['title']}: {body['controller']}", datetime.combine(procedure.day, time(), UTC))
    heading(page, f"{body['title']}", 18)
    paragraph(page, f"{body['controller']}. {standing(procedure)}")
    for number, section in enumerate(body["sections"], 1):
        heading(page, f"{number}. {section['title']}", 13)
        for block in section["blocks"]:
            _print(page, block)
    paragraph(page, f"SHA-256 of this version's content: {procedure.digest}")
    return bytes(page.output())


def standing(procedure: Procedure) -> str:
    """Say which version it is, of what policy, and who made it."""
    policy = f"Generated on {words.day(procedure.day)} from policy {procedure.policy_version}"
    if procedure.issued_at is None:
        return f"Not issued: a draft by {procedure.drafted_by}. {policy}."
    issued = f"Version {procedure.number}, issued {words.moment(procedure.issued_at)}"
    return f"{issued} by {procedure.issued_by}, drafted by {procedure.drafted_by}. {policy}."


def _print(page: Page, block: Mapping[str, Any]) -> None:
    if block["kind"] == "table":
        heading(page, block["caption"], 11)
        table(page, block["heads"], block["rows"])
    elif block["kind"] == "lines":
        for line in block["lines"]:
            paragraph(page, f"- {line}")
    else:
        asked = block["kind"] == "asked"
        paragraph(page, f"To be completed by the controller: {block['text']}" if asked else block["text"])
