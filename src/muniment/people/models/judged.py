"""What people say of pairs of nominals, and what the owners of sources are told."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Content, Scope
from muniment.core.walls import BY_SCOPE, through
from muniment.people.models.linked import PrimePerson
from muniment.records.models import Nominal


class JudgingAct(models.Model):
    """Judgements that somebody recorded as one act: of one prime record, or of many pairs of one kind.

    Its reason is that of each of its judgements, and goes with the last of them.
    """

    class Act(models.TextChoices):
        """What was done."""

        CUT = "cut", "Taken apart"
        ONE = "one", "Said to be one person"
        BULK = "bulk", "Pairs of one kind"

    act = models.CharField(max_length=10, choices=Act)
    prime = models.ForeignKey(PrimePerson, models.SET_NULL, null=True, related_name="+")
    membership_digest = models.CharField(max_length=64, blank=True)  # of the prime record as it was
    verdict = models.CharField(max_length=10)
    kind = ArrayField(models.TextField(), default=list)  # of pairs, in words that name nobody; empty: of a prime record
    left_out = models.JSONField(default=dict)  # how many pairs of the kind, by why
    pairs = models.IntegerField()
    seed = models.BigIntegerField(null=True)  # of the pairs that were drawn for somebody else to look at
    evidence = models.CharField(max_length=40)
    scope = models.ForeignKey(Scope, models.PROTECT, db_constraint=False)  # whoever opens it may know of the act
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Fields:
        id = prime = scope = Kind.KEY
        act = verdict = kind = evidence = Kind.CODE
        membership_digest = pairs = left_out = seed = Kind.STATE
        by = withdrawn_by = Kind.ACTOR
        at = withdrawn_at = Kind.MOMENT

    class Wall:
        seen = BY_SCOPE
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="")
                | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by=""),
                name="act_withdrawn_by_somebody",
            )
        ]


class Judgement(models.Model):
    """What a person decided about a pair; it beats the model until new evidence reopens it."""

    class Verdict(models.TextChoices):
        """The three answers."""

        SAME = "same", "The same person"
        DIFFERENT = "different", "Not the same person"
        UNSURE = "unsure", "Cannot tell"

    class Reopened(models.TextChoices):
        """Why somebody has to look again; until they have, it stands."""

        IDENTIFIERS = "identifiers", "The PNCIDs or CRO numbers that the two bear now say otherwise."
        CONTRADICTED = "contradicted", "A later judgement says otherwise."
        SOURCE = "source", "The owner of their source says otherwise."
        CHECKED = "checked", "Whoever looked at a sample of the act that it is part of says otherwise."

    left = models.ForeignKey(Nominal, models.CASCADE, related_name="+")
    right = models.ForeignKey(Nominal, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    evidence = models.CharField(max_length=40)
    reason = models.ForeignKey(Content, models.PROTECT)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())
    superseded_at = models.DateTimeField(null=True)
    identifiers = models.CharField(max_length=10, blank=True)  # same | different: PNCID and CRO number, as it was made
    reopened_at = models.DateTimeField(null=True)
    reopened_because = models.CharField(max_length=20, choices=Reopened, blank=True)
    withdrawal = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")  # why its author took it back
    act = models.ForeignKey(JudgingAct, models.PROTECT, null=True, related_name="judgements")  # that it is part of
    is_followed = models.BooleanField(default=False)  # whether the prime records are as it, or taking it back, says

    class Fields:
        id = left = right = reason = withdrawal = act = Kind.KEY
        verdict = evidence = reopened_because = Kind.CODE
        identifiers = is_followed = Kind.STATE
        by = Kind.ACTOR
        at = superseded_at = reopened_at = Kind.MOMENT

    class Wall:
        seen = f"{through('records_nominal', 'left_id')} AND {through('records_nominal', 'right_id')}"
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["left", "right"], condition=Q(superseded_at__isnull=True), name="judgement_one_now"
            ),
            CheckConstraint(condition=Q(left__lt=F("right")), name="judgement_ordered"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(is_followed=False), name="judgement_not_followed")]


class CheckedPair(models.Model):
    """A pair of an act, drawn at random for somebody else than who decided to look at, and what they said."""

    act = models.ForeignKey(JudgingAct, models.CASCADE, related_name="checked")
    judgement = models.OneToOneField(Judgement, models.CASCADE, related_name="checked")
    place = models.IntegerField()
    said = models.CharField(max_length=10, choices=Judgement.Verdict, blank=True)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(null=True)

    class Fields:
        id = act = judgement = Kind.KEY
        place = Kind.STATE
        said = Kind.CODE
        by = Kind.ACTOR
        at = Kind.MOMENT

    class Wall:
        seen = through("people_judgement", "judgement_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["act", "place"], name="checked_place_once"),
            CheckConstraint(
                condition=Q(said="", by="", at__isnull=True) | ~Q(said="") & ~Q(by="") & Q(at__isnull=False),
                name="checked_by_somebody",
            ),
        ]


class SourceAdvice(models.Model):
    """What the owner of a source is told of a judgement about two of its own nominals, and what they answered."""

    class Asked(models.TextChoices):
        """What the owner is asked to do."""

        KEEP_APART = "keep_apart", "Do not merge: they are two people"
        TAKE_BACK = "take_back", "Take the merge back: they are two people"
        JOIN = "join", "Merge: they are one person"
        FORGET = "forget", "What was said of these two no longer stands"

    class Answer(models.TextChoices):
        """What an owner can answer."""

        DONE = "done", "Done"
        OTHERWISE = "otherwise", "The owner says otherwise"

    judgement = models.ForeignKey(Judgement, models.CASCADE, related_name="advice")
    asked = models.CharField(max_length=12, choices=Asked)
    made_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=150, blank=True)
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Fields:
        id = judgement = Kind.KEY
        asked = answer = Kind.CODE
        made_at = sent_at = answered_at = Kind.MOMENT
        sent_by = answered_by = Kind.ACTOR

    class Wall:
        seen = through("people_judgement", "judgement_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [UniqueConstraint(fields=["judgement", "asked"], name="advice_once")]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("advice", self.pk)
