"""Holds whose words stand in the narratives of records: narratives are encrypted, so they are opened to be searched.

No index of their words is kept, because it would tell what they say (docs/adr/0037). Titles, places and details lie in
clear, and a hold's list is found by them at once. Narratives the worker opens: those held when the hold is placed in
its next round (`actions.held_narratives`), those that come as they come. Besides, they are opened and searched
whenever a disposal of the records takes a step.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from muniment.core import content
from muniment.core.models import Content
from muniment.records.models import Record
from muniment.retention.holds import reach
from muniment.retention.models import Hold, HoldVersion, hold_versions

_UNREADABLE = " (a narrative cannot be opened, so that nobody can say its words are not there)"
_FOUND = " SELECT id FROM wanted"
_AT_ONCE = 500  # records whose narratives are found by one statement

Said = Mapping[int, list[str | None]]  # what is said of records, by key; None for what cannot be opened


def holds_naming(record_ids: Iterable[int]) -> list[tuple[Hold, str]]:
    """Return the standing holds with a word that a narrative of these records has, in any case of letters.

    With each hold comes a remark, usually empty. A hold whose words nobody can look for, because a narrative was
    altered or its key is gone, stands as well.
    """
    keys = list(record_ids)
    near = {hold: within(hold, keys) for hold in worded()} if keys else {}
    said = narratives(set().union(*near.values()))
    named = []
    for hold, records in near.items():
        words = words_of(hold)
        found = [fits(words, said.get(key, ())) for key in records]
        if True in found:
            named.append((hold, ""))
        elif None in found:
            named.append((hold, _UNREADABLE))
    return named


def worded() -> list[Hold]:
    """Return the standing holds with words to be looked for."""
    standing = Hold.objects.filter(released_at__isnull=True).prefetch_related("controllers", "versions").order_by("pk")
    return [hold for hold in standing if words_of(hold)]


def within(hold: Hold, record_ids: Collection[int]) -> set[int]:
    """Return those of some records that one of the hold's words in a narrative would bring into its scope."""
    found: set[int] = set()
    for each in hold_versions.in_force(hold):
        if each.scope.get("keywords"):
            given = reach.parameters_of(each, some=record_ids)
            with connection.cursor() as cursor:
                cursor.execute(reach.wanted(each.scope, words_aside=True) + _FOUND, given)
                found |= {key for (key,) in cursor.fetchall()}
    return found


def fits(words: Collection[str], said: Iterable[str | None]) -> bool | None:
    """Say whether one of some words stands in one of these texts; None when nobody can say, because one is shut."""
    texts = list(said)
    if any(word in text for word in words for text in texts if text is not None):
        return True
    return None if None in texts else False


def with_words(words: Collection[str], said: Said) -> set[int]:
    """Return the records of which a text has one of some words of a hold, or cannot be opened: better too much."""
    return {key for key, texts in said.items() if words and fits(words, texts) is not False}


def narratives(record_ids: Collection[int]) -> dict[int, list[str | None]]:
    """Return what is said of some records, as far as the reader sees them, folded to one case."""
    keys = list(Record.objects.filter(pk__in=record_ids).order_by("pk").values_list("pk", flat=True))
    found: dict[int, list[str | None]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        take(content.of_records(keys[start : start + _AT_ONCE]), found)
    return found


def take(contents: list[Content], found: dict[int, list[str | None]]) -> None:
    """Open contents of records, and put what they say with what was found of each record."""
    for each, text in zip(contents, content.opened_all(contents), strict=True):
        if (record := content.record_of(each.owner)) is not None:
            found.setdefault(record, []).append(text if text is None else text.casefold())


def words_of(hold: Hold) -> list[str]:
    """Return the words of a hold, of every version in force, folded to one case."""
    return words_in(hold_versions.in_force(hold))


def words_in(versions: Iterable[HoldVersion]) -> list[str]:
    """Return the words of versions of a hold, folded to one case."""
    return folded(word for each in versions for word in each.scope.get("keywords") or ())


def folded(words: Iterable[str]) -> list[str]:
    """Return words as they are looked for in narratives, each once."""
    return list(dict.fromkeys(word.strip().casefold() for word in words if word.strip()))
