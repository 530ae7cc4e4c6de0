"""Nominals brought to the form in which they are compared, with the keys by which candidates are found.

Values are cleaned once for each distinct value, in Python, by the engine; what combines columns is done by
DuckDB. The same code standardises one nominal at intake and a million in a batch, so that both find and weigh
the same pairs. Change `VERSION` with any change of meaning here: stored values carry the version that made them.
"""

import hashlib
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.connecting import asking
from muniment.batch.matching.keys import NUMBERED
from muniment.batch.matching.policy import in_force, today
from muniment.engine.matching.cleaning import ALIKE, Born, Cleaning, Postcode, sounds
from muniment.engine.matching.tables import LISTS
from muniment.engine.values import contacts, names
from muniment.feeds.canonical import PERSON_TEXT_FIELDS

VERSION = "5"

_WORDS = pa.list_(pa.string())
_TEXT = pa.string()

STANDARDISED = pa.schema(
    [
        ("person_id", pa.int64()),
        ("source_key", _TEXT),  # controller|system|reference: the order that breaks ties
        ("partition", _TEXT),
        ("forename", _TEXT),  # the first forename, capitals
        ("forename_sound", _TEXT),
        ("roots", _WORDS),  # the forename and what it may be short for
        ("surname", _TEXT),  # without spaces
        ("surname_sound", _TEXT),
        ("family", _WORDS),  # the words of the surname
        ("others", _WORDS),  # middle and other names; null when none
        ("initials", _WORDS),  # of the other names
        ("names", _WORDS),  # every word of every name and alias
        ("sounds", _WORDS),  # of `names`
        ("born", _TEXT),  # YYYYMMDD, with 00 for what is not known
        ("born_default", pa.bool_()),  # known to the month or year only, or 1 January
        ("born_from", pa.date32()),  # null when the text is no date
        ("born_until", pa.date32()),
        ("postcode", _TEXT),  # unit, without a space
        ("sector", _TEXT),
        ("district", _TEXT),
        ("address", _WORDS),  # the telling words, sorted, each once; null when none
        ("birth_place", _TEXT),
        ("birth_tokens", _WORDS),
        ("occupation", _TEXT),
        ("sex", _TEXT),
        ("ethnicity", _TEXT),
        ("phone", _TEXT),
        ("email", _TEXT),
        ("mailbox", _TEXT),  # the part of the e-mail address before the @
        ("pncid", _TEXT),  # identifiers are kept only when their check letters are right
        ("cro", _TEXT),
        ("ni_number", _TEXT),
        ("driver_number", _TEXT),
        ("keys", pa.list_(pa.int64())),  # of `muniment.batch.matching.keys`, as numbers
        ("version", _TEXT),
    ]
)

# What is kept of a nominal once it is standardised: all but its number, and the version.
KEPT = tuple(name for name in STANDARDISED.names if name not in {"person_id", "version"})

_ARRANGE = """
with given as (
    select *,
        case when len(w_forename) > 0 then w_forename
             when surname_first then w_full_given
             when len(w_spoken) > 1 or len(w_surname) > 0
             then list_filter(w_spoken, lambda w: not list_contains(w_surname, w))[1:1]
             else []::varchar[] end as w_given
    from cleaned
), split as (
    select *,
        case when len(w_surname) > 0 then w_surname
             when surname_first then w_full_surname
             else list_filter(w_spoken, lambda w: not list_contains(w_given, w))[-1:] end as w_family
    from given
), arranged as (
    select *,
        w_given[1] as forename,
        nullif(array_to_string(w_family, ''), '') as surname,
        list_filter(
            list_distinct(w_given[2:] || w_middle_names || w_full_name),
            lambda w: w <> coalesce(w_given[1], '') and not list_contains(w_family, w)
        ) as w_others,
        list_sort(list_distinct(
            w_given || w_middle_names || w_family || w_full_name || w_aliases
        )) as names
    from split
)
select * from arranged
"""

_FINISH = """
select
    person_id, source_key, partition,
    forename, f.sound as forename_sound, coalesce(f.roots, []::varchar[]) as roots,
    surname, s.sound as surname_sound, w_family as family,
    case when len(w_others) > 0 then list_sort(w_others) end as others,
    case when len(w_others) > 0 then list_sort(list_distinct(list_transform(w_others, lambda w: w[1]))) end
        as initials,
    names, coalesce(n.sounds, []::varchar[]) as sounds,
    born.digits as born, coalesce(born.vague, false) as born_default, born.earliest as born_from,
    born.latest as born_until,
    postcode.unit as postcode, postcode.sector as sector, postcode.district as district,
    case when len(w_address) > 0 then w_address end as address,
    nullif(array_to_string(w_birth_place, ' '), '') as birth_place, w_birth_place as birth_tokens,
    occupation, sex, ethnicity, phone, email, mailbox, pncid, cro, ni_number, driver_number
from arranged
left join words f on f.word = forename
left join words s on s.word = surname
left join sounded n using (person_id)
"""

_BORN = pa.struct([("digits", pa.string()), ("vague", pa.bool_()), ("earliest", pa.date32()), ("latest", pa.date32())])
_POSTCODE = pa.struct([("unit", pa.string()), ("sector", pa.string()), ("district", pa.string())])


def standardise(nominals: pa.Table, *, on: date | None = None) -> pa.Table:
    """Standardise nominals: `person_id`, `source_key`, `partition`, the person fields, `aliases` (list of text).

    Person fields that the table lacks count as missing. `on` is the day whose matching policy is used. Returns a
    table of schema `STANDARDISED`, one row for each row given, in no particular order.
    """
    cleaning = cleaning_on(on or today())
    connection = asking()
    try:
        connection.register("cleaned", _clean(nominals, cleaning))
        connection.execute(f"create temp table arranged as {_ARRANGE}")
        connection.unregister("cleaned")
        _sound_words(connection, cleaning)
        connection.execute(f"create temp table finished as {_FINISH}")
        columns = ", ".join(f'"{name}"' for name in STANDARDISED.names)
        query = f"select {columns} from (select *, {NUMBERED} as keys, '{VERSION}' as version from finished)"  # noqa: S608
        return connection.sql(query).to_arrow_table().cast(STANDARDISED)
    finally:
        connection.close()


def as_standardised(kept: pa.Table) -> pa.Table:
    """Return kept nominals (`person_id` and `KEPT`) as `standardise` gives them."""
    version = pa.repeat(VERSION, kept.num_rows)
    return kept.append_column("version", version).select(STANDARDISED.names).cast(STANDARDISED)


@cache
def standard(on: date) -> str:
    """Return by what nominals are standardised on a day: the version of this module, and a digest of its lists.

    The year is part of it: it tells the century of a PNCID that gives two digits.
    """
    tables = in_force(on)
    roots = {name: sorted(forms) for name, forms in tables.roots.items()}
    lists = [sorted(getattr(tables, name)) for name in LISTS]
    told = repr([on.year, *lists, sorted(map(str, tables.sexes.items())), sorted(roots.items())])
    return f"{VERSION}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def spell(word: str, *, on: date | None = None) -> dict[str, list[str]]:
    """Return the `names`, `roots` and `sounds` that `standardise` gives to who has this one forename.

    Without the set engine: who looks for somebody waits for it.
    """
    cleaning = cleaning_on(on or today())
    words = cleaning.name(word)
    return {
        "names": sorted(set(words)),
        "roots": cleaning.roots(words[0]) if words else [],
        "sounds": sounds(words),
    }


def cleaning_on(on: date) -> Cleaning:
    """Return what cleans values by the lists of a day."""
    return Cleaning(in_force(on), on.year)


def _clean(nominals: pa.Table, cleaning: Cleaning) -> pa.Table:
    """Clean each column by itself; word lists are prefixed `w_`."""
    text = {name: _column(nominals, name) for name in PERSON_TEXT_FIELDS}
    cleaned: dict[str, pa.Array] = {
        "person_id": nominals["person_id"].combine_chunks(),
        "source_key": nominals["source_key"].combine_chunks(),
        "partition": nominals["partition"].combine_chunks(),
        "w_aliases": _aliases(nominals, cleaning),
        "born": _each(text["born"], lambda value: _fields(cleaning.born(value)), _BORN),
        "postcode": _each(text["postcode"], lambda value: _fields(cleaning.postcode(value)), _POSTCODE),
        "w_address": _each(text["address"], cleaning.address, _WORDS),
        "pncid": _each(text["pncid"], cleaning.pncid, _TEXT),
        "sex": _each(text["sex"], cleaning.sex, _TEXT),
        "w_birth_place": _each(text["birth_place"], cleaning.words, _WORDS),
        **{name: _each(text[name], clean, _TEXT) for name, clean in ALIKE.items()},
        "occupation": _each(text["occupation"], cleaning.plain, _TEXT),
        "ethnicity": _each(text["ethnicity"], cleaning.code, _TEXT),
    }
    cleaned["mailbox"] = _each(cleaned["email"], contacts.mailbox, _TEXT)
    for name in ("forename", "middle_names", "surname", "full_name"):
        cleaned[f"w_{name}"] = _each(text[name], cleaning.name, _WORDS, missing=[])
    return pa.table(cleaned | _full_name(text["full_name"], cleaning))


def _fields(value: Born | Postcode | None) -> dict[str, Any] | None:
    return value._asdict() if value is not None else None


def _full_name(values: pa.Array, cleaning: Cleaning) -> dict[str, pa.Array]:
    """Return the parts of full names, and whether a comma puts the surname first."""

    def part(name: str) -> Callable[[str], object]:
        return lambda value: getattr(cleaning.full_name(value), name)

    columns = {"w_spoken": "spoken", "w_full_surname": "surname", "w_full_given": "given"}
    arranged = {column: _each(values, part(name), _WORDS, missing=[]) for column, name in columns.items()}
    return arranged | {"surname_first": _each(values, part("is_surname_first"), pa.bool_(), missing=False)}


def _column(nominals: pa.Table, name: str) -> pa.Array:
    if name not in nominals.column_names:
        return pa.nulls(nominals.num_rows, pa.string())
    return pc.cast(nominals[name], pa.string()).combine_chunks()


def _each(values: pa.Array, clean: Callable[[str], object], kind: pa.DataType, missing: object = None) -> pa.Array:
    """Clean each distinct value once and give every row the result."""
    encoded = values.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    results = [clean(value) for value in encoded.dictionary.to_pylist()]
    lookup = pa.array([*results, missing], kind)
    return lookup.take(pc.fill_null(encoded.indices, len(results)))


def _aliases(nominals: pa.Table, cleaning: Cleaning) -> pa.Array:
    if "aliases" not in nominals.column_names:
        return pa.array([[]] * nominals.num_rows, _WORDS)
    lists = nominals["aliases"].combine_chunks().cast(_WORDS)
    words = _each(lists.flatten(), cleaning.name, _WORDS, missing=[])
    # Row of each alias, then of each word of it: the lists are joined without a loop over rows.
    of_alias = pc.list_parent_indices(lists)
    flat = pa.table({"row": of_alias.take(pc.list_parent_indices(words)), "word": words.flatten()})
    found = flat.group_by("row").aggregate([("word", "distinct")])
    place = pc.index_in(pa.array(range(len(lists)), pa.int64()), found["row"].combine_chunks())
    filled = found["word_distinct"].combine_chunks().take(place)
    return pc.if_else(pc.is_null(filled), pa.scalar([], _WORDS), filled)


def _sound_words(connection: duckdb.DuckDBPyConnection, cleaning: Cleaning) -> None:
    """Make tables `words` (word, sound, roots) and `sounded` (person_id, sounds)."""
    distinct = connection.sql(
        "select distinct unnest(names || [forename, surname]) as word from arranged"
    ).to_arrow_table()["word"]
    words = [word for word in distinct.to_pylist() if word]
    connection.register(
        "words",
        pa.table(
            {
                "word": pa.array(words, _TEXT),
                "sound": pa.array([names.sound(word) for word in words], _TEXT),
                "roots": pa.array([cleaning.roots(word) for word in words], _WORDS),
            }
        ),
    )
    connection.execute(
        "create temp table sounded as select person_id, list_sort(list_distinct(list(sound))) as sounds "
        "from (select person_id, unnest(names) as word from arranged) join words using (word) "
        "where sound is not null group by person_id"
    )
