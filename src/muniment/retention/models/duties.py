"""What an order has to have done elsewhere, record by record: at its source, in national databases, on shelves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.walls import through
from muniment.retention.models.disposals import Certificate, DisposalItem, DisposalOrder


class Duty(models.Model):
    """One record of an order at one place where it is held besides: what is asked there, and what was answered.

    It names the record by its reference and nobody, so that it survives both.
    """

    class Where(models.TextChoices):
        """The kinds of place."""

        SOURCE = "source", "Source"
        NATIONAL = "national", "National database"
        SHELF = "shelf", "Store"

    class Answer(models.TextChoices):
        """What can be answered; which of them where is policy."""

        DONE = "done", "Done"
        STAYS = "stays", "Stays there under its own rules"
        SUPPLIER = "supplier", "Cannot: the supplier must do it"
        LINKED = "linked", "Cannot: another force is linked"
        NOT_FOUND = "not_found", "Not found"
        OUT = "out", "Not in its place: it is out"

    order = models.ForeignKey(DisposalOrder, models.CASCADE, related_name="duties")
    item = models.ForeignKey(DisposalItem, models.CASCADE, related_name="duties")
    where = models.CharField(max_length=10, choices=Where)
    place = models.SlugField(max_length=60)  # the code of the source, or of the database in policy
    title = models.CharField(max_length=120)
    holder = models.CharField(max_length=120)  # job title of whoever does it there
    known_as = models.CharField(max_length=255, blank=True)  # in the place's own terms: its table, field and reference
    tables = ArrayField(models.CharField(max_length=60), default=list)  # of a source, in which it stood
    location = models.CharField(max_length=120, blank=True)  # of a shelf
    medium = models.CharField(max_length=60, blank=True)
    is_first = models.BooleanField(default=True)  # nothing is destroyed here before it is answered
    asked_at = models.DateTimeField(db_default=Now())
    answer = models.CharField(max_length=12, choices=Answer, blank=True)
    note = models.CharField(max_length=255, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)
    next_step = models.CharField(max_length=255, blank=True)
    next_on = models.DateField(null=True)  # when whoever has not done it is asked again
    chased = models.SmallIntegerField(default=0)
    method = models.CharField(max_length=120, blank=True)  # of what was destroyed by hand
    standard = models.CharField(max_length=120, blank=True)
    witness = models.CharField(max_length=120, blank=True)
    consignment = models.CharField(max_length=120, blank=True)  # contractor, and the number of what was handed over

    class Fields:
        id = order = item = Kind.KEY
        where = place = answer = medium = tables = Kind.CODE
        title = is_first = chased = Kind.STATE
        holder = answered_by = witness = Kind.ACTOR
        known_as = location = Kind.REFERENCE
        asked_at = answered_at = next_on = Kind.MOMENT
        note = next_step = method = standard = consignment = Kind.WORDS

    class Wall:
        seen = through("retention_disposalorder", "order_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["item", "where", "place"], name="duty_once"),
            CheckConstraint(condition=Q(answer="") | Q(answered_at__isnull=False), name="duty_answered_when"),
        ]
        indexes = [Index(fields=["order", "answer"], name="duty_of")]

    @property
    def reference(self) -> str:
        """The public reference, by which an answer in a file finds it."""
        return references.make("duty", self.pk)


class CertificateIssue(models.Model):
    """A certificate as it was issued once, kept when it is issued anew: what it said then, and what changed since."""

    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="earlier")
    issued_at = models.DateTimeField()
    is_provisional = models.BooleanField()
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    changes = models.JSONField(default=list)  # sentences: what the next one says otherwise

    class Fields:
        id = certificate = Kind.KEY
        issued_at = Kind.MOMENT
        is_provisional = digest = Kind.STATE
        body = changes = Kind.REFERENCE

    class Wall:
        seen = through("retention_certificate", "certificate_id")
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["certificate", "digest"], name="certificate_issue_once")]
