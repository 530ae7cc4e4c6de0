"""What a column of an unseen export seems to hold, by its header and by its values, for drafting a feed."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from muniment.engine.values import identifiers
from muniment.engine.values.dates import SPAN
from muniment.feeds.faults import BadValue
from muniment.feeds.rows import conversions

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NUMERIC_DATE = re.compile(r"^(\d\d?)[/.\- ](\d\d?)[/.\- ](\d{4}|\d\d)(?:[ T].*)?$")
_YEAR_FIRST = re.compile(r"^(\d{4}[-/]\d\d?[-/]\d\d?([T ].*|Z)?|\d{8})$")
_SERIAL = re.compile(r"^\d{1,5}(\.\d+)?$")
# Days as Excel counts them, from 1905 to 2064: what no other number of a person or a record stays within.
_SERIALS = (2_000, 60_000)
_TIME = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?$")
_NUMBER = re.compile(r"^[£$€-]?[\d,]+(\.\d+)?%?$")
_NAME = re.compile(r"^[^\W\d_][^\W\d_.'’-]*([ ,.'’-]+[^\W\d_]+)+\.?$")
_LIST = re.compile(r"^\[.*\]$", re.DOTALL)
_POSTCODE = re.compile(r"^[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}$")
_PHONE = re.compile(r"^(\+44|0|\(0)[\d ()-]{8,16}$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_SEX = frozenset({"m", "f", "male", "female", "u", "unknown"})
_HONORIFICS = frozenset(
    {"mr", "mrs", "miss", "ms", "mx", "dr", "sir", "lady", "lord", "rev", "prof", "pc", "sgt", "dc"}
)
# What systems write where they know nothing; none of it says anything of a person.
_NOTHING = frozenset(
    {"null", "(null)", "n/a", "na", "none", "nil", "-", "--", "?", "\\n", "not known", "unknown", "not recorded",
     "not stated", "0000-00-00", "00/00/0000", "0000-00-00 00:00:00"}
)  # fmt: skip

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
    ("fore name", "forename"),
    ("forenames", "forename"),
    ("first names", "forename"),
    ("forename1", "forename"),
    ("giv", "forename"),
    ("given", "forename"),
    ("middle name", "middle_names"),
    ("middle names", "middle_names"),
    ("middle", "middle_names"),
    ("last name", "surname"),
    ("family name", "surname"),
    ("surname", "surname"),
    ("sur name", "surname"),
    ("family", "surname"),
    ("fam", "surname"),
    ("alias", "aliases"),
    ("aliases", "aliases"),
    ("aka", "aliases"),
    ("sex", "sex"),
    ("gender", "sex"),
    ("birthdate", "born"),
    ("dateofbirth", "born"),
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
    ("ni no", "ni_number"),
    ("nino", "ni_number"),
    ("national insurance", "ni_number"),
    ("driver number", "driver_number"),
    ("licence number", "driver_number"),
    ("full name", "full_name"),
    ("fullname", "full_name"),
    ("name", "full_name"),
)
# A name with one of these is no person's.
OTHER_NAMES = frozenset(
    {"file", "user", "system", "company", "supplier", "organisation", "organization", "station", "street", "road",
     "operation", "unit", "team", "department", "school", "hospital", "product", "account", "project", "site", "force"}
)  # fmt: skip
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
    "intelligence subject": "INTEL_SUBJECT",
    "intel subject": "INTEL_SUBJECT",
    "child": "CHILD_AT_RISK",
    "parent": "PARENT_CARER",
    "carer": "PARENT_CARER",
    "holder": "CERTIFICATE_HOLDER",
    "applicant": "APPLICANT",
    "driver": "DRIVER",
    "keeper": "REGISTERED_KEEPER",
    "employee": "EMPLOYEE",
    "missing person": "MISSING_PERSON",
    "misper": "MISSING_PERSON",
    "appropriate adult": "APPROPRIATE_ADULT",
    "solicitor": "LEGAL_REP",
    "interpreter": "INTERPRETER",
    "officer in case": "OFFICER_IN_CASE",
    "oic": "OFFICER_IN_CASE",
    "associate": "ASSOCIATE",
    "referee": "REFEREE",
}
# People whose part has no role of its own: they are told apart by the word, and the role is for the owner to give.
OTHER_PARTIES = frozenset(
    {"owner", "casualty", "officer", "staff", "contact", "party", "finder", "passenger", "patient", "subject"}
)
PERSON_REFERENCES = frozenset({"nominal", "person", "party", "individual", "subject"})
# Headers of days that may well lie after the day of the export: ends of what still runs, and what is still to be done.
AHEAD_WORDS = frozenset(
    {"expiry", "expires", "expire", "expiring", "expiration", "until", "due", "next", "renewal", "renew", "end", "ends",
     "planned", "valid", "review"}
)  # fmt: skip
TEXT_WORDS = (
    "narrative", "description", "notes", "note", "remarks", "comments", "comment", "details", "circumstances",
    "modus operandi", "mo", "free text",
)  # fmt: skip
DATE_WORDS = (
    (("reported", "recorded", "report"), "reported_date"),
    (("offence date", "occurred", "committed", "occ", "happened"), "happened"),
    (("release", "released"), "custody_release"),
    (("submitted", "submission"), "submission_date"),
    (("incident", "incident date"), "incident_date"),
    (("received", "receipt"), "receipt_date"),
    (("closed", "close", "finalised"), "case_closed"),
    (("decision", "outcome", "disposal", "decided"), "decision_date"),
    (("expiry", "expires", "expiry date", "valid until", "certificate end", "ended"), "certificate_ended"),
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
# Words of files and headers that speak of the organisation itself, and the business area that they speak of.
CORPORATE_WORDS = (
    (("employee", "emp", "payroll", "salary", "staff no", "staff number", "hr", "human resources", "leavers",
      "starters", "sickness"), "HR"),
    (("invoice", "invoices", "supplier", "suppliers", "purchase order", "cost centre", "ledger", "finance", "budget",
      "creditor", "net amount", "vat"), "FINANCE"),
    (("fleet", "mileage", "odometer", "fuel", "servicing", "mot"), "FLEET"),
    (("estates", "lease", "tenancy"), "ESTATES"),
    (("foi", "freedom of information", "subject access"), "INFORMATION_GOVERNANCE"),
    (("complaints", "misconduct", "professional standards"), "COMPLAINTS"),
)  # fmt: skip
REFERENCE_WORDS = frozenset({"ref", "reference", "no", "number", "id", "urn", "num", "key"})


@dataclass(frozen=True)
class Column:
    """What was seen of one column."""

    name: str
    filled: int
    distinct: int
    of: int  # rows looked at
    kind: str  # date | time | number | list | postcode | phone | email | pncid | sex | honorific | name | text
    note: str
    longest: int
    convert: str = ""  # the conversion that its dates need
    nothings: tuple[str, ...] = ()  # words that stand for an empty field

    @property
    def words(self) -> str:
        """The header as plain lower-case words."""
        return _plain(self.name.replace(".", " ") if self._is_nested else self.name)

    @property
    def own_words(self) -> str:
        """The last part of a nested name, such as the attribute of an element, as plain lower-case words."""
        return _plain(self._parts[-1]) if self._is_nested else self.words

    @property
    def place(self) -> str:
        """The part of a nested name before the last."""
        return ".".join(self._parts[:-1]) if self._is_nested else ""

    @property
    def _is_nested(self) -> bool:
        return len(self._parts) > 1

    @property
    def _parts(self) -> list[str]:
        # In 'D.O.B.' and 'Crime No.' a dot parts no names; in detainee.dob it does.
        parts = self.name.removesuffix(".#text").split(".")
        return parts if all(len(part) > 1 and " " not in part for part in parts) else [self.name]

    @property
    def is_unique(self) -> bool:
        """Whether nearly every row that was looked at has a value of its own; a faulty row or two may not."""
        return self.of > 0 and self.filled >= 0.98 * self.of and self.distinct >= 0.98 * self.filled


def _plain(name: str) -> str:
    # DoB is one word, whose letters stand high and low as the beginnings of two.
    name = re.sub(r"(?<![A-Za-z])DoB(?![a-z])", "DOB", name.replace("_", " ").replace(".", ""))
    return " ".join(_WORDS.findall(name)).lower()


def profile(name: str, values: Sequence[str | None]) -> Column:
    """Return what these values of a column seem to be."""
    given = [value.strip() for value in values if value and value.strip()]
    nothings = {value for value in given if value.casefold() in _NOTHING}
    filled = [value for value in given if value not in nothings]
    kind, note, convert = _kind(filled, _plain(name))
    longest = max(map(len, filled), default=0)
    return Column(
        name, len(filled), len(set(filled)), len(values), kind, note, longest, convert, tuple(sorted(nothings))
    )


def is_named(name: str) -> bool:
    """Whether the words of a header are among those known here."""
    words = _plain(name)
    phrases = [phrase for phrase, _ in PERSON_WORDS]
    phrases += [phrase for group, _ in (*DATE_WORDS, *RECORD_WORDS) for phrase in group]
    phrases += [*ROLE_WORDS, *REFERENCE_WORDS, *TEXT_WORDS, "date", "time", "type", "code"]
    return spoken_of(words, [(phrase, phrase) for phrase in phrases]) is not None


def corporate_area(file: str, columns: Sequence[Column]) -> str | None:
    """Return the area of the organisation itself that a file seems to be of: by its name, or by two headers of it."""
    table = [(phrase, area) for phrases, area in CORPORATE_WORDS for phrase in phrases]
    words = _plain(re.sub(r"\d+ ?hrs?\b", "", file.replace("-", " "), flags=re.IGNORECASE))  # 24hr speaks of no staff
    if named := spoken_of(words, table):
        return named
    seen = Counter(area for column in columns if (area := spoken_of(column.words, table)))
    area, count = seen.most_common(1)[0] if seen else (None, 0)
    return area if count > 1 else None


def is_value(text: str) -> bool:
    """Whether a cell is what stands in rows and not in headers: a number, a date, an address of some kind."""
    return bool(text) and any(
        pattern.match(text) for pattern in (_NUMBER, _NUMERIC_DATE, _YEAR_FIRST, _POSTCODE, _EMAIL, _PHONE, _TIME)
    )


def _kind(filled: list[str], words: str) -> tuple[str, str, str]:
    if not filled:
        return "text", "always empty", ""
    if dates := _dates(filled, words):
        return "date", *dates
    tests: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("postcode", _matching(_POSTCODE)),
        ("email", _matching(_EMAIL)),
        ("pncid", lambda value: identifiers.pncid(value, this_year=2099) is not None),
        ("phone", _matching(_PHONE)),
        ("sex", lambda value: value.casefold() in _SEX),
        ("honorific", lambda value: value.casefold().rstrip(".") in _HONORIFICS),
        ("time", _matching(_TIME)),
        ("list", _matching(_LIST)),
        ("number", _matching(_NUMBER)),
        ("name", _matching(_NAME)),
    )
    for kind, test in tests:
        if _share(filled, test) > 0.8:
            return kind, {"number": "numbers", "name": "text"}.get(kind, f"looks like {kind}"), ""
    return "text", "text", ""


def _dates(filled: list[str], words: str) -> tuple[str, str] | None:
    """Return what dates these are and how they are converted, None when they are none."""
    speaks = re.search(r"\b(date|dob|born|birth|on|when|expiry|expires)\b", words) is not None
    if speaks and _share(filled, _is_serial) > 0.8:
        return "dates as Excel counts days", "excel_date"
    dated = [value for value in filled if _reads(value)]
    # A bare year, or a number that could be a date, is one only under a header that says so.
    shaped = [value for value in dated if speaks or not value.isdigit() or (len(value) == 8 and _plausible(value))]
    if len(shaped) < 0.8 * len(filled):
        return None
    if all(_YEAR_FIRST.match(value) for value in filled):
        return "dates, year first", ""
    ends = [end for value in filled for end in SPAN.split(value)]
    return _order([match for end in ends if (match := _NUMERIC_DATE.match(end))])


def _order(dates: list[re.Match[str]]) -> tuple[str, str]:
    """Return in which order days and months of dates in figures stand, and the conversion of it."""
    short = any(len(match[3]) == 2 for match in dates)
    note = "; years of two digits are read as the last before the export" if short else ""
    if not dates or max(int(match[1]) for match in dates) > 12:
        return f"dates, day first{note}", "date"
    if max(int(match[2]) for match in dates) > 12:
        return f"dates, month first{note}", "{date: {month_first: true}}"
    return f"dates; whether the day or the month comes first cannot be seen{note}", "date"


def _plausible(digits: str) -> bool:
    return "1850" <= digits[:4] <= "2150"


def _is_serial(value: str) -> bool:
    return _SERIAL.match(value) is not None and _SERIALS[0] <= float(value) <= _SERIALS[1] and not _is_year(value)


def _is_year(value: str) -> bool:
    return len(value) == 4 and value.isdigit() and "1850" <= value <= "2150"


def _reads(value: str) -> bool:
    for month_first in (False, True):
        try:
            conversions.date_of(value, month_first=month_first, latest_year=2099)
        except BadValue:
            continue
        return True
    return False


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.match(value) is not None


def _share(values: list[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values)


def spoken_of(words: str, table: Sequence[tuple[str, str]]) -> str | None:
    """Return the field whose phrase stands in a header as whole words."""
    padded = f" {words} "
    return next((field for phrase, field in table if f" {phrase} " in padded), None)
