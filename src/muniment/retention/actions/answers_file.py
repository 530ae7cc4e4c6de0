"""Take a work file back with its answers: good rows are kept, each bad one is refused with its reason.

A file that is no work file is refused as a whole. Sent twice, it changes nothing the second time.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from muniment.core import audit, references
from muniment.core.actors import Actor
from muniment.core.verdicts import Refused, unless
from muniment.retention import anonymity, queries
from muniment.retention.actions.answering import BY_HAND, Said, answer_one
from muniment.retention.disposals import work_of
from muniment.retention.models import Duty

LARGEST = 5_000_000  # bytes
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d %B %Y")
_CODES = {answer.label.casefold(): answer.value for answer in Duty.Answer}


class BadAnswers(ValueError):
    """A file that is no work file with answers; the message says what to do."""


@dataclass
class Taken:
    """What became of the rows of a file: by number those refused, with why."""

    answered: int = 0
    chased: int = 0  # without an answer, and with what came of asking
    unchanged: int = 0  # said so already
    empty: int = 0  # not answered in the file
    refused: list[tuple[int, str, str]] = field(default_factory=list)  # row, duty, why

    def numbers(self) -> dict[str, int]:
        """Return the counts by name."""
        counts = {name: getattr(self, name) for name in ("answered", "chased", "unchanged", "empty")}
        return counts | {"refused": len(self.refused)}


def take(data: bytes, *, by: Actor) -> Taken:
    """Record the answers of a file. Raise BadAnswers, and record nothing, where it is no work file."""
    rows, taken = _rows(data), Taken()
    people: dict[int, anonymity.Known] = {}
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        name = row["duty"]
        if not any(row.values()):
            continue
        try:
            twice = seen.setdefault(name, number)
            unless(twice == number, f"The file has this duty in row {twice} already.").require()
            _take_row(row, taken, people, by=by)
        except Refused as refusal:
            taken.refused.append((number, name, " ".join(refusal.reasons)))
    audit.record(by, "disposal.answers_file", detail=dict(taken.numbers()))
    return taken


def _take_row(row: Mapping[str, str], taken: Taken, people: dict[int, anonymity.Known], *, by: Actor) -> None:
    said = _said(row)
    if not said.answer and not said.note and said.next_on is None:
        taken.empty += 1
        return
    duty = _found(row)
    if _is_known(duty, said):
        taken.unchanged += 1
        return
    if duty.order_id not in people:
        people[duty.order_id] = queries.people_of(duty.order)
    answer_one(duty, said, by=by, people=people[duty.order_id])
    if said.answer:
        taken.answered += 1
    else:
        taken.chased += 1


def _rows(data: bytes) -> list[dict[str, str]]:
    if len(data) > LARGEST:
        raise BadAnswers(f"The file is larger than {LARGEST:,} bytes: send the work file of one place at a time.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadAnswers("The file is not UTF-8 text: save it from the spreadsheet as 'CSV UTF-8'.") from error
    if "\0" in text:
        raise BadAnswers("The file is no CSV: save it from the spreadsheet as 'CSV UTF-8'.")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadAnswers(f"The file is no CSV ({error}): save it from the spreadsheet as 'CSV UTF-8'.") from error
    heads = [" ".join(head.split()).casefold() for head in lines[0]] if lines else []
    missing = [head for head in work_of.ASKED if head not in heads]
    if missing:
        raise BadAnswers(
            f"This is no work file: it lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. Send"
            " back the file that was downloaded here, with its first line."
        )
    wanted = (*work_of.ASKED, *work_of.MORE)
    rows = [dict(zip(heads, line, strict=False)) for line in lines[1:]]
    if not any(any(row.values()) for row in rows):
        raise BadAnswers("The file has no row below its first line.")
    return [{name: _text(row.get(name, "")) for name in wanted} for row in rows]


def _text(cell: str) -> str:
    """Return a cell without the mark that keeps a spreadsheet from taking it for a formula."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@" else text


def _said(row: Mapping[str, str]) -> Said:
    wanted = row["answer"].casefold()
    long = [name for name in ("note", "next step") if len(row[name]) > 255]
    long += [name for name in BY_HAND if len(row[name]) > 120]
    unless(not long, f"Write less under {', '.join(long)}.").require()
    return Said(
        _CODES.get(wanted, wanted),
        row["note"],
        row["next step"],
        _day(row["ask again on"]),
        *(row[name] for name in BY_HAND),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, of no hour
        except ValueError:
            continue
    raise Refused((f"'{text}' is no day: write it as 2026-11-22.",))


def _found(row: Mapping[str, str]) -> Duty:
    """Return the duty of a row; one that the reader may not see is not known, as one that there is not."""
    try:
        key = references.number("duty", row["duty"])
    except ValueError as error:
        raise Refused((str(error),)) from error
    known = Duty.objects.select_related("item", "order__controller").filter(pk=key).first()
    if known is None:
        raise Refused((f"No duty {row['duty']} is known here.",))
    same = known.item.reference == row["reference"] and known.order.reference == row["order"]
    unless(
        same, "Its order or its reference is another than was sent out: the row has been moved or changed."
    ).require()
    return known


def _is_known(duty: Duty, said: Said) -> bool:
    """Whether a row says what is recorded already, as a file does that was sent out with earlier answers."""
    same = said.next_step in {"", duty.next_step} and said.next_on in {None, duty.next_on}
    if not said.answer:
        return same and said.note in {"", duty.note}
    same &= (said.answer, said.note) == (duty.answer, duty.note)
    return same and all(getattr(said, name) in {"", getattr(duty, name)} for name in BY_HAND)
