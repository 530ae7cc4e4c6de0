"""One nominal standardised without the set engine, for who has come in and is waited for.

A test holds it to what `standardise` makes of many.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from muniment.batch.matching.keys import numbers_of
from muniment.batch.matching.standardise import VERSION, cleaning_on
from muniment.engine.matching.cleaning import ALIKE, Cleaning, FullName, sounds
from muniment.engine.values import contacts, names


def standardise_one(nominal: Mapping[str, Any], *, on: date) -> dict[str, Any]:
    """Standardise one nominal by the lists of a day, as `standardise` does.

    `nominal` has the columns that `standardise` takes; the row has those of `STANDARDISED`.
    """
    cleaning = cleaning_on(on)

    def clean(name: str, by: Callable[[str], Any], missing: Any = None) -> Any:
        text = nominal.get(name)
        return missing if text is None else by(str(text))

    row: dict[str, Any] = {name: nominal[name] for name in ("person_id", "source_key", "partition")}
    row |= {name: clean(name, by) for name, by in ALIKE.items()}
    born, postcode = clean("born", cleaning.born), clean("postcode", cleaning.postcode)
    birth_tokens = clean("birth_place", cleaning.words)
    row |= _names(nominal, cleaning) | {
        "born": born and born.digits,
        "born_default": bool(born and born.vague),
        "born_from": born and born.earliest,
        "born_until": born and born.latest,
        "postcode": postcode and postcode.unit,
        "sector": postcode and postcode.sector,
        "district": postcode and postcode.district,
        "address": clean("address", cleaning.address),
        "birth_place": " ".join(birth_tokens or ()) or None,
        "birth_tokens": birth_tokens,
        "sex": clean("sex", cleaning.sex),
        "occupation": clean("occupation", cleaning.plain),
        "ethnicity": clean("ethnicity", cleaning.code),
        "mailbox": contacts.mailbox(row["email"]) if row["email"] else None,
        "pncid": clean("pncid", cleaning.pncid),
    }
    return row | {"keys": numbers_of(row), "version": VERSION}


def _names(nominal: Mapping[str, Any], cleaning: Cleaning) -> dict[str, Any]:
    """Return what the names of a nominal come to, whichever columns they stand in."""
    words = {
        name: cleaning.name(str(nominal[name])) if nominal.get(name) is not None else ()
        for name in ("forename", "middle_names", "surname", "full_name")
    }
    full = FullName((), (), (), is_surname_first=False)
    if nominal.get("full_name") is not None:
        full = cleaning.full_name(str(nominal["full_name"]))
    aliases = [word for alias in nominal.get("aliases") or () if alias is not None for word in cleaning.name(alias)]
    given, family = _arranged(words, full)
    forename, surname = given[0] if given else None, "".join(family) or None
    others = {word for word in (*given[1:], *words["middle_names"], *words["full_name"]) if word != (forename or "")}
    others -= set(family)
    every = sorted({*given, *words["middle_names"], *family, *words["full_name"], *aliases})
    return {
        "forename": forename,
        "forename_sound": names.sound(forename) if forename else None,
        "roots": cleaning.roots(forename) if forename else [],
        "surname": surname,
        "surname_sound": names.sound(surname) if surname else None,
        "family": list(family),
        "others": sorted(others) or None,
        "initials": sorted({word[0] for word in others}) or None,
        "names": every,
        "sounds": sounds(every),
    }


def _arranged(words: Mapping[str, tuple[str, ...]], full: FullName) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the given names and the words of the surname."""
    if words["forename"]:
        given = words["forename"]
    elif full.is_surname_first:
        given = full.given
    elif len(full.spoken) > 1 or words["surname"]:
        given = tuple(word for word in full.spoken if word not in words["surname"])[:1]
    else:
        given = ()
    if words["surname"]:
        return given, words["surname"]
    if full.is_surname_first:
        return given, full.surname
    return given, tuple(word for word in full.spoken if word not in given)[-1:]
