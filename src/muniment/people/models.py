"""Prime records: which nominals are one person, why, and who said so."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Content, Scope
from muniment.core.walls import BY_SCOPE, EVERYONE, through
from muniment.people import stakes
from muniment.people.watching.models import (
    HeldChange,
    Label,
    ReservePair,
    RunFigures,
    RunHold,
    Sample,
    SamplePair,
    SampleStratum,
)
from muniment.records.models import Nominal

__all__ = [
    "Belonging",
    "CheckedPair",
    "HeldChange",
    "Judgement",
    "JudgingAct",
    "Label",
    "LinkageModel",
    "LooseJoin",
    "MatchEdge",
    "PrimePerson",
    "ReservePair",
    "RunFigures",
    "RunHold",
    "Sample",
    "SamplePair",
    "SampleStratum",
    "SearchToken",
    "SourceAdvice",
]


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


class Standardised(models.Model):
    """A nominal in the form in which it is compared, with the keys by which candidates are found.

    Columns are those of `muniment.batch.matching.standardise.STANDARDISED`. `digest` is of what was standardised,
    `standard` says by which version and lists: where either differs, the row is out of date. `written_in` is the
    transaction that wrote it, by which a run knows what has changed since it read.
    """

    nominal = models.OneToOneField(
        Nominal, models.CASCADE, primary_key=True, related_name="standardised", db_constraint=False
    )
    digest = models.CharField(max_length=32)
    standard = models.CharField(max_length=40)
    written_in = models.BigIntegerField()
    source_key = models.TextField()
    partition = models.CharField(max_length=12)
    forename = models.TextField(null=True)
    forename_sound = models.TextField(null=True)
    roots = ArrayField(models.TextField(), null=True)
    surname = models.TextField(null=True)
    surname_sound = models.TextField(null=True)
    family = ArrayField(models.TextField(), null=True)
    others = ArrayField(models.TextField(), null=True)
    initials = ArrayField(models.TextField(), null=True)
    names = ArrayField(models.TextField(), null=True)
    sounds = ArrayField(models.TextField(), null=True)
    born = models.TextField(null=True)
    born_default = models.BooleanField()
    born_from = models.DateField(null=True)
    born_until = models.DateField(null=True)
    postcode = models.TextField(null=True)
    sector = models.TextField(null=True)
    district = models.TextField(null=True)
    address = ArrayField(models.TextField(), null=True)
    birth_place = models.TextField(null=True)
    birth_tokens = ArrayField(models.TextField(), null=True)
    occupation = models.TextField(null=True)
    sex = models.TextField(null=True)
    ethnicity = models.TextField(null=True)
    phone = models.TextField(null=True)
    email = models.TextField(null=True)
    mailbox = models.TextField(null=True)
    pncid = models.TextField(null=True)
    cro = models.TextField(null=True)
    ni_number = models.TextField(null=True)
    driver_number = models.TextField(null=True)
    keys = ArrayField(models.BigIntegerField())

    class Fields:
        nominal = Kind.KEY
        digest = standard = written_in = partition = Kind.STATE
        source_key = Kind.REFERENCE
        forename = forename_sound = roots = surname = surname_sound = family = others = initials = Kind.IDENTITY
        names = sounds = born = born_default = born_from = born_until = postcode = sector = district = Kind.IDENTITY
        address = birth_place = birth_tokens = occupation = sex = phone = email = mailbox = Kind.IDENTITY
        pncid = cro = ni_number = driver_number = keys = Kind.IDENTITY
        ethnicity = Kind.SPECIAL

    class Wall:
        seen = "false"
        web = ""

    class Meta:
        # Without the list of pending entries, which every search would have to read.
        indexes = [GinIndex(fields=["keys"], name="standardised_keys", fastupdate=False)]


class SearchToken(models.Model):
    """A word by which a nominal is found, matched by equality so that row-level security costs nothing."""

    pk = models.CompositePrimaryKey("token", "kind", "nominal")
    nominal = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    scope_id = models.IntegerField()
    kind = models.CharField(max_length=4)
    token = models.CharField(max_length=60)

    class Fields:
        nominal = scope_id = Kind.KEY
        kind = Kind.CODE
        token = Kind.IDENTITY

    class Wall:
        seen = BY_SCOPE
        web = "SELECT"
