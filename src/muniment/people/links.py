"""Who is linked to whom: by a record that both are on, by an address or a telephone that both gave."""

from dataclasses import dataclass

from django.db import connection

from muniment.people.models import PrimePerson
from muniment.people.queries import identities

MOST = 60

_LINKS = """
WITH mine AS (
    SELECT n.* FROM records_nominal n JOIN people_belonging b ON b.nominal_id = n.id AND b.until IS NULL
    WHERE b.prime_id = %(prime)s
), shared AS (
    SELECT other.nominal_id, 'on record ' || r.reference AS how, r.reference AS sort FROM records_involvement part
    JOIN mine ON mine.id = part.nominal_id
    JOIN records_involvement other ON other.record_id = part.record_id
    JOIN records_record r ON r.id = part.record_id
    UNION
    SELECT other.id, 'same telephone ' || other.phone, '1' FROM mine
    JOIN records_nominal other ON other.phone = mine.phone AND mine.phone <> ''
    UNION
    SELECT other.id, 'same address, ' || other.postcode, '2' FROM mine
    JOIN records_nominal other ON other.postcode = mine.postcode AND other.address = mine.address
        AND mine.postcode <> '' AND mine.address <> ''
)
SELECT b.prime_id, array_agg(DISTINCT shared.how) FROM shared
JOIN people_belonging b ON b.nominal_id = shared.nominal_id AND b.until IS NULL
WHERE b.prime_id <> %(prime)s
GROUP BY b.prime_id ORDER BY count(*) DESC, b.prime_id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Link:
    """Another person and every way in which the two are linked."""

    prime: PrimePerson
    name: str
    born: str
    how: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What links them: `record`, `contact`, or `both`."""
        on_record = [each.startswith("on record") for each in self.how]
        return "record" if all(on_record) else "both" if any(on_record) else "contact"


def links(prime: PrimePerson) -> list[Link]:
    """Return the people linked directly to a prime person, closest first, at most MOST."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, {"prime": prime.pk, "most": MOST})
        rows = cursor.fetchall()
    primes = PrimePerson.objects.in_bulk([key for key, _ in rows])
    known = identities(primes.values())
    return [
        Link(primes[key], who.name, who.born.text if who.born else "not known", tuple(sorted(how)))
        for key, how in rows
        if (who := known.get(key)) is not None
    ]
