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
from muniment.records.models import Involvement, Record, SourceSystem


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
    authority = models.TextField()
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
    people_digest = models.CharField(max_length=64, blank=True)  # of its people, as whoever placed or confirmed it saw
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Fields:
        id = controllers = Kind.KEY
        title = authority = release_reason = Kind.WORDS
        scope = people_digest = Kind.STATE
        start = placed_at = released_at = expanded_at = confirmed_at = Kind.MOMENT
        placed_by = release_asked_by = released_by = confirmed_by = Kind.ACTOR

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

    class Fields:
        id = hold = record = Kind.KEY

    class Wall:
        seen = through("records_record", "record_id")
        web = "SELECT, INSERT, DELETE"

    class Meta:
        constraints = [UniqueConstraint(fields=["hold", "record"], name="held_once")]


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
    review = models.ForeignKey(Review, models.SET_NULL, null=True, related_name="orders")
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


class SubjectEvent(models.Model):
    """Something about a person that a clock or a hold hangs on: an enquiry, an access request, an appeal."""

    prime = models.ForeignKey(PrimePerson, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    dated = models.DateField()
    closed = models.DateField(null=True)
    by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())

    class Fields:
        id = prime = Kind.KEY
        kind = Kind.CODE
        dated = closed = Kind.LIFE
        made_at = Kind.MOMENT
        by = Kind.ACTOR

    class Wall:
        seen = through("people_primeperson", "prime_id")
        web = "SELECT, INSERT, UPDATE"
