"""The common form in which records are supplied: people, objects, locations, events, and the links between them.

One declaration, from which the JSON Schema, the Arrow schema of the Parquet files and the reference page are made. No
national schema is public (the POLE dictionary and the interface guidance of the Police National Database are given on
request), so this is our own form on the four POLE entities; a loader maps it once.

A row always has every field of its entity; what is not known, or what the recipient may not have, is null.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VERSION = "1.0"
TEXT, DAY, WHOLE, YES = "text", "day", "whole number", "yes or no"


@dataclass(frozen=True)
class Field:
    """One field: its type, or the fields that it is made of, and what it means."""

    name: str
    kind: str  # TEXT, DAY, WHOLE, YES, or "" for one that is made of others
    words: str
    several: bool = False
    of: tuple["Field", ...] = ()
    values: tuple[str, ...] = ()  # all that a text can be; empty for any
    needed: bool = False  # never null
    passing: bool = False  # moves without anything being changed: it makes no correction due


def _text(name: str, words: str, **more: Any) -> Field:
    return Field(name, TEXT, words, **more)


def _day(name: str, words: str, **more: Any) -> Field:
    return Field(name, DAY, words, **more)


def _of(name: str, words: str, *fields: Field, **more: Any) -> Field:
    return Field(name, "", words, of=fields, **more)


# What the system knows to be wrong or wanting with a value; codes are stable, words are for people.
FINDINGS: Mapping[str, str] = {
    "missing": "the source gives none",
    "partial": "known to a month, a year or between two days only",
    "not_a_date": "given, and not a date",
    "default": "a day that systems enter when none is known",
    "vague": "1 January, which many systems enter when only the year is known",
    "check_failed": "its check letter or form is wrong: kept as the source writes it",
    "not_valid": "not of the form that such a value has",
    "mended": "read with a misread sign mended: the source writes it otherwise",
    "no_premises": "tells no building",
    "no_offence": "has no offence code",
    "offence_unknown": "its offence code is not in the list that is carried",
    "no_date": "tells of no day",
    "declared_purpose": "its policing purpose is declared by the owner of its source, not given in it",
    "stale": "its source has not given it for longer than policy allows",
}
CATEGORIES = ("suspect", "convicted", "victim", "witness_or_informant", "none")

_SEEN = (
    _day("first_seen", "the day of the first export in which it was given", needed=True),
    _day("last_seen", "the day of the last export in which it was given", needed=True, passing=True),
)
_SOURCE = (
    _text("controller", "the force or unit that holds it, by its code", needed=True),
    _text("system", "the source system, by its code", needed=True),
    _text("reference", "the reference in that system", needed=True),
)
_FINDINGS = _of(
    "findings",
    "what is known to be wrong or wanting",
    _text("field", "of which field", needed=True),
    _text("finding", "what", values=tuple(FINDINGS), needed=True),
    several=True,
    needed=True,
)
_PASSING = _of(
    "currency",
    "how current it is",
    _text("finding", "what", values=("stale",), needed=True),
    several=True,
    needed=True,
    passing=True,
)
_BETWEEN = (_day("earliest", "not before"), _day("latest", "not after"))
_BORN = _of("born", "date of birth", _text("text", "as the source writes it"), *_BETWEEN)
_MARKING = _text("marking", "protective marking", values=("OFFICIAL", "OFFICIAL-SENSITIVE"), needed=True)

IDENTITY = ("forename", "middle_names", "surname", "full_name", "sex", "ethnicity", "birth_place", "occupation",
            "address", "postcode", "phone", "email", "pncid", "cro", "ni_number", "driver_number")  # fmt: skip
_WORDS = {
    "ethnicity": "ethnicity, as the source gives it",
    "pncid": "PNCID",
    "cro": "CRO number",
    "ni_number": "national insurance number",
}

PERSON = (
    _text("id", "reference of the prime record", needed=True),
    _of(
        "parts",
        "the nominals that are this person: each as one source holds them",
        _text("id", "controller, system and reference, with a stroke between", needed=True),
        *_SOURCE,
        _MARKING,
        *(_text(name, _WORDS.get(name, name.replace("_", " "))) for name in IDENTITY),
        _text("aliases", "other names", several=True),
        _BORN,
        _text(
            "events",
            "the events given here that tell of this nominal, by their ids",
            several=True,
            needed=True,
            passing=True,
        ),
        *_SEEN,
        _FINDINGS,
        _PASSING,
        several=True,
        needed=True,
    ),
    _of(
        "agreement",
        "for each fact, whether the parts agree",
        _text("field", "which", needed=True),
        Field("told", WHOLE, "how many parts give it", needed=True),
        Field("values", WHOLE, "how many different values they give", needed=True),
        Field("agree", WHOLE, "how many give the value given most", needed=True),
        several=True,
    ),
    _of(
        "assessments",
        "warnings and assessments: kept apart from facts (Data Protection Act 2018 s.38(2))",
        _text("flag", "which", needed=True),
        _text("part", "the nominal that bears it, by its id", needed=True),
        _text("nature", "what it rests on", values=("fact", "assessment"), needed=True),
        _day("start", "from"),
        _day("until", "until"),
        several=True,
    ),
    _of(
        "linkage",
        "why the parts are one person",
        _text(
            "confidence",
            "single: one part; automatic: joined by the model under the hard rules; judged: a person said so; doubtful:"
            " somebody has still to say whether a part is this person, or whether somebody else is",
            values=("single", "automatic", "judged", "doubtful"),
            needed=True,
        ),
        Field("judgements", WHOLE, "how many judgements of people stand between its parts", needed=True, passing=True),
        _text("model", "the version of the model that weighed them, if any", passing=True),
        needed=True,
    ),
    _of(
        "retention",
        "how long the giving controller keeps what it holds of this person",
        Field("group", WHOLE, "review group, 1 to 3"),
        _day("due", "when it is next due for review or disposal"),
    ),
)

OBJECT = (
    _text("id", "reference of the prime record", needed=True),
    _text("type", "what it is", values=("vehicle",), needed=True),
    _of(
        "parts",
        "the vehicle as each source writes it",
        _text("id", "controller, system and our key, with a stroke between", needed=True),
        *_SOURCE[:2],
        *(
            _text(name, words)
            for name, words in {
                "registration": "registration mark, as written",
                "mark": "registration mark, as read",
                "vin": "vehicle identification number, as written",
                "make": "make",
                "model": "model",
                "colour": "colour",
            }.items()
        ),
        _FINDINGS,
        several=True,
        needed=True,
    ),
)

LOCATION = (
    _text("id", "reference of the prime record", needed=True),
    _of(
        "parts",
        "the place as each source writes it",
        _text("id", "controller, system and our key, with a stroke between", needed=True),
        *_SOURCE[:2],
        *(
            _text(name, words)
            for name, words in {
                "address": "address, as written",
                "postcode": "postcode, as written",
                "uprn": "unique property reference number",
                "building": "number or name of the building, as read",
                "street": "street, as read",
            }.items()
        ),
        _FINDINGS,
        several=True,
        needed=True,
    ),
)

EVENT = (
    _text("id", "controller, system and reference, with a stroke between", needed=True),
    *_SOURCE,
    _text("class", "class of record in the retention schedule", needed=True),
    _text("area", "business area", needed=True),
    _text("nature", "whether it tells facts or an assessment", values=("fact", "assessment"), needed=True),
    _text("title", "title"),
    _text("outcome", "outcome"),
    _text("cjs", "offence, CJS code"),
    _text("ho_class", "offence, Home Office class"),
    _text("offence", "offence, as the source words it"),
    _text("address", "where it happened, as written"),
    _text("postcode", "postcode, as written"),
    _of(
        "dates",
        "the days that it tells of",
        _text("kind", "of what", needed=True),
        _day("earliest", "not before", needed=True),
        _day("latest", "not after", needed=True),
        several=True,
    ),
    _text("purposes", "policing purposes for which it is held", several=True, needed=True),
    _text("purpose_from", "source, or declaration of its owner", needed=True),
    _MARKING,
    _of(
        "handling",
        "grading and handling of intelligence",
        _text("scheme", "3x5x2 or 5x5x5"),
        _text("grading", "source, information and handling code"),
        _text("conditions", "what the recipient has to keep to"),
    ),
    *_SEEN,
    _FINDINGS,
    _PASSING,
    _of("retention", "how long it is kept", _day("due", "when it is next due for review or disposal")),
)

LINK = (
    _text("id", "made from what it links: the same link keeps its id", needed=True),
    *(
        field
        for end in ("from", "to")
        for field in (
            _text(f"{end}_type", "entity", values=("person", "object", "location", "event"), needed=True),
            _text(f"{end}_id", "its id", needed=True),
        )
    ),
    _text("part", "the nominal of which its source says so, by its id"),
    _text("role", "what the one is to the other", needed=True),
    _text(
        "category",
        "of a person in an event: suspect, convicted, victim, witness or none of these (Data Protection Act 2018"
        " s.38(3))",
        values=CATEGORIES,
    ),
    _day("start", "from, or the day of it"),
    _day("until", "until"),
    _of("happened", "when what they did happened", *_BETWEEN),
    _text("cjs", "offence of this person in it, CJS code"),
    _text("ho_class", "offence of this person in it, Home Office class"),
    _text("result", "result for this person"),
    Field("custodial", YES, "whether the sentence was custodial"),
    Field("months", WHOLE, "length of the sentence in months"),
    _day("released", "released on"),
)

NOTICE = (
    _text("id", "reference of the notice, to answer it by", needed=True),
    _text(
        "act",
        "amend: put the row of this id in place of what you hold, or add it; withdraw: delete what you hold under this"
        " id; merged: delete it, what it was about is now under `into`; split: it is now several, under `into`",
        values=("amend", "withdraw", "merged", "split"),
        needed=True,
    ),
    _text("type", "entity", values=("person", "object", "location", "event", "link"), needed=True),
    _text("of", "the id of what has to be put right", needed=True),
    _text("into", "the ids under which it is now", several=True, needed=True),
)

ENTITIES: Mapping[str, tuple[Field, ...]] = {
    "person": PERSON,
    "object": OBJECT,
    "location": LOCATION,
    "event": EVENT,
    "link": LINK,
}
FORMS: Mapping[str, tuple[Field, ...]] = {**ENTITIES, "notice": NOTICE}
WORDS: Mapping[str, str] = {
    "person": "A prime record of a person, with the nominals of which it is made.",
    "object": "A prime record of a vehicle.",
    "location": "A prime record of a place.",
    "event": "A record, as one source holds it, without its narrative.",
    "link": "What one entity is to another. Facts about what somebody did or suffered are here, and not on the person.",
    "notice": "What has to be put right of what was given before; it comes with the rows to put in its place.",
}


def withholdable(entity: str) -> frozenset[str]:
    """Return the fields of an entity that can be kept from a recipient: all that may be null, those of parts too."""
    fields = ENTITIES[entity]
    parts = next((field.of for field in fields if field.name == "parts"), ())
    return frozenset(field.name for field in (*fields, *parts) if not field.needed)


def lasting(entity: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without what moves of itself: what a correction would be due for."""
    return _lasting(ENTITIES[entity], row)


def _lasting(fields: tuple[Field, ...], row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        value = row[field.name]
        if field.passing:
            continue
        if field.of and value is not None:
            value = [_lasting(field.of, each) for each in value] if field.several else _lasting(field.of, value)
        found[field.name] = value
    return found


def json_schema() -> dict[str, Any]:
    """Return the published schema: one definition for each entity, of one line of its JSON Lines file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:muniment:common-form:{VERSION}",
        "title": "Common form of records supplied by Muniment",
        "version": VERSION,
        "$defs": {name: {"description": WORDS[name], **_object(fields)} for name, fields in FORMS.items()},
        "findings": dict(FINDINGS),
    }


def schema_text() -> str:
    """Return the published schema as it lies in each supply and in the reference."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields],
        "additionalProperties": False,
    }


_TYPES: Mapping[str, dict[str, Any]] = {
    TEXT: {"type": "string"},
    DAY: {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    WHOLE: {"type": "integer"},
    YES: {"type": "boolean"},
}


def _property(field: Field) -> dict[str, Any]:
    shape = dict(_object(field.of)) if field.of else dict(_TYPES[field.kind])
    if field.values:
        shape["enum"] = list(field.values)
    if field.several:
        shape = {"type": "array", "items": shape}
    if field.needed:
        return {"description": field.words, **shape}
    return {"description": field.words, "anyOf": [shape, {"type": "null"}]}


def described(entity: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield (path, type, whether it is always there, meaning) of every field of an entity, for the reference."""
    yield from _described(FORMS[entity], "")


def _described(fields: tuple[Field, ...], inside: str) -> Iterator[tuple[str, str, str, str]]:
    for field in fields:
        kind = field.kind or "fields"
        words = field.words + (f": {', '.join(field.values)}" if field.values and field.name != "finding" else "")
        yield (
            f"{inside}{field.name}",
            f"several {kind}" if field.several and field.kind != "" else ("list of fields" if field.several else kind),
            "always" if field.needed else "or null",
            words,
        )
        yield from _described(field.of, f"{inside}{field.name}.")
