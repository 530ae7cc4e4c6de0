"""Reviews: their answers, why each was opened, what was asked of others, who had to agree, and who stands in."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Content, Controller, User
from muniment.core.walls import BY_CONTROLLER, EVERYONE, through
from muniment.core.words import day
from muniment.people.models import PrimePerson
from muniment.records.models import Record

_UNDECIDED = ~Q(state__in=["decided", "closed"])
_OF_REVIEW = through("retention_review", "review_id")


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
    doubted_at = models.DateTimeField(null=True)  # since when they are made up otherwise (`deciding.doubt`)
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
                condition=_UNDECIDED,
                name="review_one_open",
            ),
            CheckConstraint(condition=~Q(state="decided") | ~Q(outcome=""), name="review_decided_has_outcome"),
            CheckConstraint(condition=~Q(state="decided") | Q(reason__isnull=False), name="review_decided_has_reason"),
        ]
        indexes = [
            models.Index(fields=["controller"], condition=Q(doubted_at__isnull=False), name="review_in_doubt"),
            # The queue in its two orders: of a backlog the first page is read and not the rest.
            models.Index(F("risk").desc(), "due", "id", condition=_UNDECIDED, name="review_by_risk"),
            models.Index("due", F("risk").desc(), "id", condition=_UNDECIDED, name="review_by_due"),
        ]

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


class ReviewTrigger(models.Model):
    """Why a person is looked at besides the clock: what happened, what arrived, or what somebody asked for.

    `about` names what it is of, so that no run says it twice. Without a review it waits for one.
    """

    prime = models.ForeignKey(PrimePerson, models.CASCADE, related_name="+")
    controller = models.ForeignKey(Controller, models.PROTECT)
    code = models.CharField(max_length=40)  # of `policy/reviews.yaml`, an event or a flag
    about = models.CharField(max_length=120)
    dated = models.DateField()
    record = models.ForeignKey(Record, models.CASCADE, null=True, related_name="+", db_constraint=False)
    event = models.ForeignKey("retention.SubjectEvent", models.CASCADE, null=True, related_name="+")
    said = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")  # why somebody asked for it
    was_group = models.SmallIntegerField(null=True)  # before and after, where a group has moved
    now_group = models.SmallIntegerField(null=True)
    found_at = models.DateTimeField(db_default=Now())
    by = models.CharField(max_length=150, blank=True, db_default="")
    review = models.ForeignKey("retention.Review", models.SET_NULL, null=True, related_name="triggers")

    class Fields:
        id = prime = controller = record = event = said = review = Kind.KEY
        code = Kind.SPECIAL
        about = Kind.REFERENCE
        dated = Kind.LIFE
        was_group = now_group = Kind.SPECIAL
        found_at = Kind.MOMENT
        by = Kind.ACTOR

    class Wall:
        # That something has come on a record tells of the record.
        seen = (
            f"{BY_CONTROLLER} AND {through('people_primeperson', 'prime_id')}"
            f" AND (record_id IS NULL OR {through('records_record', 'record_id')})"
        )
        web = "SELECT, INSERT"

    class Meta:
        constraints = [UniqueConstraint(fields=["controller", "about"], name="review_trigger_once")]
        indexes = [models.Index(fields=["prime"], condition=Q(review__isnull=True), name="review_trigger_waits")]


class ReviewAsk(models.Model):
    """What a review waits for from somebody else, and what came of it: paper, a national database, a specialist."""

    class Of(models.TextChoices):
        """Whom or what it is asked of."""

        PAPER = "paper", "Paper from a store"
        PND = "pnd", "Police National Database"
        NATIONAL = "national", "PNC or LEDS"
        SPECIALIST = "specialist", "A specialist"
        OTHER = "other", "Something else"

    class Answer(models.TextChoices):
        """What came of it."""

        FOUND = "found", "It came, and bears on the review"
        NOTHING = "nothing", "It came, and bears on nothing"
        NONE = "none", "It will not come"

    review = models.ForeignKey("retention.Review", models.CASCADE, related_name="asks")
    of = models.CharField(max_length=12, choices=Of)
    what = models.CharField(max_length=60)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now())
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    said = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Fields:
        id = review = said = Kind.KEY
        of = answer = what = Kind.CODE
        asked_at = answered_at = Kind.MOMENT
        asked_by = answered_by = Kind.ACTOR

    class Wall:
        seen = _OF_REVIEW
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="ask_answered_when",
            )
        ]


class Agreement(models.Model):
    """That a second person had to agree to a decision, why, and what they said: agreed, or sent it back."""

    review = models.ForeignKey("retention.Review", models.CASCADE, related_name="agreements")
    because = ArrayField(models.CharField(max_length=20))
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField(db_default=Now())
    agreed = models.BooleanField(null=True)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(null=True)
    note = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")

    class Fields:
        id = review = note = Kind.KEY
        because = Kind.SPECIAL
        agreed = Kind.STATE
        proposed_at = at = Kind.MOMENT
        proposed_by = by = Kind.ACTOR

    class Wall:
        seen = _OF_REVIEW
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(by="") | ~Q(by=F("proposed_by")), name="agreed_by_two"),
            UniqueConstraint(fields=["review"], condition=Q(agreed=None), name="agreement_waits_once"),
        ]


class Deputy(models.Model):
    """Who stands in for a reviewer, from a day until another: what is with the one is with the other too."""

    user = models.ForeignKey(User, models.CASCADE, related_name="deputies")
    deputy = models.ForeignKey(User, models.CASCADE, related_name="deputises")
    start = models.DateField()
    until = models.DateField()  # the first day on which it is over
    by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())

    class Fields:
        id = user = deputy = Kind.KEY
        start = until = made_at = Kind.MOMENT
        by = Kind.ACTOR

    class Wall:
        seen = EVERYONE  # who is away is no secret among those who work reviews, and tells of nobody else
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(condition=~Q(user=F("deputy")), name="deputy_is_another"),
            CheckConstraint(condition=Q(until__gte=F("start")), name="deputy_ends_after"),
        ]
