"""Reads folders of policy cases and compares a decision with what its case expects."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from muniment.engine.policy.model import Overlay, Policy
from muniment.engine.retention.case_reading import SHORTHANDS, Case, CaseError, Reader
from muniment.engine.retention.decision import Decision

__all__ = ["Case", "CaseError", "differences", "read_cases", "stand_ins"]


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


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice, and leaves what only looks like a day to who knows the case."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; of two equal keys YAML would silently keep the last."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        for name, times in Counter(keys).items():
            if times > 1:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, f"the key '{name}' is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        """Return a day; 30 February and times of day stay text."""
        try:
            found = super().construct_yaml_timestamp(node)
        except ValueError:
            return node.value
        return node.value if hasattr(found, "hour") else found


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def _read_file(path: Path, policy: Policy) -> list[Case]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        found = " ".join(str(error).split())
        raise CaseError(f"{path} is not YAML: {found}. Correct the file and try again.") from error
    except OSError as error:
        raise CaseError(f"{path} cannot be read: {error.strerror}. Correct the file and try again.") from error
    if content is None:
        return []
    if not isinstance(content, list):
        raise CaseError(f"{path} does not hold a list of cases. Begin each case with '- name:'.")
    cases = [Reader(path, index, policy).read(raw) for index, raw in enumerate(content, start=1)]
    names = Counter(case.name for case in cases)
    return [
        replace(case, name=f"{case.name} (number {index})") if names[case.name] > 1 else case
        for index, case in enumerate(cases, start=1)
    ]


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
