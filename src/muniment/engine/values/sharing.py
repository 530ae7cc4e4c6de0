"""References that several records of a source share: the first bears it plain, the others with a number, `R#2`."""

import re

NUMBERED = "#[0-9]+$"  # ends every one but the first
_ENDING = re.compile(NUMBERED)


def parted(reference: str) -> tuple[str, int]:
    """Return the reference that is shared, and the number that this one bears."""
    match = _ENDING.search(reference)
    return (reference[: match.start()], int(match[0][1:])) if match else (reference, 1)


def numbered(reference: str, number: int) -> str:
    """Return a shared reference with its number."""
    return reference if number == 1 else f"{reference}#{number}"


def plain(reference: str, number: int) -> str:
    """Return the reference that is shared, of one that bears this number."""
    return reference if number == 1 else reference.removesuffix(f"#{number}")
