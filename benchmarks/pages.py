"""`python -m benchmarks.pages`: how long the site takes for each kind of page, on the demonstration that is there.

The time is the server's, through every middleware, under row-level security, as a records manager; the browser's is not
in it. The peer is a page that reads no record, through the same middleware. People and reviews are drawn by a seed.
"""

import random
import statistics
import time
from collections.abc import Iterable

from muniment.cli.preparing import prepare

_DRAWN, _SEED = 100, 20261127
_PEOPLE = """
SELECT b.prime_id, count(*) FROM people_belonging b JOIN records_involvement i ON i.nominal_id = b.nominal_id
JOIN records_nominal n ON n.id = b.nominal_id JOIN records_sourcesystem s ON s.id = n.system_id
JOIN core_controller c ON c.id = s.controller_id JOIN core_scope scope ON scope.id = n.scope_id
WHERE b.until IS NULL AND c.code = 'northshire' AND scope.partition = 'policing' AND scope.restriction = ''
GROUP BY 1 ORDER BY 2 DESC, 1
"""
_REVIEWS = """
SELECT r.id FROM retention_review r JOIN core_controller c ON c.id = r.controller_id
WHERE c.code = 'northshire' AND r.state = 'open' AND EXISTS (
    SELECT 1 FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
    JOIN core_scope scope ON scope.id = n.scope_id
    WHERE b.prime_id = r.prime_id AND b.until IS NULL AND scope.partition = 'policing' AND scope.restriction = '')
ORDER BY 1
"""
_NAMES = "SELECT forename, surname FROM records_nominal WHERE forename <> '' AND surname <> '' ORDER BY id"


def main() -> None:
    """Ask for every kind of page, and print a table."""
    prepare("web")
    from django.conf import settings
    from django.test import Client
    from rich.console import Console
    from rich.table import Table

    from muniment.cli import serve
    from muniment.workbench.demonstration import PASSWORD

    settings.ALLOWED_HOSTS = ["*"]
    serve.collect_static()
    client = Client()
    client.post("/accounts/login/", {"login": "rowan", "password": PASSWORD})
    client.post("/purpose/", {"purpose": "RETENTION_REVIEW"})
    table = Table("page", "asked", "median ms", "95th of 100", "slowest")
    with serve.settled():
        for kind, addresses in kinds().items():
            took = sorted(_asked(client, addresses))
            figures = (statistics.median(took), took[int(0.95 * len(took))], took[-1])
            table.add_row(kind, str(len(took)), *(f"{each:.0f}" for each in figures))
    Console(width=100).print(table)


def kinds() -> dict[str, list[str]]:
    """Return the addresses of each kind of page; the peer comes first."""
    import psycopg

    from muniment.core import database, references

    with psycopg.connect(database.uri("batch")) as connection:
        people = [key for key, _ in connection.execute(_PEOPLE).fetchall()]
        reviews = [key for (key,) in connection.execute(_REVIEWS).fetchall()]
        names = connection.execute(_NAMES).fetchall()
    draw = random.Random(_SEED)
    some, longest = draw.sample(people, _DRAWN), people[:40]
    asked = draw.sample(names, _DRAWN)
    found = {"a page that reads no record (peer)": ["/about/"] * 40}
    for words, tab in (
        ("a person", ""),
        ("their facts", "facts/"),
        ("their links", "links/"),
        ("their history", "history/"),
        ("why one person", "joins/"),
        ("why kept", "retention/"),
    ):
        for whose, keys in (("", some), (", the 40 longest lives", longest)):
            found[words + whose] = [f"/people/{references.make('prime', key)}/{tab}" for key in keys]
    found["a review"] = [f"/reviews/{references.make('review', key)}/" for key in draw.sample(reviews, _DRAWN)]
    found["find, as written"] = [f"/find/?q={forename}+{surname}" for forename, surname in asked]
    found["find, a letter missing"] = [f"/find/?q={forename}+{name[:1]}{name[2:]}" for forename, name in asked]
    lists = {
        "home": "/",
        "review queue": "/reviews/",
        "disposals": "/disposals/",
        "due by the clock": "/disposals/due/",
    }
    lists |= {"possible matches": "/matches/", "holds": "/holds/", "intakes": "/intake/", "schedule": "/schedule/"}
    return found | {words: [address] * 20 for words, address in lists.items()}


def _asked(client: object, addresses: Iterable[str]) -> list[float]:
    """Return the milliseconds that each address took, after one that is not counted."""
    took = []
    for address in addresses:
        began = time.perf_counter()
        answer = client.get(address)  # type: ignore[attr-defined]
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}: run `make demo SERVE=no` first.")
    return took[1:]


if __name__ == "__main__":
    main()
