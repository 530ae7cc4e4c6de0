"""Access purposes: why someone looks. Asked once for a task, kept with the session, written with every event."""

from functools import lru_cache

import yaml

from muniment.core import policy_files


@lru_cache
def choices() -> tuple[tuple[str, str], ...]:
    """Return (code, words) of every access purpose, in the order of policy."""
    content = yaml.safe_load((policy_files.folder() / "codes" / "access_purposes.yaml").read_text())
    return tuple((each["code"], each["label"]) for each in content["values"])


def words(code: str) -> str:
    """Return the words of an access purpose; nothing for none."""
    return dict(choices()).get(code, "")
