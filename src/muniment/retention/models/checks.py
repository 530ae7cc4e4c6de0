"""How automatic decisions are checked: samples that people look through, decisions made by hand, and the mode."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Content, Controller
from muniment.core.walls import BY_CONTROLLER, through
from muniment.people.models import BY_PARTITION, PrimePerson
from muniment.records.models import Record

# A row is seen with whom or what it is about.
_SUBJECT = (
    f"(prime_id IS NULL OR {through('people_primeperson', 'prime_id')})"
    f" AND (record_id IS NULL OR {through('records_record', 'record_id')})"
)


class DecisionSample(models.Model):
    """Decisions that the schedule made by itself, drawn at random for people to check.

    `frame` says how many decisions each stratum had of those that the drawer could see, `figures` what had been found
    when the sample was closed: counts alone, which stay when those whom they count are gone.
    """

    class About(models.TextChoices):
        """What is decided about."""

        PERSON = "person", "People"
        RECORD = "record", "Records"

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+")
    about = models.CharField(max_length=6, choices=About)
    partition = models.CharField(max_length=12)
    size = models.IntegerField()
    outcomes = ArrayField(models.CharField(max_length=12))
    by_group = models.BooleanField()
    seed = models.BigIntegerField()
    policy_version = models.CharField(max_length=40)
    run = models.ForeignKey(BatchRun, models.PROTECT, null=True, related_name="+")  # the last run of the schedule then
    frame = models.JSONField()
    drawn_by = models.CharField(max_length=150)
    drawn_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField(default=dict)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = run = Kind.KEY
        about = partition = outcomes = Kind.CODE
        size = by_group = seed = policy_version = frame = figures = Kind.STATE
        drawn_by = closed_by = Kind.ACTOR
        drawn_at = closed_at = Kind.MOMENT

    class Wall:
        seen = f"{BY_CONTROLLER} AND ({BY_PARTITION})"
        web = "SELECT, INSERT, UPDATE"

    @property
    def is_closed(self) -> bool:
        """Whether its figures stand."""
        return self.closed_at is not None


class SampledDecision(models.Model):
    """One decision of a sample, as it stood when it was drawn, and what was said of it. It goes with its subject."""

    class Said(models.TextChoices):
        """What a checker can say."""

        RIGHT = "right", "It is right"
        WRONG = "wrong", "It is wrong"
        UNSURE = "unsure", "I cannot say"

    sample = models.ForeignKey(DecisionSample, models.CASCADE, related_name="items")
    place = models.IntegerField()  # in the order in which they are shown, strata mixed
    prime = models.ForeignKey(PrimePerson, models.PROTECT, null=True, related_name="+")
    record = models.ForeignKey(Record, models.CASCADE, null=True, related_name="+")
    outcome = models.CharField(max_length=12)
    group = models.SmallIntegerField(default=0)  # 0: none
    due = models.DateField(null=True)
    rule = models.CharField(max_length=60, blank=True)
    said = models.CharField(max_length=6, choices=Said, blank=True)
    should = models.CharField(max_length=12, blank=True)  # the outcome that there should have been
    should_due = models.DateField(null=True)
    should_group = models.SmallIntegerField(null=True)
    direction = models.CharField(max_length=10, blank=True)  # of an error, by engine.retention.checked
    cause = models.CharField(max_length=40, blank=True)
    reason = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(null=True)
    agreed = models.BooleanField(null=True)  # whether the second look found it wrong too
    note = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    second_by = models.CharField(max_length=150, blank=True)
    second_at = models.DateTimeField(null=True)

    class Fields:
        id = sample = prime = record = reason = note = Kind.KEY
        cause = Kind.CODE
        outcome = group = due = rule = should = should_due = should_group = direction = Kind.SPECIAL
        place = said = agreed = Kind.STATE
        by = second_by = Kind.ACTOR
        at = second_at = Kind.MOMENT

    class Wall:
        seen = f"{through('retention_decisionsample', 'sample_id')} AND {_SUBJECT}"
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["sample", "place"], name="sampled_place_once"),
            CheckConstraint(condition=Q(second_by="") | ~Q(second_by=F("by")), name="sampled_second_is_another"),
        ]


class ManualFile(models.Model):
    """A file of decisions that were made by hand: how many of its rows were kept, and which were not and why."""

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    kept = models.IntegerField()
    refused = models.JSONField(default=list)  # [line, reason]
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())

    class Fields:
        id = controller = Kind.KEY
        name = Kind.REFERENCE
        digest = kept = refused = Kind.STATE
        by = Kind.ACTOR
        at = Kind.MOMENT

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE"


class ManualDecision(models.Model):
    """What people decided of somebody or of a record, beside what would have been decided of them on the same day.

    It goes with its subject.
    """

    class Decision(models.TextChoices):
        """What people decide."""

        KEEP = "keep", "Keep"
        DISPOSE = "dispose", "Dispose"

    class Settlement(models.TextChoices):
        """How a difference is settled."""

        SYSTEM = "system", "The system is right"
        MANUAL = "manual", "The manual decision is right"
        POLICY = "policy", "The policy has to be changed"
        FACTS = "facts", "The facts are wrong"

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+")
    file = models.ForeignKey(ManualFile, models.PROTECT, null=True, related_name="decisions")
    line = models.IntegerField(null=True)
    review = models.OneToOneField("retention.Review", models.PROTECT, null=True, related_name="+")
    prime = models.ForeignKey(PrimePerson, models.PROTECT, null=True, related_name="+")
    record = models.ForeignKey(Record, models.CASCADE, null=True, related_name="+")
    decision = models.CharField(max_length=7, choices=Decision)
    decided_on = models.DateField()
    next_review = models.DateField(null=True)
    decided_by = models.CharField(max_length=150)
    reason = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    system = models.CharField(
        max_length=7
    )  # dispose | keep | person: what would have been decided, as people would say
    outcome = models.CharField(max_length=12)
    due = models.DateField(null=True)
    rule = models.CharField(max_length=60, blank=True)
    policy_version = models.CharField(max_length=40)
    compared_at = models.DateTimeField(db_default=Now())
    settlement = models.CharField(max_length=7, choices=Settlement, blank=True)
    settled_reason = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    settled_by = models.CharField(max_length=150, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = file = review = prime = record = reason = settled_reason = Kind.KEY
        settlement = Kind.CODE
        decision = next_review = system = outcome = due = rule = Kind.SPECIAL
        line = policy_version = Kind.STATE
        decided_on = compared_at = settled_at = Kind.MOMENT
        decided_by = settled_by = Kind.ACTOR

    class Wall:
        seen = f"{BY_CONTROLLER} AND {_SUBJECT}"
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["controller", "prime", "record", "decided_on"], nulls_distinct=False, name="manual_once"
            )
        ]
        indexes = [models.Index(fields=["controller", "decided_on"], name="manual_by_day")]

    @property
    def differs(self) -> bool:
        """Whether people decided one thing and the system would have decided the other."""
        return self.system not in {"person", self.decision}


class ModeChange(models.Model):
    """That a controller leaves advisory mode, asked by one and agreed to by another, or goes back, which one does.

    The last that is done says the mode (`muniment.follow_mode`).
    """

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="mode_changes")
    to = models.CharField(max_length=20, choices=Controller.Mode)
    why = models.TextField()  # the paper that decides it; the reason of going back
    figures = models.JSONField(default=dict)  # what was known when it was agreed to
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now())
    agreed_by = models.CharField(max_length=150, blank=True)
    refused_by = models.CharField(max_length=150, blank=True)
    refused_why = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = Kind.KEY
        to = Kind.CODE
        why = refused_why = Kind.WORDS
        figures = Kind.STATE
        asked_by = agreed_by = refused_by = Kind.ACTOR
        asked_at = settled_at = Kind.MOMENT

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["controller"], condition=Q(settled_at=None), name="mode_waits_once"),
            CheckConstraint(condition=Q(agreed_by="") | ~Q(agreed_by=F("asked_by")), name="mode_agreed_by_two"),
            CheckConstraint(
                condition=Q(settled_at=None) | ~Q(refused_by="") | Q(to="advisory") | ~Q(agreed_by=""),
                name="mode_live_is_agreed",
            ),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("mode", self.pk)

    @property
    def waits(self) -> bool:
        """Whether somebody else has still to agree to it."""
        return self.settled_at is None
