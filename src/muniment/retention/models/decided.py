"""What is decided of people and of records, and what happened that a decision hangs on."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Controller
from muniment.core.walls import BY_CONTROLLER, through
from muniment.people.models import PrimePerson
from muniment.records.models import Involvement, Record


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


class SubjectEvent(models.Model):
    """Something about a person that a clock or a hold hangs on: an enquiry, an access request, an appeal."""

    prime = models.ForeignKey(PrimePerson, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    dated = models.DateField()
    closed = models.DateField(null=True)
    by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())
    is_followed = models.BooleanField(default=False)  # whether what it changes has been worked out since

    class Fields:
        id = prime = Kind.KEY
        kind = Kind.CODE
        dated = closed = Kind.LIFE
        made_at = Kind.MOMENT
        is_followed = Kind.STATE
        by = Kind.ACTOR

    class Wall:
        seen = through("people_primeperson", "prime_id")
        web = "SELECT, INSERT, UPDATE"
