"""What is wrong with a feed beyond its shape: unsigned declarations, unknown words, patterns that do not compile."""

import codecs
import difflib
import re
from collections.abc import Iterator

from muniment.feeds.feed import (
    UNNAMED,
    UNSIGNED,
    Feed,
    Field,
    Interval,
    Person,
    Signed,
    Table,
    Thing,
    signed_on,
)
from muniment.feeds.vocabulary import Vocabulary

_SHOWN = 200  # characters of a list


def review(feed: Feed, words: Vocabulary) -> list[str]:
    """Return what has to be mended, as sentences; nothing when the feed can be used."""
    problems = list(_declarations(feed.declarations, words, "declarations"))
    for name in ("controller", "system"):
        if getattr(feed, name) == UNNAMED:
            problems.append(f"{name} is still to be named: give the code that the organisation file has for it.")
    for table in feed.tables:
        place = f"tables.{table.name}"
        if table.declarations != feed.declarations:
            problems += _declarations(table.declarations, words, f"{place}.declarations")
        problems += _table(table, words, place)
        if table.continues and table.continues not in {other.name for other in feed.tables}:
            problems.append(f"{place}.continues: the feed has no table '{table.continues}'.")
    return list(dict.fromkeys(problems))


def _declarations(declared: object, words: Vocabulary, place: str) -> Iterator[str]:
    assert isinstance(declared, dict)
    lists = {
        "purposes": words.purposes | words.corporate_purposes,
        "class": words.classes,
        "marking": frozenset(words.markings[: words.highest_rank + 1]),
    }
    for name, signed in declared.items():
        yield from _signature(signed, f"{place}.{name}")
        for value in signed.values:
            if UNSIGNED not in value and value not in lists[name]:
                yield f"{place}.{name}: '{value}' is {_not_one_of(value, lists[name])}."


def _not_one_of(value: str, words: frozenset[str]) -> str:
    every = ", ".join(sorted(words))
    if len(every) <= _SHOWN:
        return f"not one of {every}"
    folded = {word.casefold(): word for word in words}
    near = [folded[word] for word in difflib.get_close_matches(value.casefold(), folded, 5, 0.5)]
    return f"none of the {len(words)} that there are" + (f"; like it are {', '.join(near)}" if near else "")


def _signature(signed: Signed, place: str) -> Iterator[str]:
    for part, text in (("value", " ".join(signed.values)), ("authority", signed.authority), ("signed_by", signed.by)):
        if UNSIGNED in text or not text.strip():
            yield f"{place}.{part} is still to be filled in by the owner of the source."
    if UNSIGNED in signed.on or signed_on(signed) is None:
        yield f"{place}.signed_on must be the day of the signature, as 2026-01-31."


def _table(table: Table, words: Vocabulary, place: str) -> Iterator[str]:
    try:
        codecs.lookup(table.dialect.encoding)
    except LookupError:
        yield f"{place}.dialect.encoding: Python knows no encoding '{table.dialect.encoding}'."
    if table.format == "xml" and not table.rows_at:
        yield f"{place}: an XML table needs rows_at, the path of the element that is one row."
    if not table.dialect.header_row and not table.dialect.columns and table.format.endswith("csv"):
        yield f"{place}.dialect: without a header row, columns must name the fields in order."
    if (table.dates or table.texts) and not table.record:
        yield f"{place}: dates and texts belong to a record; give record.reference."
    if table.record and "class" not in table.record and "class" not in table.declarations:
        yield f"{place}.record.class is wanting, and no declaration gives the class."
    yield from _things(table, words, place)
    yield from _words(table, words, place)
    yield from _partitions(table, words, place)
    yield from _blanks(table, place)
    yield from _constants(table, words, place)
    for where, pattern in _patterns(table):
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{place}.{where}: the pattern '{pattern}' cannot be used: {error}."


def _things(table: Table, words: Vocabulary, place: str) -> Iterator[str]:
    labels = {person.label for person in table.persons if person.each is None}
    for thing in table.things:
        where = f"{place}.{thing.kind}s"
        roles = words.place_roles if thing.kind == "place" else words.vehicle_roles
        for value in _outputs(thing.role):
            if value not in roles:
                yield f"{where}.role: '{value}' is {_not_one_of(value, roles)}."
        if not {*thing.telling} & {*thing.fields}:
            yield f"{where}: nothing tells which it is; map {' or '.join(thing.telling)}."
        if thing.person and thing.person not in labels:
            yield f"{where}.person: no person of the row itself has the label '{thing.person}'."
        if not (table.record or thing.record or thing.nominal or thing.person):
            yield f"{where}: it is of nothing; give record, nominal or person."
    if table.things and not (table.record or table.persons or table.key):
        yield f"{place}: name under key the columns by which a row is known, such as the record's and the vehicle's."


def _words(table: Table, words: Vocabulary, place: str) -> Iterator[str]:
    for kind in table.dates:
        if kind not in words.triggers:
            yield f"{place}.dates: '{kind}' is no trigger event of the retention schedule."
    if table.area not in words.areas:
        yield f"{place}.area: '{table.area}' is none of {', '.join(sorted(words.areas))}."
    if table.partition not in words.partitions:
        yield f"{place}.partition: '{table.partition}' is none of {', '.join(sorted(words.partitions))}."
    if table.record and "marking" not in table.record and "marking" not in table.declarations:
        yield f"{place}.record.marking is wanting, and no declaration gives the marking."


def _partitions(table: Table, words: Vocabulary, place: str) -> Iterator[str]:
    """Refuse what is of the organisation itself as policing: its people would be searched and joined with suspects."""
    if table.area not in words.corporate_areas:
        return
    where = [f"{place}.partition"] if table.partition == "policing" else []
    given = [(f"{place}.record.partition", table.record.get("partition"))]
    given += [(f"{place}.persons ({each.label}).partition", each.partition) for each in table.persons if not where]
    where += [name for name, spec in given if "policing" in _outputs(spec)]
    for name in where:
        yield (
            f"{name}: the area {table.area} is of the organisation itself by policy: say partition: corporate, so that"
            " its people are never searched or joined with those of policing."
        )


def _blanks(table: Table, place: str) -> Iterator[str]:
    for where, spec in all_fields(table):
        if any(UNSIGNED in text for text in (*spec.columns, spec.value or "")):
            yield f"{place}.{where} is still to be filled in."
    if UNSIGNED in table.as_of.get("given", ""):
        yield f"{place}.as_of is still to be filled in: the day of the export."


def _constants(table: Table, words: Vocabulary, place: str) -> Iterator[str]:
    lists = {"class": words.classes, "area": words.areas, "partition": words.partitions}
    for name, known in lists.items():
        spec = table.record.get(name)
        for value in _outputs(spec):
            if value and value not in known:
                yield f"{place}.record.{name}: '{value}' is not known."
    for person in table.persons:
        for value in _outputs(person.role):
            if UNSIGNED not in value and value not in words.roles:
                yield f"{place}.persons ({person.label}).role: '{value}' is no role."
        if person.role and not table.record and person.record is None:
            yield f"{place}.persons ({person.label}): a role needs the record that it is played in; give record."


def _outputs(spec: Field | None) -> list[str]:
    if spec is None:
        return []
    values = [spec.value, spec.default] + (list(spec.map.values()) if spec.map else [])
    return [value for value in values if value]


def _patterns(table: Table) -> Iterator[tuple[str, str]]:
    if "name" in table.as_of:
        yield "as_of.name", table.as_of["name"]
    if table.dialect.footer:
        yield "dialect.footer", table.dialect.footer
    for name, spec in all_fields(table):
        for step in spec.convert:
            if not isinstance(step, str):
                for pattern in [step["pattern"]] if "pattern" in step else step.get("replace", ()):
                    yield name, pattern


def all_fields(table: Table) -> Iterator[tuple[str, Field]]:
    """Yield every field of a table that is mapped in the rows themselves, with its place."""
    yield from row_fields(table)
    for person in table.persons:
        yield from person_fields(person)


def row_fields(table: Table) -> Iterator[tuple[str, Field]]:
    """Yield the fields of a table that are no person's, with their places."""
    yield from _placed("record", table.record)
    yield from _placed("dates", table.dates)
    yield from _placed("event", table.event)
    for kind, spec in table.texts:
        yield f"texts.{kind}", spec
    for flagging in table.flags:
        yield from _placed("flags", {k: v for k, v in vars(flagging).items() if v is not None})
    for thing in table.things:
        yield from _placed(f"{thing.kind}s", thing_fields(thing))


def thing_fields(thing: Thing) -> dict[str, Field]:
    """Return every field that is mapped of a place or vehicle, by name."""
    own = {name: getattr(thing, name) for name in ("record", "nominal", "role", "start", "until")}
    return {**thing.fields, **{name: spec for name, spec in own.items() if spec is not None}}


def person_fields(person: Person) -> Iterator[tuple[str, Field]]:
    """Yield the fields of a person, with their places."""
    place = f"persons.{person.label}"
    own = {"reference": person.reference, "record": person.record, "role": person.role}
    own |= {"aliases": person.aliases, "partition": person.partition}
    yield from _placed(place, {k: v for k, v in own.items() if v is not None})
    yield from _placed(place, person.fields)
    yield from _placed(f"{place}.involvement", person.involvement)
    for flagging in person.flags:
        yield from _placed(f"{place}.flags", {k: v for k, v in vars(flagging).items() if v is not None})


def _placed(place: str, specs: object) -> Iterator[tuple[str, Field]]:
    assert isinstance(specs, dict)
    for name, spec in specs.items():
        if isinstance(spec, Interval):
            yield f"{place}.{name}.earliest", spec.earliest
            yield f"{place}.{name}.latest", spec.latest
        elif isinstance(spec, Field):
            yield f"{place}.{name}", spec
