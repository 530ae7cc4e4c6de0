"""Checks a policy folder: shape by schema, references by id, and how much of the offence list it covers."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from muniment.engine.policy.adoptions import read_file
from muniment.engine.policy.model import Policy, PolicyError
from muniment.engine.policy.offences import normal_class
from muniment.engine.policy.reading import read_yaml
from muniment.engine.policy.store import load

_SCHEMA = Path(__file__).parent / "schemas" / "policy.schema.json"
_FORMS = {
    "retention/rules.yaml": "rules",
    "retention/derive.yaml": "derive",
    "retention/offences.yaml": "offences",
    "retention/holds.yaml": "holds",
    "retention/groups.yaml": "groups",
    "retention/schedule/*.yaml": "schedule",
    "intake.yaml": "intake",
    "supply.yaml": "setting",
    "foresight.yaml": "setting",
    "reviews.yaml": "setting",
    "elsewhere.yaml": "setting",
    "checks.yaml": "setting",
    "requests.yaml": "setting",
    "codes/*.yaml": "codes",
    "controllers/*.yaml": "adoptions",
}
EFFECTS = {"resets", "triggers", "triggers_open", "blocks", "floor"}


@dataclass(frozen=True)
class Coverage:
    """How many of the carried CJS codes fall in each group; `unknown` ones go to review."""

    codes: int
    group_1: int
    group_2: int
    group_3: int
    unknown: int
    unknown_without_class: int  # codes whose class is 000/00
    classes: int
    classes_unknown: int


@dataclass(frozen=True)
class Report:
    """What a check found: problems in words, empty when there are none, and the coverage of the offence list."""

    version: str
    classes: int
    adoption_files: int
    problems: tuple[str, ...]
    coverage: Coverage | None


def check(folder: Path, adoptions: tuple[Path, ...] = (), *, on: date) -> Report:
    """Check a policy folder and further folders of adoption files, as policy stands on a day."""
    problems = list(shape_problems(folder))
    files = [path for each in adoptions for path in sorted(each.glob("*.yaml"))]
    if problems:
        return Report("", 0, len(files), tuple(problems), None)
    try:
        policy = load(folder)
    except PolicyError as error:
        return Report("", 0, len(files), (str(error),), None)
    problems += reference_problems(policy)
    problems += _adoption_problems(policy, files)
    return Report(policy.version, len(policy.classes), len(files), tuple(problems), coverage(policy, on))


def shape_problems(folder: Path) -> Iterator[str]:
    """Yield every place where a file does not have the shape its schema asks for."""
    for pattern, form in _FORMS.items():
        found = sorted(folder.glob(pattern))
        if not found and "*" not in pattern:
            yield f"{folder / pattern} is missing. Restore it from the version you began with."
        for path in found:
            yield from _shape_of(path, form)


def _shape_of(path: Path, form: str) -> Iterator[str]:
    try:
        content = read_yaml(path)
    except PolicyError as unreadable:
        yield str(unreadable)
        return
    document = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    validator = Draft202012Validator({**document, "$ref": f"#/$defs/{form}"})
    for error in validator.iter_errors(_plain(content)):
        where = "/".join(str(part) for part in error.absolute_path) or "the top"
        yield f"{path}: at {where}: {error.message}"


def _plain(value: Any) -> Any:
    """Return YAML content as JSON has it: dates as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def reference_problems(policy: Policy) -> Iterator[str]:
    """Yield every id that is named and does not exist, and values that contradict each other."""
    known = set(policy.classes)
    for family, rows in policy.families.items():
        for row in rows:
            if row.class_id not in known:
                yield f"derive.yaml: {family} leads to {row.class_id}, which the schedule does not hold."
    for system, family in policy.systems.items():
        if family not in policy.families:
            yield f"derive.yaml: the system {system} names {family}, which is no family."
    named = [(f"groups.yaml: group {each['group']}", rule) for each in policy.groups for rule in _rules_of(each)]
    named += [(f"holds.yaml: {each['id']}", name) for each in policy.holds for name in each["scope"]["classes"]]
    for where, name in named:
        if name not in known:
            yield f"{where} names {name}, which the schedule does not hold."
    kinds = {each["id"] for each in policy.hold_kinds}
    for each in policy.holds:
        if each["kind"] not in kinds:
            yield f"holds.yaml: {each['id']} is of the kind {each['kind']}, which holds.yaml does not list."
    yield from _class_problems(policy)
    yield from _setting_problems(policy)


def _rules_of(group: Mapping[str, Any]) -> list[str]:
    return [rule for rule in (group["rule"], group.get("by_time")) if rule is not None]


def _class_problems(policy: Policy) -> Iterator[str]:
    known = set(policy.classes)
    for entry in policy.classes.values():
        instead = (entry.unless_convicted, entry.if_group_1, entry.if_adult, entry.if_qualifying)
        for other in (*instead, entry.if_qualifying_charge):
            if other is not None and other not in known:
                yield f"The class {entry.id} gives way to {other}, which the schedule does not hold."
        starts = [terms.start for terms in entry.values]
        if len(set(starts)) != len(starts):
            yield f"The class {entry.id} has two values from one day. Keep one."
        if entry.group is None and entry.sets_group:
            yield f"The class {entry.id} sets a group and names none."


def _setting_problems(policy: Policy) -> Iterator[str]:
    for setting in policy.settings["events"]:
        for kind, what in setting.content["kinds"].items():
            if unread := sorted(set(what) - EFFECTS):
                yield f"rules.yaml: the event {kind} does {', '.join(unread)}, which nothing reads."
    for setting in policy.settings["role_dates"]:
        for role in setting.content["fallback"]:
            if role not in policy.codes.roles:
                yield f"rules.yaml: role_dates names the role {role}, which codes/roles.yaml does not hold."
    for entry in policy.offences.entries.values():
        years = [value.years for value in entry.maxima]
        if sorted(value.start for value in entry.maxima) != [value.start for value in entry.maxima] or not all(years):
            yield f"offences.yaml: the maxima of {entry.id} are not in the order of their dates."


def _adoption_problems(policy: Policy, files: list[Path]) -> Iterator[str]:
    fictional = {entry["code"] for entry in policy.codes.lists["controllers"] if entry.get("fictional")}
    for path in files:
        shape = list(_shape_of(path, "adoptions"))
        yield from shape
        if not shape:
            try:
                policy.adopting([read_file(path, fictional=fictional)])
            except PolicyError as error:
                yield str(error)


def coverage(policy: Policy, on: date) -> Coverage:
    """Count where the carried CJS codes and Home Office classes fall on a day."""
    table = policy.offences
    groups = Counter(table.group(code, None, None, on).group for code in table.cjs_classes)
    bare = sum(
        table.group(code, None, None, on).group is None and normal_class(ho_class) == "000/00"
        for code, ho_class in table.cjs_classes.items()
    )
    unknown = sum(table.group(None, ho_class, None, on).group is None for ho_class in table.by_class)
    return Coverage(
        codes=len(table.cjs_classes),
        group_1=groups[1],
        group_2=groups[2],
        group_3=groups[3],
        unknown=groups[None],
        unknown_without_class=bare,
        classes=len(table.by_class),
        classes_unknown=unknown,
    )
