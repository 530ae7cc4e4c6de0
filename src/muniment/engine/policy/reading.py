"""Reads YAML with messages that name the file."""

from pathlib import Path
from typing import Any

import yaml

from muniment.engine.policy.model import PolicyError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; PolicyError says where the text is not YAML, or no mapping."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader either way
    except yaml.YAMLError as error:
        raise PolicyError(f"{path} is not YAML: {error}. Correct the file and try again.") from error
    if not isinstance(content, dict):
        raise PolicyError(f"{path} does not hold a mapping. See the other files of its folder for the form.")
    return content
