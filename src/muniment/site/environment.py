"""Settings read from the environment, refusing nonsense with a sentence that says what to do."""

import os
from pathlib import Path


class BadSetting(Exception):
    """A setting is missing or senseless."""


def text(name: str, default: str) -> str:
    """Return a text; `NAME_FILE` names a file that holds it, so that secrets need not lie in the environment."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get(name, default)


def yes(name: str, *, default: bool) -> bool:
    """Return a yes or no."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in {"yes", "true", "1", "on"}:
        return True
    if value.lower() in {"no", "false", "0", "off"}:
        return False
    raise BadSetting(f"{name} is '{value}': write yes or no.")


def whole(name: str, default: int, *, least: int = 0) -> int:
    """Return a whole number that is not below `least`."""
    value = os.environ.get(name, str(default))
    if not value.isdigit() or int(value) < least:
        raise BadSetting(f"{name} is '{value}': write a whole number of {least} or more.")
    return int(value)


def listing(name: str, default: list[str]) -> list[str]:
    """Return the parts of a text with commas."""
    value = os.environ.get(name)
    return default if value is None else [part.strip() for part in value.split(",") if part.strip()]
