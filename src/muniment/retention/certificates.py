"""A certificate of disposal as a PDF: what went, by which rule, who decided, what the sources answered."""

from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from muniment.core import words
from muniment.core.models import BatchRun
from muniment.retention.disposal_models import Certificate, SourceInstruction
from muniment.retention.printed import Page, latin, table


def waiting(certificate: Certificate) -> list[str]:
    """Return who is not shown to have deleted what is destroyed here: systems, and those who were given copies."""
    body: dict[str, Any] = certificate.body
    gone, done = {each["system"] for each in body["destroyed"]}, SourceInstruction.Answer.DONE.label
    sources = [each["system"] for each in body["sources"] if each["answer"] != done and each["system"] in gone]
    return sources + sorted({each["holder"] for each in body.get("copies", ())})


def as_pdf(certificate: Certificate, rewritten: BatchRun | None = None) -> bytes:
    """Return the certificate as a PDF of a page or more; `rewritten` is the run that took it out of the files."""
    body: dict[str, Any] = certificate.body
    page = Page()
    page.begin(f"Certificate of disposal {certificate.reference}", certificate.issued_at)
    page.set_font("Helvetica", "B", 18)
    status = "Provisional certificate" if certificate.is_provisional else "Certificate"
    page.cell(0, 12, f"{status} of disposal", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if certificate.is_provisional:
        page.set_font("Helvetica", "B", 10)
        said = f"What is listed is destroyed here. It is not shown to be deleted at: {', '.join(waiting(certificate))}."
        page.multi_cell(0, 6, latin(said), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _facts(page, certificate, body, rewritten)
    _rows(
        page, "Destroyed", ("System", "Reference", "Class"), body["destroyed"], ("system", "reference", "class_title")
    )
    if body["kept"]:
        _rows(page, "Kept", ("System", "Reference", "Why"), body["kept"], ("system", "reference", "because"))
    heads, keys = ("System", "Answer", "Note", "By"), ("system", "answer", "note", "by")
    _rows(page, "What the sources answered", heads, body["sources"], keys)
    if body.get("copies"):
        title, copies = "Copies that are not confirmed to be withdrawn", body["copies"]
        _rows(page, title, ("Given to", "What", "Where it stands"), copies, ("holder", "reference", "state"))
    page.set_font("Helvetica", "", 8)
    page.multi_cell(0, 5, f"SHA-256 of this certificate's content: {certificate.digest}")
    return bytes(page.output())


def _facts(page: FPDF, certificate: Certificate, body: dict[str, Any], rewritten: BatchRun | None) -> None:
    facts = {
        "Certificate": certificate.reference,
        "Order": body["order"],
        "Controller": body["controller"],
        "Prime record": body["person"] or "none: the records name nobody",
        "Review": f"{body['review']}, decided by {body['decided_by']}" if body["review"] else "none",
        "Rule": _rule(body),
        "Proposed": f"{body['proposed']['by']}, {_moment(body['proposed']['at'])}",
        "Approved": f"{body['approved']['by']}, {_moment(body['approved']['at'])}",
        "Destroyed here": _moment(body["destroyed_at"]),
        "Records destroyed": str(len(body["destroyed"])),
        "Nominals destroyed": f"{body['nominals']}, people as one source holds them, whom no record is about any more",
        "Holds": body["holds_checked"],
        "Method": body["method"],
        "In the files": _files(rewritten),
    }
    for name, value in facts.items():
        page.set_font("Helvetica", "B", 10)
        page.cell(42, 6, name)
        page.set_font("Helvetica", "", 10)
        page.multi_cell(0, 6, latin(value), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(4)


def _files(rewritten: BatchRun | None) -> str:
    if rewritten is None or rewritten.ended_at is None:
        return "When this was printed, deleted rows could still lie in files of the database: print it again tomorrow"
    return f"Every table was written anew without what was deleted by {words.moment(rewritten.ended_at)}"


def _rule(body: dict[str, Any]) -> str:
    if not body["rule"]:
        return "No rule gives a day: people decided"
    return f"{body['rule_title']} ({body['rule']}), policy {body['policy_version']}"


def _moment(text: str | None) -> str:
    return words.moment(datetime.fromisoformat(text)) if text else "not yet"


def _rows(page: FPDF, title: str, heads: tuple[str, ...], rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    page.set_font("Helvetica", "B", 12)
    page.cell(0, 8, f"{title} ({len(rows)})", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    table(page, heads, ([row[key] for key in keys] for row in rows))
