"""What was given to whom: each supply, what was in it by reference and digest, and what has to be put right since."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import BY_CONTROLLER


class Supply(models.Model):
    """One set of files for one recipient: asked for, approved where it is large, given.

    `about` says whether it gives records, or corrects what was given before.
    """

    class State(models.TextChoices):
        """Where a supply stands."""

        WAITING = "waiting", "Waiting for approval"
        RETURNED = "returned", "Returned by the approver"
        APPROVED = "approved", "Approved, not given yet"
        GIVEN = "given", "Given"

    class About(models.TextChoices):
        """What it is."""

        RECORDS = "records", "Records"
        CORRECTIONS = "corrections", "Corrections"

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="supplies")
    about = models.CharField(max_length=12, choices=About, default=About.RECORDS)
    recipient = models.SlugField(max_length=60)
    recipient_name = models.CharField(max_length=120)
    basis = models.TextField()
    agreement = models.CharField(max_length=200)
    purpose = models.CharField(max_length=60)
    selection = models.JSONField(default=dict)  # who was asked for: references, a day, or everybody
    areas = ArrayField(models.CharField(max_length=40), default=list)  # what was open to whoever gave it
    marking = models.CharField(max_length=40)  # the highest that could be in it
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    people = models.IntegerField(default=0)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now())
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=255, blank=True)
    given_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField(null=True)
    manifest = models.JSONField(default=dict)
    manifest_digest = models.CharField(max_length=64, blank=True)

    class Fields:
        id = controller = Kind.KEY
        about = recipient = purpose = areas = marking = Kind.CODE
        recipient_name = agreement = manifest_digest = Kind.REFERENCE
        selection = manifest = Kind.REFERENCE  # references of prime records, counts and digests of files
        basis = note = Kind.WORDS
        state = people = Kind.STATE
        asked_by = approved_by = Kind.ACTOR
        asked_at = approved_at = given_at = as_of = Kind.MOMENT

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("asked_by")), name="supply_approved_by_another"
            ),
            CheckConstraint(
                condition=~Q(state="given") | ~Q(manifest_digest="") & Q(given_at__isnull=False),
                name="supply_given_has_manifest",
            ),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("supply", self.pk)


class Given(models.Model):
    """One thing that was given in one supply: its key here, its reference there, and a keyed digest of what was said.

    No copy of it. A nominal has neither reference nor digest: it is there so that a person is followed through merges
    and splits. What has gone, and is confirmed to have gone there too, keeps its key alone.
    """

    class What(models.TextChoices):
        """What it is."""

        PERSON = "person", "Person"
        NOMINAL = "nominal", "Nominal"
        OBJECT = "object", "Object"
        LOCATION = "location", "Location"
        EVENT = "event", "Event"
        LINK = "link", "Link"

    supply = models.ForeignKey(Supply, models.PROTECT, related_name="given")
    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+", db_index=False)
    recipient = models.SlugField(max_length=60, db_index=False)
    what = models.CharField(max_length=10, choices=What)
    key = models.BigIntegerField()
    whole = models.BigIntegerField(null=True)  # of a nominal: the key of the prime person that it was part of
    reference = models.CharField(max_length=320, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    is_current = models.BooleanField(default=True)  # what the recipient has now, as far as is known here

    class Fields:
        id = supply = controller = key = whole = Kind.KEY
        recipient = what = Kind.CODE
        reference = Kind.REFERENCE
        digest = is_current = Kind.STATE

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["controller", "recipient", "what", "reference"],
                condition=Q(is_current=True) & ~Q(what="nominal"),
                name="given_one_now",
            )
        ]
        indexes = [
            Index(fields=["what", "key"], name="given_of"),
            Index(fields=["whole"], condition=Q(what="nominal", is_current=True), name="given_parts"),
        ]


class Notice(models.Model):
    """What a recipient has to put right of what they were given, and what they answered."""

    class Act(models.TextChoices):
        """What the recipient is asked to do."""

        AMEND = "amend", "Put this in place of what you hold, or add it"
        WITHDRAW = "withdraw", "Delete it"
        MERGED = "merged", "It is one with another: delete it, and hold the other"
        SPLIT = "split", "It is several: put these in its place"

    class Answer(models.TextChoices):
        """What a recipient can answer."""

        DONE = "done", "Done"
        CANNOT = "cannot", "Cannot"

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+")
    recipient = models.SlugField(max_length=60)
    what = models.CharField(max_length=10, choices=Given.What)
    key = models.BigIntegerField()
    reference = models.CharField(max_length=320)
    act = models.CharField(max_length=10, choices=Act)
    into = ArrayField(models.CharField(max_length=320), default=list)
    due_at = models.DateTimeField(db_default=Now())
    delivery = models.ForeignKey(Supply, models.PROTECT, null=True, related_name="notices")
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    note = models.CharField(max_length=255, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = key = delivery = Kind.KEY
        recipient = what = act = answer = Kind.CODE
        reference = into = Kind.REFERENCE
        due_at = answered_at = Kind.MOMENT
        note = Kind.WORDS
        answered_by = Kind.ACTOR

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT, INSERT, UPDATE, DELETE"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["controller", "recipient", "what", "reference"],
                condition=Q(delivery__isnull=True),
                name="notice_one_unsent",
            ),
            CheckConstraint(condition=Q(answer="") | Q(delivery__isnull=False), name="notice_sent_before_answer"),
        ]
        indexes = [Index(fields=["what", "key"], name="notice_of")]

    @property
    def goes(self) -> bool:
        """Whether the recipient is to have nothing under this id any more."""
        return self.act in {self.Act.WITHDRAW, self.Act.MERGED} or (
            self.act == self.Act.SPLIT and self.reference not in self.into
        )

    @property
    def number(self) -> str:
        """The public reference of the notice itself."""
        return references.make("notice", self.pk)
