"""Other schedules that can be put beside the one in force: of another day, of a folder, with what may be adopted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from muniment.core import policy_in_force
from muniment.core.words import day as in_words
from muniment.engine import policy as policies
from muniment.engine.policy import Policy
from muniment.engine.policy.adoptions import read_file
from muniment.engine.policy.model import GROUP_3_RULES, Adoption, Overlay


@dataclass(frozen=True)
class Against:
    """Another schedule, and how a reader knows it: 'the policy as on 1 January 2020', the name of a folder."""

    policy: Policy
    words: str


def of_day(loaded: Policy, on: date) -> Against:
    """Return the policy as on another day, with what was adopted by then."""
    return Against(loaded.as_on(on), f"the policy as on {in_words(on)}")


def of_folder(loaded: Policy, folder: Path) -> Against:
    """Return another policy with the adoptions in force. Raise PolicyError where it cannot be read."""
    return Against(policies.load(folder).adopting(loaded.overlays.values()), f"the policy in {folder.resolve().name}")


def of_file(loaded: Policy, file: Path) -> Against:
    """Return the policy in force with further adoptions of one controller, as if they stood. Raise PolicyError."""
    drafted = read_file(file, fictional=policy_in_force.fictional())
    return Against(_with(loaded, drafted.controller, drafted.adoptions), f"the adoptions in {file.name}")


def _with(loaded: Policy, controller: str, more: Iterable[Adoption]) -> Policy:
    """Return a policy with further adoptions from the beginning; of one rule the new one applies, of group 3 one."""
    added = tuple(replace(each, start=date.min, until=None) for each in more)
    gone = {each.rule for each in added}
    gone |= set(GROUP_3_RULES) if gone & set(GROUP_3_RULES) else set()
    overlay = loaded.overlays.get(controller, Overlay(controller))
    kept = tuple(each for each in overlay.adoptions if each.rule not in gone)
    return loaded.adopting([replace(overlay, adoptions=(*kept, *added))])


def drafts() -> dict[str, Path]:
    """Return the drafts of adoptions by name: what lies in `drafts` in the folder of adoptions and adopts nothing."""
    return {path.stem: path for path in sorted((policy_in_force.adoptions_folder() / "drafts").glob("*.yaml"))}
