"""Reads policy cases: what records managers write, in the form described in `policy/retention/cases/README.md`.

An unknown key, role, schedule id or result is an error that names the file and the case.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from muniment.engine.policy.model import Overlay, Policy, PolicyError
from muniment.engine.retention.decision import OUTCOMES, Decision
from muniment.engine.retention.facts import (
    Event,
    Facts,
    Flag,
    Hold,
    Involvement,
    Offence,
    Person,
    PossibleMatch,
    Sentence,
)
from muniment.engine.values import dates
from muniment.engine.values.dates import PartialDate

RESULTS = ("convicted", "acquitted", "nfa", "cautioned", "penalty_notice", "pending")
EXPECTED = ("group", "clear_from", "due", "outcome", "rule", "because", "missing", "class_id")
SHORTHANDS = {"time_based": "PER-G3B", "review": "PER-G3A"}
_KEYS = {
    "case": (
        "name",
        "proves",
        "asked_on",
        "controller",
        "adopted",
        "person",
        "involvements",
        "events",
        "holds",
        "expect",
    ),
    "person": ("born", "flags", "last_review", "possible_match"),
    "flag": ("id", "from", "until"),
    "possible_match": ("group", "clear_from"),
    "involvement": (
        *("role", "offence", "happened", "dated", "result", "sentence", "dates", "record_class", "controller"),
        *("system", "others_retained", "outcome", "max_penalty_years"),
    ),
    "offence": ("cjs", "ho_class", "max_penalty_years"),
    "sentence": ("custodial", "months", "released"),
    "event": ("kind", "dated", "closed"),
    "hold": ("id", "from", "until", "scope"),
    "expect": EXPECTED,
}


@dataclass(frozen=True)
class Case:
    """One case: the facts, the day, which shorthand adoption decides, and what is expected."""

    name: str
    source: Path
    asked_on: date
    facts: Facts
    adopted: str | None  # time_based | review
    expect: Mapping[str, Any]
    proves: str | None

    @property
    def decider(self) -> str | None:
        """The controller under which the case is decided: its own, or the stand-in of its shorthand."""
        return f"case:{self.adopted}" if self.adopted else self.facts.controller


class CaseError(PolicyError):
    """A case that cannot be read; the message names the file and the case."""


def stand_ins() -> tuple[Overlay, ...]:
    """Return the overlays of the shorthand: controllers that have adopted every rule of the base schedule."""
    return tuple(
        Overlay(controller=f"case:{name}", everything=True, group_3=rule, demonstration=True)
        for name, rule in SHORTHANDS.items()
    )


def read_cases(folder: Path, policy: Policy) -> list[Case]:
    """Read every *.yaml under a folder, in order of path; CaseError where one is not a case."""
    if not folder.is_dir():
        raise CaseError(f"{folder} is not a folder. Name the folder that holds the case files.")
    cases: list[Case] = []
    for path in sorted(folder.rglob("*.yaml")):
        cases += _read_file(path, policy)
    if not cases:
        raise CaseError(f"{folder} holds no cases. A case file is a YAML list and ends in .yaml.")
    return cases


def _read_file(path: Path, policy: Policy) -> list[Case]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CaseError(f"{path} is not YAML: {error}. Correct the file and try again.") from error
    if content is None:
        return []
    if not isinstance(content, list):
        raise CaseError(f"{path} does not hold a list of cases. Begin each case with '- name:'.")
    return [_Reader(path, index, policy).read(raw) for index, raw in enumerate(content, start=1)]


class _Reader:
    """Reads one case; keeps where it is, for the messages."""

    def __init__(self, path: Path, index: int, policy: Policy) -> None:
        self.path, self.policy = path, policy
        self.name = f"number {index}"

    def read(self, raw: Any) -> Case:
        if isinstance(raw, dict) and raw.get("name"):
            self.name = f"'{raw['name']}'"
        raw = self.mapping(raw, "case")
        for needed in ("name", "asked_on", "expect"):
            if raw.get(needed) is None:
                raise self.error(f"lacks '{needed}'", f"Add '{needed}:' to it")
        adopted = raw.get("adopted")
        if adopted is not None and adopted not in SHORTHANDS:
            raise self.error(f"says adopted: {adopted}", "Write time_based or review, or leave it out")
        involvements = tuple(
            self.involvement(number, item) for number, item in enumerate(self.sequence(raw, "involvements"), start=1)
        )
        facts = Facts(
            person=self.person(raw.get("person")),
            involvements=involvements,
            events=tuple(self.event(item) for item in self.sequence(raw, "events")),
            holds=tuple(self.hold(item) for item in self.sequence(raw, "holds")),
            controller=f"case:{adopted}" if adopted else raw.get("controller"),
            about=next((item.record for item in involvements if item.record_class), None),
        )
        return Case(
            name=str(raw["name"]),
            source=self.path,
            asked_on=self.needed_day(raw, "asked_on"),
            facts=facts,
            adopted=adopted,
            expect=self.expect(raw["expect"]),
            proves=raw.get("proves"),
        )

    def person(self, raw: Any) -> Person:
        raw = self.mapping(raw, "person")
        match = raw.get("possible_match")
        if match is not None:
            match = self.mapping(match, "possible_match")
        return Person(
            born=self.partial(raw, "born"),
            flags=tuple(self.flag(item) for item in self.sequence(raw, "flags")),
            last_review=self.day(raw, "last_review"),
            possible_match=PossibleMatch(match.get("group"), self.day(match, "clear_from")) if match else None,
        )

    def flag(self, raw: Any) -> Flag:
        raw = self.mapping({"id": raw} if isinstance(raw, str) else raw, "flag")
        if not isinstance(raw.get("id"), str):
            raise self.error("has a flag without an id", "Write {id: mappa_ever}")
        return Flag(raw["id"], self.day(raw, "from", latest=False), self.day(raw, "until"))

    def involvement(self, number: int, raw: Any) -> Involvement:
        raw = self.mapping(raw, "involvement")
        self.known(raw.get("role"), self.policy.codes.roles, "role")
        result = raw.get("result")
        if result is not None:
            self.known(result, RESULTS, "result")
        declared = raw.get("record_class")
        if declared is not None:
            self.known(declared, {*self.policy.classes, *self.policy.families}, "record_class")
        offence = self.mapping(raw.get("offence"), "offence")
        penalty = offence.get("max_penalty_years", raw.get("max_penalty_years"))
        sentence = self.mapping(raw.get("sentence"), "sentence")
        when = self.mapping(raw.get("dates"), None)
        return Involvement(
            role=raw["role"],
            id=number,
            record=number,
            controller=str(raw.get("controller") or ""),
            system=raw.get("system"),
            offence=Offence(offence.get("cjs"), offence.get("ho_class"), None if penalty is None else float(penalty)),
            happened=self.partial(raw, "happened"),
            dated=self.day(raw, "dated"),
            result=result,
            sentence=Sentence(sentence.get("custodial"), sentence.get("months"), self.day(sentence, "released")),
            dates={kind: day for kind in when if (day := self.partial(when, kind)) is not None},
            record_class=declared,
            outcome=raw.get("outcome"),
            others_retained=raw.get("others_retained"),
        )

    def event(self, raw: Any) -> Event:
        raw = self.mapping(raw, "event")
        if not isinstance(raw.get("kind"), str):
            raise self.error("has an event without a kind", "Write {kind: dbs_search, dated: ...}")
        return Event(raw["kind"], self.day(raw, "dated"), self.day(raw, "closed"))

    def hold(self, raw: Any) -> Hold:
        raw = self.mapping(raw, "hold")
        scope = raw.get("scope", "all")
        if scope is not None and not isinstance(scope, list) and scope != "all":
            scope = [scope]
        ids = None if scope in (None, "all") else frozenset(str(name).removeprefix("class:") for name in scope)
        for name in ids or ():
            self.known(name, {*self.policy.classes, *self.policy.families}, "hold scope")
        return Hold(str(raw.get("id") or "HOLD"), self.day(raw, "from", latest=False), self.day(raw, "until"), ids)

    def expect(self, given: Any) -> dict[str, Any]:
        raw = self.mapping(given, "expect")
        for key in ("clear_from", "due"):
            if key in raw:
                raw[key] = self.day(raw, key)
        if raw.get("outcome") is not None:
            self.known(raw["outcome"], OUTCOMES, "outcome")
        if raw.get("rule") is not None:
            self.known(raw["rule"], self.policy.classes, "rule")
        for name in self.sequence(raw, "because"):
            if _is_rule_like(name):
                self.known(name, self.policy.classes, "rule")
        return raw

    def mapping(self, raw: Any, form: str | None) -> dict[str, Any]:
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            raise self.error(
                f"has '{raw}' where a mapping is needed", "See the form in policy/retention/cases/README.md"
            )
        for key in raw:
            if form is not None and key not in _KEYS[form]:
                raise self.error(
                    f"has the unknown key '{key}' in {form}", f"The keys known there are {', '.join(_KEYS[form])}"
                )
        return dict(raw)

    def sequence(self, raw: Mapping[str, Any], key: str) -> list[Any]:
        found = raw.get(key) or []
        if not isinstance(found, list):
            raise self.error(f"has '{key}' that is not a list", f"Write each of '{key}' with a dash")
        return found

    def known(self, name: Any, among: Collection[str], what: str) -> None:
        if not isinstance(name, str) or name not in among:
            raise self.error(f"names the {what} '{name}', which the policy does not know", "Correct the word")

    def partial(self, raw: Mapping[str, Any], key: str) -> PartialDate | None:
        value = raw.get(key)
        if value is None or isinstance(value, PartialDate):
            return value
        if isinstance(value, date):
            return dates.exactly(value)
        try:
            return dates.parse(str(value))
        except ValueError as error:
            raise self.error(f"has no date in '{key}': {value}", "Write 2019-03-01, 2019-03 or 2019") from error

    def day(self, raw: Mapping[str, Any], key: str, *, latest: bool = True) -> date | None:
        found = self.partial(raw, key)
        if found is None:
            return None
        return found.latest if latest else found.earliest

    def needed_day(self, raw: Mapping[str, Any], key: str) -> date:
        found = self.day(raw, key)
        if found is None:
            raise self.error(f"lacks '{key}'", "Write a date such as 2026-11-22")
        return found

    def error(self, what: str, remedy: str) -> CaseError:
        return CaseError(f"{self.path}: the case {self.name} {what}. {remedy}.")


def _is_rule_like(name: Any) -> bool:
    return isinstance(name, str) and name.isupper() and not name.startswith("HOLD")


def differences(case: Case, decision: Decision) -> list[str]:
    """Return what the decision says other than the case expects; empty when it holds."""
    wrong: list[str] = []
    for key, expected in case.expect.items():
        found = getattr(decision, key)
        if key in ("because", "missing"):
            lacking = sorted(set(expected or ()) - set(found))
            if lacking:
                wrong.append(f"{key} lacks {', '.join(lacking)}; it has {', '.join(found) or 'nothing'}")
        elif found != expected:
            wrong.append(f"{key} is {found}, expected {expected}")
    return wrong
