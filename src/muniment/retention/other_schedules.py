"""Other schedules that can be put beside the one in force: of another day, of a folder, of a draft of adoptions."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from muniment.core import policy_in_force
from muniment.core.models import Controller
from muniment.core.words import day as in_words
from muniment.engine import policy as policies
from muniment.engine.policy import Policy
from muniment.engine.policy.adoptions import read_file


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


def of_adoptions(loaded: Policy, file: Path) -> Against:
    """Return the policy in force with other adoptions of one controller. Raise PolicyError where they are none."""
    fictional = list(Controller.objects.filter(is_fictional=True).values_list("code", flat=True))
    return Against(loaded.adopting([read_file(file, fictional=fictional)]), f"the adoptions in {file.name}")


def drafts() -> dict[str, Path]:
    """Return the drafts of adoptions by name: what lies in `drafts` in the folder of adoptions and adopts nothing."""
    return {path.stem: path for path in sorted((policy_in_force.adoptions_folder() / "drafts").glob("*.yaml"))}
