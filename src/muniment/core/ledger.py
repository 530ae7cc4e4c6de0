"""The ledger of disposals and holds: what a copy of the database that is restored has to follow, kept outside it.

Entries are plain inserts, in the transaction of what they tell. The worker numbers committed ones without gaps, has
whoever registered their kind say all that a restored copy needs, and appends a line for each to a file outside the
database: encrypted, because it names references, chained to the line before, and signed with the key of seals.
`retention.actions.replay` follows it.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from muniment.core import audit, places
from muniment.core.models import LedgerEntry

NONCE_BYTES = 12
_LOCK = 7_130_017
_TAIL_BYTES = 65_536

Teller = Callable[[dict[str, Any]], dict[str, Any]]
_tellers: dict[str, Teller] = {}


class BadLedger(Exception):
    """The file of the ledger was changed, or is not the one of this database; the message says what to do."""


@dataclass(frozen=True)
class Position:
    """Where a ledger stands: the number of its last line and that line's digest; 0 and nothing when it is empty."""

    number: int = 0
    digest: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the file outside, checked and opened."""

    number: int
    at: str
    kind: str
    body: dict[str, Any]
    text: str


def tells(kind: str, teller: Teller) -> None:
    """Register who says, from the body of an entry, all that a restored copy needs of it."""
    _tellers[kind] = teller


def record(kind: str, body: dict[str, Any]) -> None:
    """Write an entry in the current transaction. There is no RETURNING: the web adds and does not read."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_ledgerentry (kind, body) VALUES (%s, %s)", [kind, json.dumps(body)])


def file() -> Path:
    """Return the file outside the database that each entry is appended to."""
    chosen = os.environ.get("MUNIMENT_LEDGER_FILE")
    return Path(chosen) if chosen else places.home() / "ledger.jsonl"


def digest(text: str) -> str:
    """Return the digest of a line, by which the next one names it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _cipher() -> AESGCM:
    return AESGCM(bytes.fromhex(places.derived("tombstones", "ledger")))


def _signed_part(said: dict[str, Any]) -> bytes:
    return audit.canonical({name: value for name, value in said.items() if name != "signature"})


def _write(number: int, kind: str, body: dict[str, Any], previous: str) -> str:
    plain = json.dumps(body, sort_keys=True, cls=DjangoJSONEncoder).encode()
    nonce = os.urandom(NONCE_BYTES)
    hidden = nonce + _cipher().encrypt(nonce, plain, f"{number}:{kind}".encode())
    said = {
        "number": number,
        "at": timezone.now().isoformat(),
        "kind": kind,
        "previous": previous,
        "body": base64.b64encode(hidden).decode(),
    }
    return json.dumps(said | {"signature": audit.sign(_signed_part(said))}, sort_keys=True)


def position() -> Position:
    """Return how far the database goes."""
    last = LedgerEntry.objects.filter(number__isnull=False).order_by("-number").first()
    return Position(last.number or 0, digest(last.line)) if last else Position()


def write_outside() -> int:
    """Number what is committed and append to the file what it lacks; return how many lines that were.

    Committed first and written after, as seals are: killed between the two, the next run writes it. Raise BadLedger
    when the file goes further than the database: an older copy was put back and has not followed it yet.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        not_ahead()
        here = position()
        for entry in LedgerEntry.objects.filter(number__isnull=True).order_by("pk"):
            line = _write(here.number + 1, entry.kind, _tellers[entry.kind](entry.body), here.digest)
            here = Position(here.number + 1, digest(line))
            # What the line says is not kept twice: of a destroyed person the fewer places know, the better.
            LedgerEntry.objects.filter(pk=entry.pk).update(number=here.number, line=line, body={})
    return _append()


def _append() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        outside, begun = _outside()
        lacking = list(LedgerEntry.objects.filter(number__gt=outside).order_by("number").values_list("line", flat=True))
        text = "".join(f"{line}\n" for line in lacking)
        if not text.startswith(begun):
            raise BadLedger(f"The ledger {file()} ends in half a line that is none of this database.")
        if not file().exists():  # an empty one says that nothing has happened; none, that it was lost
            file().touch(mode=0o600)
        if text:
            with file().open("a") as out:
                out.write(text.removeprefix(begun))
                out.flush()
                os.fsync(out.fileno())
    return len(lacking)


def _outside() -> tuple[int, str]:
    """Return the number of the last whole line outside, and what a machine that stopped began after it."""
    if not file().exists():
        return 0, ""
    with file().open("rb") as said:
        end, back, whole, begun = said.seek(0, os.SEEK_END), _TAIL_BYTES, "", ""
        while True:  # lines are of any length: further back until one is whole
            said.seek(max(0, end - back))
            whole, _, begun = said.read().decode(errors="replace").rpartition("\n")
            if "\n" in whole or back >= end:
                break
            back *= 8
    return (int(json.loads(whole.rpartition("\n")[2])["number"]) if whole else 0), begun


def not_ahead() -> None:
    """Raise BadLedger when the file goes further than the database."""
    outside, _ = _outside()
    if outside > position().number:
        raise BadLedger(
            f"The ledger {file()} goes up to entry {outside}, the database to {position().number}: an older copy of the"
            " database was put back without following it, and what was destroyed since may be here again. Nothing is"
            " destroyed or written until this is cleared up: restore with `muniment database restore`, which follows"
            " the ledger."
        )


def read(path: Path) -> Iterator[Line]:
    """Yield every line of a ledger, checked and opened. Raise BadLedger at the first that is not as it was written."""
    previous = ""
    for number, text in enumerate(path.read_text().splitlines(), 1):
        try:
            said = json.loads(text)
            signature, body = said["signature"], base64.b64decode(said["body"], validate=True)
        except (ValueError, KeyError, TypeError) as error:
            raise BadLedger(f"Line {number} of {path} is not a line of a ledger: fetch the file again.") from error
        if (said["number"], said["previous"]) != (number, previous):
            raise BadLedger(f"Lines were taken out of {path} or put into it before line {number}: find the whole one.")
        if not audit.is_signed(_signed_part(said), signature):
            raise BadLedger(f"Line {number} of {path} was changed, or another key of seals signed it.")
        try:
            plain = _cipher().decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], f"{number}:{said['kind']}".encode())
        except InvalidTag as error:
            raise BadLedger(
                f"{path} was written with another secret of tombstones (MUNIMENT_TOMBSTONES_FILE)."
            ) from error
        yield Line(number, said["at"], said["kind"], json.loads(plain), text)
        previous = digest(text)
