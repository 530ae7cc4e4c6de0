"""Find people: names in any order, misspelt or short, aliases, birth dates, references, postcodes, telephones.

Every word is looked up by equality among the search tokens that the reader's scope opens, so a count or an order
reveals nothing of what it does not. How a person is found is said beside them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection

from muniment.core import references
from muniment.engine.values import dates
from muniment.people.linking import search_tokens
from muniment.people.models import PrimePerson
from muniment.people.queries import Identity, find_by_reference, identity, nominals_by_prime

MOST = 50
_WEIGHTS = {"ref": 10.0, "born": 4.0, "name": 3.0, "code": 3.0, "root": 2.0, "snd": 1.5, "year": 1.0}
_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s*(\d[A-Z]{2})?\b", re.IGNORECASE)
_DATE = re.compile(
    r"\b(\d{1,2}[/.\-]\d{1,2}[/.\-]\d{4}|\d{4}-\d{2}-\d{2}|\d{1,2} [A-Za-z]{3,9} \d{4}|(?:19|20)\d{2})\b"
)


@dataclass(frozen=True)
class Question:
    """What was asked, taken apart."""

    words: tuple[str, ...]
    born: date | None
    year: str
    code: str
    reference: str


@dataclass(frozen=True)
class Found:
    """Someone found, as the reader may know them."""

    prime: PrimePerson
    identity: Identity
    systems: tuple[str, ...]
    how: str
    mark: str = ""  # why the use of what is held of them is restricted


Marks = Callable[[Collection[PrimePerson]], Mapping[int, str]]
_marks: list[Marks] = []


def register(marks: Marks) -> None:
    """Have a duty above people asked what everyone who finds them has to know, by the key of the person."""
    if marks not in _marks:
        _marks.append(marks)


def ask(text: str) -> Question:
    """Take a search apart into names, date or year of birth, postcode and reference."""
    rest, born, year, code = text.strip(), None, "", ""
    if match := _DATE.search(rest):
        found = _day(match[1])
        if found:
            rest = rest.replace(match[1], " ")
            born, year = (found.earliest, "") if found.is_exact else (None, f"{found.earliest.year}")
    if match := _POSTCODE.search(rest):
        code = "".join(part for part in match.groups() if part).lower()
        rest = rest.replace(match[0], " ")
    words = tuple(dict.fromkeys(word for word in re.findall(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*", rest)))
    whole = text.strip().upper()
    reference = whole.lower() if any(sign.isdigit() for sign in whole) and len(whole) <= 60 else ""
    return Question(words[:8], born, year, code, reference)


def _day(text: str) -> dates.PartialDate | None:
    try:
        return dates.parse(text)
    except ValueError:
        return None


# For each word the best kind of token that a nominal has for it; a nominal's score is the sum over the words.
_SEARCH = """
WITH asked(word, kind, token, weight) AS (SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::float8[])),
hits AS (
    SELECT t.nominal_id, a.word, max(a.weight) AS weight, min(a.kind) AS kind
    FROM asked a JOIN people_searchtoken t ON t.token = a.token AND t.kind = a.kind
    WHERE t.kind <> 'tri' GROUP BY t.nominal_id, a.word
), spelt AS (
    SELECT t.nominal_id, a.word, 2.5 * sum(a.weight) AS weight, 'tri' AS kind
    FROM asked a JOIN people_searchtoken t ON t.token = a.token AND t.kind = 'tri'
    WHERE a.kind = 'tri' GROUP BY t.nominal_id, a.word HAVING sum(a.weight) >= 0.5
), best AS (
    SELECT nominal_id, word, max(weight) AS weight FROM (SELECT * FROM hits UNION ALL SELECT * FROM spelt) every
    GROUP BY nominal_id, word
), scored AS (
    SELECT nominal_id, sum(weight) AS score, count(*) AS words FROM best GROUP BY nominal_id
)
SELECT b.prime_id, max(s.score) AS score FROM scored s
JOIN people_belonging b ON b.nominal_id = s.nominal_id AND b.until IS NULL
WHERE s.words >= %s
GROUP BY b.prime_id ORDER BY score DESC, b.prime_id LIMIT %s
"""


def search(question: Question) -> list[Found]:
    """Return who fits best, at most MOST; everyone who fits every part of the question comes first."""
    if question.reference and (exact := _by_reference(question.reference)):
        return [exact]
    asked = _tokens(question)
    if not asked:
        return []
    parts = len({word for word, *_ in asked})
    columns = [list(column) for column in zip(*asked, strict=True)]
    for least in range(parts, 0, -1):
        with connection.cursor() as cursor:
            cursor.execute(_SEARCH, [*columns, least, MOST])
            rows = cursor.fetchall()
        if rows or least <= max(1, parts - 1):
            return _found([key for key, _ in rows], "every part fits" if least == parts else "some parts fit")
    return []


def _tokens(question: Question) -> list[tuple[int, str, str, float]]:
    """Return (part of the question, kind, token, weight) for every way in which a part may fit."""
    asked: list[tuple[int, str, str, float]] = []
    if question.words:
        for index, kind, token in search_tokens.spellings(question.words):
            asked.append((index, kind, token, _WEIGHTS[kind]))
    for index, word in enumerate(question.words):
        letters = f"^{word.lower()}$"
        grams = {letters[at : at + 3] for at in range(len(letters) - 2)}
        asked += [(index, "tri", gram, 1 / len(grams)) for gram in sorted(grams)]
    after = len(question.words)
    if question.born:
        asked.append((after, "born", question.born.strftime("%Y%m%d"), _WEIGHTS["born"]))
    if question.year:
        asked.append((after, "year", question.year, _WEIGHTS["year"]))
    if question.code:
        asked.append((after + 1, "code", question.code, _WEIGHTS["code"]))
    if question.reference and not question.words:
        asked.append((after + 2, "ref", question.reference, _WEIGHTS["ref"]))
    elif question.reference:
        asked.append((0, "ref", question.reference, _WEIGHTS["ref"]))
    return asked


def _by_reference(reference: str) -> Found | None:
    try:
        references.number("prime", reference)
        prime = find_by_reference(reference)
    except ValueError:
        return None
    found = _found([prime.pk], "its reference") if prime else []
    return found[0] if found else None


def _found(keys: list[int], how: str) -> list[Found]:
    primes = PrimePerson.objects.in_bulk(keys)
    nominals = nominals_by_prime(keys)
    marked: dict[int, str] = {}
    for marks in _marks:
        marked |= marks(list(primes.values()))
    found = []
    for key in keys:
        if key in nominals and key in primes:
            systems = dict.fromkeys(f"{each.system.title}, {each.system.controller.name}" for each in nominals[key])
            found.append(
                Found(primes[key], identity(primes[key], nominals[key]), tuple(systems), how, marked.get(key, ""))
            )
    return found


def warm() -> None:
    """Load the tables that standardise names, so that the first search is as fast as the rest."""
    search_tokens.spellings(("warm",))
