"""Where policy lies: MUNIMENT_POLICY, the folder that the wheel carries, or `policy/` of the source tree."""

import os
from pathlib import Path


def folder() -> Path:
    """Return the folder of policy in force. Raise FileNotFoundError, saying what to set, when there is none."""
    chosen = os.environ.get("MUNIMENT_POLICY")
    package = Path(__file__).parents[1]
    for candidate in [Path(chosen)] if chosen else [package / "policy", package.parents[1] / "policy"]:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("No policy folder: set MUNIMENT_POLICY to the folder that holds policy.")
