"""The words by which a person is found: matched by equality, so that row-level security costs nothing.

Kinds: `name` a word of any name or alias; `root` the names that a nickname stands for; `snd` how a name sounds;
`tri` three letters in a row of a name, for what is misspelt; `born`, `year` of birth; `code` a postcode or its
district; `ref` a reference or identifier.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from muniment.batch.connecting import asking
from muniment.batch.matching.standardise import spell
from muniment.engine.matching.features import Nominal

_LONGEST = 60  # letters of a token that are kept
TOKENS = pa.schema([("nominal_id", pa.int64()), ("kind", pa.string()), ("token", pa.string())])

_QUERY = f"""
WITH words AS (
    SELECT person_id, unnest(names) AS word FROM people
), spread AS (
    SELECT person_id, 'name' AS kind, word AS token FROM words
    UNION ALL SELECT person_id, 'root', unnest(roots) FROM people
    UNION ALL SELECT person_id, 'snd', unnest(sounds) FROM people
    UNION ALL SELECT person_id, 'tri', unnest(list_transform(
        range(1, len(word) + 1), lambda i: substr('^' || word || '$', i, 3))) FROM words
    UNION ALL SELECT person_id, 'born', strftime(born_from, '%Y%m%d') FROM people WHERE born_from = born_until
    UNION ALL SELECT person_id, 'year', strftime(born_from, '%Y') FROM people WHERE born_from IS NOT NULL
    UNION ALL SELECT person_id, 'code', replace(postcode, ' ', '') FROM people
    UNION ALL SELECT person_id, 'code', district FROM people
    UNION ALL SELECT person_id, 'ref', upper(pncid) FROM people
    UNION ALL SELECT person_id, 'ref', upper(cro) FROM people
    UNION ALL SELECT person_id, 'ref', upper(split_part(source_key, '|', 3)) FROM people
)
SELECT DISTINCT person_id AS nominal_id, kind, lower(token)[:{_LONGEST}] AS token FROM spread
WHERE token IS NOT NULL AND token <> ''
"""  # noqa: S608 -- a number of our own

_PUBLISH = (
    """
    DELETE FROM people_searchtoken held WHERE held.nominal_id IN ({some}) AND NOT EXISTS (
        SELECT 1 FROM {tokens} t WHERE t.nominal_id = held.nominal_id AND t.kind = held.kind AND t.token = held.token)
    """,
    # Before those that come, which know their scope.
    """
    UPDATE people_searchtoken held SET scope_id = n.scope_id FROM records_nominal n
    WHERE held.nominal_id IN ({some}) AND n.id = held.nominal_id AND n.scope_id <> held.scope_id
    """,
    """
    INSERT INTO people_searchtoken (nominal_id, scope_id, kind, token)
    SELECT t.nominal_id, n.scope_id, t.kind, t.token FROM {tokens} t JOIN records_nominal n ON n.id = t.nominal_id
    WHERE NOT EXISTS (SELECT 1 FROM (
        -- All words of a nominal are found together: word by word each would be looked for in a place of its own.
        SELECT nominal_id, kind, token FROM people_searchtoken WHERE nominal_id IN ({some}) OFFSET 0
    ) held WHERE held.nominal_id = t.nominal_id AND held.kind = t.kind AND held.token = t.token)
    ORDER BY t.token, t.kind, t.nominal_id -- so that what is looked for together lies together
    """,
)


# Which standardised columns say how a name is spelt; the query above reads the same ones.
_SPELT = (("name", "names"), ("root", "roots"), ("snd", "sounds"))


def tokens(standardised: pa.Table) -> pa.Table:
    """Return the tokens of standardised nominals."""
    connection = asking()
    try:
        connection.register("people", standardised)
        return connection.sql(_QUERY).to_arrow_table()
    finally:
        connection.close()


def tokens_of(row: Nominal) -> set[tuple[str, str]]:
    """Return the tokens, as kind and token, of one standardised nominal: those that `tokens` gives it."""
    born = row["born_from"]
    told = [
        *(("name", word) for word in row["names"]),
        *(("root", root) for root in row["roots"]),
        *(("snd", sound) for sound in row["sounds"]),
        *(("tri", f"^{word}$"[at : at + 3]) for word in row["names"] for at in range(len(word))),
        ("born", f"{born:%Y%m%d}" if born and born == row["born_until"] else ""),
        ("year", f"{born:%Y}" if born else ""),
        *(("code", (row[name] or "").replace(" ", "")) for name in ("postcode", "district")),
        *(("ref", (row[name] or "").upper()) for name in ("pncid", "cro")),
        ("ref", str(row["source_key"]).split("|")[2].upper()),
    ]
    return {(kind, token.lower()[:_LONGEST]) for kind, token in told if token}


def publish(cursor: Any, staged: str, some: str, parameters: Mapping[str, Any] | None = None) -> None:
    """Bring the search table up to staged tokens of some nominals, touching only what differs.

    `some` is the query for their keys, with its parameters; no token of another may be staged.
    """
    for statement in _PUBLISH:
        cursor.execute(statement.format(tokens=staged, some=some), parameters)


def spellings(words: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Return (index of the word, kind, token) for every way in which typed words may stand in the search table.

    The words are brought to the same form as the nominals, so that both sides agree.
    """
    forms = [(index, spell(word)) for index, word in enumerate(words)]
    return [
        (index, kind, token.lower()[:_LONGEST])
        for index, form in forms
        for kind, column in _SPELT
        for token in form[column]
    ]
