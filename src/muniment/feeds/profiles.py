"""What a column of an unseen export seems to hold, by its header and by its values, for drafting a feed."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from muniment.engine.values import identifiers

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DATE_SHAPES = (
    (re.compile(r"^\d{4}-\d\d?-\d\d?([T ].*)?$"), "year first"),
    (re.compile(r"^\d{8}$"), "year first"),
    (re.compile(r"^\d\d?[/.\- ]\d\d?[/.\- ]\d{4}( .*)?$"), "day or month first"),
    (re.compile(r"^\d\d?[- ][A-Za-z]{3,9}[- ]\d{4}( .*)?$"), "day first"),
)
_POSTCODE = re.compile(r"^[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}$")
_PHONE = re.compile(r"^(\+44|0|\(0)[\d ()-]{8,16}$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_SEX = frozenset({"m", "f", "male", "female", "u", "unknown"})

# Words of headers, and the canonical field that they speak of; longer phrases stand before shorter.
PERSON_WORDS: tuple[tuple[str, str], ...] = (
    ("date of birth", "born"),
    ("birth date", "born"),
    ("dob", "born"),
    ("born", "born"),
    ("birth place", "birth_place"),
    ("place of birth", "birth_place"),
    ("first name", "forename"),
    ("given name", "forename"),
    ("given names", "forename"),
    ("forename", "forename"),
    ("forenames", "forename"),
    ("forename1", "forename"),
    ("given", "forename"),
    ("middle name", "middle_names"),
    ("middle names", "middle_names"),
    ("middle", "middle_names"),
    ("last name", "surname"),
    ("family name", "surname"),
    ("surname", "surname"),
    ("family", "surname"),
    ("alias", "aliases"),
    ("aliases", "aliases"),
    ("aka", "aliases"),
    ("sex", "sex"),
    ("gender", "sex"),
    ("ethnicity", "ethnicity"),
    ("ethnic", "ethnicity"),
    ("sde", "ethnicity"),
    ("occupation", "occupation"),
    ("address", "address"),
    ("addr", "address"),
    ("post code", "postcode"),
    ("postcode", "postcode"),
    ("pcode", "postcode"),
    ("telephone", "phone"),
    ("phone", "phone"),
    ("mobile", "phone"),
    ("tel", "phone"),
    ("e mail", "email"),
    ("email", "email"),
    ("pncid", "pncid"),
    ("pnc id", "pncid"),
    ("pnc", "pncid"),
    ("cro", "cro"),
    ("ni number", "ni_number"),
    ("nino", "ni_number"),
    ("national insurance", "ni_number"),
    ("driver number", "driver_number"),
    ("licence number", "driver_number"),
    ("full name", "full_name"),
    ("name", "full_name"),
)
ROLE_WORDS = {
    "victim": "VICTIM",
    "vic": "VICTIM",
    "aggrieved": "VICTIM",
    "complainant": "COMPLAINANT",
    "suspect": "SUSPECT",
    "sus": "SUSPECT",
    "offender": "SUSPECT",
    "accused": "SUSPECT",
    "detainee": "DETAINEE",
    "prisoner": "DETAINEE",
    "arrested": "ARRESTED",
    "witness": "WITNESS",
    "wit": "WITNESS",
    "reporter": "REPORTER",
    "informant": "REPORTER",
    "subject": "INTEL_SUBJECT",
    "child": "CHILD_AT_RISK",
    "parent": "PARENT_CARER",
    "carer": "PARENT_CARER",
    "holder": "CERTIFICATE_HOLDER",
    "applicant": "APPLICANT",
    "driver": "DRIVER",
    "keeper": "REGISTERED_KEEPER",
}
DATE_WORDS = (
    (("reported", "recorded", "report"), "reported_date"),
    (("offence date", "occurred", "committed", "occ", "happened"), "happened"),
    (("release", "released"), "custody_release"),
    (("submitted", "submission"), "submission_date"),
    (("incident", "incident date"), "incident_date"),
    (("received", "receipt"), "receipt_date"),
    (("closed", "close", "finalised"), "case_closed"),
    (("decision", "outcome", "disposal", "decided"), "decision_date"),
    (("expiry", "expires", "certificate end", "ended"), "certificate_ended"),
    (("issued", "granted", "issue"), "issue_date"),
    (("detained", "arrest", "arrested"), "event_date"),
    (("created", "started", "opened"), "creation_date"),
    (("left", "leaving"), "left_employment"),
)
RECORD_WORDS = (
    (("offence code", "cjs code", "cjs"), "cjs"),
    (("ho class", "ho code", "home office", "ho"), "ho_class"),
    (("offence", "offence description", "crime type", "wording"), "offence_text"),
    (("outcome", "disposal", "result", "clear up", "status"), "outcome"),
    (("purpose", "purposes"), "purposes"),
    (("marking", "gpms", "classification", "gsc"), "marking"),
    (("location", "scene", "venue", "where"), "location"),
    (("title", "subject", "summary"), "title"),
)
REFERENCE_WORDS = frozenset({"ref", "reference", "no", "number", "id", "urn", "num", "key"})


@dataclass(frozen=True)
class Column:
    """What was seen of one column."""

    name: str
    filled: int
    distinct: int
    of: int  # rows looked at
    kind: str  # date | postcode | phone | email | pncid | sex | text
    note: str
    longest: int

    @property
    def words(self) -> str:
        """The header as plain lower-case words."""
        return " ".join(_WORDS.findall(self.name.replace("_", " ").replace(".", ""))).lower()

    @property
    def is_unique(self) -> bool:
        """Whether nearly every row that was looked at has a value of its own; a faulty row or two may not."""
        return self.of > 0 and self.filled >= 0.98 * self.of and self.distinct >= 0.98 * self.filled


def profile(name: str, values: Sequence[str | None]) -> Column:
    """Return what these values of a column seem to be."""
    filled = [value.strip() for value in values if value and value.strip()]
    kind, note = _kind(filled)
    return Column(name, len(filled), len(set(filled)), len(values), kind, note, max(map(len, filled), default=0))


def _kind(filled: list[str]) -> tuple[str, str]:
    if not filled:
        return "text", "always empty"
    for pattern, order in _DATE_SHAPES:
        if _share(filled, _matching(pattern)) > 0.8:
            return "date", _order(filled, order)
    tests: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("postcode", _matching(_POSTCODE)),
        ("email", _matching(_EMAIL)),
        ("pncid", lambda value: identifiers.pncid(value, this_year=2099) is not None),
        ("phone", _matching(_PHONE)),
        ("sex", lambda value: value.casefold() in _SEX),
    )
    for kind, test in tests:
        if _share(filled, test) > 0.8:
            return kind, f"looks like {kind}"
    return "text", "text"


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.match(value) is not None


def _share(values: list[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values)


def _order(filled: list[str], order: str) -> str:
    if order != "day or month first":
        return f"dates, {order}"
    parts = [re.split(r"[/.\- ]", value) for value in filled]
    first = max((int(part[0]) for part in parts if part[0].isdigit()), default=0)
    second = max((int(part[1]) for part in parts if len(part) > 1 and part[1].isdigit()), default=0)
    if first > 12:
        return "dates, day first"
    return "dates, month first" if second > 12 else "dates; whether the day or the month comes first cannot be seen"


def spoken_of(words: str, table: Sequence[tuple[str, str]]) -> str | None:
    """Return the field whose phrase stands in a header as whole words."""
    padded = f" {words} "
    return next((field for phrase, field in table if f" {phrase} " in padded), None)
