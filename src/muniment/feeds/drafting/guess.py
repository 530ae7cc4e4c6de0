"""What the columns of an unseen export most likely are; what is doubtful is left to whoever completes the draft."""

import re
from dataclasses import dataclass, field

from muniment.feeds.drafting import profiles
from muniment.feeds.drafting.profiles import Column

PERSON = "person"  # someone of whom no role was seen
_IDENTITY = frozenset({"forename", "surname", "full_name", "born", "pncid"})
_LONG = 200  # characters: more is told at length
_NUMBERED = re.compile(r"(?<!\d)\d(?!\d)")  # casualty_surname_2, Victim 1 DOB


@dataclass
class Party:
    """One place in a row where a person is written: its fields, and the columns that make up its address."""

    role: str = ""
    fields: dict[str, Column] = field(default_factory=dict)
    address: list[Column] = field(default_factory=list)


@dataclass
class Found:
    """What the draft makes of the columns."""

    reference: Column | None = None
    shared_reference: Column | None = None  # looks like the reference, and several rows bear one
    record: dict[str, Column] = field(default_factory=dict)
    dates: dict[str, Column] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)  # kinds of dates of which the header says nothing
    texts: list[Column] = field(default_factory=list)
    people: dict[str, Party] = field(default_factory=dict)
    unused: list[Column] = field(default_factory=list)
    within: dict[str, list[Column]] = field(default_factory=dict)  # by repeated part, what of it is not mapped

    @property
    def every_column(self) -> list[Column]:
        """All columns that were sorted, in no order that means anything."""
        people = [column for party in self.people.values() for column in (*party.fields.values(), *party.address)]
        loose = [*self.record.values(), *self.dates.values(), *self.texts, *people, *self.unused]
        return [column for column in (self.reference, self.shared_reference, *loose) if column is not None]

    @property
    def is_list_of_people(self) -> bool:
        """Whether the rows tell of people and of nothing that happened."""
        told = self.record or self.dates or self.texts or self.shared_reference
        return not told and list(self.people) == [PERSON] and not self.people[PERSON].role


def sort_out(columns: list[Column], *, within: bool = False) -> Found:
    """Return what columns are; `within` a repeated part of a row no column is the record's."""
    found = Found()
    if not within:
        _find_reference(columns, found)
    for column in columns:
        if column not in (found.reference, found.shared_reference) and not _placed(column, found):
            found.unused.append(column)
    _guess_date(found)
    _gather_one_person(found)
    for label in [label for label, party in found.people.items() if not _IDENTITY & party.fields.keys()]:
        party = found.people.pop(label)
        found.unused += [*party.fields.values(), *party.address]
    return found


def is_reference(column: Column) -> bool:
    """Whether a header speaks of a number that something is known by."""
    words = column.own_words.split()
    return bool(set(words) & profiles.REFERENCE_WORDS) or (bool(words) and words[-1].endswith(("ref", "id", "no")))


def is_of_person(column: Column) -> bool:
    """Whether a column speaks of a person: what does is no fact of the record."""
    return _field_of(column) is not None or column.own_words in ("title", "salutation")


def _find_reference(columns: list[Column], found: Found) -> None:
    references = [column for column in columns if is_reference(column) and _field_of(column) is None]
    unique = [column for column in references if column.is_unique]
    # Without a header that says so, only what is no date, number of things or text at length can be a reference.
    unique = unique or [column for column in columns if column.is_unique and _may_refer(column)]
    if unique:
        found.reference = unique[0]
        return
    shared = [column for column in references if column.filled == column.of and not _of_person(column)]
    found.shared_reference = shared[0] if shared else None


def _may_refer(column: Column) -> bool:
    is_short = column.kind == "text" and column.longest <= 40
    return is_short and profiles.spoken_of(column.words, profiles.PERSON_WORDS) is None


def _of_person(column: Column) -> bool:
    return bool(set(column.words.split()) & profiles.PERSON_REFERENCES)


def _placed(column: Column, found: Found) -> bool:
    field_ = _field_of(column)
    label, role = _party_of(column)
    if column.kind == "date" and field_ != "born":
        return _placed_date(column, found)
    if is_reference(column) and field_ is None and (role or label != PERSON or _of_person(column)):
        field_ = "reference"
    if field_ is None and role and column.kind == "name":
        field_ = "full_name"
    if column.own_words in ("role", "role code", "party type", "involvement", "involvement type"):
        field_ = "role"
    if field_ == "born" and column.kind not in ("date", "text", "name"):
        return False
    if field_ is not None:
        return _given(found.people.setdefault(label, Party(role)), field_, column)
    table = [(phrase, target) for phrases, target in profiles.RECORD_WORDS for phrase in phrases]
    target = profiles.spoken_of(column.words, table)
    if target is not None and column.kind not in ("honorific", "number", "time"):
        return found.record.setdefault(target, column) is column
    if column.kind in ("text", "name", "list") and _is_told_at_length(column):
        found.texts.append(column)
        return True
    return False


def _is_told_at_length(column: Column) -> bool:
    words = [(word, word) for word in profiles.TEXT_WORDS]
    return column.longest > _LONG or profiles.spoken_of(column.words, words) is not None


def _given(party: Party, name: str, column: Column) -> bool:
    if name == "address":
        party.address.append(column)
        return True
    return party.fields.setdefault(name, column) is column


def _field_of(column: Column) -> str | None:
    """Return the field of a person that a column holds, None when it holds none."""
    own = column.own_words
    name = profiles.spoken_of(own, profiles.PERSON_WORDS)
    if name is None and not column.name.rpartition(".")[2].startswith("@"):
        name = profiles.spoken_of(column.words, profiles.PERSON_WORDS) if own in ("", "value", "text") else None
    if name == "full_name" and set(column.words.split()) & profiles.OTHER_NAMES:
        return None
    if name == "forename" and column.kind == "honorific":
        return None
    if name is None and column.kind in ("postcode", "email", "pncid"):
        name = column.kind
    return name


def _party_of(column: Column) -> tuple[str, str]:
    """Return the label of the person that a column speaks of, and the role where its words name one."""
    words = column.words
    role = profiles.spoken_of(words, list(profiles.ROLE_WORDS.items())) or ""
    other = next((word for word in words.split() if word in profiles.OTHER_PARTIES), "")
    label = role.lower().replace("_", "-") or other or PERSON
    number = _NUMBERED.search(words)
    if number and column.own_words not in ("forename 1",) and (role or other):
        label = f"{label}-{number[0]}"
    return label, role


def _placed_date(column: Column, found: Found) -> bool:
    table = [(phrase, kind) for phrases, kind in profiles.DATE_WORDS for phrase in phrases]
    kind = profiles.spoken_of(column.words, table)
    return kind is not None and found.dates.setdefault(kind, column) is column


def _guess_date(found: Found) -> None:
    """Take the one date whose header says nothing known as the day when the thing happened; of several, none."""
    loose = [column for column in found.unused if column.kind == "date"]
    if len(loose) == 1 and "event_date" not in found.dates and not (set(found.dates) & {"happened", "incident_date"}):
        found.dates["event_date"] = loose[0]
        found.guessed.add("event_date")
        found.unused.remove(loose[0])


def _gather_one_person(found: Found) -> None:
    """Give facts whose header names no part to the one part that is named: a surname of the subject, and a DOB."""
    named = [label for label in found.people if label != PERSON]
    loose = found.people.get(PERSON)
    if len(named) != 1 or loose is None:
        return
    one = found.people[named[0]]
    if not loose.fields.keys() & one.fields.keys():
        one.fields |= found.people.pop(PERSON).fields
        one.address += loose.address
