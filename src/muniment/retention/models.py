"""Review, retention and disposal: decisions, reviews, holds, orders and their proof."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Content, Controller
from muniment.core.walls import BY_CONTROLLER, EVERYONE, through
from muniment.core.words import day
from muniment.people.models import PrimePerson
from muniment.records.models import Involvement, Record
from muniment.retention import (  # noqa: F401 - so that Django finds them
    batch_models,
    check_models,
    disposal_models,
    duty_models,
    foresight_models,
    review_models,
    trace_models,
)


class PersonDecision(models.Model):
    """What one controller's policy says about one prime person: codes only, words are made on demand."""

    prime = models.ForeignKey(PrimePerson, models.CASCADE, related_name="decisions")
    controller = models.ForeignKey(Controller, models.PROTECT)
    group = models.SmallIntegerField(null=True)
    clear_from = models.DateField(null=True)
    due = models.DateField(null=True, db_index=True)
    kept_until = models.DateField(null=True)  # before which records with others on them stay whole for this one
    outcome = models.CharField(max_length=12)
    rule = models.CharField(max_length=60, blank=True)
    # An intake replaces what a row said, so this may point to what is gone until the next run of the schedule.
    driving_involvement = models.ForeignKey(
        Involvement, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    missing = ArrayField(models.CharField(max_length=60), default=list)
    because = ArrayField(models.CharField(max_length=60), default=list)
    policy_version = models.CharField(max_length=40)
    membership_digest = models.CharField(max_length=64)
    run = models.ForeignKey(BatchRun, models.PROTECT, null=True)

    class Fields:
        id = prime = controller = driving_involvement = run = Kind.KEY
        group = clear_from = due = kept_until = Kind.SPECIAL  # these can themselves reveal intelligence
        outcome = rule = missing = because = Kind.SPECIAL
        policy_version = membership_digest = Kind.STATE

    class Wall:
        seen = f"{BY_CONTROLLER} AND {through('people_primeperson', 'prime_id')}"
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["prime", "controller"], name="person_decision_once")]


class GroupsJoined(models.Model):
    """Two prime people in different groups who were joined, as one controller had decided them: the stricter counts."""

    was = models.ForeignKey(PrimePerson, models.CASCADE, related_name="+")  # the one who was retired by it
    controller = models.ForeignKey(Controller, models.PROTECT)
    group = models.SmallIntegerField(null=True)
    other_group = models.SmallIntegerField(null=True)  # of the one whose reference they bear since
    at = models.DateTimeField(db_default=Now())

    class Fields:
        id = was = controller = Kind.KEY
        group = other_group = Kind.SPECIAL
        at = Kind.MOMENT

    class Wall:
        seen = f"{BY_CONTROLLER} AND {through('people_primeperson', 'was_id')}"
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["was", "controller"], name="groups_joined_once")]


class RecordDecision(models.Model):
    """What policy says about one record."""

    record = models.OneToOneField(Record, models.CASCADE, related_name="decision")
    resolved_class = models.CharField(max_length=60)
    due = models.DateField(null=True, db_index=True)
    outcome = models.CharField(max_length=12)
    rule = models.CharField(max_length=60, blank=True)
    driving_prime = models.ForeignKey(PrimePerson, models.SET_NULL, null=True, related_name="+")
    missing = ArrayField(models.CharField(max_length=60), default=list)
    because = ArrayField(models.CharField(max_length=60), default=list)
    policy_version = models.CharField(max_length=40)
    run = models.ForeignKey(BatchRun, models.PROTECT, null=True)

    class Fields:
        id = record = driving_prime = run = Kind.KEY
        resolved_class = due = outcome = rule = missing = because = Kind.SPECIAL
        policy_version = Kind.STATE

    class Wall:
        seen = through("records_record", "record_id")
        web = "SELECT"


class Review(models.Model):
    """A person's look at a life: the evidence, the criteria, and what was decided."""

    class State(models.TextChoices):
        """Where a review stands."""

        OPEN = "open", "Waiting"
        STARTED = "started", "Started"
        PARKED = "parked", "Parked"
        REFERRED = "referred", "Referred"
        AGREEING = "agreeing", "Waiting for a second person"
        DECIDED = "decided", "Decided"
        CLOSED = "closed", "Closed without decision"

    class Outcome(models.TextChoices):
        """What a review can decide."""

        RETAIN = "retain", "Keep everything"
        PART = "part", "Keep part, dispose of the rest"
        DISPOSE = "dispose", "Dispose of everything that may go"

    prime = models.ForeignKey(PrimePerson, models.PROTECT, related_name="reviews")
    controller = models.ForeignKey(Controller, models.PROTECT)
    kind = models.CharField(max_length=20)  # initial | scheduled | triggered | explicit
    trigger = models.CharField(max_length=60, blank=True)
    due = models.DateField()
    risk = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    allocated_to = models.CharField(max_length=150, blank=True)
    waiting_for = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    reason = models.ForeignKey(Content, models.PROTECT, null=True)
    draft = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")  # typed and not decided yet
    kept_records = ArrayField(models.BigIntegerField(), default=list)
    next_review = models.DateField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_group = models.SmallIntegerField(null=True)  # in which the person was then
    made_at = models.DateTimeField(db_default=Now())
    membership_digest = models.CharField(max_length=64)
    doubted_at = models.DateTimeField(null=True)  # since when the person is made up otherwise (`retention.doubt`)
    version = models.IntegerField(default=1)
    saved_by = models.CharField(max_length=150, blank=True, db_default="")  # who made this version

    class Fields:
        id = prime = controller = reason = draft = Kind.KEY
        kind = trigger = waiting_for = Kind.CODE
        due = next_review = decided_at = made_at = doubted_at = Kind.MOMENT
        risk = state = outcome = membership_digest = version = Kind.STATE
        decided_group = Kind.SPECIAL
        kept_records = Kind.KEY
        allocated_to = decided_by = saved_by = Kind.ACTOR

    class Wall:
        seen = f"{BY_CONTROLLER} AND {through('people_primeperson', 'prime_id')}"
        web = "SELECT, UPDATE, INSERT"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["prime", "controller"],
                condition=~Q(state__in=["decided", "closed"]),
                name="review_one_open",
            ),
            CheckConstraint(condition=~Q(state="decided") | ~Q(outcome=""), name="review_decided_has_outcome"),
            CheckConstraint(condition=~Q(state="decided") | Q(reason__isnull=False), name="review_decided_has_reason"),
        ]
        indexes = [models.Index(fields=["controller"], condition=Q(doubted_at__isnull=False), name="review_in_doubt")]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("review", self.pk)

    @property
    def standing(self) -> str:
        """Where it stands in words, and with whom: "Parked, waiting for the paper file, with rowan"."""
        words = [self.get_state_display()]
        if self.waiting_for and self.state == self.State.PARKED:
            words.append(f"waiting for {self.waiting_for}")
        if self.waiting_for and self.state == self.State.REFERRED:
            words = [f"Referred to {self.waiting_for}"]
        if self.allocated_to and self.state not in {self.State.DECIDED, self.State.CLOSED}:
            words.append(f"with {self.allocated_to}")
        if self.state == self.State.AGREEING:
            words = [f"Decided, and waits for a second person: {self.get_outcome_display().lower()}"]
        if self.state == self.State.DECIDED:
            words = [f"Decided: {self.get_outcome_display().lower()}"]
            words += [f"next review {day(self.next_review)}"] if self.next_review else []
        return ", ".join(words)


class ReviewAnswer(models.Model):
    """The reviewer's answer to one of the assessment criteria, with their words and the evidence looked at."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="answers")
    criterion = models.CharField(max_length=40)
    answer = models.CharField(max_length=10)  # yes | no | not_known
    reason = models.ForeignKey(Content, models.PROTECT, null=True)

    class Fields:
        id = review = reason = Kind.KEY
        criterion = Kind.CODE
        answer = Kind.SPECIAL

    class Wall:
        seen = through("retention_review", "review_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["review", "criterion"], name="answer_once"),
            CheckConstraint(condition=Q(answer__in=["yes", "no", "not_known"]), name="answer_known"),
        ]


class Hold(models.Model):
    """A reason why nothing in scope may go: an inquiry, proceedings, a request, a complaint."""

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)  # as policy lists them
    preset = models.CharField(max_length=40, blank=True)  # whose scope it began with; it adopts nothing of it
    authority = models.TextField()
    decided_by = models.CharField(max_length=150)  # the chief officer, or whom they authorised, by job title
    review_on = models.DateField()  # when somebody asks whether it is still needed; it stands until it is released
    scope = models.JSONField()
    start = models.DateField()
    controllers = models.ManyToManyField(Controller, through="HoldController")
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField(db_default=Now())
    release_asked_by = models.CharField(max_length=150, blank=True)
    release_reason = models.TextField(blank=True)
    released_by = models.CharField(max_length=150, blank=True)
    released_at = models.DateTimeField(null=True)
    expanded_at = models.DateTimeField(null=True)  # when the worker, who sees everything, last did
    words_read_to = models.BigIntegerField(default=0)  # the content up to which the worker has looked for its words
    people_digest = models.CharField(max_length=64, blank=True)  # of its people, as whoever placed or confirmed it saw
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Fields:
        id = controllers = words_read_to = Kind.KEY
        title = authority = release_reason = Kind.WORDS
        kind = preset = Kind.CODE
        scope = people_digest = Kind.STATE
        start = review_on = placed_at = released_at = expanded_at = confirmed_at = Kind.MOMENT
        decided_by = placed_by = release_asked_by = released_by = confirmed_by = Kind.ACTOR

    class Wall:
        # Its title and paper may name someone: it is for those whose records it binds, which are written after it.
        seen = (
            "NOT EXISTS (SELECT 1 FROM retention_holdcontroller b WHERE b.hold_id = retention_hold.id) OR EXISTS"
            " (SELECT 1 FROM retention_holdcontroller b WHERE b.hold_id = retention_hold.id"
            " AND b.controller_id = ANY ((SELECT muniment.controllers())::bigint[]))"
        )
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(released_by="") | ~Q(released_by=F("release_asked_by")),
                name="hold_released_by_two",
            ),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("hold", self.pk)


class HoldController(models.Model):
    """One force or office that a hold binds."""

    hold = models.ForeignKey(Hold, models.CASCADE)
    controller = models.ForeignKey(Controller, models.PROTECT)

    class Fields:
        id = hold = controller = Kind.KEY

    class Wall:
        seen = EVERYONE
        web = "SELECT, INSERT"

    class Meta:
        constraints = [UniqueConstraint(fields=["hold", "controller"], name="hold_binds_once")]


class HeldRecord(models.Model):
    """A record that a hold covers, kept current by intake, resolve and schedule."""

    hold = models.ForeignKey(Hold, models.CASCADE, related_name="held")
    record = models.ForeignKey(Record, models.CASCADE, related_name="holds")
    by_words = models.BooleanField(db_default=False)  # for a word in a narrative, which the worker alone opens

    class Fields:
        id = hold = record = Kind.KEY
        by_words = Kind.STATE

    class Wall:
        seen = through("records_record", "record_id")
        web = "SELECT, INSERT, UPDATE, DELETE"

    class Meta:
        constraints = [UniqueConstraint(fields=["hold", "record"], name="held_once")]


class Procedure(models.Model):
    """A controlled version of a controller's procedure, as generated on a day: drafted by one, issued by another.

    What is neither issued nor withdrawn waits. `body` is a `procedure.Document`.
    """

    controller = models.ForeignKey(Controller, models.PROTECT)
    number = models.PositiveIntegerField(null=True)  # of the controller's versions, given when it is issued
    day = models.DateField()
    policy_version = models.CharField(max_length=40)
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    drafted_by = models.CharField(max_length=150)
    drafted_at = models.DateTimeField(db_default=Now())
    issued_by = models.CharField(max_length=150, blank=True)
    issued_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = Kind.KEY
        number = policy_version = digest = Kind.STATE
        body = Kind.WORDS
        day = drafted_at = issued_at = withdrawn_at = Kind.MOMENT
        drafted_by = issued_by = withdrawn_by = Kind.ACTOR

    class Wall:
        seen = EVERYONE  # it is policy in words, and tells of nobody
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["controller", "number"], name="procedure_numbered_once"),
            UniqueConstraint(
                fields=["controller"], condition=Q(issued_at=None, withdrawn_at=None), name="procedure_waits_once"
            ),
            CheckConstraint(condition=Q(issued_by="") | ~Q(issued_by=F("drafted_by")), name="procedure_issued_by_two"),
            CheckConstraint(condition=Q(issued_at=None) | Q(withdrawn_at=None), name="procedure_issued_or_withdrawn"),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("procedure", self.pk)

    @property
    def waits(self) -> bool:
        """Whether somebody else has still to issue it."""
        return self.issued_at is None and self.withdrawn_at is None


class SubjectEvent(models.Model):
    """Something about a person that a clock or a hold hangs on: an enquiry, an access request, an appeal."""

    prime = models.ForeignKey(PrimePerson, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    dated = models.DateField()
    closed = models.DateField(null=True)
    by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())
    is_followed = models.BooleanField(default=False)  # whether what it changes has been worked out since

    class Fields:
        id = prime = Kind.KEY
        kind = Kind.CODE
        dated = closed = Kind.LIFE
        made_at = Kind.MOMENT
        is_followed = Kind.STATE
        by = Kind.ACTOR

    class Wall:
        seen = through("people_primeperson", "prime_id")
        web = "SELECT, INSERT, UPDATE"
