"""What a source has sent again after it was destroyed here: kept out, and written down for a person."""

from django.db import models
from django.db.models import UniqueConstraint

from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import BY_CONTROLLER


class Comeback(models.Model):
    """A tombstone that rows of a later file came up against.

    A record by its reference, which the proof of its disposal bears too; a person by nothing but the digest of theirs
    and the row of the file, for whoever may open the file.
    """

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+", db_index=False)
    system = models.ForeignKey("records.SourceSystem", models.PROTECT, related_name="comebacks", db_index=False)
    entity = models.CharField(max_length=12)  # record | nominal
    reference_hash = models.CharField(max_length=64)
    reference = models.CharField(max_length=200, blank=True)
    table = models.CharField(max_length=60)
    first_intake = models.ForeignKey("records.Intake", models.PROTECT, related_name="+", db_index=False)
    last_intake = models.ForeignKey("records.Intake", models.PROTECT, related_name="+", db_index=False)
    last_row = models.IntegerField()
    times = models.IntegerField(default=1)  # files that had it

    class Fields:
        id = controller = system = first_intake = last_intake = Kind.KEY
        entity = table = Kind.CODE
        reference = reference_hash = Kind.REFERENCE
        last_row = times = Kind.STATE

    class Wall:
        seen = BY_CONTROLLER
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["system", "entity", "reference_hash", "table"], name="comeback_once")]
