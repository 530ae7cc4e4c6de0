"""The public sets that linkage is measured on, each with the one mapping that it is run with."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from muniment.batch.matching.evaluate import Task

_FEBRL = {
    "forename": ("given_name",),
    "surname": ("surname",),
    "born": ("date_of_birth",),
    "address": ("street_number", "address_1", "address_2", "suburb"),
    "postcode": ("postcode",),
}
_FAKE = {
    "forename": ("first_name",),
    "surname": ("surname",),
    "born": ("dob",),
    "address": ("city",),
    "email": ("email",),
}
_HISTORICAL = {
    "forename": ("first_name",),
    "surname": ("surname",),
    "full_name": ("full_name",),
    "born": ("dob",),
    "postcode": ("postcode_fake",),
    "birth_place": ("birth_place",),
    "occupation": ("occupation",),
    "sex": ("gender",),
}
_FILES: dict[str, tuple[str, ...]] = {
    "fake_1000": ("fake_1000.csv",),
    "febrl3": ("febrl3.csv",),
    "febrl4": ("febrl4a.csv", "febrl4b.csv"),
    "historical_50k": ("historical_50k.parquet",),
}
MAPPINGS: dict[str, Mapping[str, tuple[str, ...]]] = {
    "fake_1000": _FAKE,
    "febrl3": _FEBRL,
    "febrl4": _FEBRL,
    "historical_50k": _HISTORICAL,
}
IDENTITY = {"fake_1000": "unique_id", "febrl3": "rec_id", "febrl4": "rec_id", "historical_50k": "unique_id"}
NAMES = tuple(_FILES)
TODAY = date(2026, 11, 28)  # a year of two digits is the last one up to this day


def files(name: str, data: Path) -> tuple[Path, ...]:
    """Return the files of a set in a folder; none when one of them is not there."""
    found = tuple(data / file for file in _FILES[name])
    return found if all(file.is_file() for file in found) else ()


def task(name: str, data: Path) -> Task:
    """Return what `muniment evaluate linkage` is asked for this set."""
    first, *second = files(name, data)
    return Task(first, IDENTITY[name], "cluster", dict(MAPPINGS[name]), *second)
