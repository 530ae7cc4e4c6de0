"""The tables of matching under `policy/matching/`: what is cleaned away, name lists, points and hard rules."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from muniment.engine.matching.model import Points
from muniment.engine.matching.survivorship import Survivorship, survivorship

DIRECTORY = Path(__file__).parents[4] / "policy" / "matching"
# What is cleaned away, each a list of words or values.
LISTS = ("name_junk", "name_noise", "born_placeholders", "postcode_placeholders", "text_junk", "address_noise")


@dataclass(frozen=True)
class Evidence:
    """What a judgement of a pair may rest on; the weaker never overrules the stronger."""

    title: str
    strength: int


@dataclass(frozen=True)
class Watching:
    """What of a run makes somebody look, and what makes it wait; shares from 0 to 1."""

    change_share: float
    change_least: int
    psi_look: float
    psi_act: float
    share_look: float
    fewest_labels: int

    def may_change(self, held: int) -> int:
        """Return how many of so many prime records a run may change without being released."""
        return max(self.change_least, int(self.change_share * held))


@dataclass(frozen=True)
class Stewardship:
    """What is put before a steward besides single pairs.

    Prime records of so many nominals and more; so many pairs at once at most, of which a share from 0 to 1 is looked at
    by somebody else, and so many at least.
    """

    large_from: int
    bulk_most: int
    check_share: float
    check_least: int

    def checked(self, pairs: int) -> int:
        """Return how many of so many pairs that were decided at once somebody else looks at."""
        return min(pairs, max(self.check_least, ceil(self.check_share * pairs)))


@dataclass(frozen=True)
class Tables:
    """What was in force on one day. Names are in capitals; `roots` leads from a name to the forms it may stand for."""

    name_junk: frozenset[str]
    name_noise: frozenset[str]
    born_placeholders: frozenset[str]
    postcode_placeholders: frozenset[str]
    text_junk: frozenset[str]
    address_noise: frozenset[str]
    sexes: Mapping[str, str | None]  # what codes and words of a sex mean; None of those that say it is not known
    roots: Mapping[str, frozenset[str]] = field(repr=False)
    forename_shares: Mapping[str, float] = field(repr=False)
    model_point: float
    automatic_point: float
    doubtful_point: float
    least_links: float
    shared_by_more_than: int
    rare_name_below: float
    evidence: Mapping[str, Evidence]  # what a judgement may rest on, by its code, in the order of the policy
    watching: Watching
    stewardship: Stewardship
    survivorship: Survivorship

    @property
    def points(self) -> Points:
        """The automatic and the doubtful point, with the hard rules on."""
        return Points(self.automatic_point, self.doubtful_point, least_links=self.least_links)

    @cached_property
    def forenames(self) -> frozenset[str]:
        """The forenames that stand in any list here. No list is whole: that of the newborn lacks Peter and Laura."""
        formal = (form for forms in self.roots.values() for form in forms)
        return frozenset((*self.forename_shares, *self.roots, *formal))

    @cached_property
    def short_forms(self) -> frozenset[str]:
        """The forenames that few of the newborn are given, though they are in the list: Bob, and hardly Harry."""
        return frozenset(name for name, share in self.forename_shares.items() if share < self.rare_name_below)

    def is_rare(self, name: str) -> bool:
        """Whether a forename is written in full and rare among the population's forenames.

        What has a short form, or is one, is not rare though the list of the newborn lacks it.
        """
        known = name in self.forenames and name not in self.forename_shares
        return len(name) > 2 and not known and self.forename_shares.get(name, 0.0) < self.rare_name_below


def load(on: date, directory: Path = DIRECTORY) -> Tables:
    """Read the tables in force on a day; raise ValueError, naming the list, when one had not begun."""
    body = yaml.safe_load((directory / "matching.yaml").read_text(encoding="utf-8"))
    lists = {name: frozenset(str(value) for value in _in_force(body, name, on)["values"]) for name in LISTS}
    points, rules = _in_force(body, "operating_points", on), _in_force(body, "hard_rules", on)
    return Tables(
        **lists,
        sexes=_sexes(directory.parent / "codes" / "sex.yaml"),
        roots=_roots(directory),
        forename_shares={name: float(share) for name, share in _rows(directory / "forenames.csv.gz")},
        model_point=float(points["model"]),
        automatic_point=float(points["automatic"]),
        doubtful_point=float(points["doubtful"]),
        least_links=float(points["least_links"]),
        shared_by_more_than=int(rules["shared_by_more_than"]),
        rare_name_below=float(rules["rare_name_below"]),
        evidence={
            code: Evidence(each["title"], int(each["strength"]))
            for code, each in _in_force(body, "judgement_evidence", on)["values"].items()
        },
        watching=_watching(_in_force(body, "watching", on)),
        stewardship=_stewardship(_in_force(body, "stewardship", on)),
        survivorship=survivorship(_in_force(body, "survivorship", on)["values"]),
    )


def _stewardship(entry: Mapping[str, Any]) -> Stewardship:
    found = Stewardship(
        large_from=int(entry["large_from"]),
        bulk_most=int(entry["bulk_most"]),
        check_share=float(entry["check_share"]),
        check_least=int(entry["check_least"]),
    )
    if found.large_from < 2 or found.bulk_most < 1 or found.check_least < 1 or not 0 <= found.check_share <= 1:
        raise ValueError(
            "policy/matching/matching.yaml: large_from is 2 or more, bulk_most and check_least 1 or more, check_share"
            " from 0 to 1."
        )
    return found


def _watching(entry: Mapping[str, Any]) -> Watching:
    found = Watching(
        change_share=float(entry["change_share"]),
        change_least=int(entry["change_least"]),
        psi_look=float(entry["psi_look"]),
        psi_act=float(entry["psi_act"]),
        share_look=float(entry["share_look"]),
        fewest_labels=int(entry["fewest_labels"]),
    )
    if not 0 <= found.change_share <= 1 or found.change_least < 0:
        raise ValueError("policy/matching/matching.yaml: change_share is from 0 to 1, change_least 0 or more.")
    return found


def _in_force(body: Mapping[str, Any], name: str, on: date) -> Mapping[str, Any]:
    begun = [entry for entry in body[name] if entry["from"] <= on]
    if not begun:
        raise ValueError(f"policy/matching/matching.yaml: nothing under '{name}' is in force on {on}.")
    latest: Mapping[str, Any] = max(begun, key=lambda entry: entry["from"])
    return latest


def _sexes(path: Path) -> dict[str, str | None]:
    sexes: dict[str, str | None] = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["values"]:
        label = entry["label"].upper()
        sexes |= dict.fromkeys((entry["code"].upper(), label), None if label.startswith("NOT ") else label)
    return sexes


def _roots(directory: Path) -> dict[str, frozenset[str]]:
    roots: dict[str, set[str]] = defaultdict(set)
    for file in ("nicknames.csv", "nicknames_added.csv"):
        for name, short in _rows(directory / file):
            roots[short].update((short, name))
    return {name: frozenset(forms) for name, forms in roots.items()}


def _rows(path: Path) -> Iterator[list[str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows
