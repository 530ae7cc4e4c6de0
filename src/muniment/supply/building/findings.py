"""What is known to be wrong or wanting with what a source says: the quality that goes with each row."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from muniment.core.policy_in_force import Births
from muniment.engine.values import births, contacts, identifiers, postcodes, registrations
from muniment.engine.values.dates import PartialDate
from muniment.records import sensitivity
from muniment.records.models import Nominal


def _postcode(text: str) -> object:
    code = postcodes.parse(text)
    return code if code is not None and code.is_uk else None


_VALID: Mapping[str, Callable[[str], object]] = {
    "cro": identifiers.cro,
    "ni_number": identifiers.ni_number,
    "driver_number": identifiers.driver_number,
    "postcode": _postcode,
    "phone": contacts.phone,
    "email": contacts.email,
}
_CHECKED = ("pncid", "cro", "ni_number", "driver_number")
_WANTED = ("sex", "ethnicity")


def found(field: str, finding: str) -> dict[str, str]:
    """Return one finding."""
    return {"field": field, "finding": finding}


def of_nominal(nominal: Nominal, known: Births, this_year: int) -> list[dict[str, str]]:
    """Return what is wrong or wanting with a nominal."""
    said = [] if nominal.surname or nominal.full_name else [found("surname", "missing")]
    said += [found(name, "missing") for name in _WANTED if not getattr(nominal, name)]
    said += [found("born", finding) for finding in _of_birth(nominal, known)]
    if nominal.pncid and identifiers.pncid(nominal.pncid, this_year=this_year) is None:
        said.append(found("pncid", "check_failed"))
    for name, read in _VALID.items():
        text = getattr(nominal, name)
        if text and read(text) is None:
            said.append(found(name, "check_failed" if name in _CHECKED else "not_valid"))
    return said


def _of_birth(nominal: Nominal, known: Births) -> list[str]:
    first, last = nominal.born_earliest, nominal.born_latest
    read = births.read(nominal.born) if nominal.born else None
    if read and read.interval and read.interval.is_exact and read.interval.earliest in known.defaults:
        return ["default"]
    if first is None or last is None:
        return ["not_a_date"] if nominal.born else ["missing"]
    if first != last:
        return ["partial"]
    return ["vague"] if (first.month, first.day) == (1, 1) else []


def of_record(record: Any, days: Mapping[str, PartialDate]) -> list[dict[str, str]]:
    """Return what is wrong or wanting with a record and the days that it tells of."""
    said = []
    if record.cjs and not sensitivity.ho_class(record.cjs):
        said.append(found("cjs", "offence_unknown"))
    if not record.cjs and not record.ho_class and (record.offence_text or record.outcome):
        said.append(found("cjs", "no_offence"))
    said += [found("dates", "partial")] if any(not each.is_exact for each in days.values()) else []
    said += [] if days else [found("dates", "no_date")]
    if record.purpose_from != "source":
        said.append(found("purposes", "declared_purpose"))
    return said


def of_place(place: Any) -> list[dict[str, str]]:
    """Return what is wrong or wanting with a place as a source writes it."""
    said = [] if place.postcode or place.uprn else [found("postcode", "missing")]
    if place.postcode and _postcode(place.postcode) is None:
        said.append(found("postcode", "not_valid"))
    if not place.door and not place.property_key:
        said.append(found("address", "no_premises"))
    return said


def of_vehicle(vehicle: Any) -> list[dict[str, str]]:
    """Return what is wrong or wanting with a vehicle as a source writes it."""
    said = [] if vehicle.registration else [found("registration", "missing")]
    if vehicle.registration and not vehicle.mark:
        said.append(found("registration", "not_valid"))
    if vehicle.mark and "".join(vehicle.registration.upper().split()) != vehicle.mark:
        said.append(found("registration", "mended"))
    if vehicle.vin and registrations.vin(vehicle.vin) is None:
        said.append(found("vin", "check_failed"))
    return said


def currency(last_seen: date, on: date, stale_after: timedelta) -> list[dict[str, str]]:
    """Return that something is stale, where its source has not given it for so long."""
    return [{"finding": "stale"}] if on - last_seen > stale_after else []
