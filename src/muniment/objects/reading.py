"""What sources write of places and vehicles, read into standard forms: once for each distinct way of writing it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from muniment.batch.matching.keys import number
from muniment.engine.matching.places import Place, keys
from muniment.engine.matching.vehicles import Vehicle
from muniment.engine.matching.words import ObjectWords
from muniment.engine.values import addresses, names, registrations
from muniment.engine.values.addresses import Address

_JSON = pa.json_()
PLACES = pa.schema(
    [("id", pa.int64()), ("system_id", pa.int64()), ("partition", pa.string()), ("text", pa.string()),
     ("postcode", pa.string()), ("parts", _JSON), ("code", pa.string()), ("street", pa.string()),
     ("door", pa.string()), ("property_key", pa.string()), ("keys", pa.list_(pa.int64()))]
)  # fmt: skip
VEHICLES = pa.schema(
    [("id", pa.int64()), ("mark", pa.string()), ("form", pa.string()), ("folded", pa.string()),
     ("chassis", pa.string())]
)  # fmt: skip
TOKENS = pa.schema([("id", pa.int64()), ("token", pa.string())])


def address_of(parts: dict[str, Any]) -> Address | None:
    """Return an address from its kept parts; None where none is told."""
    return Address(**{**parts, "locality": tuple(parts["locality"])}) if parts else None


def place(text: str, postcode: str, uprn: str, words: ObjectWords) -> dict[str, Any]:
    """Return the standard columns of a place."""
    found = addresses.parse(text, postcode, words.addresses)
    return {
        "parts": asdict(found) if found else {},
        "code": found.postcode if found else "",
        "street": found.street if found else "",
        "door": found.premises if found else "",
        "property_key": addresses.uprn(uprn) or "",
    }


def place_keys(row: Mapping[str, Any]) -> list[int]:
    """Return what a place may share with others that are the same, within its partition, as numbers.

    Two keys of one number have more decided together than has to be, and change no answer: addresses are compared.
    """
    compared = Place(0, address_of(row["parts"]), row["property_key"])
    return sorted({number(row["partition"], repr(key)) for key in keys(compared)})


def tells_a_place(columns: Mapping[str, Any]) -> bool:
    """Whether standard columns tell a building, or a property by its number: what says less is no place of its own."""
    found = address_of(columns["parts"])
    return bool(columns["property_key"]) or (found is not None and found.is_premises)


def vehicle(registration: str, vin: str, words: ObjectWords) -> dict[str, str]:
    """Return the standard columns of a vehicle."""
    mark = None if names.fold(registration) in words.junk else registrations.read(registration)
    return {
        "mark": mark.text[:20] if mark else "",
        "form": mark.form if mark else "",
        "folded": mark.folded[:20] if mark else "",
        "chassis": registrations.vin(vin) or "",
    }


def read_places(unread: Iterable[Mapping[str, Any]], known: ObjectWords) -> list[dict[str, Any]]:
    """Return what `told.UNREAD` gives as columns of `PLACES`; what only follows is left out where it tells no place."""
    lines = []
    for row in unread:
        columns = place(row["text"], row["postcode"], row["uprn"], known)
        if row["id"] or tells_a_place(columns):
            line = {name: row[name] for name in ("id", "system_id", "partition", "text", "postcode")} | columns
            lines.append(line | {"keys": place_keys(line)})
    return lines


def read_vehicles(
    unread: Iterable[Mapping[str, Any]], known: ObjectWords
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what `told.UNREAD_VEHICLES` gives as columns of `VEHICLES`, and the `TOKENS` of the marks."""
    lines = [{"id": row["id"], **vehicle(row["registration"], row["vin"], known)} for row in unread]
    return lines, [{"id": line["id"], "token": token} for line in lines for token in tokens(line["mark"])]


def tokens(mark: str) -> Iterator[str]:
    """Yield three signs in a row of a mark, as looked up: with one sign for all that are misread for each other."""
    folded = registrations.fold(mark)
    yield from dict.fromkeys(folded[at : at + 3] for at in range(len(folded) - 2))


def compared(kind: str, rows: Iterable[Mapping[str, Any]], words: ObjectWords) -> Iterator[Place] | Iterator[Vehicle]:
    """Yield places or vehicles as they are compared, from kept rows; those that tell none are left out."""
    return places(rows) if kind == "place" else vehicles(rows, words)


def places(rows: Iterable[Mapping[str, Any]]) -> Iterator[Place]:
    """Yield places as they are compared, from kept rows of id, parts, property; those that tell none are left out."""
    for row in rows:
        told = {"parts": json.loads(row["parts"]), "property_key": row["property_key"]}
        if tells_a_place(told):
            yield Place(row["id"], address_of(told["parts"]), row["property_key"])


def vehicles(rows: Iterable[Mapping[str, Any]], words: ObjectWords) -> Iterator[Vehicle]:
    """Yield vehicles as they are compared; those with neither mark nor VIN are left out."""
    for row in rows:
        if row["mark"] or row["chassis"]:
            mark = registrations.Mark(row["mark"], row["form"]) if row["mark"] else None
            make, model, colour = (_word(row[name], words) for name in ("make", "model", "colour"))
            yield Vehicle(
                row["id"],
                mark,
                row["chassis"],
                words.makes.get(make, make),
                model,
                words.colours.get(colour, colour),
            )


def _word(text: str, words: ObjectWords) -> str:
    plain = names.fold(text)
    return "" if plain in words.junk else plain
