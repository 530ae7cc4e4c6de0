"""The history of a certificate: what it said each time it was issued, and what the next one says otherwise."""

from collections.abc import Iterator, Mapping
from typing import Any

from muniment.retention.models import Certificate, CertificateIssue


def keep(issued: Certificate, body: Mapping[str, Any], digest: str, *, is_provisional: bool) -> None:
    """Keep a certificate as it stands before it is issued anew with another body."""
    if issued.digest == digest:
        return
    changes = list(changes_between(issued.body, body))
    if issued.is_provisional and not is_provisional:
        changes.append("Nothing is outstanding any more: it is final.")
    if is_provisional and not issued.is_provisional:
        changes.append("It is provisional again.")
    CertificateIssue.objects.get_or_create(
        certificate=issued,
        digest=issued.digest,
        defaults={
            "issued_at": issued.issued_at,
            "is_provisional": issued.is_provisional,
            "body": issued.body,
            "changes": changes,
        },
    )


def changes_between(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a later body says otherwise: answers of sources and other places, and copies that are gone since."""
    yield from _answers(_by(was.get("sources", ()), "system"), _by(now.get("sources", ()), "system"))
    named = ("place", "reference")
    others = [each for each in was.get("elsewhere", ()) if each["where"] != "Source"]
    since = [each for each in now.get("elsewhere", ()) if each["where"] != "Source"]
    yield from _answers(_by(others, *named), _by(since, *named))
    copies, left = _by(was.get("copies", ()), "holder", "reference"), _by(now.get("copies", ()), "holder", "reference")
    for name in copies.keys() - left.keys():
        yield f"{name}: the copy is withdrawn."
    if len(was.get("destroyed", ())) != len(now.get("destroyed", ())):
        yield f"Records destroyed: {len(now['destroyed'])} instead of {len(was['destroyed'])}."


def _by(rows: Any, *names: str) -> dict[str, Mapping[str, Any]]:
    return {" ".join(str(row[name]) for name in names): row for row in rows}


def _answers(was: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, row in now.items():
        before = was.get(name, {}).get("answer", "")
        if row["answer"] != before:
            yield f"{name}: '{row['answer']}'{f' instead of {before!r}' if before else ''}, by {row['by'] or 'nobody'}."
