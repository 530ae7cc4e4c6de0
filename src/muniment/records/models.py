"""Records as received: what each source holds, row by row, and what could not be taken in."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import Content, Controller, Scope
from muniment.core.walls import BY_SCOPE, EVERYONE, through
from muniment.engine.values.dates import PartialDate
from muniment.records.comeback_models import Comeback
from muniment.records.object_models import Place, PlaceLink, Vehicle, VehicleLink

__all__ = ["Comeback", "Place", "PlaceLink", "Vehicle", "VehicleLink"]  # models as well, with a module of their own


class SourceSystem(models.Model):
    """A system of a controller that holds records; an information asset with an owner."""

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="systems")
    code = models.SlugField()
    title = models.CharField(max_length=120)
    owner = models.CharField("owner's job title", max_length=120)

    class Fields:
        id = controller = Kind.KEY
        code = Kind.CODE
        title = Kind.STATE
        owner = Kind.ACTOR

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        ordering = ["controller__name", "title"]
        constraints = [UniqueConstraint(fields=["controller", "code"], name="system_once")]

    def __str__(self) -> str:
        return f"{self.title}, {self.controller.name}"


class SourceKey(models.Model):
    """A key by which a source system hands records in over the network; it is shown once and only its digest kept."""

    system = models.ForeignKey(SourceSystem, models.PROTECT, related_name="keys")
    name = models.CharField("what bears it", max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(db_default=Now())
    made_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Fields:
        id = system = Kind.KEY
        name = Kind.STATE
        digest = Kind.SECRET
        made_at = ended_at = Kind.MOMENT
        made_by = ended_by = Kind.ACTOR

    class Wall:
        seen = "false"
        web = ""


class Intake(models.Model):
    """One file taken in: its counts add up, and an older file never overwrites a newer."""

    system = models.ForeignKey(SourceSystem, models.PROTECT, related_name="intakes")
    feed = models.CharField(max_length=120)
    table = models.CharField(max_length=60)
    file = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    as_of = models.DateField()
    terms = models.JSONField(default=dict)  # what its source calls the references: of the record, and of its people
    at = models.DateTimeField(db_default=Now())
    read = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)
    suppressed = models.IntegerField(default=0)
    withdrawn = models.IntegerField(default=0)

    class Fields:
        id = system = Kind.KEY
        feed = table = kind = terms = Kind.CODE
        file = digest = Kind.REFERENCE
        as_of = at = Kind.MOMENT
        read = accepted = unchanged = updated = quarantined = suppressed = withdrawn = Kind.STATE

    class Wall:
        seen = through("records_sourcesystem", "system_id")
        web = "SELECT"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(read=F("accepted") + F("unchanged") + F("updated") + F("quarantined") + F("suppressed")),
                name="intake_adds_up",
            ),
            CheckConstraint(condition=Q(kind__in=["full", "delta"]), name="intake_kind_known"),
        ]


class SourceRow(models.Model):
    """A row of a source as last seen. What one row said is replaced as a whole.

    What is written by the hundred thousand says `db_constraint=False`: its references are checked once a statement
    (`core.integrity`), because checking each row doubles the time of an intake.
    """

    system = models.ForeignKey(SourceSystem, models.PROTECT, db_constraint=False, db_index=False)
    table = models.CharField(max_length=60)
    key = models.CharField(max_length=400)
    hash = models.CharField(max_length=64)
    first_intake = models.ForeignKey(Intake, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    last_intake = models.ForeignKey(Intake, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    # The one since which it says what it says.
    changed_intake = models.ForeignKey(Intake, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    withdrawn_on = models.DateField(null=True)

    class Fields:
        id = system = first_intake = last_intake = changed_intake = Kind.KEY
        table = Kind.CODE
        key = Kind.REFERENCE
        hash = Kind.STATE
        withdrawn_on = Kind.MOMENT

    class Wall:
        seen = "false"
        web = ""

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "table", "key"], name="source_row_once")]
        # The few that share a reference with another row: looked for at every intake of a table that keeps both.
        indexes = [Index(fields=["system", "table"], condition=Q(key__contains="#"), name="source_row_numbered")]


class Record(models.Model):
    """One record as its source holds it."""

    system = models.ForeignKey(
        SourceSystem, models.PROTECT, related_name="records", db_constraint=False, db_index=False
    )
    reference = models.CharField(max_length=200)
    scope = models.ForeignKey(Scope, models.PROTECT, db_constraint=False, db_index=False)
    class_id = models.CharField(max_length=60)
    title = models.CharField(max_length=255)
    outcome = models.CharField(max_length=40, blank=True)
    cjs = models.CharField(max_length=12, blank=True)
    ho_class = models.CharField(max_length=8, blank=True)
    offence_text = models.CharField(max_length=255, blank=True)
    purposes = ArrayField(models.CharField(max_length=8))
    purpose_from = models.CharField(max_length=12)
    location = models.CharField(max_length=255, blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    attributes = models.JSONField(default=dict)
    row = models.ForeignKey(SourceRow, models.PROTECT, db_constraint=False)
    seen_first = models.DateField()
    seen_last = models.DateField()
    withdrawn_on = models.DateField(null=True)
    state = models.CharField(max_length=12, default="held")

    class Fields:
        id = system = scope = row = Kind.KEY
        reference = Kind.REFERENCE
        class_id = outcome = cjs = ho_class = purposes = purpose_from = Kind.CODE
        title = offence_text = location = postcode = attributes = Kind.LIFE
        seen_first = seen_last = withdrawn_on = Kind.MOMENT
        state = Kind.STATE

    class Wall:
        seen = BY_SCOPE
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["system", "reference"], name="record_once"),
            # R1: without a policing purpose a record is quarantined, never held.
            CheckConstraint(condition=~Q(purposes=[]), name="record_has_purpose"),
            CheckConstraint(condition=Q(state__in=["held", "restricted"]), name="record_state_known"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def dates(self) -> dict[str, PartialDate]:
        """The trigger events that its rows tell of."""
        return merged(self.dates_told.all())


def merged(tellings: Iterable["RecordDates"]) -> dict[str, PartialDate]:
    """Return the days of each trigger event of a record; one that several rows tell of lies within all they say."""
    found: dict[str, PartialDate] = {}
    for told in tellings:
        for kind, days in zip(told.kinds, told.days, strict=True):
            first, last = days.lower, days.upper - timedelta(days=1)  # a range is stored without its upper end
            known = found.get(kind)
            found[kind] = (
                PartialDate(min(first, known.earliest), max(last, known.latest)) if known else PartialDate(first, last)
            )
    return found


class RecordDates(models.Model):
    """A row that tells of a record, and the trigger events that it gives, each as far as its day is known.

    One line a row, also of one that gives none, and not one an event: an intake writes a third as much. A range cannot
    end before it begins.
    """

    pk = models.CompositePrimaryKey("row", "record")
    row = models.ForeignKey(SourceRow, models.PROTECT, db_constraint=False, db_index=False)
    record = models.ForeignKey(Record, models.CASCADE, related_name="dates_told", db_constraint=False)
    kinds = ArrayField(models.CharField(max_length=40))
    days = ArrayField(DateRangeField())

    class Fields:
        row = record = Kind.KEY
        kinds = Kind.CODE
        days = Kind.LIFE

    class Wall:
        seen = through("records_record", "record_id")
        web = "SELECT"

    class Meta:
        constraints = [CheckConstraint(condition=Q(kinds__len=F("days__len")), name="record_dates_paired")]


class Nominal(models.Model):
    """A person as one source holds them."""

    system = models.ForeignKey(
        SourceSystem, models.PROTECT, related_name="nominals", db_constraint=False, db_index=False
    )
    reference = models.CharField(max_length=200)
    scope = models.ForeignKey(Scope, models.PROTECT, db_constraint=False)
    forename = models.TextField(blank=True)
    middle_names = models.TextField(blank=True)
    surname = models.TextField(blank=True)
    full_name = models.TextField(blank=True)
    aliases = ArrayField(models.TextField(), default=list)
    born = models.CharField(max_length=40, blank=True)
    born_earliest = models.DateField(null=True)
    born_latest = models.DateField(null=True)
    sex = models.CharField(max_length=40, blank=True)
    ethnicity = models.CharField(max_length=60, blank=True)
    birth_place = models.TextField(blank=True)
    occupation = models.TextField(blank=True)
    address = models.TextField(blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    email = models.CharField(max_length=200, blank=True)
    pncid = models.CharField(max_length=20, blank=True)
    cro = models.CharField(max_length=20, blank=True)
    ni_number = models.CharField(max_length=20, blank=True)
    driver_number = models.CharField(max_length=30, blank=True)
    row = models.ForeignKey(SourceRow, models.PROTECT, db_constraint=False)
    seen_first = models.DateField()  # the day of the file that first brought it
    withdrawn_on = models.DateField(null=True)
    merged_into = models.CharField(max_length=200, blank=True)

    class Fields:
        id = system = scope = row = Kind.KEY
        reference = merged_into = Kind.REFERENCE
        forename = middle_names = surname = full_name = aliases = Kind.IDENTITY
        born = born_earliest = born_latest = sex = birth_place = occupation = Kind.IDENTITY
        address = postcode = phone = email = Kind.IDENTITY
        pncid = cro = ni_number = driver_number = Kind.IDENTITY
        ethnicity = Kind.SPECIAL
        seen_first = withdrawn_on = Kind.MOMENT

    class Wall:
        seen = BY_SCOPE
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "reference"], name="nominal_once")]
        indexes = [
            Index(fields=["system", "merged_into"], condition=~Q(merged_into=""), name="nominal_merged"),
            Index(fields=["phone"], condition=~Q(phone=""), name="nominal_phone"),  # who gives one number
        ]

    @property
    def name(self) -> str:
        """The name as this source writes it."""
        parts = " ".join(part for part in (self.forename, self.middle_names, self.surname) if part)
        return parts or self.full_name or "Name not known"


class NominalFlag(models.Model):
    """A dated warning or status that a source gives a person."""

    nominal = models.ForeignKey(Nominal, models.CASCADE, related_name="flags", db_constraint=False)
    row = models.ForeignKey(SourceRow, models.PROTECT, db_constraint=False)
    flag = models.CharField(max_length=40)
    start = models.DateField(null=True)
    until = models.DateField(null=True)

    class Fields:
        id = nominal = row = Kind.KEY
        flag = Kind.SPECIAL
        start = until = Kind.LIFE

    class Wall:
        seen = through("records_nominal", "nominal_id")
        web = "SELECT"


class Involvement(models.Model):
    """What part a person had in a record."""

    nominal = models.ForeignKey(
        Nominal, models.CASCADE, related_name="involvements", db_constraint=False, db_index=False
    )
    record = models.ForeignKey(Record, models.CASCADE, related_name="involvements", db_constraint=False)
    row = models.ForeignKey(SourceRow, models.PROTECT, db_constraint=False)
    role = models.CharField(max_length=30)
    dated = models.DateField(null=True)
    cjs = models.CharField(max_length=12, blank=True)
    ho_class = models.CharField(max_length=8, blank=True)
    happened_earliest = models.DateField(null=True)
    happened_latest = models.DateField(null=True)
    result = models.CharField(max_length=20, blank=True)
    sentence_custodial = models.BooleanField(null=True)
    sentence_months = models.IntegerField(null=True)
    released = models.DateField(null=True)
    withdrawn_on = models.DateField(null=True)

    class Fields:
        id = nominal = record = row = Kind.KEY
        role = cjs = ho_class = result = Kind.SPECIAL
        dated = happened_earliest = happened_latest = released = Kind.LIFE
        sentence_custodial = sentence_months = Kind.SPECIAL
        withdrawn_on = Kind.MOMENT

    class Wall:
        seen = f"{through('records_record', 'record_id')} AND {through('records_nominal', 'nominal_id')}"
        web = "SELECT"

    class Meta:
        indexes = [models.Index(fields=["nominal", "record"], name="involvement_of")]


class Quarantine(models.Model):
    """A row that could not be accepted: its reasons, its original kept, and a way back in."""

    intake = models.ForeignKey(Intake, models.PROTECT, related_name="quarantine")
    system = models.ForeignKey(SourceSystem, models.PROTECT)
    table = models.CharField(max_length=60)
    row = models.IntegerField()
    reference = models.CharField(max_length=400, blank=True)
    reasons = models.JSONField()
    digest = models.CharField(max_length=64)
    original = models.ForeignKey(Content, models.PROTECT, null=True)
    scope = models.ForeignKey(Scope, models.PROTECT)
    resolved_by = models.ForeignKey(Intake, models.PROTECT, null=True, related_name="+")

    class Fields:
        id = intake = system = original = scope = resolved_by = Kind.KEY
        table = Kind.CODE
        row = Kind.STATE
        reference = digest = Kind.REFERENCE
        reasons = Kind.LIFE

    class Wall:
        seen = BY_SCOPE
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "table", "digest"], name="quarantine_once")]


class QuarantineName(models.Model):
    """A record or a person that a row in quarantine names, as far as the row could be read.

    A table of its own, because no index looks into lists behind a wall. What may be either stands as both.
    """

    waiting = models.ForeignKey(Quarantine, models.CASCADE, related_name="named", db_index=False)
    system = models.ForeignKey(SourceSystem, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=200)

    class Fields:
        id = waiting = system = Kind.KEY
        kind = Kind.CODE
        name = Kind.REFERENCE

    class Wall:
        seen = through("records_quarantine", "waiting_id")
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["waiting", "kind", "name"], name="quarantine_name_once"),
            CheckConstraint(condition=Q(kind__in=["record", "nominal"]), name="quarantine_name_kind_known"),
        ]
        indexes = [Index(fields=["system", "kind", "name"], name="quarantine_named")]


class SourceEvent(models.Model):
    """A deletion, merge, unmerge or seal that a source told us of."""

    system = models.ForeignKey(SourceSystem, models.PROTECT)
    row = models.ForeignKey(SourceRow, models.PROTECT, db_constraint=False)
    kind = models.CharField(max_length=12)
    entity = models.CharField(max_length=12)
    reference = models.CharField(max_length=200)
    into = models.CharField(max_length=200, blank=True)
    dated = models.DateField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Fields:
        id = system = row = Kind.KEY
        kind = entity = Kind.CODE
        reference = into = Kind.REFERENCE
        dated = applied_at = Kind.MOMENT

    class Wall:
        # That a source joined two, or took them apart, is for whoever sees both.
        seen = (
            "entity = 'nominal' AND kind IN ('merge', 'unmerge') AND EXISTS (SELECT 1 FROM records_nominal n"
            " WHERE n.system_id = records_sourceevent.system_id AND n.reference = records_sourceevent.reference)"
            " AND (records_sourceevent.\"into\" = '' OR EXISTS (SELECT 1 FROM records_nominal n"
            ' WHERE n.system_id = records_sourceevent.system_id AND n.reference = records_sourceevent."into"))'
        )
        web = "SELECT"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=["delete", "merge", "unmerge", "seal"]), name="source_event_kind_known"
            )
        ]
        indexes = [Index(fields=["system", "entity", "reference"], name="source_event_of")]


class Tombstone(models.Model):
    """What was destroyed or sealed here and must not come back with tonight's export; no personal data."""

    system = models.ForeignKey(SourceSystem, models.PROTECT)
    entity = models.CharField(max_length=12)  # record | nominal
    reference_hash = models.CharField(max_length=64)
    certificate = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Fields:
        id = system = Kind.KEY
        entity = Kind.CODE
        reference_hash = certificate = Kind.REFERENCE
        at = Kind.MOMENT

    class Wall:
        seen = "false"
        web = ""

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "entity", "reference_hash"], name="tombstone_once")]
