"""Codes as the words that people use. What has no words is shown in its own letters, so that nothing is hidden."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import yaml
from django.utils import timezone

from muniment.core import policy_files
from muniment.engine import policy
from muniment.engine.policy.model import Length
from muniment.engine.values.dates import PartialDate

_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_ISO_MONTH = re.compile(r"\b((?:19|20)\d{2})-(0[1-9]|1[0-2])\b")


@lru_cache
def _values(name: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(yaml.safe_load((policy_files.folder() / "codes" / f"{name}.yaml").read_text())["values"])


@lru_cache
def _lists() -> dict[str, dict[str, str]]:
    """Return list to code to words: the small lists of policy/codes, and `words.yaml` for the rest."""
    found: dict[str, dict[str, str]] = {
        "sex": {each["code"]: each["label"] for each in _values("sex")},
        "ethnicity": {each["code"]: each["label"] for each in _values("ethnicity")},
        "area": {each["code"]: each["label"] for each in _values("business_areas")},
        "purpose": {each["code"]: each["label"] for each in _values("policing_purposes")},
        "access": {each["code"]: each["label"] for each in _values("access_purposes")},
    }
    for each in _values("words"):
        found.setdefault(each["of"], {})[each["code"]] = each["label"]
    return found


def say(of: str, code: object) -> str:
    """Return the words of a code in a list; in sentence case, with spaces, when it has none."""
    text = str(code).strip()
    known = _lists().get(of, {})
    return known.get(text) or known.get(text.upper()) or known.get(text.lower()) or spaced(text)


def has(of: str, code: str) -> bool:
    """Whether a list has words for a code."""
    return code in _lists().get(of, {})


def codes(of: str) -> list[str]:
    """Return the codes of a list that have words."""
    return list(_lists().get(of, {}))


def spaced(code: str) -> str:
    """Write a code in its own letters: PENALTY_NOTICE becomes Penalty notice."""
    text = code.replace("_", " ").strip()
    text = text.lower() if text.isupper() or text.islower() else text
    return text[:1].upper() + text[1:]


def class_title(class_id: str) -> str:
    """Return the title of a record class or rule; of a family that a source declares, its own name."""
    return _titles().get(class_id) or spaced(class_id)


@lru_cache
def _titles() -> dict[str, str]:
    return {name: entry.title for name, entry in policy.load().classes.items()}


def day(value: date) -> str:
    """Write a day: 27 March 2026."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """Write a moment, in the United Kingdom's time: 27 March 2026 at 14:05."""
    local = timezone.localtime(value)
    return f"{day(local.date())} at {local:%H:%M}"


def typed(value: date) -> str:
    """Write a day as people type it into a field: 27 3 2026."""
    return f"{value.day} {value.month} {value.year}"


def between(earliest: date, latest: date) -> str:
    """Write a partial date as far as it is known: a day, a month, a year, or two ends."""
    if earliest == latest:
        return day(earliest)
    if (earliest.year, earliest.month) == (latest.year, latest.month):
        return f"{earliest:%B %Y}"
    return str(earliest.year) if earliest.year == latest.year else f"{day(earliest)} to {day(latest)}"


def partial(value: PartialDate) -> str:
    """Write a partial date."""
    return between(value.earliest, value.latest)


def without_iso(text: str) -> str:
    """Write every ISO day and month in a text as people do."""
    text = _ISO_DAY.sub(_as_day, text)
    return _ISO_MONTH.sub(lambda found: f"{date(int(found[1]), int(found[2]), 1):%B %Y}", text)


def _as_day(found: re.Match[str]) -> str:
    try:
        return day(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return found[0]


def period(length: Length) -> str:
    """Write a length of time, in years when it is whole years: 7 years; 18 months; 31 days."""
    if length.months % 12 == 0:
        parts = [(length.months // 12, "year"), (length.days, "day")]
    else:
        parts = [(length.months, "month"), (length.days, "day")]
    return " and ".join(f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number) or "no time"


def age(born: PartialDate, on: PartialDate) -> tuple[int, int]:
    """Return the least and the greatest age in years that someone can have had."""
    return _years(born.latest, on.earliest), _years(born.earliest, on.latest)


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
