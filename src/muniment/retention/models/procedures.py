"""Controlled versions of the procedure."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import EVERYONE


class Procedure(models.Model):
    """A controlled version of a controller's procedure, as generated on a day: drafted by one, issued by another.

    What is neither issued nor withdrawn waits. `body` is a `procedure.Document`.
    """

    controller = models.ForeignKey(Controller, models.PROTECT)
    number = models.PositiveIntegerField(null=True)  # of the controller's versions, given when it is issued
    day = models.DateField()
    policy_version = models.CharField(max_length=40)
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    drafted_by = models.CharField(max_length=150)
    drafted_at = models.DateTimeField(db_default=Now())
    issued_by = models.CharField(max_length=150, blank=True)
    issued_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Fields:
        id = controller = Kind.KEY
        number = policy_version = digest = Kind.STATE
        body = Kind.WORDS
        day = drafted_at = issued_at = withdrawn_at = Kind.MOMENT
        drafted_by = issued_by = withdrawn_by = Kind.ACTOR

    class Wall:
        seen = EVERYONE  # it is policy in words, and tells of nobody
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["controller", "number"], name="procedure_numbered_once"),
            UniqueConstraint(
                fields=["controller"], condition=Q(issued_at=None, withdrawn_at=None), name="procedure_waits_once"
            ),
            CheckConstraint(condition=Q(issued_by="") | ~Q(issued_by=F("drafted_by")), name="procedure_issued_by_two"),
            CheckConstraint(condition=Q(issued_at=None) | Q(withdrawn_at=None), name="procedure_issued_or_withdrawn"),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("procedure", self.pk)

    @property
    def waits(self) -> bool:
        """Whether somebody else has still to issue it."""
        return self.issued_at is None and self.withdrawn_at is None
