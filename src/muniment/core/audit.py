"""The audit: every look, change and refusal, written in the same transaction, then sealed.

Events are plain inserts. The sealer numbers committed events without gaps, hashes each with its own salt, builds a
Merkle tree over a run of them, signs its root and writes the line outside the database as well, so that nobody who
can rewrite the database can rewrite what was sealed. `verify_audit.py` checks an export without this package.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection, transaction

from muniment.core import database, places
from muniment.core.actors import Actor

BODY_COLUMNS = (
    "id",
    "at",
    "actor_id",
    "actor",
    "action",
    "outcome",
    "controller",
    "subject",
    "purpose",
    "recipient",
    "detail",
    "compartment",
)
_INSERT = (
    "INSERT INTO core_auditevent (actor_id, actor, action, outcome, controller, subject, purpose, recipient,"
    " detail, salt, compartment) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_SEAL_LOCK = 7_130_001
_TAIL_BYTES = 4096  # more than one line of the file of seals


def _values(by: Actor, action: str, outcome: str, facts: dict[str, Any]) -> list[Any]:
    return [
        by.key,
        by.name,
        action,
        outcome,
        facts.get("controller", ""),
        str(facts.get("subject", ""))[:200],
        by.purpose,
        facts.get("recipient", ""),
        json.dumps(facts.get("detail", {})),
        os.urandom(16),
        facts.get("compartment", "ordinary"),
    ]


def record(by: Actor, action: str, **facts: Any) -> None:
    """Write an event in the current transaction.

    `facts` may be controller (code), subject (a reference), recipient, detail (identifiers and counts only, never a
    row's values) and compartment. There is no RETURNING: who writes an event need not be able to read it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, _values(by, action, "done", facts))


def record_apart(by: Actor, action: str, outcome: str, **facts: Any) -> None:
    """Write a refusal or a failure on a connection of its own, so that no rollback takes it away."""
    role = connection.settings_dict["USER"].removeprefix("muniment_")
    with psycopg.connect(database.uri(role, dbname=connection.settings_dict["NAME"]), autocommit=True) as own:
        own.execute(_INSERT, _values(by, action, outcome, facts))


def canonical(event: dict[str, Any]) -> bytes:
    """Return the one byte form of an event that is hashed: JSON, keys sorted, no spaces, times in UTC."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(event: dict[str, Any], salt: bytes) -> bytes:
    """Return the salted SHA-256 of an event."""
    return hashlib.sha256(salt + canonical(event)).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a Merkle tree; leaves and nodes are hashed under different prefixes (RFC 6962)."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + level[index] + level[index + 1]).digest() for index in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def _signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(places.secret("seal"))


def public_key() -> str:
    """Return the public half of the signing key, hexadecimal, for whoever checks."""
    return _signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def seals_file() -> Path:
    """Return the file outside the database that each seal is appended to."""
    chosen = os.environ.get("MUNIMENT_SEALS_FILE")
    return Path(chosen) if chosen else places.home() / "seals.jsonl"


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    event = dict(zip(BODY_COLUMNS, row, strict=True))
    event["at"] = event["at"].astimezone(UTC).isoformat()
    if isinstance(event["detail"], str):
        event["detail"] = json.loads(event["detail"])
    return event


class SealsAhead(Exception):
    """The file outside holds seals that the database does not: something was taken out of the database."""


def seal() -> int:
    """Seal every committed event that is not sealed; return how many there were.

    The seal is committed first and written outside after: killed between the two, the file lacks the last seal, and
    the next run writes it. So the file is never ahead of the database, unless seals were taken out of that, or an older
    copy of it was restored. Raise SealsAhead then, and seal nothing, because a new seal would hide it.
    """
    count = _seal_events()
    _write_outside()
    return count


def _seal_events() -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
        _outside(cursor)
        cursor.execute("SELECT coalesce(max(number), 0) FROM core_auditleaf")
        last = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT {', '.join(f'e.{column}' for column in BODY_COLUMNS)}, e.salt FROM core_auditevent e"  # noqa: S608
            " LEFT JOIN core_auditleaf l ON l.event_id = e.id WHERE l.number IS NULL ORDER BY e.id"
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        digests = [digest(_event(row[:-1]), bytes(row[-1])) for row in rows]
        cursor.executemany(
            "INSERT INTO core_auditleaf (number, event_id, digest) VALUES (%s, %s, %s)",
            [(last + 1 + index, row[0], leaf) for index, (row, leaf) in enumerate(zip(rows, digests, strict=True))],
        )
        cursor.execute("SELECT coalesce(max(number), 0) + 1 FROM core_auditseal")
        line = {
            "number": cursor.fetchone()[0],
            "first_leaf": last + 1,
            "last_leaf": last + len(rows),
            "root": merkle_root(digests).hex(),
            "sealed_at": datetime.now(UTC).isoformat(),
        }
        cursor.execute(
            "INSERT INTO core_auditseal (number, first_leaf, last_leaf, root, sealed_at, signature)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                line["number"],
                line["first_leaf"],
                line["last_leaf"],
                bytes.fromhex(line["root"]),
                line["sealed_at"],
                _signing_key().sign(canonical(line)),
            ],
        )
    return len(rows)


def _write_outside() -> None:
    """Append the seals that the file lacks, each after its commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
        last, begun = _outside(cursor)
        lacking = "".join(json.dumps(line, sort_keys=True) + "\n" for line in _seal_lines(cursor, after=last))
        if not lacking.startswith(begun):
            raise SealsAhead(f"The file of seals {seals_file()} ends in half a line that is no seal of the database.")
        if lacking:
            # Only ever appended to, because it may lie where nothing else is allowed.
            with seals_file().open("a") as file:
                file.write(lacking.removeprefix(begun))
                file.flush()
                os.fsync(file.fileno())


def _outside(cursor: Any) -> tuple[int, str]:
    """Return the number of the last seal in the file outside, 0 for none, and what a machine that stopped began after.

    Raise SealsAhead when the database does not go so far.
    """
    outside, begun = 0, ""
    if seals_file().exists():
        with seals_file().open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            whole, _, begun = file.read().decode(errors="replace").rpartition("\n")
        if whole:
            outside = int(json.loads(whole.rpartition("\n")[2])["number"])
    cursor.execute("SELECT coalesce(max(number), 0) FROM core_auditseal")
    inside: int = cursor.fetchone()[0]
    if outside > inside:
        raise SealsAhead(
            f"The file of seals {seals_file()} goes up to seal {outside}, the database to {inside}: seals were taken"
            " out of the database, or an older copy of it was restored. Nothing is sealed until this is cleared up:"
            " keep the file, find out which it was, and if a copy was restored begin a new file."
        )
    return outside, begun


def export() -> Iterator[dict[str, Any]]:
    """Yield the lines of an export: the public key, then every event with salt and leaf, then every seal."""
    yield {"line": "key", "public_key": public_key()}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(f'e.{column}' for column in BODY_COLUMNS)}, e.salt, l.number, l.digest"  # noqa: S608
            " FROM core_auditevent e LEFT JOIN core_auditleaf l ON l.event_id = e.id ORDER BY l.number, e.id"
        )
        yield from _event_lines(cursor)
        yield from ({"line": "seal", **line} for line in _seal_lines(cursor))


def _seal_lines(cursor: Any, after: int = 0) -> list[dict[str, Any]]:
    """Return the seals of the database past a number, as the file outside has them."""
    cursor.execute(
        "SELECT number, first_leaf, last_leaf, root, sealed_at, signature FROM core_auditseal WHERE number > %s"
        " ORDER BY number",
        [after],
    )
    return [
        {
            "number": number,
            "first_leaf": first,
            "last_leaf": last,
            "root": bytes(root).hex(),
            "sealed_at": sealed_at,
            "signature": bytes(signature).hex(),
        }
        for number, first, last, root, sealed_at, signature in cursor.fetchall()
    ]


def _event_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        *body, salt, number, leaf = row
        yield {
            "line": "event",
            "leaf": number,
            "digest": bytes(leaf).hex() if leaf else None,
            "salt": bytes(salt).hex(),
            "event": _event(tuple(body)),
        }
