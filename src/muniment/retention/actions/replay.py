"""Have a copy of the database that was restored follow the ledger: first what holds back, then what was destroyed.

Run on a database that nobody reads yet. What a standing hold covers is not destroyed, and neither is a nominal that a
record of the copy still names: such things are findings, for a person to decide on before the copy is opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from muniment.core import audit, content, ledger, places, turns
from muniment.core.actors import Actor
from muniment.core.models import Content, ContentKey, Controller, LedgerEntry, RuleAdoption
from muniment.people.models import Belonging, PrimePerson
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Nominal, QuarantineName, Record, SourceSystem, Tombstone
from muniment.retention.actions import held_records, restricting_again
from muniment.retention.disposals import gate, sweeping
from muniment.retention.models import (
    Certificate,
    CertificateIssue,
    DisposalItem,
    DisposalOrder,
    Duty,
    HeldRecord,
    Hold,
    HoldController,
    HoldVersion,
    ModeChange,
    SourceInstruction,
    Trace,
    hold_versions,
)

Name = tuple[str, str, str]  # controller, system, digest of the reference
_BY_DIGEST = """
SELECT c.code, s.code, t.digest, t.id FROM (
    SELECT id, system_id, encode(sha256(convert_to(%(pepper)s || {column}, 'UTF8')), 'hex') AS digest
    FROM {table} {only}
) t JOIN records_sourcesystem s ON s.id = t.system_id JOIN core_controller c ON c.id = s.controller_id
WHERE t.digest = ANY(%(digests)s)
"""
_NOMINALS = _BY_DIGEST.format(table="records_nominal", column="reference", only="")
_WAITING = _BY_DIGEST.format(table="records_quarantinename", column="name", only="WHERE kind = 'nominal'")


@dataclass
class Followed:
    """What following the ledger did, and what it could not do: (what, why), as sentences."""

    holds: int = 0
    adoptions: int = 0
    modes: int = 0
    disposals: int = 0
    records: int = 0
    nominals: int = 0
    keys: int = 0
    restrictions: int = 0
    restrictions_ended: int = 0
    restrictions_waiting: int = 0
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is said and left to nobody

    def find(self, finding: str) -> None:
        """Add a finding, once: versions of a hold lack the same people."""
        if finding not in self.findings:
            self.findings.append(finding)

    @property
    def has_destroyed(self) -> bool:
        """Whether anything that was loaded went again."""
        return bool(self.disposals or self.keys)


def follow(lines: Sequence[ledger.Line], after: int, *, by: Actor, keys_too: bool = True) -> Followed:
    """Follow the lines past the copy's own position; the keys of content follow every line, because they lie apart.

    Without `keys_too` the keys are looked at and not written: for a copy that is rehearsed beside the live keys.
    """
    done, since = Followed(), [line for line in lines if line.number > after]
    holds = {line.body["hold"]: line for line in since if line.kind == "hold"}  # the last word on each
    disposals = [line for line in since if line.kind == "disposal"]
    restrictions = [line for line in since if line.kind == "restriction"]
    named = _found(_NOMINALS, disposals, [*holds.values(), *restrictions])
    known = _Known(_systems(), named, _found(_WAITING, disposals, ()))
    for line in since:
        if line.kind == "adoption":
            _adopt_again(line, done, by=by)
        elif line.kind == "mode":
            _change_again(line, done, by=by)
    for line in holds.values():
        with transaction.atomic():
            gate.pass_alone()
            _hold_again(line.body, known, done)
            audit.record(by, "hold.replay", subject=Hold(pk=line.body["hold"]).reference, detail={"line": line.number})
            done.holds += 1
    held_records.expand_all(by=by)
    _restrict_again(restrictions, known, done, by=by)
    for line in disposals:
        with transaction.atomic():
            turns.alone()
            gate.pass_alone()
            order, gone = _destroy_again(line.body, known, done)
            audit.record(
                by,
                "disposal.replay",
                subject=order.reference if order else "",
                controller=line.body["controller"],
                detail={"line": line.number, "nominals": len(gone.tombs)},
            )
        done.disposals += 1
        done.nominals += len(gone.tombs)
        _destroy_keys(gone.owners, done, keys_too=keys_too)
    for line in lines:
        if line.kind == "disposal":
            # What is here still is kept by a hold, or is somebody's new word under an old name.
            here = set(Content.objects.filter(owner__in=line.body["owners"]).values_list("owner", flat=True))
            _destroy_keys([each for each in line.body["owners"] if each not in here], done, keys_too=keys_too)
    LedgerEntry.objects.bulk_create(
        (LedgerEntry(kind=line.kind, number=line.number, line=line.text) for line in since), batch_size=1000
    )
    return done


@dataclass(frozen=True)
class _Known:
    """What a copy knows of what the ledger names."""

    systems: dict[tuple[str, str], SourceSystem]
    nominals: dict[Name, int]
    waiting: dict[Name, int]  # a row in quarantine that names them


def _systems() -> dict[tuple[str, str], SourceSystem]:
    return {(each.controller.code, each.code): each for each in SourceSystem.objects.select_related("controller")}


def _restrict_again(lines: Sequence[ledger.Line], known: _Known, done: Followed, *, by: Actor) -> None:
    """Bring restrictions to what the ledger says, before anything of whom they are about is destroyed."""
    told = restricting_again.follow(lines, known.nominals, by=by)
    done.restrictions, done.restrictions_ended, done.restrictions_waiting = told.standing, told.ended, told.waiting
    done.findings += told.findings
    done.notes += told.notes


def _found(query: str, disposals: Iterable[ledger.Line], others: Iterable[ledger.Line]) -> dict[Name, int]:
    """Return the rows whose references have digests that the ledger names, in one walk along the table."""
    digests = {name[-1] for line in disposals for name in line.body["nominals"]}
    digests |= {name[-1] for line in others for name in line.body["people"]}
    if not digests:
        return {}
    with connection.cursor() as cursor:
        pepper = places.derived("tombstones", "references")
        cursor.execute(query, {"pepper": pepper, "digests": sorted(digests)})
        return {(force, system, digest): key for force, system, digest, key in cursor.fetchall()}


def _adopt_again(line: ledger.Line, done: Followed, *, by: Actor) -> None:
    """Bring an adoption to what the ledger says: what was ended since would dispose of records again."""
    controller = Controller.objects.filter(code=line.body["controller"]).first()
    if controller is None:
        code = line.body["controller"]
        done.findings.append(f"An adoption of {code} cannot be followed: this copy does not know it.")
        return
    with transaction.atomic():
        facts = line.body["facts"] | {"controller": controller, "refused_by": "", "refused_at": None}
        adoption, _ = RuleAdoption.objects.update_or_create(pk=line.body["adoption"], defaults=facts)
        audit.record(by, "schedule.replay", subject=adoption.reference, detail={"line": line.number})
    done.adoptions += 1


def _change_again(line: ledger.Line, done: Followed, *, by: Actor) -> None:
    """Bring a controller to the mode that the ledger says: one that went back since must not destroy anything."""
    controller = Controller.objects.filter(code=line.body["controller"]).first()
    if controller is None:
        code = line.body["controller"]
        done.findings.append(f"A change of mode of {code} cannot be followed: this copy does not know it.")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        ModeChange.objects.filter(controller=controller, settled_at=None).delete()  # agreed to, or refused, since
        facts = line.body["facts"] | {"controller": controller, "refused_by": "", "refused_why": ""}
        change, _ = ModeChange.objects.update_or_create(pk=line.body["change"], defaults=facts)
        cursor.execute("SELECT muniment.follow_mode(%s)", [controller.pk])
        audit.record(by, "mode.replay", subject=change.reference, detail={"line": line.number})
    done.modes += 1


def _hold_again(body: dict[str, Any], known: _Known, done: Followed) -> None:
    """Bring a hold to what the ledger last said of it, with every version of what it covers."""
    facts = dict(body["facts"]) | {"expanded_at": None}
    reference = Hold(pk=body["hold"]).reference
    here = Hold.objects.filter(pk=body["hold"]).first()
    if here is None:
        told = body.get("versions")  # of which the last that stands has the scope
        facts["scope"] = {} if told else _scope(reference, facts["scope"], body, known, done)
        here = Hold.objects.create(pk=body["hold"], **facts)
    else:
        del facts["scope"]  # as the copy has it, in its own keys; what was amended since is put in below
        Hold.objects.filter(pk=here.pk).update(**facts)
    controllers = {each.code: each for each in Controller.objects.filter(code__in=body["controllers"])}
    for code in sorted(set(body["controllers"]) - controllers.keys()):
        done.findings.append(f"{reference} binds {code}, which this copy does not know: register it and place it anew.")
    for controller in controllers.values():
        HoldController.objects.get_or_create(hold=here, controller=controller)
    _versions_again(here, body, known, done)


def _versions_again(hold: Hold, body: dict[str, Any], known: _Known, done: Followed) -> None:
    """Bring the versions of a hold to what the ledger says; the scopes of those that the copy has are in its keys."""
    told = body.get("versions")
    if told is None:  # entered before holds could be amended
        return
    keys = dict(Controller.objects.values_list("code", "pk"))
    had = {each.number: each for each in hold.versions.all()}
    narrowed = []
    for said in told:
        facts = dict(said)
        was = had.get(facts["number"])
        facts["controllers"] = sorted(keys[code] for code in facts["controllers"] if code in keys)
        facts["scope"] = was.scope if was else _scope(hold.reference, facts["scope"], body, known, done)
        if facts["settled_at"] and not (was and was.settled_at):
            narrowed.append(facts["settled_at"])
        HoldVersion.objects.update_or_create(hold=hold, number=facts["number"], defaults=facts)
    fresh = Hold.objects.get(pk=hold.pk)
    stands = [each for each in fresh.versions.all() if each.state == HoldVersion.State.STANDING]
    if stands and (narrowed or len(told) > len(had)):
        # Its words may be others: the worker opens narratives anew.
        Hold.objects.filter(pk=hold.pk).update(
            scope=stands[-1].scope, words_read_to=0, narrowed_at=max(narrowed, default=None)
        )
    bound = {key for each in hold_versions.in_force(fresh) for key in each.controllers}
    HoldController.objects.filter(hold=hold).exclude(controller__in=bound).delete()


def _scope(
    reference: str, told: Mapping[str, Any], body: dict[str, Any], known: _Known, done: Followed
) -> dict[str, Any]:
    """Return the scope of a hold in the keys of the copy: people and records that it names are looked up in it."""
    scope = dict(told)
    if "people" in scope:
        wanted = set(scope["people"])
        here = set(PrimePerson.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        members = {
            known.nominals.get((force, system, digest)): prime
            for prime, force, system, digest in body["people"]
            if prime in wanted
        }
        members.pop(None, None)
        now = Belonging.objects.filter(nominal__in=members, until__isnull=True)
        reached = set(now.values_list("prime_id", flat=True))
        scope["people"] = sorted(here | reached)
        if lost := wanted - here - set(members.values()):
            done.find(f"{reference} covers {len(lost)} whom this copy does not know: name them again.")
    if "records" in scope:
        wanted = set(scope["records"])
        here = set(Record.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        scope["records"] = sorted(here)
        if lost := wanted - here:
            done.find(f"{reference} covers {len(lost)} records that this copy lacks: name them again.")
    # A scope that lists nobody whom the copy knows covers everything of its controllers: better too much.
    return scope


def _destroy_again(body: dict[str, Any], known: _Known, done: Followed) -> tuple[DisposalOrder | None, sweeping.Gone]:
    gone = sweeping.Gone()
    controller = Controller.objects.filter(code=body["controller"]).first()
    if controller is None:
        done.findings.append(f"A disposal of {body['controller']} cannot be followed: this copy does not know it.")
        return None, gone
    order, _ = DisposalOrder.objects.update_or_create(
        pk=body["order"], defaults=body["facts"] | {"controller": controller}
    )
    for item in body["items"]:
        _item_again(order, item, known, gone, done)
    for said in body["instructions"]:
        if system := known.systems.get(tuple(said["system"])):
            facts = {name: value for name, value in said.items() if name != "system"}
            SourceInstruction.objects.update_or_create(order=order, system=system, defaults=facts)
    sweeping.sweep_these(_nominals_again(order, body, known, (gone, done)), order, gone)
    if body["certificate"]:
        facts = dict(body["certificate"])
        key = facts.pop("id")
        if not Certificate.objects.filter(order=order).update(**facts):
            Certificate.objects.create(pk=key, order=order, **facts)
        for said in body.get("earlier", ()):
            CertificateIssue.objects.update_or_create(certificate_id=key, digest=said["digest"], defaults=said)
    return order, gone


def _item_again(order: DisposalOrder, said: dict[str, Any], known: _Known, gone: sweeping.Gone, done: Followed) -> None:
    """Destroy one record again, unless a hold that stands covers it, and bury it in any case."""
    facts = dict(said)
    system = known.systems.get(tuple(facts.pop("system")))
    reference, left, told = facts.pop("reference"), facts.pop("trace"), facts.pop("duties", ())
    if system is None:
        done.findings.append(
            f"{order.reference} names a system that this copy does not know: register it, restore anew."
        )
        return
    made, _ = DisposalItem.objects.update_or_create(order=order, system=system, reference=reference, defaults=facts)
    if left:
        Trace.objects.update_or_create(item=made, defaults=left)
    for duty in told:
        at = {name: duty[name] for name in ("where", "place")}
        Duty.objects.update_or_create(order=order, item=made, **at, defaults=duty)
    if not facts["destroyed_at"]:
        return
    record = Record.objects.filter(system=system, reference=reference).first()
    holds = Hold.objects.filter(released_at__isnull=True, held__in=HeldRecord.objects.filter(record=record))
    if record is not None and (hold := holds.first()):
        done.findings.append(
            f"{system.code} {reference} was destroyed under {order.reference}, and {hold.reference} covers it now:"
            " it is not destroyed again."
        )
        return
    if record is not None:
        sweeping.delete_record(record, gone)
        done.records += 1
    sweeping.delete_quarantined(system.pk, "record", reference, gone)
    Tombstone.objects.get_or_create(system=system, entity="record", reference_hash=fingerprint(reference))


def _nominals_again(
    order: DisposalOrder, body: dict[str, Any], known: _Known, so_far: tuple[sweeping.Gone, Followed]
) -> list[Nominal]:
    """Return the nominals that were destroyed with an order and can be again; bury those that are not here."""
    gone, done = so_far
    found: list[Nominal] = []
    for force, code, digest in body["nominals"]:
        system = known.systems.get((force, code))
        nominal = Nominal.objects.filter(pk=known.nominals.get((force, code, digest), 0)).first()
        if nominal is not None and nominal.involvements.exists():
            done.findings.append(
                f"A nominal of {code} that was destroyed under {order.reference} stands on a record that this copy"
                f" still holds ({nominal.reference}): it stays until its records go."
            )
        elif nominal is not None:
            found.append(nominal)
        elif system is not None:
            Tombstone.objects.get_or_create(system=system, entity="nominal", reference_hash=digest)
            if waiting := QuarantineName.objects.filter(pk=known.waiting.get((force, code, digest), 0)).first():
                sweeping.delete_quarantined(system.pk, "nominal", waiting.name, gone)
    return found


def _destroy_keys(owners: Sequence[str], done: Followed, *, keys_too: bool) -> None:
    if keys_too:
        done.keys += content.destroy_keys(owners)
    elif left := ContentKey.objects.filter(owner__in=list(owners)).count():
        done.findings.append(f"{left} keys of content that was destroyed are there still.")
