"""What the ledger outside the database says of disposals, holds, restrictions, adoptions and modes, to be followed.

Rows are named by what their sources call them, people by the keyed digests that tombstones bear: a copy made earlier
has other keys for what came since.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from muniment.core import ledger
from muniment.core.models import Controller, RuleAdoption
from muniment.people import carried
from muniment.people.models import Belonging
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Record, SourceSystem
from muniment.retention.models import (
    Certificate,
    DisposalItem,
    DisposalOrder,
    Hold,
    ModeChange,
    Restriction,
    SourceInstruction,
)

ORDER = (
    "prime_reference", "review_reference", "decided_by", "rule", "policy_version", "state", "proposed_by",
    "proposed_at", "approved_by", "approved_at", "cools_until", "stopped_by", "note", "destroyed_at",
    "nominals_destroyed", "membership_digest",
)  # fmt: skip
ITEM = ("record_key", "reference", "class_id", "decision_digest", "destroyed_at", "kept_because", "others")
TRACE = ("declared", "marks", "first", "last")
INSTRUCTION = ("sent_at", "answer", "answered_by", "answered_at", "note")
DUTY = (
    "where", "place", "title", "holder", "known_as", "tables", "location", "medium", "is_first", "asked_at", "answer",
    "note", "answered_by", "answered_at", "next_step", "next_on", "chased", "method", "standard", "witness",
    "consignment",
)  # fmt: skip
ISSUE = ("issued_at", "is_provisional", "body", "digest", "changes")
CERTIFICATE = ("id", "issued_at", "is_provisional", "body", "digest")
HOLD = (
    "title", "kind", "preset", "authority", "decided_by", "review_on", "scope", "start", "placed_by", "placed_at",
    "release_asked_by", "release_reason", "released_by", "released_at", "people_digest", "confirmed_by", "confirmed_at",
    "amended_at",
)  # fmt: skip
VERSION = (
    "number", "scope", "paper", "decided_by", "reason", "asked_by", "is_wider", "state", "since", "until",
    "settled_by", "settled_at", "settled_why",
)  # fmt: skip

ADOPTION = (
    "rule", "ends", "start", "months", "days", "authority", "asked_by", "asked_at", "completed_by", "completed_at",
)  # fmt: skip

MODE = ("to", "why", "figures", "asked_by", "asked_at", "agreed_by", "settled_at")

RESTRICTION = ("regime", "ground", "begun_on", "review_on", "ended_on", "begun_by", "ended_by", "made_at")
REQUEST = (
    "kind", "regime", "asker", "their_reference", "databases", "grounds", "received_on", "identity_asked_on",
    "identity_received_on", "fee", "fee_asked_on", "fee_paid_on", "fee_settled_by", "refused_because", "extended_on",
    "extension_reason", "due_on", "done_there", "closed_on", "is_withdrawn", "recorded_by", "recorded_at",
)  # fmt: skip

Name = list[str]  # controller, system, reference or its digest


def of_disposal(order: DisposalOrder, *, tombs: Iterable[tuple[int, str]] = (), owners: Iterable[str] = ()) -> None:
    """Enter what was done to an order; `tombs` are the nominals destroyed (system, digest), `owners` those of keys."""
    ledger.record("disposal", {"order": order.pk, "tombs": sorted(tombs), "owners": sorted(owners)})


def of_hold(hold: Hold) -> None:
    """Enter that a hold was placed, confirmed, amended or released."""
    ledger.record("hold", {"hold": hold.pk})


def of_adoption(adoption: RuleAdoption) -> None:
    """Enter that a rule was adopted, or its adoption ended: what was ended must not dispose of anything again."""
    ledger.record("adoption", {"adoption": adoption.pk})


def of_restriction(restriction: Restriction) -> None:
    """Enter that the use of what is held of somebody was restricted, that it was looked at again, or that it ended."""
    ledger.record("restriction", {"restriction": restriction.pk})


def _facts(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def tell_disposal(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger says of a disposal as it stands."""
    order = DisposalOrder.objects.select_related("controller").get(pk=body["order"])
    items = DisposalItem.objects.filter(order=order).select_related("system__controller", "trace").order_by("pk")
    answers = SourceInstruction.objects.filter(order=order).select_related("system__controller").order_by("pk")
    certificate = Certificate.objects.filter(order=order).first()
    systems = _systems_of([system for system, _ in body["tombs"]])
    return {
        "order": order.pk,
        "controller": order.controller.code,
        "facts": _facts(order, ORDER),
        "items": [_item(each) for each in items],
        "instructions": [
            _facts(each, INSTRUCTION) | {"system": [each.system.controller.code, each.system.code]} for each in answers
        ],
        "certificate": _facts(certificate, CERTIFICATE) if certificate else None,
        "earlier": [_facts(each, ISSUE) for each in certificate.earlier.order_by("pk")] if certificate else [],
        "nominals": [[*systems[system], digest] for system, digest in body["tombs"]],
        "owners": body["owners"],
    }


def _item(item: DisposalItem) -> dict[str, Any]:
    """Return what is said of a record of an order, with the marks that it left."""
    trace = getattr(item, "trace", None)
    left = _facts(trace, TRACE) if trace else None
    return _facts(item, ITEM) | {
        "system": [item.system.controller.code, item.system.code],
        "trace": left,
        "duties": [_facts(each, DUTY) for each in item.duties.order_by("pk")],
    }


def _systems_of(keys: Iterable[int]) -> dict[int, list[str]]:
    found = SourceSystem.objects.filter(pk__in=set(keys)).select_related("controller")
    return {each.pk: [each.controller.code, each.code] for each in found}


def tell_adoption(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger says of an adoption that was completed."""
    adoption = RuleAdoption.objects.select_related("controller").get(pk=body["adoption"])
    facts = _facts(adoption, ADOPTION)
    return {"adoption": adoption.pk, "controller": adoption.controller.code, "facts": facts}


def tell_mode(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger says of a change of mode that was done."""
    change = ModeChange.objects.select_related("controller").get(pk=body["change"])
    return {"change": change.pk, "controller": change.controller.code, "facts": _facts(change, MODE)}


def tell_restriction(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger says of a restriction as it stands, with its request: without one nobody could end it."""
    found = Restriction.objects.select_related("controller", "request").get(pk=body["restriction"])
    people = carried.now([found.prime_id], found.made_at)
    members = Belonging.objects.filter(prime__in=people, until__isnull=True).order_by("pk")
    names = {
        (force, system, fingerprint(reference))
        for force, system, reference in members.values_list(
            "nominal__system__controller__code", "nominal__system__code", "nominal__reference"
        )
    }
    return {
        "restriction": found.pk,
        "prime": found.prime_id,
        "controller": found.controller.code,
        "facts": _facts(found, RESTRICTION),
        "request": {"id": found.request_id, "facts": _facts(found.request, REQUEST)},
        "people": sorted(names | set(found.names.values_list("force", "system", "digest"))),
    }


def tell_hold(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger says of a hold as it stands."""
    hold = Hold.objects.get(pk=body["hold"])
    versions = list(hold.versions.all())
    scopes = [hold.scope, *(each.scope for each in versions)]
    people = Belonging.objects.filter(prime__in=_named(scopes, "people"), until__isnull=True)
    of_people = ("nominal__system__controller__code", "nominal__system__code", "nominal__reference")
    records = Record.objects.filter(pk__in=_named(scopes, "records"))
    codes = dict(Controller.objects.values_list("pk", "code"))
    return {
        "hold": hold.pk,
        "controllers": sorted(hold.controllers.values_list("code", flat=True)),
        "facts": _facts(hold, HOLD),
        "versions": [
            _facts(each, VERSION) | {"controllers": sorted(codes[key] for key in each.controllers)} for each in versions
        ],
        "people": [
            [prime, force, system, fingerprint(reference)]
            for prime, force, system, reference in people.order_by("pk").values_list("prime_id", *of_people)
        ],
        "records": [
            list(each)
            for each in records.order_by("pk").values_list(
                "pk", "system__controller__code", "system__code", "reference"
            )
        ],
    }


def _named(scopes: Iterable[Mapping[str, Any]], kind: str) -> set[int]:
    return {key for scope in scopes for key in scope.get(kind) or ()}
