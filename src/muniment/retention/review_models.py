"""Around a review: why it was opened, what was asked of others, who had to agree to it, and who stands in for whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import Content, Controller, User
from muniment.core.walls import BY_CONTROLLER, EVERYONE, through
from muniment.people.models import PrimePerson
from muniment.records.models import Record

_OF_REVIEW = through("retention_review", "review_id")


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
