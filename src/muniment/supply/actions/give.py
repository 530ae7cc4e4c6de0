"""Give records to a recipient: check who asks and who receives, write the files, note all of it in the register.

Runs within a transaction of the asker's own scope that sees one moment (`core.sittings.within`).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, policy_in_force
from muniment.core.actors import Actor
from muniment.core.models import Controller, User
from muniment.core.verdicts import refused, unless
from muniment.supply import building, manifests, policy_now, reach, register, snapshot
from muniment.supply.building.gathering import Selection, gather
from muniment.supply.building.rows import Asked
from muniment.supply.files import FORMATS, MANIFEST, Folder
from muniment.supply.models import Supply
from muniment.supply.recipients import Recipient


@dataclass(frozen=True)
class Request:
    """What is asked for: whose records, of whom, for whom, and where the files go."""

    controller: Controller
    recipient: Recipient
    selection: Selection
    out: Path
    formats: str = "both"
    said: dict[str, Any] = field(default_factory=dict)  # the selection as it was typed


def give(request: Request, *, by: Actor) -> Supply:
    """Give what is asked for, and return the supply; one that waits for its approval is returned waiting.

    Raise Refused, with every reason, where policy or permission is against it.
    """
    controller, recipient, on = request.controller, request.recipient, timezone.localdate()
    user = may(by, "export.run", controller)
    recipient.may_have(controller, on).require()
    snapshot.alone(controller, recipient)
    asked = _asked(request, user)
    people = gather(request.selection, asked.reach, asked.terms, asked.rules, recipient.code)
    unless(people > 0, f"Nothing of {_whom(request)} may be given to {recipient.name} by you.").require()
    supply = _approved(request, asked, people, by)
    supply.people, supply.areas, supply.marking = people, sorted(asked.reach.areas), asked.reach.marking
    supply.as_of = snapshot.moment()
    supply.save()
    if supply.state == Supply.State.WAITING:
        audit.record(by, "export.ask", **_facts(supply), detail={"people": people})
        return supply
    folder = Folder(request.out, FORMATS[request.formats])
    try:
        _write(supply, asked, folder)
        finish(supply, asked, folder, by=by)
    except BaseException:
        folder.give_up()
        raise
    return supply


def may(by: Actor, action: str, controller: Controller) -> User:
    """Return the user who acts. Raise Refused where they may not, or look for a covert enquiry."""
    assert by.user is not None
    verdict = access.may(by.user, action, on=timezone.localdate(), controller=controller)
    verdict &= unless(not by.enquiry, "Nothing is given in a covert enquiry: others would see it.")
    verdict.require()
    return by.user


def _asked(request: Request, user: User) -> Asked:
    on = timezone.localdate()
    terms = request.recipient.on(on)
    assert terms is not None  # `may_have` has said so
    within = reach.of(user, request.controller, terms, on)
    return Asked(within, terms, policy_now.on(on), request.recipient.code, policy_in_force.births(on), on)


def _whom(request: Request) -> str:
    if request.selection.primes is not None:
        return "these people"
    return f"{request.controller.name} since that day" if request.selection.since else request.controller.name


def _approved(request: Request, asked: Asked, people: int, by: Actor) -> Supply:
    """Return the supply to carry out: a new one, or the one that was approved; or one that waits, where it has to."""
    limit, lasts = asked.rules.approval_above, asked.rules.approval_lasts
    fresh = Supply(
        controller=request.controller,
        recipient=request.recipient.code,
        recipient_name=request.recipient.name,
        basis=asked.terms.basis,
        agreement=asked.terms.agreement,
        purpose=by.purpose,
        selection=request.said,
        state=Supply.State.APPROVED,
        asked_by=by.name,
    )
    if people <= limit:
        return fresh
    same = Supply.objects.select_for_update().filter(
        controller=request.controller,
        recipient=request.recipient.code,
        asked_by=by.name,
        purpose=by.purpose,
        selection=request.said,
        about=Supply.About.RECORDS,
    )
    known = same.filter(state=Supply.State.APPROVED, approved_at__gte=timezone.now() - lasts).order_by("-pk").first()
    if known and people <= known.people:
        return known
    if known:
        known.state, known.note = Supply.State.RETURNED, f"Overtaken: {people} people now, {known.people} approved."
        known.save()
    waiting = same.filter(state=Supply.State.WAITING).order_by("-pk").first()
    fresh.state = Supply.State.WAITING
    return waiting or fresh


def needs_approval(supply: Supply, lasts: timedelta) -> str:
    """Return why a supply was not given yet, as a sentence."""
    return (
        f"{supply.people:,} people are more than may be given without a second person. {supply.reference} waits for"
        f" somebody else to approve it; then give the same command again, within {lasts.days} days."
    )


def _write(supply: Supply, asked: Asked, folder: Folder) -> None:
    for entity in building.ORDER:
        if asked.gives(entity):
            folder.add(entity, [])
            for items in building.all_of(entity, asked):
                folder.add(entity, [item.row for item in items])
                register.add(supply, items)


def finish(supply: Supply, asked: Asked, folder: Folder, *, by: Actor) -> None:
    """Write schema and manifest, note the supply as given, and give the folder its name once that is committed."""
    files = folder.close()
    manifest = manifests.body(supply, asked, folder.counts, files)
    folder.write(MANIFEST, manifests.text(manifest))
    supply.manifest, supply.manifest_digest = manifest, manifests.digest(manifest)
    supply.state, supply.given_at = Supply.State.GIVEN, timezone.now()
    supply.save()
    audit.record(
        by,
        "export.correct" if supply.about == Supply.About.CORRECTIONS else "export.run",
        **_facts(supply),
        detail={"counts": folder.counts, "people": supply.people, "manifest": supply.manifest_digest},
    )
    transaction.on_commit(folder.finish)


def _facts(supply: Supply) -> dict[str, Any]:
    return {
        "subject": supply.reference,
        "controller": supply.controller.code,
        "recipient": f"{supply.recipient_name} ({supply.recipient})"[:200],
    }


def approve(supply: Supply, *, by: Actor) -> Supply:
    """Approve a supply that somebody else asked for."""
    with transaction.atomic():
        held = _waiting(supply, by)
        held.state, held.approved_by, held.approved_at = Supply.State.APPROVED, by.name, timezone.now()
        held.save()
        audit.record(by, "export.approve", **_facts(held), detail={"people": held.people})
    return held


def send_back(supply: Supply, *, by: Actor, note: str) -> Supply:
    """Return a supply that somebody else asked for, saying why."""
    with transaction.atomic():
        held = _waiting(supply, by)
        unless(bool(note.strip()), "Say why you return it.").require()
        held.state, held.note = Supply.State.RETURNED, note.strip()[:255]
        held.save()
        audit.record(by, "export.return", **_facts(held))
    return held


def _waiting(supply: Supply, by: Actor) -> Supply:
    held = Supply.objects.select_for_update(of=("self",)).select_related("controller").get(pk=supply.pk)
    may(by, "export.approve", held.controller)
    if held.state != Supply.State.WAITING:
        refused(f"It does not wait for approval: {held.get_state_display().lower()}.").require()
    unless(held.asked_by != by.name, "You asked for it yourself: somebody else has to approve it.").require()
    return held
