"""What goes with a record: all that is of it, and the people and source rows that nothing is about any more.

Within the transaction of a destruction, whose action is `retention.actions.destruction.destroy`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Concat

from muniment.core import content, scratch
from muniment.core.models import Content
from muniment.objects import attaching
from muniment.objects import forgetting as objects_forgetting
from muniment.people import forgetting
from muniment.people.models import Belonging, PrimePerson
from muniment.people.queries import membership_digest
from muniment.records import restriction_sql
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import (
    Nominal,
    NominalFlag,
    PlaceLink,
    Quarantine,
    QuarantineName,
    Record,
    SourceEvent,
    Tombstone,
    VehicleLink,
)
from muniment.retention.disposals import check_forgetting
from muniment.retention.models import (
    BatchPerson,
    DisposalOrder,
    ForeseenMove,
    GroupsJoined,
    PersonDecision,
    Review,
    ReviewTrigger,
)


@dataclass
class Gone:
    """What an order has destroyed: owners of content whose keys must go, and source rows that may be needed no more.

    With them the nominals that stood on its records. Keys are kept, not tables: by a list of keys an index finds the
    few rows among all.
    """

    owners: list[str] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    nominals: set[int] = field(default_factory=set)
    tombs: list[tuple[int, str]] = field(default_factory=list)  # nominals that went: system, and digest of reference
    things: dict[str, set[int]] = field(default_factory=dict)  # places and vehicles of which links went, by kind

    def unlink(self, **of: Collection[int]) -> None:
        """Take the places and vehicles of some records or nominals from them."""
        for kind, members in objects_forgetting.unlink(**of).items():
            self.things.setdefault(kind, set()).update(members)


_DELETE = (
    "DELETE FROM retention_recorddecision WHERE record_id = %(record)s",
    "DELETE FROM retention_foreseenmove WHERE record_id = %(record)s",
    "UPDATE retention_persondecision SET driving_involvement_id = NULL WHERE driving_involvement_id IN"
    " (SELECT id FROM records_involvement WHERE record_id = %(record)s)",
    # What a standing hold covers cannot be deleted, whoever should try: the line that says so stays, and forbids it.
    "DELETE FROM retention_heldrecord WHERE record_id = %(record)s"
    " AND hold_id IN (SELECT id FROM retention_hold WHERE released_at IS NOT NULL)",
    "DELETE FROM retention_letgorecord WHERE record_id = %(record)s",
    "DELETE FROM retention_reviewtrigger WHERE record_id = %(record)s",
    "DELETE FROM records_recorddates WHERE record_id = %(record)s",
    "UPDATE retention_disposalitem SET record_id = NULL WHERE record_id = %(record)s",
    "DELETE FROM records_involvement WHERE record_id = %(record)s",
    "DELETE FROM records_record WHERE id = %(record)s",
)


def delete_record(record: Record, gone: Gone) -> None:
    """Delete a record and everything of it."""
    _delete_content(content.of_record(record.pk), gone)
    _delete_content(Q(pk__in=check_forgetting.forget(records=[record.pk])), gone)
    gone.nominals |= set(record.involvements.values_list("nominal_id", flat=True))
    with connection.cursor() as cursor:
        # Rows that spoke of this record alone go with it; a row that also speaks of a person stays with the person.
        cursor.execute(
            "SELECT row_id FROM records_involvement WHERE record_id = %(record)s"
            " UNION SELECT row_id FROM records_recorddates WHERE record_id = %(record)s"
            " UNION SELECT row_id FROM records_placelink WHERE record_id = %(record)s AND row_id IS NOT NULL"
            " UNION SELECT row_id FROM records_vehiclelink WHERE record_id = %(record)s AND row_id IS NOT NULL",
            {"record": record.pk},
        )
        gone.rows |= {record.row_id, *(row for (row,) in cursor.fetchall())}
        gone.unlink(records=[record.pk])
        for statement in _DELETE:
            cursor.execute(statement, {"record": record.pk})


def _delete_content(which: Q, gone: Gone) -> None:
    kept = Content.objects.filter(which)
    gone.owners += sorted(set(kept.values_list("owner", flat=True)))
    kept.delete()


def delete_quarantined(system: int, kind: str, reference: str, gone: Gone) -> None:
    """Delete what waits, or waited, in quarantine and names a record or a person; `kind` is record or nominal."""
    named = QuarantineName.objects.filter(system=system, kind=kind, name=reference)
    waiting = Quarantine.objects.filter(pk__in=list(named.values_list("waiting", flat=True)))
    owners = list(waiting.exclude(original=None).values_list("original__owner", flat=True))
    waiting.delete()
    _delete_content(Q(owner__in=owners), gone)


def sweep(order: DisposalOrder, gone: Gone) -> int:
    """Delete what the destroyed records leave behind; return how many nominals went with them."""
    return sweep_these(_lonely(order, gone), order, gone)


def sweep_these(nominals: list[Nominal], order: DisposalOrder, gone: Gone) -> int:
    """Delete these nominals and what else the destroyed records leave behind; return how many nominals went."""
    _people(nominals, order, gone)
    gone.owners += attaching.let_go(gone.things)
    _rows(gone)
    _restrict(order, gone)
    return len(nominals)


_DELETE_NOMINALS = (
    "DELETE FROM records_nominalflag WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM records_nominal WHERE id = ANY(%(keys)s)",
)


def _people(lonely: list[Nominal], order: DisposalOrder, gone: Gone) -> None:
    """Delete nominals that stood on the destroyed records and that no record is about any more.

    With them goes what is derived of them, what waited in quarantine under their references, and the reasons why
    someone judged them the same as others.
    """
    keys = [nominal.pk for nominal in lonely]
    for nominal in lonely:
        digest = fingerprint(nominal.reference)
        Tombstone.objects.get_or_create(system_id=nominal.system_id, entity="nominal", reference_hash=digest)
        gone.tombs.append((nominal.system_id, digest))
        delete_quarantined(nominal.system_id, "nominal", nominal.reference, gone)
    gone.rows |= {nominal.row_id for nominal in lonely} | _forget_events(lonely)
    for told in (NominalFlag, PlaceLink, VehicleLink):
        of_them = told.objects.filter(nominal__in=keys, row__isnull=False)
        gone.rows |= set(of_them.values_list("row_id", flat=True))
    before = _make_up(keys)
    ever = set(Belonging.objects.filter(nominal__in=keys).values_list("prime_id", flat=True))
    _delete_content(Q(pk__in=forgetting.forget(keys)), gone)
    gone.unlink(nominals=keys)
    with connection.cursor() as cursor:
        for statement in _DELETE_NOMINALS:
            cursor.execute(statement, {"keys": keys})
    GroupsJoined.objects.filter(was__in=ever, was__belongings__isnull=True).delete()
    nobody = PrimePerson.objects.filter(pk__in=ever, belongings__isnull=True).values_list("pk", flat=True)
    _delete_content(Q(pk__in=check_forgetting.forget(primes=list(nobody))), gone)
    _anchor_anew(before)
    _follow(order, before)


def _forget_events(nominals: list[Nominal]) -> set[int]:
    """Forget what their sources told of nominals by name; return the rows that told it.

    That one is sealed stays: who comes back for new business has to be sealed again.
    """
    rows: set[int] = set()
    for nominal in nominals:
        named = Q(reference=nominal.reference) | Q(into=nominal.reference)
        told = SourceEvent.objects.filter(named, system=nominal.system_id, entity="nominal").exclude(kind="seal")
        rows |= set(told.values_list("row_id", flat=True))
        told.delete()
    return rows


def _lonely(order: DisposalOrder, gone: Gone) -> list[Nominal]:
    """Return the nominals on the destroyed records, whatever their part was, that no record is about any more.

    One that stood on none of these records stays: its source lists it and was told of nothing. So does somebody else
    than the person of the order of whom another row gives a flag, which nobody has looked at. An open request, a hold
    or a row in quarantine about any of them has stopped the order or kept the record before.
    """
    own = Belonging.objects.filter(prime=order.prime_id, until__isnull=True)
    flags = NominalFlag.objects.exclude(row__in=gone.rows).exclude(nominal__in=own.values("nominal_id"))
    lonely = Nominal.objects.filter(
        pk__in=gone.nominals, system__controller=order.controller_id, involvements__isnull=True
    )
    return list(lonely.exclude(Exists(flags.filter(nominal=OuterRef("pk")))).order_by("pk"))


def _make_up(nominals: list[int]) -> dict[int, str]:
    """Return the digests of what makes up the people of some nominals now, by the key of the person."""
    belongings = Belonging.objects.filter(nominal__in=nominals, until__isnull=True)
    return {prime: membership_digest(prime) for prime in set(belongings.values_list("prime_id", flat=True))}


def _anchor_anew(primes: Iterable[int]) -> None:
    """Anchor people who lost their founding nominal at what is left of them, so that their reference stays theirs.

    It is the one that a run would choose, the lowest by its source. A reference that was retired and stood on it gives
    it up and leads on as before.
    """
    for prime in PrimePerson.objects.filter(pk__in=list(primes), anchor__isnull=True).order_by("pk"):
        members = Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)
        sources = members.values_list("system__controller__code", "system__code", "reference", "pk")
        founding = min((("|".join(parts), key) for *parts, key in sources), default=None)
        if founding is not None:
            retired = PrimePerson.objects.filter(anchor_key=founding[0])
            retired.update(anchor=None, anchor_key=Concat(Value("given up|"), "pk", output_field=CharField()))
            prime.anchor_key, prime.anchor_id = founding
            prime.save(update_fields=["anchor", "anchor_key"])


def _follow(order: DisposalOrder, before: dict[int, str]) -> None:
    """Let reviews and other orders about people of whom something went stand: nobody else is made of them by that.

    Each is decided afresh all the same, by what is left. Of whom nothing is left, nothing is decided or reviewed.
    `before` is as `_make_up` returns it.
    """
    others = DisposalOrder.objects.filter(state__in=["proposed", "approved", "instructed"]).exclude(pk=order.pk)
    for prime, digest in before.items():
        reviews = Review.objects.filter(prime_id=prime, membership_digest=digest)
        for bound in (others.filter(prime_id=prime, membership_digest=digest), reviews):
            bound.update(membership_digest=membership_digest(prime))
    left = Belonging.objects.filter(prime__in=before, until__isnull=True)
    emptied = set(before) - set(left.values_list("prime_id", flat=True))
    PersonDecision.objects.filter(prime__in=emptied).delete()
    ReviewTrigger.objects.filter(prime__in=emptied).delete()
    BatchPerson.objects.filter(prime__in=emptied).delete()
    ForeseenMove.objects.filter(prime__in=emptied).delete()
    Review.objects.filter(prime__in=emptied).exclude(state__in=["decided", "closed"]).update(state="closed")


def _rows(gone: Gone) -> None:
    """Delete the source rows from which nothing is left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM records_sourcerow r WHERE r.id = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM records_record x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_nominal x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_involvement x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_recorddates x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_nominalflag x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_placelink x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_vehiclelink x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_sourceevent x WHERE x.row_id = r.id)",
            [sorted(gone.rows)],
        )


def _restrict(order: DisposalOrder, gone: Gone) -> None:
    """Restrict who was known openly from what is gone, and is now known from restricted records alone."""
    with connection.cursor() as cursor:
        cursor.execute(restriction_sql.RESTRICTED, {"controller": order.controller_id})
        if cursor.fetchone()[0]:
            scratch.ready(cursor, restriction_sql.SCRATCH)
            for statement in (restriction_sql.LEFT_RESTRICTED, *restriction_sql.FOLLOWED):
                cursor.execute(statement, {"rows": sorted(gone.rows)})
