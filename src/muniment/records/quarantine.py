"""Rows that could not be accepted: each waits once, with its text, until its source has mended or dropped it."""

import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.core import content, master, places
from muniment.core.models import Scope
from muniment.feeds.canonical import Batch
from muniment.feeds.rows import refused

Row = Mapping[str, Any]
_LONGEST = 200  # characters of a reference

# What a file still has, or has again, waits by the newest file that has it, and behind the wall that it gives.
_WAITS_AGAIN = (
    """
    UPDATE records_quarantine waiting SET intake_id = %(intake)s, row = again.row, resolved_by_id = NULL,
        scope_id = again.scope
    FROM unnest(%(digests)s::text[], %(rows)s::int[], %(scopes)s::bigint[]) AS again (digest, row, scope),
        records_intake told
    WHERE waiting.system_id = %(system)s AND waiting."table" = %(table)s AND waiting.digest = again.digest
        AND told.id = coalesce(waiting.resolved_by_id, waiting.intake_id) AND told.as_of <= %(as_of)s
    """,
    """
    UPDATE core_content original SET scope_id = waiting.scope_id FROM records_quarantine waiting
    WHERE waiting.intake_id = %(intake)s AND waiting.original_id = original.id
        AND original.scope_id <> waiting.scope_id
    """,
    """
    DELETE FROM records_quarantinename said USING records_quarantine waiting
    WHERE waiting.intake_id = %(intake)s AND said.waiting_id = waiting.id
    """,
)

# What waits by this file names what this file says.
_NAME = """
INSERT INTO records_quarantinename (waiting_id, system_id, kind, name)
SELECT waiting.id, waiting.system_id, said.kind, said.name
FROM unnest(%(digests)s::text[], %(kinds)s::text[], %(names)s::text[]) AS said (digest, kind, name)
JOIN records_quarantine waiting ON waiting.system_id = %(system)s AND waiting."table" = %(table)s
    AND waiting.digest = said.digest AND waiting.intake_id = %(intake)s
"""

# What is held under these references and walled off: who names it in a row that is refused is walled off alike.
_WALLED_OFF = """
SELECT held.kind, held.reference, scope.partition = 'sealed', held.restricted
FROM (
    SELECT 'record' AS kind, r.reference, r.scope_id, s.restriction AS restricted
    FROM records_record r JOIN core_scope s ON s.id = r.scope_id
    WHERE r.system_id = %(system)s AND r.reference = ANY (%(records)s)
    UNION ALL
    SELECT 'nominal', reference, scope_id, '' FROM records_nominal
    WHERE system_id = %(system)s AND reference = ANY (%(nominals)s)
) held JOIN core_scope scope ON scope.id = held.scope_id
WHERE scope.partition = 'sealed' OR held.restricted <> ''
"""

# What was destroyed here does not come back by a row that goes wrong: it waits without its text.
_DESTROYED = """
SELECT name FROM unnest(%(records)s::text[]) AS name
JOIN records_tombstone t ON t.system_id = %(system)s AND t.entity = 'record'
    AND t.reference_hash = encode(sha256(convert_to(%(pepper)s || name, 'UTF8')), 'hex')
"""
_WITHHELD = "Not kept: it names a record that was destroyed here. Find it in its source by its number."

# What was known by its reference is mended where its row came in.
_BACK_IN = """
UPDATE records_quarantine waiting SET resolved_by_id = %(intake)s
FROM records_intake taken
WHERE waiting.resolved_by_id IS NULL AND taken.id = waiting.intake_id AND taken.as_of <= %(as_of)s
    AND waiting.system_id = %(system)s AND waiting."table" = %(table)s
    AND waiting.reference <> '' AND waiting.digest <> ALL (%(digests)s)
    AND waiting.reference IN (SELECT key FROM fate WHERE fate IN ('accepted', 'updated', 'unchanged'))
"""

# A full export has every row: what it no longer has was mended, went wrong in another way, or is gone from its source.
_GONE = """
UPDATE records_quarantine waiting SET resolved_by_id = %(intake)s
FROM records_intake taken
WHERE taken.id = waiting.intake_id AND taken.as_of <= %(as_of)s AND waiting.resolved_by_id IS NULL
    AND waiting.system_id = %(system)s AND waiting."table" = %(table)s AND waiting.digest <> ALL (%(digests)s)
"""

# What an older file brings is done already where a newer one had its row, or is full and no longer has it.
_MENDED_SINCE = """
UPDATE records_quarantine waiting SET resolved_by_id = since.id
FROM (
    SELECT w.id AS waiting, coalesce(
        (SELECT taken.id FROM records_sourcerow held JOIN records_intake taken ON taken.id = held.last_intake_id
         WHERE held.system_id = w.system_id AND held."table" = w."table" AND held.key = w.reference
            AND taken.as_of > %(as_of)s),
        (SELECT taken.id FROM records_intake taken
         WHERE taken.system_id = w.system_id AND taken."table" = w."table"
            AND taken.kind = 'full' AND taken.as_of > %(as_of)s ORDER BY taken.as_of LIMIT 1)) AS id
    FROM records_quarantine w WHERE w.intake_id = %(intake)s AND w.resolved_by_id IS NULL
) since
WHERE since.waiting = waiting.id AND since.id IS NOT NULL
"""

_ANY_WAITING = """
SELECT EXISTS (
    SELECT 1 FROM records_quarantine
    WHERE system_id = %(system)s AND "table" = %(table)s AND resolved_by_id IS NULL)
"""

_ADD = (
    "INSERT INTO records_quarantine"
    ' (intake_id, system_id, "table", row, reference, reasons, digest, original_id, scope_id)'
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True)
class Quarantine:
    """The quarantine of one table of one system, at one intake, whose `parameters` these are."""

    batch: Batch
    parameters: Mapping[str, Any]
    cursor: Any

    def settle(self, rows: Sequence[Row]) -> None:
        """Have these rows wait, each once, and those wait no more that are mended or gone from their source.

        A row says what a line of `canonical.QUARANTINE` says.
        """
        found = {self._digest(row): row for row in self._without_destroyed(rows)}
        known = self._known(list(found))
        scopes = self._scopes(found)
        self._run(_ANY_WAITING)
        if self.cursor.fetchone()[0]:
            self._run(_GONE if self.batch.kind == "full" else _BACK_IN, digests=list(found))
        if known:
            self._wait_again({digest: found[digest] for digest in known}, scopes)
        self._add({digest: row for digest, row in found.items() if digest not in known}, scopes)
        self._name(found)
        self._run(_MENDED_SINCE)

    def _without_destroyed(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows, those without their text that name a record that was destroyed here."""
        records = _of_kind("record", rows)
        if not records:
            return list(rows)
        self._run(_DESTROYED, records=records)
        gone = {("record", name) for (name,) in self.cursor.fetchall()}
        return [row if gone.isdisjoint(_names(row)) else _withheld(row) for row in rows]

    def _wait_again(self, known: Mapping[str, Row], scopes: Mapping[str, int]) -> None:
        told = {
            "rows": [row["row"] for row in known.values()],
            "scopes": [scopes[digest] for digest in known],
        }
        for statement in _WAITS_AGAIN:
            self._run(statement, digests=list(known), **told)

    def _name(self, found: Mapping[str, Row]) -> None:
        said = [(digest, *name) for digest, row in found.items() for name in _names(row)]
        if said:
            digests, kinds, names = map(list, zip(*said, strict=True))
            self._run(_NAME, digests=digests, kinds=kinds, names=names)

    def _scopes(self, found: Mapping[str, Row]) -> dict[str, int]:
        """Return behind which wall each row waits, by digest: its own, or the stricter one of what it names."""
        walled = self._walled_off(found.values())
        made: dict[tuple[str, str, str], int] = {}
        scopes = {}
        for digest, row in found.items():
            named = [walled[name] for name in _names(row) if name in walled]
            partition = "sealed" if any(sealed for sealed, _ in named) else row["partition"]
            place = partition, row["area"], row["restriction"] or max((own for _, own in named), default="")
            if place not in made:
                made[place] = self._scope(*place)
            scopes[digest] = made[place]
        return scopes

    def _walled_off(self, rows: Collection[Row]) -> dict[refused.Name, tuple[bool, str]]:
        records, nominals = (_of_kind(kind, rows) for kind in refused.KINDS)
        if not records and not nominals:
            return {}
        self._run(_WALLED_OFF, records=records, nominals=nominals)
        return {(kind, name): (sealed, restriction) for kind, name, sealed, restriction in self.cursor.fetchall()}

    def _scope(self, partition: str, area: str, restriction: str) -> int:
        scope, _ = Scope.objects.get_or_create(
            controller_id=self.parameters["controller"],
            partition=partition,
            area=area,
            marking=self.batch.marking,
            restriction=restriction,
        )
        return scope.pk

    def _run(self, statement: str, **more: Any) -> None:
        self.cursor.execute(statement, {**self.parameters, **more})

    def _digest(self, row: Row) -> str:
        # By what is wrong and not by the words, which may name the day of the export.
        wrong = sorted((reason["code"], reason["field"]) for reason in row["reasons"])
        said = json.dumps([row["known_by"], wrong]).encode("utf-8", "surrogatepass")
        return hmac.new(places.derived("tombstones", "quarantine").encode(), said, "sha256").hexdigest()

    def _known(self, digests: list[str]) -> set[str]:
        self.cursor.execute(
            'SELECT digest FROM records_quarantine WHERE system_id = %s AND "table" = %s AND digest = ANY(%s)',
            [self.parameters["system"], self.batch.table, digests],
        )
        return {digest for (digest,) in self.cursor.fetchall()}

    def _add(self, fresh: Mapping[str, Row], scopes: Mapping[str, int]) -> None:
        if not fresh:
            return
        intake = self.parameters["intake"]
        owners = {digest: f"quarantine:{intake}:{digest[:16]}" for digest in fresh}
        originals = [
            content.Text(owners[digest], "original", row["original"] or "", scopes[digest])
            for digest, row in fresh.items()
        ]
        ids = content.keep_all(content.seal_all(originals, master.ring()), self.cursor)
        self.cursor.executemany(
            _ADD,
            [
                (
                    intake,
                    self.parameters["system"],
                    self.batch.table,
                    row["row"],
                    (row["reference"] or "")[:400],
                    json.dumps(row["reasons"]),
                    digest,
                    ids[owners[digest]],
                    scopes[digest],
                )
                for digest, row in fresh.items()
            ],
        )


def _withheld(row: Row) -> Row:
    return {**row, "original": _WITHHELD, "reasons": refused.unspoken(row["reasons"])}


def _names(row: Row) -> list[refused.Name]:
    """Return what a row names, without what is too long to be held under."""
    return [(each["kind"], each["name"]) for each in row["names"] if len(each["name"]) <= _LONGEST]


def _of_kind(kind: str, rows: Collection[Row]) -> list[str]:
    return sorted({name for row in rows for of, name in _names(row) if of == kind})
