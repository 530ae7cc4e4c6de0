#!/usr/bin/env python3
"""Check an export of the audit, without the program that wrote it.

    python verify_audit.py EXPORT.jsonl --seals SEALS.jsonl [--key HEX]

Needs Python 3.11 and the library `cryptography`, nothing of Muniment. EXPORT is what `muniment audit export` writes;
SEALS is the file that the sealer appends to outside the database; KEY is the public key of the sealer, noted when the
system was set up (without it the key in the export is used, which proves less). Ends with 0 when everything holds, 1
when something was changed, 2 when a file cannot be read.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SEAL_FIELDS = ("number", "first_leaf", "last_leaf", "root", "sealed_at")


def canonical(body):
    """Return the one byte form of a JSON object."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def merkle_root(leaves):
    """Return the root over leaves (RFC 6962 prefixes; an odd node moves up)."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def read(path):
    """Return the JSON objects of a file, one a line."""
    with Path(path).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def check_events(events, faults):
    """Return leaf number to digest, noting every event whose words do not fit its digest."""
    leaves = {}
    for line in events:
        number = line["leaf"]
        if number is None:
            continue
        if number in leaves:
            faults.append(f"leaf {number} stands twice")
        leaves[number] = bytes.fromhex(line["digest"])
        if line.get("event") is not None:
            found = hashlib.sha256(bytes.fromhex(line["salt"]) + canonical(line["event"])).digest()
            if found != leaves[number]:
                faults.append(f"leaf {number}: the event was changed after it was sealed")
    return leaves


def check_seals(seals, leaves, key, faults):
    """Check signatures, roots and that the seals cover the leaves without a gap; return the last leaf sealed."""
    expected = 1
    for seal in sorted(seals, key=lambda line: line["number"]):
        name = f"seal {seal['number']}"
        body = {field: seal[field] for field in SEAL_FIELDS}
        try:
            key.verify(bytes.fromhex(seal["signature"]), canonical(body))
        except InvalidSignature:
            faults.append(f"{name}: the signature is not the sealer's")
        if seal["first_leaf"] != expected:
            faults.append(f"{name} begins at leaf {seal['first_leaf']}, not {expected}: a seal is missing or added")
        expected = seal["last_leaf"] + 1
        numbers = range(seal["first_leaf"], seal["last_leaf"] + 1)
        missing = [number for number in numbers if number not in leaves]
        if missing:
            faults.append(f"{name}: {len(missing)} events are missing, the first is leaf {missing[0]}")
        elif merkle_root([leaves[number] for number in numbers]).hex() != seal["root"]:
            faults.append(f"{name}: the events are not those that were sealed")
    return expected - 1


def by_number(outside, faults):
    """Return the seals kept outside, by number; each is written once."""
    kept = {}
    for line in outside:
        if line["number"] in kept:
            faults.append(f"seal {line['number']} stands twice in the file outside")
        kept.setdefault(line["number"], line)
    return kept


def main():
    """Check and report."""
    parser = argparse.ArgumentParser(description="Check an export of the audit.")
    parser.add_argument("export")
    parser.add_argument("--seals", required=True)
    parser.add_argument("--key", help="the public key of the sealer, hexadecimal")
    arguments = parser.parse_args()
    try:
        lines, outside = read(arguments.export), read(arguments.seals)
    except (OSError, ValueError) as error:
        print(f"Cannot read: {error}")
        return 2
    faults = []
    kept = by_number(outside, faults)
    key_text = arguments.key or next(line["public_key"] for line in lines if line["line"] == "key")
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_text))
    events = [line for line in lines if line["line"] == "event"]
    seals = {line["number"]: line for line in lines if line["line"] == "seal"}
    leaves = check_events(events, faults)
    for number, seal in kept.items():
        inside = seals.get(number)
        if inside is None or any(inside[field] != seal[field] for field in ("root", "first_leaf", "last_leaf")):
            faults.append(f"seal {number} in the database is not the one kept outside")
    # A seal is committed before it is written outside: one that a kill kept from it proves nothing yet, like no seal.
    lacking = [number for number in seals if number not in kept and number < max(kept, default=0)]
    faults += [f"seal {number} was never written outside" for number in lacking]
    last = check_seals(kept.values(), leaves, key, faults)
    unsealed = [line for line in events if line["leaf"] is None or line["leaf"] > last]
    print(f"{len(events)} events, {len(kept)} seals, sealed up to leaf {last}.")
    print(f"{len(unsealed)} events are not sealed yet: nothing is proved about them.")
    for fault in faults:
        print(f"CHANGED: {fault}")
    print("Everything that was sealed is unchanged." if not faults else f"{len(faults)} faults.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
