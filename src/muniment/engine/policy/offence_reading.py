"""Builds the offence table: expands the patterns of our own list over the carried Home Office and CJS lists."""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from muniment.engine.policy.offences import Maximum, OffenceEntry, OffenceTable

DEFAULT = "ALL-OTHER"


def read_offences(content: Mapping[str, Any], codes: Path) -> OffenceTable:
    """Build the table from offences.yaml and the two lists in a folder of codes."""
    entries = {raw["id"]: _entry(raw) for raw in content["entries"]}
    entries[DEFAULT] = OffenceEntry(
        id=DEFAULT,
        title="Any other class of the Home Office list",
        limb=content["default"]["limb"],
        maxima=(),
        notification=None,
        authority=content["default"]["authority"],
    )
    classes = read_pairs(codes / "home_office_offence_codes.csv.gz", "ho_code", "sub_category_description")
    by_subclass, by_category = _patterns(content["entries"])
    by_class = _place_classes(classes, by_subclass, by_category)
    for ho_class, name in by_subclass.items():
        by_class.setdefault(ho_class, (name,))
    prefixes = {prefix: raw["id"] for raw in content["entries"] for prefix in raw.get("cjs", ())}
    coded = read_pairs(codes / "cjs_offence_codes.csv.gz", "cjsCode", "homeOfficeClassification")
    cjs_classes = {code.upper(): ho_class for code, ho_class in coded.items()}
    return OffenceTable(
        entries=entries,
        by_prefix=tuple(sorted(prefixes.items(), key=lambda pair: -len(pair[0]))),
        by_class=by_class,
        mixed=_mixed(by_class, cjs_classes, prefixes, frozenset(content["remainders"]["classes"])),
        by_category=by_category,
        unknown_classes=frozenset(content["unknown"]["classes"]),
        cjs_classes=cjs_classes,
    )


def _mixed(
    by_class: Mapping[str, tuple[str, ...]],
    cjs_classes: Mapping[str, str],
    prefixes: Mapping[str, str],
    remainders: frozenset[str],
) -> dict[str, tuple[str, ...]]:
    """Return the classes some of whose codes are placed by a prefix of their own, with all that they mix."""
    found: dict[str, set[str]] = defaultdict(set)
    lengths = sorted({len(prefix) for prefix in prefixes}, reverse=True)
    for code, ho_class in cjs_classes.items():
        own = next((prefixes[code[:length]] for length in lengths if code[:length] in prefixes), None)
        if own is not None and ho_class in by_class and ho_class not in remainders:
            found[ho_class].add(own)
    return {ho_class: tuple(sorted({*by_class[ho_class], *names})) for ho_class, names in found.items()}


def read_pairs(path: Path, key: str, value: str) -> dict[str, str]:
    """Return one column of a gzipped CSV file with a header by another, as text."""
    with gzip.open(path) as packed, io.TextIOWrapper(packed, encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text)
        header = next(rows)
        at, told = header.index(key), header.index(value)
        return {row[at]: row[told] for row in rows}


def _entry(raw: Mapping[str, Any]) -> OffenceEntry:
    return OffenceEntry(
        id=raw["id"],
        title=raw["title"],
        limb=raw["limb"],
        maxima=tuple(Maximum(value["from"], value["max"]) for value in raw["values"]),
        notification=raw.get("notification"),
        authority=raw["authority"],
    )


def _patterns(entries: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    by_subclass: dict[str, str] = {}
    by_category: dict[str, str] = {}
    for raw in entries:
        for pattern in raw.get("classes", ()):
            category, _, subclasses = pattern.partition("/")
            if not subclasses:
                by_category[category] = raw["id"]
                continue
            first, _, last = subclasses.partition("-")
            for number in range(int(first), int(last or first) + 1):
                by_subclass[f"{category}/{number:02d}"] = raw["id"]
    return by_subclass, by_category


def _place_classes(
    classes: Mapping[str, str], by_subclass: Mapping[str, str], by_category: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    placed: dict[str, tuple[str, ...]] = {}
    mixed: dict[str, set[str]] = defaultdict(set)
    for ho_class in classes:
        name = by_subclass.get(ho_class) or by_category.get(ho_class[:3]) or DEFAULT
        placed[ho_class] = (name,)
        mixed[ho_class[:3]].add(name)
    for ho_class, title in classes.items():
        # Such a class is used when the offence within the class is not known, so it takes the strictest of all.
        if "unable to determine" in title and ho_class not in by_subclass:
            placed[ho_class] = tuple(sorted(mixed[ho_class[:3]]))
    return placed
