"""What a run makes of nominals: prime records, who is one, and the pairs that were left."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import BatchRun
from muniment.core.walls import EVERYONE, through
from muniment.people import stakes
from muniment.records.models import Nominal


class LinkageModel(models.Model):
    """A trained model version; a second person activates it, and `resolve` never trains."""

    version = models.CharField(max_length=40, unique=True)
    parameters = models.JSONField()
    trained_at = models.DateTimeField(db_default=Now())
    trained_by = models.CharField(max_length=150)
    activated_at = models.DateTimeField(null=True)
    activated_by = models.CharField(max_length=150, blank=True)

    class Fields:
        id = Kind.KEY
        version = Kind.CODE
        parameters = Kind.IDENTITY  # frequency tables hold names, without saying whose
        trained_at = activated_at = Kind.MOMENT
        trained_by = activated_by = Kind.ACTOR

    class Wall:
        seen = EVERYONE
        web = "SELECT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(activated_by="") | ~Q(activated_by=F("trained_by")), name="model_two_people")
        ]


class PrimePerson(models.Model):
    """An identity: a reference anchored to its founding nominal. What is shown of it is derived when read."""

    anchor = models.ForeignKey(Nominal, models.SET_NULL, null=True, related_name="+")
    anchor_key = models.CharField(max_length=300)
    redirects_to = models.ForeignKey("self", models.PROTECT, null=True, db_index=False)
    made_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)

    class Fields:
        id = anchor = redirects_to = Kind.KEY
        anchor_key = Kind.REFERENCE
        made_at = retired_at = Kind.MOMENT

    class Wall:
        seen = through("people_belonging", "people_primeperson.id", by="prime_id")
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["anchor_key"], name="prime_person_once")]
        indexes = [  # few redirect
            models.Index(
                fields=["redirects_to"], condition=Q(redirects_to__isnull=False), name="prime_person_redirects"
            )
        ]

    @property
    def reference(self) -> str:
        """The public reference, with its check character."""
        return references.make("prime", self.pk)


class Belonging(models.Model):
    """Which nominal was part of which prime person, from when until when, as recorded and as true.

    `start` to `until` is recorded. `valid_from` to `valid_until` is true: the days on which its source had it. A row is
    never changed but to end it (docs/adr/0027).
    """

    nominal = models.ForeignKey(Nominal, models.CASCADE, related_name="belongings", db_constraint=False)
    prime = models.ForeignKey(PrimePerson, models.PROTECT, related_name="belongings", db_constraint=False)
    start = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    # The run that published it; attached at once, the run by whose model.
    run = models.ForeignKey(BatchRun, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    is_attached = models.BooleanField()

    class Fields:
        id = nominal = prime = run = Kind.KEY
        start = until = valid_from = valid_until = Kind.MOMENT
        is_attached = Kind.STATE

    class Wall:
        seen = through("records_nominal", "nominal_id")
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["nominal"], condition=Q(until__isnull=True), name="belonging_one_now"),
            CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("start")), name="belonging_ends_after"),
        ]


class MatchEdge(models.Model):
    """A weighed pair of nominals under a model version."""

    # `edge_once` finds by the left one.
    left = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    right = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    weight = models.FloatField()
    is_automatic = models.BooleanField()
    blocked_by = models.CharField(max_length=60, blank=True)
    needs_person = models.BooleanField()  # whether only a person can say if the two are one
    were_one = models.BooleanField(default=False)  # shown as one before, and nothing joins them any more
    stake = models.SmallIntegerField(db_default=0)  # how much hangs on it, the more the sooner (`people.stakes`)
    model = models.CharField(max_length=40)
    run = models.ForeignKey(BatchRun, models.PROTECT, db_constraint=False, db_index=False)

    class Fields:
        id = left = right = run = Kind.KEY
        weight = is_automatic = needs_person = were_one = Kind.STATE
        stake = Kind.SPECIAL  # it follows from the decisions about both
        blocked_by = model = Kind.CODE

    class Wall:
        seen = f"{through('records_nominal', 'left_id')} AND {through('records_nominal', 'right_id')}"
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["left", "right"], name="edge_once")]
        indexes = [
            models.Index(
                F("stake").desc(),
                F("were_one").desc(),
                F("weight").desc(),
                "id",
                condition=Q(needs_person=True),
                name="edge_waiting",
            ),
            # The pairs that tell of two, of whom some are one person all the same.
            models.Index(fields=["id"], condition=Q(blocked_by__in=["identifier", "twins"]), name="edge_of_two"),
        ]

    @property
    def hangs(self) -> str:
        """What would change were the two one person, in words."""
        return stakes.words(self.stake)

    @property
    def stands(self) -> bool:
        """Whether the two are one person only because they were before."""
        return self.were_one and self.blocked_by != "parted"


class LooseJoin(models.Model):
    """A pair that alone joined two parts of a prime record, each of several nominals, when the last run published.

    It is worked out from everything, so that who sees a part of the prime record is not misled by what they do not see.
    """

    left = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    right = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    weight = models.FloatField()
    run = models.ForeignKey(BatchRun, models.CASCADE, related_name="+", db_constraint=False)

    class Fields:
        id = left = right = run = Kind.KEY
        weight = Kind.STATE

    class Wall:
        seen = f"{through('records_nominal', 'left_id')} AND {through('records_nominal', 'right_id')}"
        web = "SELECT"
