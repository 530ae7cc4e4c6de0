"""A letter on paper, as whoever asked receives it; a draft says on every page that it is one."""

from datetime import UTC, date, datetime, time

from muniment.core import words
from muniment.retention.printed import Page, heading, paragraph, table
from muniment.retention.requests import replies
from muniment.retention.requests.replies import Body


def as_pdf(body: Body, *, is_draft: bool) -> bytes:
    """Return a reply, or a letter before it, as a PDF, the same bytes each time."""
    drafted = date.fromisoformat(body["drafted"])
    page = Page("DRAFT - NOT TO BE SENT" if is_draft else "OFFICIAL-SENSITIVE")
    is_reply = "sentences" not in body
    page.begin(f"{'Reply' if is_reply else 'Letter'} {body['reference']}", datetime.combine(drafted, time(), UTC))
    heading(page, body["title"], 18)
    paragraph(page, f"To: {body['to']}. Our reference: {body['reference']}. {words.day(drafted)}")
    if is_reply:
        _decided(page, body)
    else:
        for line in (*body["sentences"], body["words"]):
            paragraph(page, line)
    if body["rights"]:
        heading(page, "What you can do", 13)
        for line in body["rights"]:
            paragraph(page, f"- {line}")
    return bytes(page.output())


def _decided(page: Page, body: Body) -> None:
    paragraph(page, replies.opening(body))
    heading(page, "What is decided", 13)
    if body["lines"]:
        table(page, replies.heads(body), replies.rows(body))
    else:
        paragraph(page, NOTHING)
    paragraph(page, body["words"])
    if not body["is_final"]:
        paragraph(page, LATER)
    paragraph(page, body["sentence"])


NOTHING = "There is nothing that we can tell you of."
LATER = "What is to be deleted is not deleted yet. You will be told when it is."
