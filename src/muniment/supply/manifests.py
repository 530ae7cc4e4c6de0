"""The manifest of a supply: what is in each file, on what basis it was given, under which versions; signed.

The signature is by the key that signs the seals of the audit, over the manifest without its two last lines.
"""

import hashlib
import json
from importlib.metadata import version
from typing import Any

from muniment.core import audit
from muniment.people.models import LinkageModel
from muniment.supply import form
from muniment.supply.building.rows import Asked
from muniment.supply.models import Supply


def body(supply: Supply, asked: Asked, counts: dict[str, int], files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what the manifest of a supply says, signed."""
    terms, active = asked.terms, LinkageModel.objects.filter(activated_at__isnull=False).order_by("-activated_at")
    withheld = {entity: sorted(terms.withheld(entity)) for entity in terms.gives}
    said = {
        "supply": supply.reference,
        "about": supply.about,
        "common_form": form.VERSION,
        "controller": {"code": supply.controller.code, "name": supply.controller.name},
        "recipient": {"code": supply.recipient, "name": supply.recipient_name},
        "basis": supply.basis,
        "agreement": supply.agreement,
        "agreement_verified": terms.verified,
        "conditions": terms.conditions,
        "marking": supply.marking,
        "purpose": supply.purpose,
        "asked_by": supply.asked_by,
        "approved_by": supply.approved_by or None,
        "as_of": supply.as_of.isoformat() if supply.as_of else None,
        "selection": supply.selection,
        "people": supply.people,
        "counts": counts,
        "files": files,
        "withheld": {entity: fields for entity, fields in withheld.items() if fields},
        "not_supplied": [*sorted(form.ENTITIES.keys() - terms.gives.keys()), "narratives"],
        "versions": {
            "program": version("muniment"),
            "policy": asked.rules.policy_version,
            "model": active.values_list("version", flat=True).first(),
        },
    }
    return {**said, "signature": audit.sign(audit.canonical(said)), "public_key": audit.public_key()}


def is_genuine(manifest: dict[str, Any]) -> bool:
    """Whether a manifest bears our signature over what it says."""
    said = {name: value for name, value in manifest.items() if name not in {"signature", "public_key"}}
    return audit.is_signed(audit.canonical(said), str(manifest.get("signature", "")))


def text(manifest: dict[str, Any]) -> str:
    """Return a manifest as its file holds it."""
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def digest(manifest: dict[str, Any]) -> str:
    """Return the SHA-256 of the file of a manifest."""
    return hashlib.sha256(text(manifest).encode()).hexdigest()
