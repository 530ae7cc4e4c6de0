"""Telephone numbers and e-mail addresses in one form."""

import re

_NOT_DIGITS = re.compile(r"\D")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")


def phone(text: str) -> str | None:
    """Return a UK number as its national digits (07700900123), another as 00 and its digits; None when no number.

    A number in which one digit is repeated throughout is a filler, not a number.
    """
    plus = text.strip().startswith("+")
    digits = _NOT_DIGITS.sub("", text.replace("(0)", ""))
    if plus:
        digits = "00" + digits
    if digits.startswith("0044"):
        digits = "0" + digits[4:].lstrip("0")
    elif digits.startswith("44") and len(digits) == 12:
        digits = "0" + digits[2:]
    elif len(digits) == 10 and digits[0] in "17":
        # A spreadsheet has taken the leading nought for a number's.
        digits = "0" + digits
    if not 6 <= len(digits) <= 17 or len(set(digits.lstrip("0"))) <= 1:
        return None
    return digits


def email(text: str) -> str | None:
    """Return an e-mail address in lower case, or None when it is not one."""
    address = text.strip().strip("<>").lower().removeprefix("mailto:")
    return address if _EMAIL.match(address) else None


def mailbox(address: str) -> str:
    """Return the part of an e-mail address before the @, without a +tag."""
    return address.split("@", 1)[0].split("+", 1)[0]
