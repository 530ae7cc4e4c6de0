"""What can still be asked about a record that was destroyed: whether it would have been in the scope of a hold."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from muniment.core.fields import Kind
from muniment.core.walls import through
from muniment.retention.models.disposals import DisposalItem


class Trace(models.Model):
    """The marks of one record that was destroyed, and the days that it told of (section 16: "date range").

    A mark is a keyed digest of one fact, salted with the record's own place in its order: whoever asks whether a fact
    was among them is told, and the marks themselves name nothing and are like no others (docs/adr/0037).
    """

    item = models.OneToOneField(DisposalItem, models.CASCADE, related_name="trace", primary_key=True)
    declared = models.CharField(max_length=60)  # the class that its source declared; the item has the one it came to
    marks = ArrayField(models.CharField(max_length=32))
    first = models.DateField(null=True)
    last = models.DateField(null=True)

    class Fields:
        item = Kind.KEY
        declared = Kind.CODE
        marks = Kind.REFERENCE
        first = last = Kind.MOMENT

    class Wall:
        seen = through("retention_disposalitem", "item_id")
        web = "SELECT"
