#!/usr/bin/env python3
"""Check an export of the audit, without the program that wrote it.

    python verify_audit.py EXPORT.jsonl --seals SEALS.jsonl [--key HEX] [--kept-for DAYS]

Needs Python 3.11 and the library `cryptography`, nothing of Muniment. EXPORT is what `muniment audit export` writes;
SEALS is the file that the sealer appends to outside the database; KEY is the public key of the sealer, noted when the
system was set up (without it the key in the export is used, which proves less); DAYS is how long your policy keeps
the body of an event. Ends with 0 when everything holds, 1 when something was changed, 2 when a file cannot be read.
"""

import argparse
import hashlib
import json
import sys
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RUN_FIELDS = ("first_leaf", "last_leaf", "root")
SEAL_FIELDS = ("number", *RUN_FIELDS, "covert", "sealed_at")


def canonical(body):
    """Return the one byte form of a JSON object."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(body, salt):
    """Return the salted digest of a JSON object; the salt and the digest are hexadecimal."""
    return hashlib.sha256(bytes.fromhex(salt) + canonical(body)).hexdigest()


def merkle_root(leaves):
    """Return the root over leaves (RFC 6962 prefixes; an odd node moves up)."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves] or [hashlib.sha256().digest()]
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def read(path):
    """Return the JSON objects of a file, one a line."""
    with Path(path).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class Part:
    """One part of the audit, ordinary or covert, with the runs of leaves that were sealed."""

    def __init__(self, name, events, runs, sealed_at):
        """Take the lines of events, the runs by number of seal, and when each seal was made."""
        self.name, self.events, self.runs, self.sealed_at = name, events, runs, sealed_at
        self.faults, self.leaves, self.bodies = [], {}, {}
        self.seal_of = {}  # by leaf, the number of its seal

    def check(self, kept_for):
        """Check every event, every run and every body that is missing."""
        self._check_events()
        self._check_runs()
        return self._check_expired(kept_for)

    def _check_events(self):
        for line in self.events:
            number = line["leaf"]
            if number is None:
                continue
            if number in self.leaves:
                self._fault(f"leaf {number} stands twice")
            self.leaves[number] = bytes.fromhex(line["digest"])
            if line.get("event") is not None:
                self.bodies[number] = line["event"]
                if digest(line["event"], line["salt"]) != line["digest"]:
                    self._fault(f"leaf {number}: the event was changed after it was sealed")

    def _check_runs(self):
        expected = 1
        for number, run in sorted(self.runs.items()):
            name = f"seal {number}"
            if run["first_leaf"] != expected:
                self._fault(f"{name} begins at leaf {run['first_leaf']}, not {expected}: a seal is missing or added")
            expected = run["last_leaf"] + 1
            leaves = range(run["first_leaf"], run["last_leaf"] + 1)
            self.seal_of.update(dict.fromkeys(leaves, number))
            missing = [leaf for leaf in leaves if leaf not in self.leaves]
            if missing:
                self._fault(f"{name}: {len(missing)} events are missing, the first is leaf {missing[0]}")
            elif merkle_root([self.leaves[leaf] for leaf in leaves]).hex() != run["root"]:
                self._fault(f"{name}: the events are not those that were sealed")

    def _check_expired(self, kept_for):
        """Check that a sealed event of expiry accounts for each body that is missing; return what to report.

        The time that a body was kept is taken from the seals outside: from the seal of the event to the seal of its
        expiry. Nobody who claims today that last week's events have expired can move those.
        """
        gone = {leaf for leaf in self.leaves if leaf in self.seal_of and leaf not in self.bodies}
        accounts = self._expiries(gone)
        shortest = None
        for leaf in sorted(gone):
            if leaf not in accounts:
                self._fault(f"leaf {leaf}: the event is gone, and no sealed expiry took it")
                continue
            expiry, before = accounts[leaf]
            made, ended = self._moment(leaf), self._moment(expiry)
            kept = (ended - made).days
            shortest = kept if shortest is None else min(shortest, kept)
            if not made < before <= ended:
                self._fault(f"leaf {leaf}: the expiry of leaf {expiry} took it before its time")
            if kept_for is not None and kept < kept_for:
                self._fault(f"leaf {leaf}: the event was kept for {kept} days, not {kept_for}")
        if not gone:
            return f"{self.name}: nothing has expired."
        days = "" if shortest is None else f" The shortest that one was kept is {shortest} days: compare your policy."
        return f"{self.name}: {len(gone)} events have expired.{days}"

    def _expiries(self, gone):
        """Return, by leaf that is gone, the latest expiry that names it: (its own leaf, the moment it names)."""
        found = {}
        for leaf, event in sorted(self.bodies.items()):
            if event["action"] == "audit.expire" and leaf in self.seal_of:
                before = datetime.fromisoformat(event["detail"]["before"])
                for first, last in event["detail"]["leaves"]:
                    found.update({each: (leaf, before) for each in range(first, last + 1) if each in gone})
        return found

    def _moment(self, leaf):
        return datetime.fromisoformat(self.sealed_at[self.seal_of[leaf]])

    def _fault(self, words):
        self.faults.append(words if self.name == "Audit" else f"{self.name}, {words}")


def check_signatures(kept, key):
    """Yield a fault for every seal outside that the sealer did not sign."""
    for number, seal in kept.items():
        try:
            key.verify(bytes.fromhex(seal["signature"]), canonical({field: seal[field] for field in SEAL_FIELDS}))
        except InvalidSignature:
            yield f"seal {number}: the signature is not the sealer's"


def check_once(outside):
    """Yield a fault for every seal that stands in the file outside more than once; each is written once."""
    seen = set()
    for line in outside:
        if line["number"] in seen:
            yield f"seal {line['number']} stands twice in the file outside"
        seen.add(line["number"])


def check_outside(kept, seals):
    """Yield a fault for every seal that is not the same in the database and outside."""
    for number, seal in kept.items():
        inside = seals.get(number)
        if inside is None or any(inside[field] != seal[field] for field in SEAL_FIELDS):
            yield f"seal {number} in the database is not the one kept outside"
    # A seal is committed before it is written outside: one that a kill kept from it proves nothing yet, like no seal.
    lacking = (number for number in seals if number not in kept and number < max(kept, default=0))
    yield from (f"seal {number} was never written outside" for number in lacking)


def check_covert(kept, opened):
    """Yield a fault for every seal whose covert run is not the one that was sealed."""
    for number, seal in kept.items():
        run = opened.get(number)
        if run is None:
            yield f"seal {number}: its covert run is missing"
        elif digest({field: run[field] for field in RUN_FIELDS}, run["salt"]) != seal["covert"]:
            yield f"seal {number}: its covert run is not the one that was sealed"
    lacking = (number for number in opened if number not in kept and number < max(kept, default=0))
    yield from (f"covert seal {number} has no seal" for number in lacking)


def by_kind(lines):
    """Return the lines of an export by what they are."""
    found = {}
    for line in lines:
        found.setdefault(line["line"], []).append(line)
    return found


def check(lines, outside, key, kept_for):
    """Check an export against the seals kept outside; print what it holds and return the faults."""
    found, kept = by_kind(lines), {}
    for line in outside:
        kept.setdefault(line["number"], line)
    seals = {line["number"]: line for line in found.get("seal", [])}
    opened = {line["number"]: line for line in found.get("covert seal", [])}
    sealed_at = {number: seal["sealed_at"] for number, seal in kept.items()}
    faults = [*check_once(outside), *check_signatures(kept, key), *check_outside(kept, seals)]
    parts = [Part("Audit", found.get("event", []), kept, sealed_at)]
    if opened or "covert event" in found:
        faults += check_covert(kept, opened)
        runs = {number: run for number, run in opened.items() if number in kept}
        parts.append(Part("Covert audit", found.get("covert event", []), runs, sealed_at))
    for part in parts:
        expired = part.check(kept_for)
        faults += part.faults
        unsealed = [line for line in part.events if line["leaf"] is None or line["leaf"] not in part.seal_of]
        print(f"{part.name}: {len(part.events)} events, {len(part.runs)} seals, {len(part.seal_of)} events sealed.")
        print(f"{len(unsealed)} events are not sealed yet: nothing is proved about them.")
        print(expired)
    return faults


def main():
    """Check and report."""
    parser = argparse.ArgumentParser(description="Check an export of the audit.")
    parser.add_argument("export")
    parser.add_argument("--seals", required=True)
    parser.add_argument("--key", help="the public key of the sealer, hexadecimal")
    parser.add_argument("--kept-for", type=int, help="the days for which policy keeps the body of an event")
    arguments = parser.parse_args()
    try:
        lines, outside = read(arguments.export), read(arguments.seals)
        key_text = arguments.key or next(line["public_key"] for line in lines if line["line"] == "key")
    except (OSError, ValueError, StopIteration) as error:
        print(f"Cannot read: {error}")
        return 2
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_text))
    faults = check(lines, outside, key, arguments.kept_for)
    for fault in faults:
        print(f"CHANGED: {fault}")
    print("Everything that was sealed is unchanged." if not faults else f"{len(faults)} faults.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
