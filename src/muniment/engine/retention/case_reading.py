"""Reads one policy case, in the form described in `policy/retention/cases/README.md`.

An unknown key, role, schedule id, trigger or result, and a value of the wrong kind, is an error that names the file
and the case. Ids may be written bare or with the kind before them: `PER-G3B` and `rule:PER-G3B` are the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from muniment.engine.policy.model import Policy, PolicyError
from muniment.engine.retention.decision import OUTCOMES
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
LIFE = 99.0  # years, as in the offence table
_PREFIXES = ("class:", "rule:", "hold:")
_LAST_YEAR = 2200  # a later date is a stand-in for "no end", which only `until` can have
_LONGEST = 1200  # months of a sentence
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
    "person": ("born", "flags", "last_review", "next_review", "possible_match"),
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


class Reader:
    """Reads one case; keeps where it is, for the messages."""

    def __init__(self, path: Path, index: int, policy: Policy) -> None:
        """Begin the case at a place of a file, counted from 1."""
        self.path, self.policy = path, policy
        self.name = f"number {index}"

    def read(self, raw: Any) -> Case:
        """Return the case that a mapping of the file holds; CaseError says what is wrong with it."""
        if isinstance(raw, dict) and isinstance(raw.get("name"), str) and raw["name"]:
            self.name = f"'{raw['name']}'"
        raw = self.mapping(raw, "case")
        for needed in ("name", "asked_on", "expect"):
            if raw.get(needed) is None:
                raise self.error(f"lacks '{needed}'", f"Add '{needed}:' to it")
        adopted = self.text(raw, "adopted")
        if adopted is not None and adopted not in SHORTHANDS:
            raise self.error(f"says adopted: {adopted}", "Write time_based or review, or leave it out")
        involvements = tuple(
            self.involvement(number, item) for number, item in enumerate(self.sequence(raw, "involvements"), start=1)
        )
        controller = self.decider(raw, involvements)
        facts = Facts(
            person=self.person(raw.get("person")),
            involvements=involvements,
            events=tuple(self.event(item) for item in self.sequence(raw, "events")),
            holds=tuple(self.hold(item) for item in self.sequence(raw, "holds")),
            controller=f"case:{adopted}" if adopted else controller,
            about=next((item.record for item in involvements if item.record_class), None),
        )
        return Case(
            name=self.text(raw, "name") or self.name,
            source=self.path,
            asked_on=self.exact_day(raw, "asked_on"),
            facts=facts,
            adopted=adopted,
            expect=self.expect(raw["expect"]),
            proves=self.text(raw, "proves"),
        )

    def decider(self, raw: Mapping[str, Any], involvements: Collection[Involvement]) -> str | None:
        """Return whose overlay decides; a controller that policy does not know has to hold a record of the case."""
        found = self.text(raw, "controller")
        if found is not None:
            listed = {str(entry["code"]) for entry in self.policy.codes.lists.get("controllers", ())}
            self.known(
                found, {*self.policy.overlays, *listed, *(item.controller for item in involvements)}, "controller"
            )
        return found

    def person(self, raw: Any) -> Person:
        raw = self.mapping(raw, "person")
        match = self.mapping(raw.get("possible_match"), "possible_match")
        return Person(
            born=self.partial(raw, "born"),
            flags=tuple(self.flag(item) for item in self.sequence(raw, "flags")),
            last_review=self.day(raw, "last_review"),
            next_review=self.day(raw, "next_review"),
            possible_match=PossibleMatch(self.group(match), self.day(match, "clear_from")) if match else None,
        )

    def flag(self, raw: Any) -> Flag:
        raw = self.mapping({"id": raw} if isinstance(raw, str) else raw, "flag")
        name = self.text(raw, "id")
        if name is None:
            raise self.error("has a flag without an id", "Write {id: mappa_ever}")
        return Flag(name, self.day(raw, "from", latest=False), self.day(raw, "until"))

    def involvement(self, number: int, raw: Any) -> Involvement:
        raw = self.mapping(raw, "involvement")
        if raw.get("role") is None:
            raise self.error(f"lacks the role of involvement {number}", "Add 'role:' to it")
        self.known(raw["role"], self.policy.codes.roles, "role")
        if raw.get("result") is not None:
            self.known(raw["result"], RESULTS, "result")
        declared = bare(raw.get("record_class"))
        if declared is not None:
            self.known(declared, {*self.policy.classes, *self.policy.families}, "record_class")
        sentence = self.mapping(raw.get("sentence"), "sentence")
        return Involvement(
            role=raw["role"],
            id=number,
            record=number,
            controller=self.text(raw, "controller") or "",
            system=self.text(raw, "system"),
            offence=self.offence(raw),
            happened=self.partial(raw, "happened"),
            dated=self.day(raw, "dated"),
            result=raw.get("result"),
            sentence=Sentence(
                self.truth(sentence, "custodial"), self.months(sentence, "months"), self.day(sentence, "released")
            ),
            dates=self.dates(raw),
            record_class=declared,
            outcome=self.text(raw, "outcome"),
            others_retained=self.truth(raw, "others_retained"),
        )

    def offence(self, raw: Mapping[str, Any]) -> Offence:
        offence = self.mapping(raw.get("offence"), "offence")
        holder = offence if offence.get("max_penalty_years") is not None else raw
        return Offence(self.text(offence, "cjs"), self.text(offence, "ho_class"), self.years(holder))

    def dates(self, raw: Mapping[str, Any]) -> dict[str, PartialDate]:
        when = self.mapping(raw.get("dates"), None)
        for kind in when:
            self.known(kind, self.policy.triggers, "trigger event")
        return {kind: day for kind in when if (day := self.partial(when, kind)) is not None}

    def event(self, raw: Any) -> Event:
        raw = self.mapping(raw, "event")
        kind = self.text(raw, "kind")
        if kind is None:
            raise self.error("has an event without a kind", "Write {kind: dbs_search, dated: ...}")
        return Event(kind, self.day(raw, "dated"), self.day(raw, "closed"))

    def hold(self, raw: Any) -> Hold:
        raw = self.mapping(raw, "hold")
        scope = raw.get("scope", "all")
        if scope is not None and not isinstance(scope, list):
            scope = None if scope == "all" else [scope]
        ids = None if scope is None else [bare(name) for name in scope]
        for name in ids or ():
            self.known(name, {*self.policy.classes, *self.policy.families}, "hold scope")
        start, until = self.day(raw, "from", latest=False), self.day(raw, "until")
        if start is not None and until is not None and until < start:
            raise self.error("has a hold that ends before it begins", "Correct 'from' or 'until'")
        return Hold(bare(self.text(raw, "id")) or "HOLD", start, until, None if ids is None else frozenset(ids))

    def expect(self, given: Any) -> dict[str, Any]:
        raw = self.mapping(given, "expect")
        for key in ("clear_from", "due"):
            if raw.get(key) is not None:
                raw[key] = self.exact_day(raw, key)
        if "group" in raw:
            raw["group"] = self.group(raw)
        if raw.get("outcome") is not None:
            self.known(raw["outcome"], OUTCOMES, "outcome")
        for key in ("rule", "class_id"):
            if raw.get(key) is not None:
                raw[key] = bare(raw[key])
                self.known(raw[key], {*self.policy.classes, *self.policy.families}, "rule")
        for key in ("because", "missing"):
            raw |= {key: [self.reason(name) for name in self.sequence(raw, key)]} if key in raw else {}
        return raw

    def reason(self, name: Any) -> str:
        """Return one word of an explanation, without the kind of id; a rule among them has to exist."""
        found = bare(name)
        if not isinstance(found, str):
            raise self.error(f"expects '{name}', which is not a word", "Write ids and the names of facts")
        if found.isupper() and not found.startswith("HOLD"):
            self.known(found, self.policy.classes, "rule")
        return found

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
        found = [] if raw.get(key) is None else raw[key]
        if not isinstance(found, list):
            raise self.error(f"has '{key}' that is not a list", f"Write each of '{key}' with a dash")
        return found

    def known(self, name: Any, among: Collection[str], what: str) -> None:
        if not isinstance(name, str) or name not in among:
            raise self.error(f"names the {what} '{name}', which the policy does not know", "Correct the word")

    def text(self, raw: Mapping[str, Any], key: str) -> str | None:
        found = raw.get(key)
        if found is not None and not isinstance(found, str):
            raise self.error(f"has {found} in '{key}', where text is needed", "Put it in quotes")
        return found

    def truth(self, raw: Mapping[str, Any], key: str) -> bool | None:
        found = raw.get(key)
        if found is not None and not isinstance(found, bool):
            raise self.error(f"has '{found}' in '{key}', which is neither true nor false", "Write true or false")
        return found

    def months(self, raw: Mapping[str, Any], key: str) -> int | None:
        found = raw.get(key)
        if found is not None and (type(found) is not int or not 0 <= found <= _LONGEST):
            raise self.error(f"has '{found}' in '{key}'", f"Write a whole number of months up to {_LONGEST}")
        return found

    def years(self, raw: Mapping[str, Any]) -> float | None:
        found = raw.get("max_penalty_years")
        if found == "life":
            return LIFE
        if found is not None and (type(found) not in (int, float) or not 0 <= found <= LIFE):
            raise self.error(f"has '{found}' in 'max_penalty_years'", "Write the years, or life")
        return None if found is None else float(found)

    def group(self, raw: Mapping[str, Any]) -> int | None:
        found = raw.get("group")
        if found is not None and (type(found) is not int or found not in (1, 2, 3, 4)):
            raise self.error(f"has '{found}' in 'group'", "Write a group from 1 to 4 without quotes, or null")
        return found

    def partial(self, raw: Mapping[str, Any], key: str) -> PartialDate | None:
        value = raw.get(key)
        if value is None:
            return None
        try:
            found = dates.exactly(value) if isinstance(value, date) else dates.parse(str(value))
        except ValueError as error:
            raise self.error(f"has no date in '{key}': {value}", "Write 2019-03-01, 2019-03 or 2019") from error
        if found.latest.year > _LAST_YEAR and key != "until":
            raise self.error(f"has {value} in '{key}', which cannot be true", "Correct it, or write null")
        return found

    def day(self, raw: Mapping[str, Any], key: str, *, latest: bool = True) -> date | None:
        found = self.partial(raw, key)
        if found is None:
            return None
        return found.latest if latest else found.earliest

    def exact_day(self, raw: Mapping[str, Any], key: str) -> date:
        found = self.partial(raw, key)
        if found is None or not found.is_exact:
            raise self.error(f"has no day in '{key}': {raw.get(key)}", "Write a day such as 2026-11-22")
        return found.latest

    def error(self, what: str, remedy: str) -> CaseError:
        return CaseError(f"{self.path}: the case {self.name} {what}. {remedy}.")


def bare(name: Any) -> Any:
    """Return an id without its kind: PER-G3B for rule:PER-G3B; anything but text as it is."""
    if isinstance(name, str):
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
    return name
