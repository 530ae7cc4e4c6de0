"""Identifiers of persons: PNCID, CRO, national insurance and driver numbers, and the arrest/summons number.

Check letters as in the Ministry of Justice's hmpps-person-record (PNCIdentifier.kt, CROIdentifier.kt) and
bichard7-next-core (Asn.ts): the alphabet has 23 letters and is indexed by a number modulo 23.
"""

import re

_ALPHABET = "ZABCDEFGHJKLMNPQRTUVWXY"
_PNCID = re.compile(r"^(\d{4}|\d{2})/?(\d{1,7})([A-Z])$")
_CRO = re.compile(r"^(\d{1,6})/(\d{2})([A-Z])$")
_CRO_FILE = re.compile(r"^SF(\d{2})/?(\d{1,6})([A-Z])$")
_NINO = re.compile(r"^(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]?$")
_DRIVER = re.compile(r"^([A-Z]{1,5}9{0,4})(\d)(\d{2})(\d{2})(\d)([A-Z9]{2}[A-Z0-9])([A-Z]{2})$")
_ASN = re.compile(r"^(\d{2})([A-Z0-9]{2})([A-Z0-9]{2})([A-Z0-9]{2})(\d{11})([A-Z])$")
_SPACES = re.compile(r"[\s.\-]+")


def check_letter(number: int) -> str:
    """Return the check letter of a number."""
    return _ALPHABET[number % 23]


def pncid(text: str, *, this_year: int) -> str | None:
    """Return a PNCID as `YYYY/NNNNNNNL`, or None when it is not one or its letter is wrong.

    Two-digit years up to this year's are of this century, the rest of the last.
    """
    match = _PNCID.match(_SPACES.sub("", text.upper()))
    if match is None:
        return None
    year, serial, letter = match.groups()
    if len(year) == 2:
        year = f"{this_year // 100 if int(year) <= this_year % 100 else this_year // 100 - 1}{year}"
    if check_letter(int(year[2:] + serial.zfill(7))) != letter:
        return None
    return f"{year}/{serial.zfill(7)}{letter}"


def cro(text: str) -> str | None:
    """Return a CRO number as `NNNNNN/YYL` or `SFYY/NL`, or None when it is not one or its letter is wrong.

    `000000/00Z` has the right letter and is junk all the same; a serial of nothing but noughts is refused.
    """
    plain = _SPACES.sub("", text.upper())
    if match := _CRO.match(plain):
        serial, year, letter = match.groups()
        number, written = year + serial.zfill(6), f"{serial.zfill(6)}/{year}{letter}"
    elif match := _CRO_FILE.match(plain):
        year, serial, letter = match.groups()
        number, written = year + serial, f"SF{year}/{serial}{letter}"
    else:
        return None
    if int(serial) == 0 or check_letter(int(number)) != letter:
        return None
    return written


def ni_number(text: str) -> str | None:
    """Return the eight characters of a national insurance number that name a person, or None.

    The ninth letter says when contributions were once due and is often left out (NIM39110), so it is dropped.
    """
    plain = _SPACES.sub("", text.upper())
    return plain[:8] if _NINO.match(plain) else None


def driver_number(text: str) -> str | None:
    """Return the 16 characters of a GB driver number, or None when its parts cannot be right."""
    plain = _SPACES.sub("", text.upper())[:16]
    match = _DRIVER.match(plain)
    if match is None or len(match[1]) != 5:
        return None
    month, day = int(match[3]) % 50, int(match[4])
    return plain if 1 <= month <= 12 and 1 <= day <= 31 else None


def asn(text: str) -> str | None:
    """Return an arrest/summons number without separators and without its top-level letter, or None when wrong."""
    plain = re.sub(r"[\s/]", "", text.upper())
    if len(plain) == 21:
        plain = plain[:2] + plain[3:]
    match = _ASN.match(plain)
    if match is None:
        return None
    year, force, _, system, sequence, letter = match.groups()
    # Force or system text that is not all digits is left out of the number.
    digits = "".join(part for part in (force, system) if part.isdigit())
    return plain if check_letter(int(digits + year + sequence)) == letter else None
