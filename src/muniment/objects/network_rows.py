"""What links people to people, places and vehicles, read as the reader may see it."""

from typing import Any

from django.db import connection

from muniment.objects.kinds import Thing

# The days of the part where its row gives some, those of the record otherwise.
_WHEN = """
    AND (%(since)s::date IS NULL AND %(until)s::date IS NULL OR CASE
        WHEN coalesce(i.happened_earliest, i.happened_latest, i.dated) IS NOT NULL THEN
            daterange(coalesce(i.happened_earliest, i.happened_latest, i.dated),
                coalesce(i.happened_latest, i.happened_earliest, i.dated), '[]')
            && daterange(%(since)s::date, %(until)s::date, '[]')
        ELSE EXISTS (SELECT 1 FROM records_recorddates told, unnest(told.days) day
            WHERE told.record_id = i.record_id AND day && daterange(%(since)s::date, %(until)s::date, '[]')) END)
"""
RECORDS = f"""
SELECT b.prime_id, i.record_id, r.reference, min(i.role) FROM people_belonging b
JOIN records_involvement i ON i.nominal_id = b.nominal_id JOIN records_record r ON r.id = i.record_id
WHERE b.prime_id = ANY(%(people)s) AND b.until IS NULL AND (%(role)s = '' OR i.role = %(role)s) {_WHEN}
GROUP BY 1, 2, 3 ORDER BY 2 DESC, 1
"""  # noqa: S608
ON = """
SELECT i.record_id, b.prime_id, min(i.role) FROM records_involvement i
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL
WHERE i.record_id = ANY(%(records)s) GROUP BY 1, 2 ORDER BY 1, 2
"""
LONG = """
SELECT b.prime_id, count(DISTINCT i.record_id) FROM people_belonging b
JOIN records_involvement i ON i.nominal_id = b.nominal_id
WHERE b.prime_id = ANY(%(people)s) AND b.until IS NULL GROUP BY 1 HAVING count(DISTINCT i.record_id) > %(most)s
"""
LIVING = """
SELECT DISTINCT whole.prime_id, b.prime_id FROM objects_placebelonging whole
JOIN records_placelink l ON l.place_id = whole.member_id
JOIN people_belonging b ON b.nominal_id = l.nominal_id AND b.until IS NULL
WHERE whole.prime_id = ANY(%(places)s) AND whole.until IS NULL
"""
PHONES = """
SELECT DISTINCT n.phone, b.prime_id FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
WHERE b.prime_id = ANY(%(people)s) AND b.until IS NULL AND n.phone <> ''
"""
# By a list of numbers, so that the index answers.
CALLED = """
SELECT DISTINCT n.phone, b.prime_id FROM records_nominal n JOIN people_belonging b ON b.nominal_id = n.id
WHERE n.phone = ANY(%(phones)s) AND n.phone <> '' AND b.until IS NULL
"""
_THINGS_OF_PEOPLE = """
SELECT DISTINCT b.prime_id, whole.prime_id, l.role FROM people_belonging b
JOIN {link} l ON l.nominal_id = b.nominal_id
JOIN {belonging} whole ON whole.member_id = l.{member} AND whole.until IS NULL
WHERE b.prime_id = ANY(%(people)s) AND b.until IS NULL
"""
_THINGS_OF_RECORDS = """
SELECT DISTINCT l.record_id, whole.prime_id, l.role FROM {link} l
JOIN {belonging} whole ON whole.member_id = l.{member} AND whole.until IS NULL WHERE l.record_id = ANY(%(records)s)
"""
COUNT = """
SELECT whole.prime_id, count(DISTINCT l.record_id) FROM {belonging} whole JOIN {link} l ON l.{member} = whole.member_id
WHERE whole.prime_id = ANY(%(things)s) AND whole.until IS NULL GROUP BY 1
"""
AT = f"""
SELECT whole.prime_id, r.id, r.reference, b.prime_id, min(i.role) FROM {{belonging}} whole
JOIN {{link}} l ON l.{{member}} = whole.member_id JOIN records_record r ON r.id = l.record_id
JOIN records_involvement i ON i.record_id = r.id
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL
WHERE whole.prime_id = ANY(%(things)s) AND whole.until IS NULL AND l.record_id <> ALL(%(known)s) {_WHEN}
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4
"""  # noqa: S608


def rows(query: str, **given: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query of this module, as the reader sees them."""
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def of_thing(query: str, thing: Thing) -> str:
    """Return a query of this module about places or about vehicles."""
    return query.format(
        link=thing.link._meta.db_table, belonging=thing.belonging._meta.db_table, member=f"{thing.name}_id"
    )


def things(thing: Thing, of: str, **given: Any) -> list[tuple[Any, ...]]:
    """Return (person or record, place or vehicle, role) of `people` or of `records`, by whether `of` is nominal."""
    return rows(of_thing(_THINGS_OF_PEOPLE if of == "nominal" else _THINGS_OF_RECORDS, thing), **given)
