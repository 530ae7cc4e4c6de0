"""Holds: their scope, whom they bind, and the records that each covers."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import EVERYONE, through
from muniment.records.models import Record


class Hold(models.Model):
    """A reason why nothing in scope may go: an inquiry, proceedings, a request, a complaint."""

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)  # as policy lists them
    preset = models.CharField(max_length=40, blank=True)  # whose scope it began with; it adopts nothing of it
    authority = models.TextField()
    decided_by = models.CharField(max_length=150)  # the chief officer, or whom they authorised, by job title
    review_on = models.DateField()  # when somebody asks whether it is still needed; it stands until it is released
    scope = models.JSONField()  # as two have agreed to it, or one has widened it; its versions say what is in force
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
    amended_at = models.DateTimeField(null=True)  # when what it covers last changed
    narrowed_at = models.DateTimeField(null=True)  # until the worker has let go of what it covers no more

    class Fields:
        id = controllers = words_read_to = Kind.KEY
        title = authority = release_reason = Kind.WORDS
        kind = preset = Kind.CODE
        scope = people_digest = Kind.STATE
        start = review_on = placed_at = released_at = expanded_at = confirmed_at = Kind.MOMENT
        amended_at = narrowed_at = Kind.MOMENT
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
        web = "SELECT, INSERT, DELETE"

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
