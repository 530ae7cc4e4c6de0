"""Which records a hold covers: its scope as one query, in which what sources write differently means the same.

A scope is a mapping of lists by kind (`KEYS`), of days (`from` and `until`, as ISO texts) and of `match`. A record is
in scope when any list that is given fits it or, where `match` is "all", every one; and any day of it, its own or one of
what someone did in it, lies between those given. A scope without any list covers everything of the controllers named,
and one between days what bears no day of its own: better too much than too little.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from django.db import connection

from muniment.core import planned
from muniment.engine.policy.offences import OffenceTable, may_mean
from muniment.people.handing_over import array
from muniment.retention.models import HoldVersion, hold_versions
from muniment.retention.policies import policy_now

KEYS = ("classes", "ho_classes", "cjs", "keywords", "units", "places", "areas", "systems", "people", "records")
ONE_LIST = {"offences": ("ho_classes", "cjs")}  # kinds of which a scope gives one list in two
NARROWING = ("from", "until", "match")
EVERY = "all"  # of `match`: every list has to fit; else any

# What lies in clear of a record, in small letters; compared byte by byte, which is a third faster.
_TEXT = (
    "lower(r.title || ' ' || r.offence_text || ' ' || r.location || ' ' || r.attributes::text)"
    ' COLLATE "C" LIKE ANY(%({words})s::text[])'
)
# What a list of each kind asks of a record; the two kinds of codes of offences are one list.
_FITS = {
    "classes": "(r.class_id = ANY(%(classes)s) OR d.resolved_class = ANY(%(classes)s))",
    "offences": "(r.ho_class = ANY(%(ho_classes)s) OR upper(trim(r.cjs)) = ANY(%(cjs)s)"
    " OR EXISTS (SELECT 1 FROM records_involvement i WHERE i.record_id = r.id"
    " AND (i.ho_class = ANY(%(ho_classes)s) OR upper(trim(i.cjs)) = ANY(%(cjs)s))))",
    "areas": "(scope.area = ANY(%(areas)s))",
    "systems": "(s.code = ANY(%(systems)s))",
    "people": "EXISTS (SELECT 1 FROM records_involvement i JOIN people_belonging b ON b.nominal_id = i.nominal_id"
    " AND b.until IS NULL WHERE i.record_id = r.id AND b.prime_id = ANY(%(people)s))",
    "records": "(r.id = ANY(%(records)s))",
}
# Where lists of words are looked for besides the text.
_BESIDES = {
    "keywords": "r.id = ANY(%(worded)s::bigint[])",
    "units": "s.id IN (SELECT id FROM records_sourcesystem"
    " WHERE lower(title || ' ' || owner) LIKE ANY(%(units)s::text[]))",
    "places": "replace(upper(r.postcode), ' ', '') LIKE ANY(%(postcodes)s::text[])"
    " OR EXISTS (SELECT 1 FROM records_placelink k JOIN records_place p ON p.id = k.place_id WHERE k.record_id = r.id"
    " AND (lower(p.text) LIKE ANY(%(places)s::text[]) OR p.code LIKE ANY(%(postcodes)s::text[])))",
}
# Days are looked at only of what the lists match.
_WANTED = """
WITH listed AS MATERIALIZED (
    SELECT r.id, r.id = ANY(%(worded)s::bigint[]) AS by_words FROM records_record r
    JOIN records_sourcesystem s ON s.id = r.system_id
    JOIN core_scope scope ON scope.id = r.scope_id
    LEFT JOIN {decided} d ON d.record_id = r.id
    WHERE s.controller_id = ANY(%(controllers)s) AND {among}
    AND ({fits})
), wanted AS (
    SELECT listed.id, listed.by_words FROM listed
    LEFT JOIN LATERAL (
        SELECT bool_or(day.own) AS dated, bool_or((%(from)s::date IS NULL OR day.last >= %(from)s::date)
            AND (%(until)s::date IS NULL OR day.first <= %(until)s::date)) AS within
        FROM (
            SELECT lower(of) AS first, upper(of) - 1 AS last, true AS own
            FROM records_recorddates k CROSS JOIN LATERAL unnest(k.days) AS of WHERE k.record_id = listed.id
            UNION ALL
            SELECT coalesce(happened_earliest, happened_latest), coalesce(happened_latest, happened_earliest), false
            FROM records_involvement i WHERE i.record_id = listed.id
            UNION ALL
            SELECT i.dated, i.dated, false FROM records_involvement i WHERE i.record_id = listed.id
        ) day
    ) told ON true
    WHERE %(from)s::date IS NULL AND %(until)s::date IS NULL OR told.dated IS NOT TRUE OR told.within
)"""
_AMONG = "(%(some)s::bigint[] IS NULL OR r.id = ANY(%(some)s))"  # a plan that is kept has to know which
_CLASSES = "SELECT ho_class FROM records_record UNION SELECT ho_class FROM records_involvement"
_CLASSES_OF = """
SELECT ho_class FROM records_record WHERE id = ANY(%(some)s)
UNION SELECT ho_class FROM records_involvement WHERE record_id = ANY(%(some)s)
"""
# The scopes of several holds as rows, each by a number: what is asked of records is the same, said of columns.
_ASKED = """
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(asked)s::jsonb) AS asked (number int, every boolean, given text[],
        classes text[], ho_classes text[], cjs text[], keywords text[], units text[], places text[], areas text[],
        systems text[], people bigint[], records bigint[], postcodes text[], texts text[], "from" date, until date,
        controllers bigint[], worded bigint[])
)
SELECT asked.number, found.id, found.by_words
FROM asked CROSS JOIN LATERAL ({wanted} SELECT id, by_words FROM wanted) found
"""
_GIVEN = re.compile(r"%\((?!some\))(\w+)\)s")
DECIDED = "retention_recorddecision"  # what is published: a record and the class that it came to


def given_lists(scope: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the lists of a scope that name anything, by kind."""
    return {key: list(scope[key]) for key in KEYS if scope.get(key)}


def wanted(scope: Mapping[str, Any], *, decided: str = DECIDED, words_aside: bool = False) -> str:
    """Return the beginning of a statement: `wanted` is a table of the records in scope (id, by_words).

    With `words_aside` it is of the records that a word in their narrative would bring into scope.
    """
    asked = [kind for kind in kinds(scope) if not (words_aside and kind == "keywords")]
    every = scope.get("match") == EVERY
    fits = [] if words_aside and not every else list(_conditions(asked, every=every))
    return _WANTED.format(among=_AMONG, decided=decided, fits=(" AND " if every else " OR ").join(fits) or "true")


def kinds(scope: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the kinds of lists that a scope gives; the two kinds of codes of offences are one list."""
    one_list = {key: kind for kind, keys in ONE_LIST.items() for key in keys}
    return tuple(dict.fromkeys(one_list.get(key, key) for key in given_lists(scope)))


def _conditions(kinds: list[str], *, every: bool) -> Iterator[str]:
    """Yield what is asked of a record, the dearest last; where any list is enough, all words are looked for at once."""
    yield from (_FITS[kind] for kind in kinds if kind in _FITS)
    worded = [kind for kind in kinds if kind in _BESIDES]
    if every:
        yield from (f"({_BESIDES[kind]} OR {_TEXT.format(words=kind)})" for kind in worded)
    elif worded:
        yield from (_BESIDES[kind] for kind in worded)
        yield _TEXT.format(words="texts")


def parameters(
    scope: Mapping[str, Any],
    controllers: list[int],
    *,
    people: Collection[int] | None = None,
    some: Collection[int] | None = None,
    worded: Collection[int] = (),
) -> dict[str, Any]:
    """Return what the query for the records of a scope takes; `people` are whom its people are now.

    With `some` it is asked about these records alone; `worded` are those whose narratives are known to have a word.
    """
    within = None if some is None else sorted(some)
    given = _lists(scope, people, _Codes(within))
    return given | {"controllers": controllers, "some": within, "worded": sorted(worded)}


class _Codes:
    """Codes of offences as policy knows them and as sources wrote them here, each read when it is first asked for."""

    def __init__(self, some: list[int] | None) -> None:
        """Take the records of which the texts are, all where none are named."""
        self._some = some

    @cached_property
    def known(self) -> OffenceTable:
        """The codes of the policy in force."""
        return policy_now.policy().offences

    @cached_property
    def written(self) -> list[str]:
        """The texts by which records here give offence classes: sources write one in several ways."""
        with connection.cursor() as cursor:
            cursor.execute(_CLASSES if self._some is None else _CLASSES_OF, {"some": array(self._some or ())})
            return [text for (text,) in cursor.fetchall() if text]


def _lists(scope: Mapping[str, Any], people: Collection[int] | None, codes: _Codes) -> dict[str, Any]:
    """Return the lists and days of a scope as they are asked."""
    given: dict[str, Any] = {key: list(scope.get(key) or []) for key in KEYS}
    if people is not None:
        given["people"] = sorted(people)
    given["cjs"] = [code.strip().upper() for code in given["cjs"]]
    if classes := tuple(given["ho_classes"]):  # a record may say either
        given["cjs"] += codes.known.codes_of(classes)
        given["ho_classes"] = [text for text in codes.written if any(may_mean(text, each) for each in classes)]
    given["postcodes"] = [f"{_plain(name.replace(' ', '').upper())}%" for name in given["places"] if _is_code(name)]
    for kind in ("keywords", "units", "places"):
        given[kind] = [f"%{_plain(word.strip().lower())}%" for word in given[kind] if word.strip()]
    given["texts"] = [word for kind in _BESIDES for word in given[kind]]
    return given | {"from": scope.get("from"), "until": scope.get("until")}


def parameters_of(
    version: HoldVersion, *, some: Collection[int] | None = None, worded: Collection[int] = ()
) -> dict[str, Any]:
    """Return what the query for the records of a version of a hold takes."""
    people = hold_versions.people_now(version)
    return parameters(version.scope, version.controllers, people=people, some=some, worded=worded)


def found_by(
    version: HoldVersion,
    *,
    decided: str = DECIDED,
    some: Collection[int] | None = None,
    worded: Collection[int] = (),
) -> list[tuple[int, bool]]:
    """Return the records of a version of a hold, each with whether a word in its narrative is known to bring it in."""
    with connection.cursor() as cursor:
        query = f"{wanted(version.scope, decided=decided)} SELECT id, by_words FROM wanted"  # noqa: S608
        cursor.execute(query, parameters_of(version, some=some, worded=worded))
        return list(cursor.fetchall())


def found_by_each(
    versions: Sequence[HoldVersion], some: Collection[int], worded: Mapping[int, Collection[int]]
) -> list[dict[int, bool]]:
    """Return for each version of a hold which of some records are of it, by key, as `found_by` would.

    It is one statement for all of them. `worded` are the records of each hold, by key, whose narratives have a word.
    """
    codes = _Codes(sorted(some))
    asked = [
        _lists(each.scope, hold_versions.people_now(each), codes)
        | {"number": number, "every": each.scope.get("match") == EVERY, "given": kinds(each.scope)}
        | {"controllers": each.controllers, "worded": sorted(worded[each.hold_id])}
        for number, each in enumerate(versions)
    ]
    found: list[dict[int, bool]] = [{} for _ in versions]
    for row in planned.rows(_of_each(), {"asked": json.dumps(asked), "some": array(sorted(some))}) if asked else ():
        found[row["number"]][row["id"]] = row["by_words"]
    return found


@cache
def _of_each() -> str:
    every_kind = [*_FITS, *_BESIDES]
    each = {kind: f"({text})" for kind, text in (_FITS | _BESIDES).items()}
    full = each | {kind: f"({each[kind]} OR {_TEXT.format(words=kind)})" for kind in _BESIDES}
    every = " AND ".join(f"('{kind}' <> ALL(asked.given) OR {full[kind]})" for kind in every_kind)
    some = " OR ".join(f"('{kind}' = ANY(asked.given) AND {each[kind]})" for kind in every_kind)
    some += f" OR cardinality(asked.given) = 0 OR {_TEXT.format(words='texts')}"
    one = _WANTED.format(
        among="r.id = ANY(%(some)s)", decided=DECIDED, fits=f"CASE WHEN asked.every THEN {every} ELSE {some} END"
    )
    return _ASKED.format(wanted=_GIVEN.sub(r'asked."\1"', one))


def _plain(word: str) -> str:
    """Return a word in which no letter stands for others."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_code(name: str) -> bool:
    """Whether a place is given by a postcode, or by the beginning of one: letters, then a digit."""
    code = name.replace(" ", "")
    return code[:1].isalpha() and len(code) <= 7 and any(letter.isdigit() for letter in code[1:3])
