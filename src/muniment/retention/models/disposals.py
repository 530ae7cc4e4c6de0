"""Disposal: orders, what they cover, what sources were told and answered, and the proof."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import BY_CONTROLLER, through
from muniment.people.models import PrimePerson
from muniment.records.models import Record, SourceSystem


class DisposalOrder(models.Model):
    """A decision to dispose of records, from proposal to proof."""

    class State(models.TextChoices):
        """Where an order stands; the table of moves is in rules.py."""

        PROPOSED = "proposed", "Waiting for approval"
        RETURNED = "returned", "Returned by the approver"
        APPROVED = "approved", "Approved, cooling off"
        UNDONE = "undone", "Undone"
        STOPPED = "stopped", "Stopped"
        INSTRUCTED = "instructed", "Sources instructed"
        DESTROYED = "destroyed", "Destroyed"
        CERTIFIED = "certified", "Certified"

    controller = models.ForeignKey(Controller, models.PROTECT)
    prime = models.ForeignKey(PrimePerson, models.SET_NULL, null=True, related_name="orders")
    prime_reference = models.CharField(max_length=20, blank=True)  # empty: of records about nobody
    review = models.ForeignKey("retention.Review", models.SET_NULL, null=True, related_name="orders")
    review_reference = models.CharField(max_length=20, blank=True)  # survives the review; empty: after no review
    decided_by = models.CharField(max_length=150, blank=True)
    rule = models.CharField(max_length=60)
    policy_version = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField(db_default=Now())
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    cools_until = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    destroyed_at = models.DateTimeField(null=True)
    nominals_destroyed = models.IntegerField(default=0)  # whom no record is about any more
    membership_digest = models.CharField(max_length=64, blank=True)

    class Fields:
        id = controller = prime = review = Kind.KEY
        prime_reference = review_reference = Kind.REFERENCE
        rule = policy_version = Kind.CODE
        state = membership_digest = nominals_destroyed = Kind.STATE
        decided_by = proposed_by = approved_by = Kind.ACTOR
        proposed_at = approved_at = cools_until = destroyed_at = Kind.MOMENT
        stopped_by = note = Kind.WORDS

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")),
                name="order_approved_by_another",
            ),
            CheckConstraint(
                condition=~Q(state__in=["instructed", "destroyed", "certified"]) | ~Q(approved_by=""),
                name="order_approved_before_destruction",
            ),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("disposal", self.pk)


class DisposalItem(models.Model):
    """One record of an order: by reference only, so that it survives the record."""

    order = models.ForeignKey(DisposalOrder, models.CASCADE, related_name="items")
    record = models.ForeignKey(Record, models.SET_NULL, null=True, related_name="disposals")
    record_key = models.BigIntegerField()  # survives the record, to check that its keys are gone
    system = models.ForeignKey(SourceSystem, models.PROTECT)
    reference = models.CharField(max_length=200)
    class_id = models.CharField(max_length=60)
    decision_digest = models.CharField(max_length=64, default="")  # of what policy said when it was proposed
    destroyed_at = models.DateTimeField(null=True)
    kept_because = models.CharField(max_length=200, blank=True)
    # The reviews of other people on it that waited, and that whoever let it go had looked at.
    others = ArrayField(models.CharField(max_length=20), default=list)

    class Fields:
        id = order = record = record_key = system = Kind.KEY
        reference = others = Kind.REFERENCE
        class_id = kept_because = Kind.CODE
        decision_digest = Kind.STATE
        destroyed_at = Kind.MOMENT

    class Wall:
        seen = through("retention_disposalorder", "order_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["order", "system", "reference"], name="disposal_item_once"),
            UniqueConstraint(
                fields=["record"],
                condition=Q(destroyed_at__isnull=True, kept_because="", record__isnull=False),
                name="disposal_item_one_live_order",
            ),
        ]


class SourceInstruction(models.Model):
    """The work that an order gives to one source, and the source's answer."""

    class Answer(models.TextChoices):
        """What a source can answer."""

        DONE = "done", "Deleted at source"
        SUPPLIER = "supplier", "Cannot: the supplier must do it"
        LINKED = "linked", "Cannot: another force is linked"
        NOT_FOUND = "not_found", "Not found at source"
        PART = "part", "Not the same of every record"  # made of what was answered of each

    order = models.ForeignKey(DisposalOrder, models.CASCADE, related_name="instructions")
    system = models.ForeignKey(SourceSystem, models.PROTECT)
    sent_at = models.DateTimeField(db_default=Now())
    answer = models.CharField(max_length=12, choices=Answer, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=255, blank=True)

    class Fields:
        id = order = system = Kind.KEY
        sent_at = answered_at = Kind.MOMENT
        answer = Kind.CODE
        answered_by = Kind.ACTOR
        note = Kind.WORDS

    class Wall:
        seen = through("retention_disposalorder", "order_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [UniqueConstraint(fields=["order", "system"], name="instruction_once")]


class Certificate(models.Model):
    """The proof of a disposal: references and counts, no content; provisional until every source has answered."""

    order = models.OneToOneField(DisposalOrder, models.PROTECT, related_name="certificate")
    issued_at = models.DateTimeField(db_default=Now())
    is_provisional = models.BooleanField()
    body = models.JSONField()
    digest = models.CharField(max_length=64)

    class Fields:
        id = order = Kind.KEY
        issued_at = Kind.MOMENT
        is_provisional = digest = Kind.STATE
        body = Kind.REFERENCE

    class Wall:
        seen = through("retention_disposalorder", "order_id")
        web = "SELECT"

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("certificate", self.pk)
