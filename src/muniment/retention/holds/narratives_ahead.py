"""The narratives of a scope before a hold is placed: how many its words would be looked for in, and what has them.

Of what whoever asks may see: they are opened as the asker opens a record, under the same walls. Nothing of it is kept.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from muniment.core.models import Content
from muniment.retention.holds import held_words, reach

MOST = 50_000  # narratives that are opened while somebody waits: some seconds (docs/adr/0044)
_LOT = 2_000
_CONTENTS = """
SELECT c.id FROM core_content c WHERE c.owner >= 'record:' AND c.owner < 'record;'
    AND substring(c.owner FROM '^record:([0-9]+):')::bigint IN (SELECT id FROM wanted) ORDER BY c.id DESC
"""


@dataclass(frozen=True)
class Narratives:
    """How many narratives the words of a scope would be looked for in, and what came of it where they were opened."""

    number: int
    opened: int | None = None  # None: not asked for
    records: int = 0  # that come into scope by a word in a narrative alone
    shut: int = 0  # of these, where a narrative cannot be opened: they count as well

    @property
    def is_whole(self) -> bool:
        """Whether all of them were opened."""
        return self.opened == self.number


def ahead(
    scope: Mapping[str, Any],
    controllers: list[int],
    *,
    people: Collection[int] | None = None,
    opening: bool = False,
    but: Collection[int] = (),
) -> Narratives | None:
    """Count the narratives of a scope with words; with `opening` open the newest, and count the records that have one.

    Records that `but` names, and those that the scope covers without their narrative, are not counted. None without
    words.
    """
    words = held_words.folded(scope.get("keywords") or ())
    if not words:
        return None
    given = reach.parameters(scope, controllers, people=people)
    with connection.cursor() as cursor:
        cursor.execute(reach.wanted(scope, words_aside=True) + _CONTENTS, given)
        contents = [key for (key,) in cursor.fetchall()]
        if not opening:
            return Narratives(len(contents))
        cursor.execute(f"{reach.wanted(scope)} SELECT id FROM wanted", given)  # noqa: S608
        known = {key for (key,) in cursor.fetchall()} | set(but)
    chosen = contents[:MOST]
    fits: dict[int, bool | None] = {}
    for start in range(0, len(chosen), _LOT):
        said: dict[int, list[str | None]] = {}
        held_words.take(list(Content.objects.filter(pk__in=chosen[start : start + _LOT]).order_by("pk")), said)
        for record, texts in said.items():
            if record not in known and fits.get(record) is not True:
                found = held_words.fits(words, texts)
                fits[record] = found if found is not False else fits.get(record, False)
    return Narratives(
        len(contents),
        len(chosen),
        sum(each is not False for each in fits.values()),
        sum(each is None for each in fits.values()),
    )
