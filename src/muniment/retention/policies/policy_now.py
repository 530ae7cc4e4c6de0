"""The policy in force for screens: read again only when one of its files has changed."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from muniment.core import policy_files, policy_in_force
from muniment.engine.policy import Policy
from muniment.engine.policy.reading import Stamp, stamp


def policy() -> Policy:
    """Return the policy with the adoptions of this installation's controllers."""
    files, adoptions = stamp(policy_files.folder()), stamp(policy_in_force.adoptions_folder())
    return _read(files, adoptions, policy_in_force.mark())


@lru_cache(maxsize=2)
def _read(files: Stamp, adoptions: Stamp, mark: str) -> Policy:
    return policy_in_force.load()


def fits(class_id: str, patterns: Iterable[str]) -> bool:
    """Whether a class is one of some, as policy lists them: * at the end means every class that begins so."""
    return any(class_id.startswith(each[:-1]) if each.endswith("*") else class_id == each for each in patterns)


def hold_kinds() -> Mapping[str, Mapping[str, Any]]:
    """Return what a hold may be for, by code: title, paper and after how many months somebody looks at it again."""
    return {each["id"]: each for each in policy().hold_kinds}


def hold_presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the scopes that a hold may begin with, by code. None of them binds anybody."""
    return {each["id"]: each for each in policy().holds}
