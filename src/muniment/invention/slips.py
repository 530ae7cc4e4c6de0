"""Slips of the hand and ear, as people make them who write names and codes down."""

from numpy.random import Generator

from muniment.invention.material import Numbers, Texts

_NEAR = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "adx", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli",
    "l": "ko", "z": "xa", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "nj",
}  # fmt: skip
_HEARD = (
    ("ph", "f"), ("ie", "y"), ("ck", "k"), ("ea", "ee"), ("ey", "y"), ("ou", "ow"), ("tt", "t"), ("ll", "l"),
    ("nn", "n"), ("th", "t"), ("sh", "ch"), ("ai", "ay"), ("er", "ar"), ("on", "en"), ("ss", "s"), ("w", "wh"),
)  # fmt: skip


def misspell(values: Texts, where: Numbers, rng: Generator) -> None:
    """Put one slip into each of the values at these places."""
    kinds = rng.integers(0, 6, len(where)).tolist()
    spots = rng.random(len(where)).tolist()
    for at, kind, spot in zip(where.tolist(), kinds, spots, strict=True):
        values[at] = _slip(values[at], kind, spot)


def miscopy(values: Texts, where: Numbers, rng: Generator, *, keep: int) -> None:
    """Copy one sign of each of these codes wrongly, none of the first `keep`, which hold it in its test range."""
    spots = rng.random(len(where)).tolist()
    for at, spot in zip(where.tolist(), spots, strict=True):
        text = values[at]
        place = keep + int(spot * (len(text) - keep))
        values[at] = text[:place] + _near(text[place], int(spot * 7), spot) + text[place + 1 :]


def _slip(text: str, kind: int, spot: float) -> str:
    if len(text) < 3:
        return text
    at = 1 + int(spot * (len(text) - 2))
    shapes = (
        text[:at] + text[at + 1 :],
        text[:at] + text[at] + text[at:],
        text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :],
        _misheard(text),
    )
    if kind < len(shapes) and (shape := shapes[kind]) is not None:
        return shape
    return text[:at] + _near(text[at], kind, spot) + text[at + 1 :]


def _misheard(text: str) -> str | None:
    for heard, written in _HEARD:
        place = text.lower().find(heard, 1)
        if place > 0:
            return text[:place] + written + text[place + len(heard) :]
    return None


def _near(letter: str, kind: int, spot: float) -> str:
    """Return a neighbour on the keyboard, or another digit; a sign that has none stays."""
    if letter.isdigit():
        return str((int(letter) + 1 + kind) % 10)
    near = _NEAR.get(letter.lower(), letter)
    swapped = near[int(spot * 97) % len(near)]
    return swapped.upper() if letter.isupper() else swapped
