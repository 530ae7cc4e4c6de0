"""What sources say of places and vehicles, and the records and people that these are linked to.

A line for each way in which a system writes one; which of them are one place or vehicle is for the prime records.
What reads them standardises them: until then the standard columns are empty.
"""

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from muniment.core.fields import Kind
from muniment.core.walls import through
from muniment.engine.values.registrations import Mark


def by_links(table: str, links: str, column: str) -> str:
    """A thing is seen by whoever sees one of its links, and so one of the records or people that it is of."""
    return f"EXISTS (SELECT 1 FROM {links} link WHERE link.{column} = {table}.id)"  # noqa: S608


OF_BOTH = (
    f"(record_id IS NULL OR {through('records_record', 'record_id')})"
    f" AND (nominal_id IS NULL OR {through('records_nominal', 'nominal_id')})"
)


class _Told(models.Model):
    """What a place and a vehicle have in common: who says it, and under what key."""

    system = models.ForeignKey(
        "records.SourceSystem", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    partition = models.CharField(max_length=12)
    key = models.CharField(max_length=64)  # a digest of what is said
    standard = models.CharField(max_length=40, blank=True)  # the version by which it was read; empty until it is

    class Meta:
        abstract = True


class Place(_Told):
    """A place as one source writes it."""

    text = models.TextField(blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    uprn = models.CharField(max_length=20, blank=True)
    parts = models.JSONField(default=dict)
    code = models.CharField(max_length=8, blank=True)  # the postcode without a space
    street = models.TextField(blank=True)
    door = models.TextField(blank=True)  # number or name of the building
    property_key = models.CharField(max_length=12, blank=True)  # the UPRN in its standard form

    class Fields:
        id = system = Kind.KEY
        partition = standard = Kind.CODE
        key = Kind.REFERENCE
        text = postcode = uprn = parts = code = street = door = property_key = Kind.IDENTITY

    class Wall:
        seen = by_links("records_place", "records_placelink", "place_id")
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "partition", "key"], name="place_once")]
        indexes = [
            Index(fields=["code", "door"], condition=~Q(code=""), name="place_code"),
            Index(fields=["street", "door"], condition=~Q(street=""), name="place_street"),
            Index(fields=["property_key"], condition=~Q(property_key=""), name="place_property"),
        ]

    @property
    def written(self) -> str:
        """The address as this source writes it."""
        parts = (" ".join(self.text.split()), self.postcode)
        return ", ".join(part for part in parts if part) or f"UPRN {self.property_key or self.uprn}"


class PlaceLink(models.Model):
    """That a place is one of a record or a person: where it happened, where they live. `row` is the row that says so.

    One without a row follows from the address of the person or the location of the record.
    """

    place = models.ForeignKey(Place, models.CASCADE, related_name="links", db_constraint=False)
    record = models.ForeignKey("records.Record", models.CASCADE, null=True, related_name="places", db_constraint=False)
    nominal = models.ForeignKey(
        "records.Nominal", models.CASCADE, null=True, related_name="places", db_constraint=False
    )
    row = models.ForeignKey("records.SourceRow", models.PROTECT, null=True, db_constraint=False)
    role = models.CharField(max_length=30)
    start = models.DateField(null=True)
    until = models.DateField(null=True)
    withdrawn_on = models.DateField(null=True)

    class Fields:
        id = place = record = nominal = row = Kind.KEY
        role = Kind.CODE
        start = until = Kind.LIFE
        withdrawn_on = Kind.MOMENT

    class Wall:
        seen = OF_BOTH
        web = "SELECT"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(record__isnull=False) | Q(nominal__isnull=False), name="place_link_of_something"
            )
        ]


class Vehicle(_Told):
    """A vehicle as one source writes it."""

    registration = models.CharField(max_length=20, blank=True)
    vin = models.CharField(max_length=30, blank=True)
    make = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=60, blank=True)
    colour = models.CharField(max_length=40, blank=True)
    mark = models.CharField(max_length=20, blank=True)  # the mark in its standard form
    form = models.CharField(max_length=20, blank=True)
    folded = models.CharField(max_length=20, blank=True)  # the mark with one sign for all that are misread
    chassis = models.CharField(max_length=17, blank=True)  # the VIN in its standard form

    class Fields:
        id = system = Kind.KEY
        partition = standard = form = Kind.CODE
        key = Kind.REFERENCE
        registration = vin = mark = folded = chassis = Kind.IDENTITY
        make = model = colour = Kind.LIFE

    class Wall:
        seen = by_links("records_vehicle", "records_vehiclelink", "vehicle_id")
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "partition", "key"], name="vehicle_once")]
        indexes = [
            Index(fields=["folded"], condition=~Q(folded=""), name="vehicle_folded"),
            Index(fields=["chassis"], condition=~Q(chassis=""), name="vehicle_chassis"),
        ]

    @property
    def written(self) -> str:
        """The vehicle as this source writes it: mark or VIN, then colour, make and model."""
        told = " ".join(part for part in (self.colour, self.make, self.model) if part)
        known = str(Mark(self.mark, self.form)) if self.mark else self.registration
        parts = (known or (f"VIN {self.vin}" if self.vin else ""), told)
        return ", ".join(part for part in parts if part) or "Nothing told"


class VehicleLink(models.Model):
    """That a vehicle is one of a record or a person: used in it, kept by them. `row` is the row that says so."""

    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="links", db_constraint=False)
    record = models.ForeignKey(
        "records.Record", models.CASCADE, null=True, related_name="vehicles", db_constraint=False
    )
    nominal = models.ForeignKey(
        "records.Nominal", models.CASCADE, null=True, related_name="vehicles", db_constraint=False
    )
    row = models.ForeignKey("records.SourceRow", models.PROTECT, null=True, db_constraint=False)
    role = models.CharField(max_length=30)
    start = models.DateField(null=True)
    until = models.DateField(null=True)
    withdrawn_on = models.DateField(null=True)

    class Fields:
        id = vehicle = record = nominal = row = Kind.KEY
        role = Kind.CODE
        start = until = Kind.LIFE
        withdrawn_on = Kind.MOMENT

    class Wall:
        seen = OF_BOTH
        web = "SELECT"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(record__isnull=False) | Q(nominal__isnull=False), name="vehicle_link_of_something"
            )
        ]
