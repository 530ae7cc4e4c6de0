"""What linkage keeps of itself: figures of runs, runs that wait, and samples of pairs that people label."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Content
from muniment.core.walls import EVERYONE, through
from muniment.records.models import Nominal

# What the enclave holds is counted inside it alone.
_INSIDE = (
    "EXISTS (SELECT 1 FROM core_scope s WHERE s.partition = 'sealed'"
    " AND s.id = ANY ((SELECT muniment.scopes())::bigint[]))"
)
BY_PARTITION = f"partition <> 'sealed' OR {_INSIDE}"
_BOTH = f"{through('records_nominal', 'left_id')} AND {through('records_nominal', 'right_id')}"


def _codes() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=60), default=list)


class RunFigures(models.Model):
    """What a run of one partition made, or the data that a model was trained on: counts alone."""

    run = models.ForeignKey(BatchRun, models.CASCADE, related_name="figures")
    partition = models.CharField(max_length=12)
    figures = models.JSONField()

    class Fields:
        id = run = Kind.KEY
        partition = Kind.CODE
        figures = Kind.STATE

    class Wall:
        seen = BY_PARTITION
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["run", "partition"], name="figures_once")]


class RunHold(models.Model):
    """A run that would have changed too many prime records: nothing of it is published until somebody releases it.

    The next run publishes what was released, and nothing else of the kind.
    """

    run = models.OneToOneField(BatchRun, models.PROTECT, related_name="hold")
    digest = models.CharField(max_length=64)  # of every membership that would change
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, blank=True)
    reason = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)  # when its changes were published, or another run took its place
    settled_by = models.ForeignKey(BatchRun, models.PROTECT, null=True, related_name="settles")

    class Fields:
        id = run = reason = settled_by = Kind.KEY
        digest = Kind.STATE
        released_at = settled_at = Kind.MOMENT
        released_by = Kind.ACTOR

    class Wall:
        seen = EVERYONE
        web = "SELECT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(released_at__isnull=True, released_by="")
                | (Q(released_at__isnull=False) & ~Q(released_by="")),
                name="run_released_by_somebody",
            ),
            UniqueConstraint(
                fields=["settled_at"],
                condition=Q(settled_at__isnull=True),
                nulls_distinct=False,
                name="run_held_one_now",
            ),
        ]


class HeldChange(models.Model):
    """A nominal that a run that waits would move: from which prime record, and to which (None: one still to be made).

    Once the run is settled only the examples are kept.
    """

    hold = models.ForeignKey(RunHold, models.CASCADE, related_name="changes")
    nominal = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    was = models.ForeignKey("people.PrimePerson", models.PROTECT, related_name="+", db_constraint=False)
    becomes = models.ForeignKey("people.PrimePerson", models.PROTECT, null=True, related_name="+", db_constraint=False)
    anchor = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    is_example = models.BooleanField(default=False)

    class Fields:
        id = hold = nominal = was = becomes = anchor = Kind.KEY
        is_example = Kind.STATE

    class Wall:
        seen = through("records_nominal", "nominal_id")
        web = "SELECT"


class ReservePair(models.Model):
    """A pair drawn at random from its stratum, which is its band of weight and whether the last run made one of it."""

    run = models.ForeignKey(BatchRun, models.CASCADE, related_name="+")
    partition = models.CharField(max_length=12)
    band = models.CharField(max_length=12)
    place = models.IntegerField()  # in the random order of its stratum, from 1
    left = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    right = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    weight = models.FloatField()
    is_automatic = models.BooleanField()
    are_one = models.BooleanField()  # one person after the run, in whatever way they came to be
    ethnicities = _codes()
    origins = _codes()  # with whom their surnames go here, as a run works it out

    class Fields:
        id = run = left = right = Kind.KEY
        partition = band = Kind.CODE
        place = weight = is_automatic = are_one = Kind.STATE
        ethnicities = origins = Kind.SPECIAL

    class Wall:
        seen = _BOTH
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["run", "partition", "band", "are_one", "place"], name="reserve_place_once")
        ]


class Sample(models.Model):
    """Pairs drawn from the reserve of a run for people to label, who see neither weight nor outcome."""

    run = models.ForeignKey(BatchRun, models.PROTECT, related_name="samples")
    partition = models.CharField(max_length=12)
    seed = models.BigIntegerField()  # of the order in which its pairs are shown
    drawn_by = models.CharField(max_length=150)
    drawn_at = models.DateTimeField(db_default=Now())

    class Fields:
        id = run = Kind.KEY
        partition = Kind.CODE
        seed = Kind.STATE
        drawn_by = Kind.ACTOR
        drawn_at = Kind.MOMENT

    class Wall:
        seen = BY_PARTITION
        web = "SELECT, INSERT"


class SampleStratum(models.Model):
    """How a stratum stands in a sample: its pairs, how many the run drew, how many of those its drawer saw and took."""

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="strata")
    band = models.CharField(max_length=12)
    are_one = models.BooleanField()
    population = models.BigIntegerField()
    reserve = models.IntegerField()
    seen = models.IntegerField()
    drawn = models.IntegerField()

    class Fields:
        id = sample = Kind.KEY
        band = Kind.CODE
        are_one = population = reserve = seen = drawn = Kind.STATE

    class Wall:
        seen = through("people_sample", "sample_id")
        web = "SELECT, INSERT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["sample", "band", "are_one"], name="sample_stratum_once"),
            CheckConstraint(
                condition=Q(drawn__lte=models.F("seen")) & Q(seen__lte=models.F("reserve")),
                name="sample_stratum_adds_up",
            ),
        ]


class SamplePair(models.Model):
    """A pair of a sample.

    Its row holds keys, a weight and codes, and is counted by whoever sees the figures of the partition; the two people
    are shown only to who may see both.
    """

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="pairs")
    band = models.CharField(max_length=12)
    place = models.IntegerField()  # in the order in which pairs are shown, bands mixed
    left = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    right = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    weight = models.FloatField()
    is_automatic = models.BooleanField()
    are_one = models.BooleanField()
    ethnicities = _codes()
    origins = _codes()

    class Fields:
        id = sample = left = right = Kind.KEY
        band = Kind.CODE
        place = weight = is_automatic = are_one = Kind.STATE
        ethnicities = origins = Kind.SPECIAL

    class Wall:
        seen = through("people_sample", "sample_id")
        web = "SELECT, INSERT"

    class Meta:
        constraints = [UniqueConstraint(fields=["sample", "place"], name="sample_place_once")]


class Label(models.Model):
    """What somebody who labels a sample said of a pair. It is no judgement, and changes nothing by itself."""

    class Said(models.TextChoices):
        """The three answers."""

        SAME = "same", "The same person"
        DIFFERENT = "different", "Two people"
        UNSURE = "unsure", "Cannot tell"

    pair = models.ForeignKey(SamplePair, models.CASCADE, related_name="labels")
    said = models.CharField(max_length=10, choices=Said)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())

    class Fields:
        id = pair = Kind.KEY
        said = Kind.CODE
        by = Kind.ACTOR
        at = Kind.MOMENT

    class Wall:
        seen = through("people_samplepair", "pair_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["pair", "by"], name="label_once"),
            CheckConstraint(condition=Q(said__in=["same", "different", "unsure"]), name="label_known"),
        ]
