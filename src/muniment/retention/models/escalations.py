"""Reviews that waited too long and were put before somebody."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import Content
from muniment.core.walls import through
from muniment.retention.models.reviews import Review


class ReviewEscalation(models.Model):
    """An aged review at one step of policy: to whom it was put, and what they said."""

    class State(models.TextChoices):
        """What came of it."""

        WAITING = "waiting", "Waits for somebody to take it up"
        TAKEN = "taken", "Taken up"
        SENT_BACK = "sent_back", "Sent back"
        PASSED = "passed", "Passed on to the next step"

    review = models.ForeignKey(Review, models.CASCADE, related_name="escalations")
    step = models.PositiveSmallIntegerField()
    to = ArrayField(models.CharField(max_length=40))  # roles at the review's force or office
    made_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    note = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")  # why it stays where it is
    settled_by = models.CharField(max_length=150, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Fields:
        id = review = note = Kind.KEY
        step = Kind.STATE
        to = state = Kind.CODE
        settled_by = Kind.ACTOR
        made_at = settled_at = Kind.MOMENT

    class Wall:
        seen = through("retention_review", "review_id")
        web = "SELECT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["review", "step"], name="escalated_once"),
            CheckConstraint(condition=~Q(state="sent_back") | Q(note__isnull=False), name="escalation_sent_back_why"),
        ]
