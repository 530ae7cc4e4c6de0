"""Counts of what falls due in years to come, as a run of the forecast left them, and what was asked for beside them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import BatchRun, Controller
from muniment.core.walls import BY_CONTROLLER, EVERYONE, through
from muniment.people.models import PrimePerson
from muniment.records.models import Record


class ForeseenCount(models.Model):
    """How many people or records of one kind come to one thing in one month; no row names anybody."""

    run = models.ForeignKey(BatchRun, models.CASCADE, related_name="+")
    side = models.CharField(max_length=6)  # now | other | change | sample: of those drawn, both
    subject = models.CharField(max_length=6)  # person | record
    controller = models.ForeignKey(Controller, models.PROTECT)
    area = models.CharField(max_length=40, blank=True)  # of records
    scopes = ArrayField(models.BigIntegerField())  # whoever may see one of these may see those who are counted
    group = models.SmallIntegerField(null=True)
    class_id = models.CharField(max_length=60, blank=True)  # of a record its class, of a person the rule
    term = models.CharField(max_length=8)  # overdue | undated | ahead | later | open
    month = models.DateField(null=True)
    kind = models.CharField(max_length=12)
    kind_other = models.CharField(max_length=12, blank=True)
    group_other = models.SmallIntegerField(null=True)  # these four of a sample alone
    class_other = models.CharField(max_length=60, blank=True, db_default="")
    term_other = models.CharField(max_length=8, blank=True, db_default="")
    month_other = models.DateField(null=True)
    moved = models.CharField(max_length=8, blank=True)
    under_way = models.BooleanField()
    number = models.BigIntegerField()
    bytes = models.BigIntegerField(null=True)
    measured = models.BigIntegerField()

    class Fields:
        id = run = controller = scopes = Kind.KEY
        side = subject = area = term = term_other = moved = Kind.CODE
        group = class_id = month = kind = kind_other = Kind.SPECIAL  # of few, these can themselves reveal intelligence
        group_other = class_other = month_other = Kind.SPECIAL
        under_way = number = bytes = measured = Kind.STATE

    class Wall:
        # As of the decisions that are counted: of a record by its scope, of a person by any, at one's own controllers.
        seen = (
            "scopes && (SELECT muniment.scopes())::bigint[] AND (subject = 'record'"
            " OR controller_id = ANY ((SELECT muniment.controllers())::bigint[]))"
        )
        web = "SELECT"


class ForeseenMove(models.Model):
    """A person or a record that an adoption would move. It names somebody, and goes when the adoption waits no more."""

    run = models.ForeignKey(BatchRun, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    place = models.BigIntegerField()  # in the order in which to look
    look = models.SmallIntegerField()  # why it stands there, as `batch.retention.moves` numbers it
    controller = models.ForeignKey(Controller, models.DO_NOTHING, db_constraint=False, db_index=False)
    # Written by the million. One of the two; a row of what has gone is seen by nobody, and goes with it.
    prime = models.ForeignKey(PrimePerson, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    record = models.ForeignKey(Record, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    group = models.SmallIntegerField(null=True)
    class_id = models.CharField(max_length=60, blank=True)
    due = models.DateField(null=True)
    kind = models.CharField(max_length=12)
    rule = models.CharField(max_length=60, blank=True)
    due_other = models.DateField(null=True)
    kind_other = models.CharField(max_length=12)
    rule_other = models.CharField(max_length=60, blank=True)
    moved = models.CharField(max_length=8)
    because = ArrayField(models.CharField(max_length=60), default=list)
    missing = ArrayField(models.CharField(max_length=60), default=list)

    class Fields:
        id = run = controller = prime = record = Kind.KEY
        place = look = moved = Kind.STATE
        group = class_id = due = kind = rule = Kind.SPECIAL
        due_other = kind_other = rule_other = because = missing = Kind.SPECIAL

    class Wall:
        # As the decisions themselves are seen, and as the record or person is now: not as when it was worked out.
        seen = (
            f"(record_id IS NULL OR {through('records_record', 'record_id')}) AND (prime_id IS NULL"
            f" OR {BY_CONTROLLER} AND {through('people_primeperson', 'prime_id')})"
        )
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["run", "place"], name="foreseen_move_once")]


class ForesightAsked(models.Model):
    """Another schedule that somebody wants beside the one in force: the policy of a day, or a draft of adoptions."""

    as_on = models.DateField(null=True)
    draft = models.CharField(max_length=100, blank=True)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    run = models.ForeignKey(BatchRun, models.SET_NULL, null=True, related_name="+")
    refused = models.TextField(blank=True)  # why it could not be done

    class Fields:
        id = run = Kind.KEY
        as_on = asked_at = done_at = Kind.MOMENT
        draft = Kind.CODE
        asked_by = Kind.ACTOR
        refused = Kind.WORDS

    class Wall:
        seen = EVERYONE
        web = "SELECT, INSERT"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(as_on__isnull=False, draft="") | Q(as_on__isnull=True) & ~Q(draft=""),
                name="foresight_asked_for_one",
            )
        ]


class KeptBacklog(models.Model):
    """How many reviews waited on a day, and how many were decided since the day before that was kept.

    It is of one group at one force or office, and of those whom the same readers see. No row names anybody.
    """

    made_on = models.DateField()
    controller = models.ForeignKey(Controller, models.PROTECT)
    scopes = ArrayField(models.BigIntegerField())  # whoever may see one of these may see those who are counted
    group = models.SmallIntegerField(null=True)
    waiting = models.IntegerField()
    decided = models.IntegerField()

    class Fields:
        id = controller = scopes = Kind.KEY
        made_on = Kind.MOMENT
        group = Kind.SPECIAL
        waiting = decided = Kind.STATE

    class Wall:
        seen = f"{BY_CONTROLLER} AND scopes && (SELECT muniment.scopes())::bigint[]"
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["made_on", "controller", "scopes", "group"], name="kept_backlog_once", nulls_distinct=False
            )
        ]


class KeptException(models.Model):
    """How many have fallen due and go to a person instead of by the clock, for one cause, as the worker counted last.

    Of people by `kind` (reason or fact) and its code; of records about nobody by outcome and class. It is of those whom
    the same readers see. No row names anybody.
    """

    counted_at = models.DateTimeField()
    controller = models.ForeignKey(Controller, models.PROTECT)
    scopes = ArrayField(models.BigIntegerField())  # whoever may see one of these may see those who are counted
    of = models.CharField(max_length=7)  # people | records
    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=60)
    number = models.IntegerField()
    reviews = models.IntegerField()  # of these, whose review waits
    earliest = models.DateField(null=True)  # since when the first has been due

    class Fields:
        id = controller = scopes = Kind.KEY
        counted_at = Kind.MOMENT
        of = number = reviews = Kind.STATE
        kind = code = earliest = Kind.SPECIAL

    class Wall:
        seen = f"{BY_CONTROLLER} AND scopes && (SELECT muniment.scopes())::bigint[]"
        web = "SELECT"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(of__in=["people", "records"]), name="kept_exception_of"),
            UniqueConstraint(fields=["controller", "scopes", "of", "kind", "code"], name="kept_exception_once"),
        ]
