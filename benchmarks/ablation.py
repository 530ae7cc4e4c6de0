"""`python -m benchmarks.ablation SET FOLDER OUT`: linkage of one set with one thing left out, in a process of its own.

What is left out is taken away from outside: a field is not mapped, a level is struck from the features before anything
else reads them, a column of the standardised nominals is emptied and their keys made anew, or a point is changed.
The engine has no switches for it. OUT is a name of `LEFT_OUT`, or `nothing`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Without:
    """One thing left out: its words, and how it is taken away."""

    words: str
    fields: tuple[str, ...] = ()  # of the mapping
    levels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    emptied: str = ""  # columns of the standardised nominals, as SQL
    frequencies: bool = False
    links: bool = False

    def applies(self, mapping: Mapping[str, Any]) -> bool:
        """Whether a set has what would be taken away."""
        return (not self.fields or any(name in mapping for name in self.fields)) and all(
            name in mapping or (name in ("forename", "surname") and "full_name" in mapping) for name in self.levels
        )


def _levels(**levels: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in levels.items()}


LEFT_OUT: dict[str, Without] = {
    "nicknames": Without("nicknames and romanisations", levels=_levels(forename="nickname")),
    "phonetics": Without(
        "sounds of names, in keys and levels",
        emptied="null::varchar as forename_sound, null::varchar as surname_sound, []::varchar[] as sounds",
    ),
    "elsewhere": Without(
        "names elsewhere and in other columns", levels=_levels(forename="elsewhere crossed", surname="elsewhere")
    ),
    "crossed": Without("one word counted once (forename that is the surname)", levels=_levels(forename="crossed")),
    "slips": Without("slips of the pen in names", levels=_levels(forename="close", surname="close")),
    "exchanged": Without("day and month exchanged", levels=_levels(born="exchanged")),
    "dates": Without("dates that agree in part", levels=_levels(born="exchanged close year parts")),
    "frequencies": Without("frequency adjustment", frequencies=True),
    "areas": Without("sector and district of postcodes", levels=_levels(postcode="sector district")),
    "links": Without("the rule on groups (least_links)", links=True),
    "other_names": Without("full and other names", fields=("full_name", "middle_names")),
    "born": Without("date of birth", fields=("born",)),
    "postcode": Without("postcode", fields=("postcode",)),
    "address": Without("address", fields=("address",)),
    "birth_place": Without("place of birth", fields=("birth_place",)),
    "occupation": Without("occupation", fields=("occupation",)),
    "sex": Without("sex", fields=("sex",)),
    "email": Without("e-mail address", fields=("email",)),
}
FEW: dict[str, Without] = {
    "names": Without("forename and surname alone"),
    "surname+born": Without("surname and date of birth alone"),
    "forename+born": Without("forename and date of birth alone"),
    "names+born": Without("forename, surname and date of birth alone"),
    "full_name": Without("the full name alone, in one field"),
    "full_name+born": Without("the full name in one field, and date of birth"),
}
_NAMES = {"forename", "surname"}
_KEPT = {
    "names": _NAMES,
    "surname+born": {"surname", "born"},
    "forename+born": {"forename", "born"},
    "names+born": {*_NAMES, "born"},
    "full_name": {"full_name"},
    "full_name+born": {"full_name", "born"},
}


def _mapping(mapping: Mapping[str, tuple[str, ...]], out: str) -> dict[str, tuple[str, ...]]:
    if out in _KEPT:
        # The columns of forename and surname make one field where a full name is asked for.
        whole = {**mapping, "full_name": mapping["forename"] + mapping["surname"]}
        return {name: columns for name, columns in whole.items() if name in _KEPT[out]}
    gone = LEFT_OUT[out].fields if out in LEFT_OUT else ()
    return {name: columns for name, columns in mapping.items() if name not in gone}


def _strike(without: Without) -> None:
    """Strike levels and frequencies from the features, before the modules that read them are loaded."""
    from muniment.batch.matching import conditions
    from muniment.engine.matching import features

    struck = []
    for feature in features.FEATURES:
        gone = without.levels.get(feature.name, frozenset())
        kept = [place for place, level in enumerate(feature.levels) if level.name not in gone]
        levels = tuple(feature.levels[place] for place in kept)
        if without.frequencies:
            levels = tuple(replace(level, frequency=None) for level in levels)
        tests = tuple(feature.tests[place] for place in kept[:-1])
        conditions.CONDITIONS[feature.name] = tuple(conditions.CONDITIONS[feature.name][place] for place in kept[:-1])
        struck.append(replace(feature, levels=levels, tests=tests))
    features.FEATURES = tuple(struck)
    features.FREQUENCY_COLUMNS = tuple(
        dict.fromkeys(level.frequency for each in struck for level in each.levels if level.frequency)
    )


def _emptied(columns: str) -> Callable[[pa.Table], pa.Table]:
    from muniment.batch.matching.keys import NUMBERED
    from muniment.batch.matching.standardise import STANDARDISED

    def empty(people: pa.Table) -> pa.Table:
        connection = duckdb.connect()
        connection.register("people", people)
        connection.execute(f"create table emptied as select * replace ({columns}) from people")
        return connection.sql(f"select * replace ({NUMBERED} as keys) from emptied").to_arrow_table().cast(STANDARDISED)

    return empty


def measure(name: str, data: Path, out: str) -> dict[str, Any]:
    """Return the scores of one set with one thing left out, at the model point and at the automatic point."""
    without = LEFT_OUT.get(out, Without("nothing"))
    _strike(without)
    from benchmarks import linkage_sets
    from muniment.batch.matching import evaluate, policy, standardise

    if without.emptied:
        empty = _emptied(without.emptied)
        setattr(evaluate, "standardise", lambda nominals: empty(standardise.standardise(nominals)))  # noqa: B010
    if without.links:
        tables = replace(policy.in_force(), least_links=0.0)
        setattr(evaluate, "in_force", lambda: tables)  # noqa: B010
    task = linkage_sets.task(name, data)
    found = evaluate.evaluate(replace(task, mapping=_mapping(task.mapping, out)), today=linkage_sets.TODAY)
    return {"model": asdict(found.model), "automatic": asdict(found.automatic)}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
