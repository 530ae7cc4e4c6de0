"""What whoever asked may be told of: records that tell of no more than what they were there for.

Intelligence, what is restricted, and what they may not know of are left out before anything is counted, so that a
reply is the same whether they are held or not.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from muniment.core import words
from muniment.people.shown.chronology import Entry
from muniment.retention.policies import policy_now
from muniment.retention.policies.request_policy import RequestPolicy


@dataclass(frozen=True)
class Item:
    """One record that whoever asked may be told of: what it is and when it was, and nothing that is in it."""

    key: int
    what: str
    when: str
    class_id: str  # for who decides; no reply says it

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def items(entries: Iterable[Entry], controller: int, said: RequestPolicy) -> list[Item]:
    """Return what may be told of a life, of the records of one controller, newest first."""
    return [
        _item(entry, said)
        for entry in entries
        if entry.record.system.controller_id == controller and may_be_told(entry, said)
    ]


def may_be_told(entry: Entry, said: RequestPolicy) -> bool:
    """Whether a record may be told of: the person had a part in it that they know of, and nothing guards it."""
    told, scope = said.told, entry.record.scope
    return (
        not scope.restriction
        and scope.area not in told.not_areas
        and not policy_now.fits(class_of(entry), told.not_classes)
        and any(part.role in told.roles for part in entry.parts)
    )


def class_of(entry: Entry) -> str:
    """Return the class that a record came to; empty while nothing is decided about it."""
    decision = getattr(entry.record, "decision", None)
    return decision.resolved_class if decision else ""


def _item(entry: Entry, said: RequestPolicy) -> Item:
    class_id = class_of(entry)
    # The title of a class, or of a record, can tell of a group or of somebody else.
    what = "Custody image" if said.is_image(class_id) else f"{words.say('area', entry.record.scope.area)} record"
    when = words.between(entry.earliest, entry.latest) if entry.earliest and entry.latest else "no date"
    return Item(entry.record.pk, what, when, class_id)
