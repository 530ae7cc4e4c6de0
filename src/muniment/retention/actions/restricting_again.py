"""Bring the restrictions of a restored copy to what the ledger says, by the names that people have in their sources.

What began after the copy stands before anybody reads it; what ended since ends where it is certainly the same. Whom the
copy does not know is named and waited for: they are restricted from the moment at which they come in again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from muniment.core import audit, ledger, references
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.people.models import Belonging, PrimePerson
from muniment.retention.models import PersonRequest, RestrictedName, Restriction, SubjectEvent

Name = tuple[str, str, str]  # controller, system, digest of the reference


@dataclass
class Again:
    """How many restrictions were put back and ended, and how many wait for people; what to say of some of them.

    `findings` keep a copy shut. `notes` are printed: nothing is left to do, or the stricter stands.
    """

    standing: int = 0
    ended: int = 0
    waiting: int = 0
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def follow(lines: Sequence[ledger.Line], known: Mapping[Name, int], *, by: Actor) -> Again:
    """Follow what the ledger last said of each restriction; `known` are the nominals of the copy, by their names."""
    done = Again()
    for line in {each.body["restriction"]: each for each in lines if each.kind == "restriction"}.values():
        with transaction.atomic():
            _one(line.body, known, done)
            reference = references.make("request", line.body["request"]["id"])
            controller, detail = line.body["controller"], {"line": line.number}
            audit.record(by, "restriction.replay", subject=reference, controller=controller, detail=detail)
    return done


def _one(body: dict[str, Any], known: Mapping[Name, int], done: Again) -> None:
    reference, facts = references.make("request", body["request"]["id"]), body["facts"]
    controller = Controller.objects.filter(code=body["controller"]).first()
    if controller is None:
        done.findings.append(
            f"{reference} restricts for {body['controller']}, which this copy does not know: register it, restore anew."
        )
        return
    here = Restriction.objects.filter(pk=body["restriction"]).first()
    if here is not None and not _is_same(here, body, controller):
        done.notes.append(f"What the ledger says of {reference} is not certainly of this copy's: what stands, stands.")
        return
    names = {tuple(each) for each in body["people"]}
    prime = here.prime if here else _prime(body, names, known)
    if prime is None and facts["ended_on"]:
        return  # it began and ended since, of somebody whom the copy never knew
    is_found = prime is not None
    if prime is None:
        # A reference that leads nowhere yet, as that of somebody whose records were destroyed.
        prime, _ = PrimePerson.objects.get_or_create(
            pk=body["prime"], defaults={"anchor_key": f"waited for|{body['prime']}", "retired_at": timezone.now()}
        )
    request = _request(body["request"], controller, prime)
    more = {} if here else {"prime": prime, "controller": controller, "request": request}
    told = {name: value for name, value in facts.items() if here is None or name != "made_at"}
    Restriction.objects.update_or_create(pk=body["restriction"], defaults=told | more)
    if facts["ended_on"]:
        done.ended += 1
        return
    done.standing += 1
    _name(body["restriction"], prime, names, known)
    if not is_found:
        done.waiting += 1
        done.notes.append(
            f"{reference}: this copy knows nobody of whom it restricts. It waits, and restricts them as they come in."
        )


def _is_same(here: Restriction, body: dict[str, Any], controller: Controller) -> bool:
    """Whether a restriction of the copy is certainly the one that the ledger tells of."""
    said = (body["request"]["id"], controller.pk, body["facts"]["begun_on"])
    return (here.request_id, here.controller_id, here.begun_on.isoformat()) == said


def _prime(body: dict[str, Any], names: set[Any], known: Mapping[Name, int]) -> PrimePerson | None:
    """Return whom a restriction is about in the copy: the same, or of whom most that it names is part."""
    same = PrimePerson.objects.filter(pk=body["prime"], belongings__isnull=False).first()
    if same is not None:
        return same
    members = [known[each] for each in names if each in known]
    held = Belonging.objects.filter(nominal__in=members, until__isnull=True).values_list("prime_id", flat=True)
    counted = Counter(held)
    best = min(counted, key=lambda key: (-counted[key], key), default=0)
    return PrimePerson.objects.filter(pk=best).first()


def _request(said: dict[str, Any], controller: Controller, prime: PrimePerson) -> PersonRequest:
    """Bring the file of a request to what the ledger says, so that somebody can end what it began; its letters not."""
    facts = dict(said["facts"])
    here = PersonRequest.objects.filter(pk=said["id"]).first()
    if here is not None:
        PersonRequest.objects.filter(pk=here.pk).update(**facts)
        return here
    event = SubjectEvent.objects.create(
        prime=prime, kind=facts["kind"], dated=facts["received_on"], closed=facts["closed_on"], by=facts["recorded_by"]
    )
    return PersonRequest.objects.create(pk=said["id"], prime=prime, controller=controller, event=event, **facts)


def _name(restriction: int, prime: PrimePerson, names: set[Any], known: Mapping[Name, int]) -> None:
    """Name who is no part, here and now, of whom the restriction is about: it is about them all the same."""
    members = set(Belonging.objects.filter(prime=prime, until__isnull=True).values_list("nominal_id", flat=True))
    last = Belonging.objects.aggregate(last=Max("pk"))["last"] or 0
    RestrictedName.objects.bulk_create(
        (
            RestrictedName(restriction_id=restriction, force=force, system=system, digest=digest, looked_to=last)
            for force, system, digest in sorted(names)
            if known.get((force, system, digest)) not in members
        ),
        ignore_conflicts=True,
    )
