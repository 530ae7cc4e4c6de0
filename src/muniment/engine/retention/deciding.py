"""The reference: facts, a policy and a day in, a decision out."""

from dataclasses import replace
from datetime import date

from muniment.engine.policy.model import Policy, Rules
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.facts import Facts, Hold, Involvement
from muniment.engine.retention.families import resolve, traits
from muniment.engine.retention.links import Link, Measuring
from muniment.engine.retention.persons import decide_person, group_and_rule, stand
from muniment.engine.retention.profile import Held, Profile, gather, gather_holds
from muniment.engine.retention.record_profile import gather_record
from muniment.engine.retention.records import decide_record


def decide(facts: Facts, policy: Policy, asked_on: date, work: Measuring | None = None) -> Decision:
    """Return the decision about the person, or about the record that the facts ask about.

    Never reads a clock: `asked_on` is the day of the question. Raises KeyError for a role no policy knows. `work`
    is shared by decisions about lives that are compared.
    """
    rules = policy.on(asked_on, facts.controller)
    work = work or Measuring()
    profile = gather(facts, rules, work)
    classes = resolved_classes(facts, profile, rules, work) if facts.holds else {}  # only a hold asks for them
    profile = replace(profile, held=_held_person(facts, profile, rules, classes))
    if facts.about is None:
        return decide_person(profile, rules)
    standing = stand(profile, rules)
    record = gather_record(facts, profile, standing, _held_record(facts, profile, rules, classes), rules)
    return decide_record(record, rules)


def resolved_classes(
    facts: Facts, profile: Profile, rules: Rules, work: Measuring | None = None
) -> dict[int, frozenset[str]]:
    """Return, for each record in the facts, the ids a hold may name it by: declared and resolved."""
    work = work or Measuring()
    on_record: dict[int, list[Involvement | Link]] = {}
    for item, link in zip(facts.involvements, profile.links, strict=True):
        on_record.setdefault(item.record, []).extend((item, link))
    return {record: work.once(_names, rules, *parts) for record, parts in on_record.items()}


def _names(rules: Rules, *parts: Involvement | Link) -> frozenset[str]:
    """Return the ids a hold may name one record by, from the involvements on it, each with its link behind it."""
    items = [part for part in parts if isinstance(part, Involvement)]
    links = [part for part in parts if isinstance(part, Link)]
    declared = next((item.record_class for item in items if item.record_class), None)
    if declared is None:
        declared = next(
            (rules.systems[item.system] for item in items if item.system and item.system in rules.systems), None
        )
    names = {declared, resolve(declared, traits(items, links), rules)}
    return frozenset(name for name in names if name)


def reaches_person(hold: Hold, rule: str | None, classes: dict[int, frozenset[str]]) -> bool:
    """Whether a hold's scope reaches the person: everything, the person's own rule, or a record of theirs."""
    if hold.scope is None or rule in hold.scope:
        return True
    return any(hold.scope & names for names in classes.values())


def reaches_record(hold: Hold, record: int, rule: str | None, classes: dict[int, frozenset[str]]) -> bool:
    """Whether a hold's scope reaches a record: everything, the rule of its person, or its class."""
    return hold.scope is None or rule in hold.scope or bool(hold.scope & classes.get(record, frozenset()))


def _held_person(facts: Facts, profile: Profile, rules: Rules, classes: dict[int, frozenset[str]]) -> Held:
    rule = group_and_rule(profile, rules)[1]
    return gather_holds((hold for hold in facts.holds if reaches_person(hold, rule, classes)), rules.day)


def _held_record(facts: Facts, profile: Profile, rules: Rules, classes: dict[int, frozenset[str]]) -> Held:
    rule = group_and_rule(profile, rules)[1]
    about = facts.about or 0
    return gather_holds((hold for hold in facts.holds if reaches_record(hold, about, rule, classes)), rules.day)
