"""What every kind of row is built with, and what a recipient may not have taken out of a row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.core.policy_in_force import Births
from muniment.supply import form
from muniment.supply.policy_now import Rules
from muniment.supply.reach import Reach
from muniment.supply.recipients import Terms

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Within what a supply is built: whose, what the recipient may have, what policy says, and the day."""

    reach: Reach
    terms: Terms
    rules: Rules
    recipient: str
    births: Births
    on: date

    def gives(self, entity: str) -> bool:
        """Whether the recipient may have an entity at all."""
        return entity in self.terms.gives


@dataclass(frozen=True)
class Item:
    """A row with the keys by which it is known here; `parts` are those of the nominals of a person."""

    what: str
    key: int
    row: Row
    parts: tuple[int, ...] = ()


Batches = Iterator[list[Item]]


def identifier(controller: str, system: str, reference: str) -> str:
    """Return the id of what a source holds under a reference."""
    return f"{controller}/{system}/{reference}"


def kept(value: str | None) -> str | None:
    """Return a text, or null for none."""
    return value or None


def between(earliest: date | None, latest: date | None) -> Row | None:
    """Return two ends of a partial date, or null where neither is known."""
    return None if earliest is None and latest is None else {"earliest": earliest, "latest": latest}


def withhold(row: Row, withheld: frozenset[str]) -> Row:
    """Return a row without what the recipient may not have, and without what is said of that."""
    if not withheld:
        return row
    found: Row = {name: None if name in withheld else value for name, value in row.items()}
    told: list[Row] = row.get("parts") or []
    parts = [{name: None if name in withheld else value for name, value in part.items()} for part in told]
    if parts:
        found["parts"] = parts
    for holder in (found, *parts):
        for name in ("findings", "agreement"):
            if holder.get(name):
                holder[name] = [each for each in holder[name] if each["field"] not in withheld]
    return found


def complete(entity: str, row: Mapping[str, Any]) -> Row:
    """Return a row with every field of its entity, in the order of the form; KeyError for one that is none of it."""
    names = [field.name for field in form.FORMS[entity]]
    if unknown := row.keys() - set(names):
        raise KeyError(f"{sorted(unknown)} are no fields of {entity}")
    return {name: row.get(name) for name in names}
