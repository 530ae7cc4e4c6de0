"""Vehicle registration marks and vehicle identification numbers."""

import re

_MARKS = (
    re.compile(r"^[A-Z]{2}\d{2}[A-Z]{3}$"),  # from September 2001
    re.compile(r"^[A-HJ-NPR-TV-Y]\d{1,3}[A-Z]{3}$"),  # 1983 to 2001, year letter first
    re.compile(r"^[A-Z]{3}\d{1,3}[A-HJ-NPR-TV-Y]$"),  # 1963 to 1983, year letter last
    re.compile(r"^[A-Z]{1,3}\d{1,4}$"),  # undated, and Northern Ireland
    re.compile(r"^\d{1,4}[A-Z]{1,3}$"),
)
_VIN = re.compile(r"^[A-HJ-NPR-Z0-9]{17}$")
_JUNK = re.compile(r"[^A-Z0-9]")


def mark(text: str) -> str | None:
    """Return a British registration mark without spaces, or None when it has the form of none."""
    plain = _JUNK.sub("", text.upper())
    return plain if any(form.match(plain) for form in _MARKS) else None


def vin(text: str) -> str | None:
    """Return a 17-character vehicle identification number (ISO 3779: no I, O or Q), or None."""
    plain = _JUNK.sub("", text.upper())
    return plain if _VIN.match(plain) else None
