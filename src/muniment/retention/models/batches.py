"""Disposals that the clock has brought, many in one batch: who is in it, what was looked at, how far it has come."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import BY_CONTROLLER, through
from muniment.people.models import PrimePerson
from muniment.retention.models.disposals import DisposalOrder

UNDER_WAY = ("proposed", "running", "stopped")  # one at a time at a force or office


class DisposalBatch(models.Model):
    """Everybody at one force or office who was due by the clock on a day, to be disposed of as one piece of work."""

    class State(models.TextChoices):
        """Where a batch stands; the table of moves is in `actions.batching`."""

        PROPOSED = "proposed", "Waiting for approval"
        RETURNED = "returned", "Returned by the approver"
        RUNNING = "running", "Being carried out"
        STOPPED = "stopped", "Stopped for sign-off"
        CALLED_OFF = "called_off", "Called off"
        DONE = "done", "Carried out"

    controller = models.ForeignKey(Controller, models.PROTECT)
    rule = models.CharField(max_length=60, blank=True)  # empty: every rule by which anybody is due
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    reason = models.TextField()
    policy_version = models.CharField(max_length=40)
    people = models.IntegerField()
    records = models.IntegerField()  # that could go when it was proposed
    foreseen = models.IntegerField(null=True)  # people, by the forecast of `foreseen_on`, as due by the day of proposal
    foreseen_on = models.DateField(null=True)
    seed = models.CharField(max_length=32)  # of the sample
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField(db_default=Now())
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=150, blank=True)
    signed_at = models.DateTimeField(null=True)
    stopped_because = models.TextField(blank=True)
    note = models.TextField(blank=True)  # why it was returned or called off
    ordered = models.IntegerField(default=0)  # people, each with an order of their own
    ordered_records = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)  # people against whom something stood
    ended_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = Kind.KEY
        rule = state = policy_version = Kind.CODE
        reason = note = stopped_because = Kind.WORDS
        people = records = foreseen = ordered = ordered_records = refused = seed = Kind.STATE
        foreseen_on = proposed_at = approved_at = signed_at = ended_at = Kind.MOMENT
        proposed_by = approved_by = signed_by = Kind.ACTOR

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")), name="batch_approved_by_another"
            ),
            CheckConstraint(
                condition=Q(signed_by="") | ~Q(signed_by=F("proposed_by")) & ~Q(signed_by=F("approved_by")),
                name="batch_signed_by_a_third",
            ),
            CheckConstraint(
                condition=~Q(state__in=["running", "done"]) | ~Q(approved_by=""), name="batch_approved_before_it_runs"
            ),
            UniqueConstraint(
                fields=["controller"],
                condition=Q(state__in=list(UNDER_WAY)),
                name="batch_one_at_a_time",
            ),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("batch", self.pk)

    @property
    def left(self) -> int:
        """How many people are still to be taken up."""
        return self.people - self.ordered - self.refused


class BatchPerson(models.Model):
    """Somebody in a batch: their records as the proposer saw them, and what came of it."""

    class Answer(models.TextChoices):
        """What whoever approves says of somebody in the sample."""

        GOES = "goes", "Right: the records may go"
        STAYS = "stays", "Wrong: something has to stay"

    batch = models.ForeignKey(DisposalBatch, models.CASCADE, related_name="members")
    prime = models.ForeignKey(PrimePerson, models.CASCADE, related_name="+")
    due = models.DateField()
    group = models.SmallIntegerField(null=True)
    rule = models.CharField(max_length=60, blank=True)
    record_keys = ArrayField(models.BigIntegerField())  # nothing that comes later, or was hidden, goes with them
    going = models.IntegerField()
    sampled = models.BooleanField(default=False)
    answer = models.CharField(max_length=6, choices=Answer, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    order = models.ForeignKey(DisposalOrder, models.SET_NULL, null=True, related_name="+")
    refused = models.TextField(blank=True)

    class Fields:
        id = batch = prime = record_keys = order = Kind.KEY
        due = group = rule = Kind.SPECIAL
        going = sampled = answer = Kind.STATE
        answered_by = Kind.ACTOR
        refused = Kind.WORDS

    class Wall:
        seen = f"{through('retention_disposalbatch', 'batch_id')} AND {through('people_primeperson', 'prime_id')}"
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [UniqueConstraint(fields=["batch", "prime"], name="batch_person_once")]
        indexes = [
            models.Index(fields=["batch"], condition=Q(order=None, refused=""), name="batch_person_waits"),
            models.Index(fields=["batch"], condition=Q(sampled=True), name="batch_person_sampled"),
        ]


class KeptForecast(models.Model):
    """How many people a forecast of some day saw coming to their end by the clock, month by month.

    The forecast itself is replaced by the next; this stays, so that what falls due can be held against what was
    foreseen before anything changed. No row names anybody.
    """

    made_on = models.DateField()
    controller = models.ForeignKey(Controller, models.PROTECT)
    scopes = ArrayField(models.BigIntegerField())  # whoever may see one of these may see those who are counted
    rule = models.CharField(max_length=60, blank=True)
    month = models.DateField(null=True)  # its first day; none: due on that day already
    people = models.IntegerField()

    class Fields:
        id = controller = scopes = Kind.KEY
        made_on = Kind.MOMENT
        rule = month = Kind.SPECIAL
        people = Kind.STATE

    class Wall:
        seen = f"{BY_CONTROLLER} AND scopes && (SELECT muniment.scopes())::bigint[]"
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["made_on", "controller", "scopes", "rule", "month"],
                name="kept_forecast_once",
                nulls_distinct=False,
            )
        ]
