"""Public references with a check character, for people to quote on paper and by telephone."""

from stdnum.iso7064 import mod_37_36

PREFIXES = {
    "prime": "P",
    "review": "R",
    "hold": "H",
    "disposal": "D",
    "certificate": "C",
    "request": "Q",
    "advice": "A",
    "place": "L",
    "vehicle": "V",
    "supply": "S",
    "notice": "N",
    "adoption": "K",
    "procedure": "G",
    "batch": "B",
    "duty": "T",
    "mode": "M",
}


def make(kind: str, number: int) -> str:
    """Return the reference of a kind and a number, such as P0001234-K; the check is ISO 7064 mod 37,36."""
    body = f"{PREFIXES[kind]}{number:07d}"
    return f"{body}-{mod_37_36.calc_check_digit(body)}"


def number(kind: str, reference: str) -> int:
    """Return the number in a reference. Raise ValueError, saying why, when it is not one of this kind."""
    text = reference.strip().upper().replace(" ", "").replace("-", "")
    if not text.startswith(PREFIXES[kind]) or not text[1:-1].isdigit():
        raise ValueError(f"'{reference}' is not a reference of this kind: it should look like {make(kind, 1)}.")
    if not mod_37_36.is_valid(text):
        raise ValueError(f"'{reference}' has a wrong check character: look at it once more.")
    return int(text[1:-1])
