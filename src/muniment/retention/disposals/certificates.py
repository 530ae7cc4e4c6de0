"""A certificate of disposal as a PDF: what went, by which rule, who decided, what the sources answered."""

from datetime import datetime
from typing import Any

from fpdf.enums import XPos, YPos

from muniment.core import words
from muniment.core.models import BatchRun
from muniment.retention.elsewhere import duties
from muniment.retention.models import Certificate, CertificateIssue, Duty, SourceInstruction
from muniment.retention.printed import Page, as_one, latin, table


def waiting(certificate: Certificate) -> list[str]:
    """Return who is not shown to have deleted what is destroyed here: systems, and those who were given copies."""
    body: dict[str, Any] = certificate.body
    gone, done = {each["system"] for each in body["destroyed"]}, SourceInstruction.Answer.DONE.label
    sources = [each["system"] for each in body["sources"] if each["answer"] != done and each["system"] in gone]
    destroyed = {each["reference"] for each in body["destroyed"]}
    others = {
        each["place"]
        for each in body.get("elsewhere", ())
        if each["where"] != Duty.Where.SOURCE.label
        and each["answer"] not in {answer.label for answer in duties.CLOSING}
        and each["reference"] in destroyed
    }
    return sources + sorted(others) + sorted({each["holder"] for each in body.get("copies", ())})


def as_pdf(certificate: Certificate, rewritten: BatchRun | None = None) -> bytes:
    """Return the certificate as a PDF of a page or more; `rewritten` is the run that took it out of the files."""
    body: dict[str, Any] = certificate.body
    page = Page()
    page.begin(f"Certificate of disposal {certificate.reference}", certificate.issued_at)
    page.set_font("Helvetica", "B", 18)
    status = "Provisional certificate" if certificate.is_provisional else "Certificate"
    with as_one(page, "H1", 12):
        page.cell(0, 12, f"{status} of disposal", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if certificate.is_provisional:
        page.set_font("Helvetica", "B", 10)
        said = f"What is listed is destroyed here. It is not shown to be deleted at: {', '.join(waiting(certificate))}."
        with as_one(page, "P", 6):
            page.multi_cell(0, 6, latin(said), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _facts(page, certificate, body, rewritten)
    _rows(
        page, "Destroyed", ("System", "Reference", "Class"), body["destroyed"], ("system", "reference", "class_title")
    )
    if body["kept"]:
        _rows(page, "Kept", ("System", "Reference", "Why"), body["kept"], ("system", "reference", "because"))
    heads, keys = ("System", "Answer", "Note", "By"), ("system", "answer", "note", "by")
    _rows(page, "What the sources answered", heads, body["sources"], keys)
    if body.get("elsewhere"):
        rows = [{"words": _answer(each), **each} for each in body["elsewhere"]]
        heads, keys = ("Reference", "Place", "There", "Answer"), ("reference", "place", "there", "words")
        rows = [each | {"there": " ".join(filter(None, (each["known_as"], each["location"])))} for each in rows]
        _rows(page, "Record by record, everywhere", heads, rows, keys)
    if body.get("copies"):
        title, copies = "Copies that are not confirmed to be withdrawn", body["copies"]
        _rows(page, title, ("Given to", "What", "Where it stands"), copies, ("holder", "reference", "state"))
    for each in certificate.earlier.order_by("issued_at", "pk"):
        _earlier(page, each)
    _digest(page, f"SHA-256 of this certificate's content: {certificate.digest}")
    return bytes(page.output())


def _answer(said: dict[str, Any]) -> str:
    """Write an answer with who gave it, what was destroyed by hand, and what is to happen next."""
    by = f" ({said['by']}, {_moment(said['at'])})" if said["at"] else ""
    more = [said["note"], said["by_hand"], f"Next: {said['next_step']}" if said["next_step"] else ""]
    return ". ".join(filter(None, (f"{said['answer']}{by}", *more)))


def _earlier(page: Page, issue: CertificateIssue) -> None:
    status = "Provisional" if issue.is_provisional else "Final"
    heading = f"{status} certificate of {words.moment(issue.issued_at)}: what has changed since"
    _rows(page, heading, ("Change",), [{"change": each} for each in issue.changes], ("change",))
    _digest(page, f"SHA-256 of that certificate's content: {issue.digest}")


def _digest(page: Page, said: str) -> None:
    page.set_font("Helvetica", "", 8)
    with as_one(page, "P", 5):
        page.multi_cell(0, 5, said, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _facts(page: Page, certificate: Certificate, body: dict[str, Any], rewritten: BatchRun | None) -> None:
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
        with as_one(page, "P", 6):
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


def _rows(page: Page, title: str, heads: tuple[str, ...], rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    page.set_font("Helvetica", "B", 12)
    with as_one(page, "H2", 8):
        page.cell(0, 8, f"{title} ({len(rows)})", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    table(page, heads, ([row[key] for key in keys] for row in rows))
