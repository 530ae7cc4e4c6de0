"""Prime places and prime vehicles: which of what sources say is one, why, and who said so.

As prime people are: an identity that is only a reference, anchored to its founding member, and membership in time.
The two kinds have tables of their own, so that references between rows are kept, and everything else in common.
"""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Content
from muniment.core.walls import EVERYONE, through
from muniment.records.models import Place, Vehicle


class _Prime(models.Model):
    """A reference anchored to its founding member. What is shown of it is derived when it is read."""

    PREFIX: ClassVar[str]

    anchor_key = models.CharField(max_length=300, unique=True)
    made_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    class Fields:
        id = anchor = redirects_to = Kind.KEY
        anchor_key = Kind.REFERENCE
        made_at = retired_at = Kind.MOMENT

    @property
    def reference(self) -> str:
        """The public reference, with its check character."""
        return references.make(self.PREFIX, self.pk)


class _Belonging(models.Model):
    """Which member was part of which prime record, from when until when, as recorded."""

    start = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)
    decided_in = models.BigIntegerField()  # the transaction that last decided it: by it a run knows what has since

    class Meta:
        abstract = True
        constraints = [UniqueConstraint(fields=["member"], condition=Q(until__isnull=True), name="%(class)s_one_now")]

    class Fields:
        id = member = prime = Kind.KEY
        start = until = Kind.MOMENT
        decided_in = Kind.STATE


class _Edge(models.Model):
    """Two members that only a person can say are one or two, and the level at which they agree."""

    level = models.CharField(max_length=20)
    run = models.ForeignKey(BatchRun, models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        abstract = True
        constraints = [UniqueConstraint(fields=["left", "right"], name="%(class)s_once")]

    class Fields:
        id = left = right = run = Kind.KEY
        level = Kind.CODE


class _Judgement(models.Model):
    """What a person decided about a pair; it beats every level, until somebody judges anew or takes it back."""

    verdict = models.CharField(max_length=10)  # same | different | unsure
    evidence = models.CharField(max_length=40)
    reason = models.ForeignKey(Content, models.PROTECT, related_name="+")
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())
    superseded_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)  # a later judgement says otherwise: somebody has to look again
    withdrawal = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")  # why its author took it back
    is_followed = models.BooleanField(default=False)  # whether the prime records are as it, or taking it back, says

    class Meta:
        abstract = True
        indexes = [Index(fields=["id"], condition=Q(is_followed=False), name="%(class)s_new")]
        constraints = [
            UniqueConstraint(fields=["left", "right"], condition=Q(superseded_at__isnull=True), name="%(class)s_now"),
            CheckConstraint(condition=Q(left__lt=F("right")), name="%(class)s_ordered"),
            CheckConstraint(condition=Q(verdict__in=["same", "different", "unsure"]), name="%(class)s_verdict"),
        ]

    class Fields:
        id = left = right = reason = withdrawal = Kind.KEY
        verdict = evidence = Kind.CODE
        is_followed = Kind.STATE
        by = Kind.ACTOR
        at = superseded_at = reopened_at = Kind.MOMENT


def _pair(table: str) -> str:
    return f"{through(table, 'left_id')} AND {through(table, 'right_id')}"


class PrimePlace(_Prime):
    """One place that sources tell of."""

    PREFIX = "place"

    anchor = models.ForeignKey(Place, models.SET_NULL, null=True, related_name="+")
    redirects_to = models.ForeignKey("self", models.PROTECT, null=True)

    class Wall:
        seen = through("objects_placebelonging", "objects_primeplace.id", by="prime_id")
        web = "SELECT"


class PlaceBelonging(_Belonging):
    """Which place, as a source writes it, was part of which prime place."""

    member = models.ForeignKey(Place, models.CASCADE, related_name="belongings", db_constraint=False)
    prime = models.ForeignKey(PrimePlace, models.PROTECT, related_name="belongings", db_constraint=False)

    class Wall:
        seen = through("records_place", "member_id")
        web = "SELECT"


class PlaceEdge(_Edge):
    """Two places that agree."""

    left = models.ForeignKey(Place, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    right = models.ForeignKey(Place, models.CASCADE, related_name="+", db_constraint=False)

    class Wall:
        seen = _pair("records_place")
        web = "SELECT"


class PlaceJudgement(_Judgement):
    """What a person said of two places."""

    left = models.ForeignKey(Place, models.CASCADE, related_name="+")
    right = models.ForeignKey(Place, models.CASCADE, related_name="+")

    class Wall:
        seen = _pair("records_place")
        web = "SELECT, INSERT, UPDATE"


class PrimeVehicle(_Prime):
    """One vehicle that sources tell of."""

    PREFIX = "vehicle"

    anchor = models.ForeignKey(Vehicle, models.SET_NULL, null=True, related_name="+")
    redirects_to = models.ForeignKey("self", models.PROTECT, null=True)

    class Wall:
        seen = through("objects_vehiclebelonging", "objects_primevehicle.id", by="prime_id")
        web = "SELECT"


class VehicleBelonging(_Belonging):
    """Which vehicle, as a source writes it, was part of which prime vehicle."""

    member = models.ForeignKey(Vehicle, models.CASCADE, related_name="belongings", db_constraint=False)
    prime = models.ForeignKey(PrimeVehicle, models.PROTECT, related_name="belongings", db_constraint=False)

    class Wall:
        seen = through("records_vehicle", "member_id")
        web = "SELECT"


class VehicleEdge(_Edge):
    """Two vehicles that agree."""

    left = models.ForeignKey(Vehicle, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    right = models.ForeignKey(Vehicle, models.CASCADE, related_name="+", db_constraint=False)

    class Wall:
        seen = _pair("records_vehicle")
        web = "SELECT"


class VehicleJudgement(_Judgement):
    """What a person said of two vehicles."""

    left = models.ForeignKey(Vehicle, models.CASCADE, related_name="+")
    right = models.ForeignKey(Vehicle, models.CASCADE, related_name="+")

    class Wall:
        seen = _pair("records_vehicle")
        web = "SELECT, INSERT, UPDATE"


class MarkToken(models.Model):
    """Three signs in a row of a registration mark, by which one that is known in part is found: by equality."""

    pk = models.CompositePrimaryKey("token", "vehicle")
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="+", db_constraint=False)
    token = models.CharField(max_length=3)

    class Fields:
        vehicle = Kind.KEY
        token = Kind.IDENTITY

    class Wall:
        seen = through("records_vehicle", "vehicle_id")
        web = "SELECT"


class PlaceKey(models.Model):
    """What two places share that can be one, as a number: by it those are found with which a place is decided."""

    pk = models.CompositePrimaryKey("key", "place")
    place = models.ForeignKey(Place, models.CASCADE, related_name="+", db_constraint=False)
    key = models.BigIntegerField()

    class Fields:
        place = Kind.KEY
        key = Kind.IDENTITY

    class Wall:
        seen = through("records_place", "place_id")
        web = "SELECT"


class PropertyPoint(models.Model):
    """Where a property lies, as the Ordnance Survey publishes it (OS Open UPRN)."""

    uprn = models.CharField(max_length=12, primary_key=True)
    easting = models.FloatField()
    northing = models.FloatField()
    latitude = models.FloatField()
    longitude = models.FloatField()

    class Fields:
        uprn = Kind.REFERENCE
        easting = northing = latitude = longitude = Kind.STATE  # published, of a property and of nobody

    class Wall:
        seen = EVERYONE
        web = "SELECT"
