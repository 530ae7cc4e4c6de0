"""Days as whole numbers since 1 January 1970, so that numpy can count with them."""

from datetime import date, timedelta

import numpy as np

from muniment.invention.material import Mask, Numbers, Texts

EPOCH = date(1970, 1, 1)
NEVER = 10**6  # a day that does not come


def number(day: date) -> int:
    """Return the number of a day."""
    return (day - EPOCH).days


def day_of(value: int) -> date:
    """Return the day of a number."""
    return EPOCH + timedelta(days=int(value))


def written(values: Numbers, form: str, known: Mask | None = None) -> Texts:
    """Write days in a form of strftime, empty where they are not known; Python runs once per distinct day."""
    distinct, inverse = np.unique(values, return_inverse=True)
    text = np.array([day_of(value).strftime(form) if abs(value) < NEVER else "" for value in distinct], dtype=object)
    out: Texts = text[inverse]
    if known is not None:
        out = np.where(known, out, "")
    return out


def years(values: Numbers) -> Numbers:
    """Return the years of days."""
    years_: Numbers = values.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years_


def add_years(values: Numbers, count: int) -> Numbers:
    """Return the same days so many years later; a 29 February becomes 1 March in a common year."""
    days = values.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    inside = (days - months).astype(np.int64)
    later: Numbers = (months + 12 * count).astype("datetime64[D]").astype(np.int64) + inside
    return later
