"""Requests for deletion and erasure about a person, and the replies to them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.models import Content, Controller
from muniment.core.walls import BY_CONTROLLER, through
from muniment.people.models import PrimePerson
from muniment.retention.models.decided import SubjectEvent
from muniment.retention.models.reviews import Review


class PersonRequest(models.Model):
    """That somebody asked for deletion or erasure about a person; who asked is kept as a part and their own reference.

    While it is open its event stops disposals, but for those of the review that answers it.
    """

    class Asker(models.TextChoices):
        """Who asked."""

        PERSON = "person", "The person"
        REPRESENTATIVE = "representative", "Somebody acting for them"
        ACRO = "acro", "ACRO, for the person"

    prime = models.ForeignKey(PrimePerson, models.PROTECT, related_name="requests")
    controller = models.ForeignKey(Controller, models.PROTECT)
    kind = models.CharField(max_length=20)  # of `policy/requests.yaml`, and of its event
    regime = models.CharField(max_length=10)
    asker = models.CharField(max_length=16, choices=Asker)
    their_reference = models.CharField(max_length=40, blank=True)
    databases = ArrayField(models.CharField(max_length=20), default=list)  # national ones that it is about
    grounds = ArrayField(models.CharField(max_length=30), default=list)  # claimed
    received_on = models.DateField()
    identity_asked_on = models.DateField(null=True)  # the first day on which it was asked who they are
    identity_received_on = models.DateField(null=True)
    extended_on = models.DateField(null=True)  # when whoever asked was told that it takes longer
    extension_reason = models.CharField(max_length=20, blank=True)
    fee = models.DecimalField(max_digits=7, decimal_places=2, null=True)  # in pounds, as whoever asked was told
    fee_asked_on = models.DateField(null=True)
    fee_paid_on = models.DateField(null=True)
    fee_settled_by = models.CharField(max_length=150, blank=True)  # who recorded that it was paid, or that it was not
    due_on = models.DateField(null=True)  # none while the time has not begun
    event = models.OneToOneField(SubjectEvent, models.CASCADE, related_name="request")
    review = models.ForeignKey(Review, models.SET_NULL, null=True, related_name="requests")  # that answers it
    answer = models.ForeignKey(Content, models.PROTECT, null=True, related_name="+")
    done_there = ArrayField(models.CharField(max_length=20), default=list)  # databases that say that they deleted
    closed_on = models.DateField(null=True)
    is_withdrawn = models.BooleanField(default=False)
    refused_because = models.CharField(max_length=20, blank=True)  # of `refusals` in `policy/requests.yaml`
    recorded_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(db_default=Now())

    class Fields:
        id = prime = controller = event = review = answer = Kind.KEY
        kind = regime = asker = databases = extension_reason = refused_because = Kind.CODE
        grounds = Kind.LIFE
        their_reference = Kind.REFERENCE
        received_on = due_on = closed_on = recorded_at = Kind.MOMENT
        identity_asked_on = identity_received_on = extended_on = fee_asked_on = fee_paid_on = Kind.MOMENT
        done_there = is_withdrawn = fee = Kind.STATE
        recorded_by = fee_settled_by = Kind.ACTOR

    class Wall:
        seen = f"{BY_CONTROLLER} AND {through('people_primeperson', 'prime_id')}"
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(due_on__gte=F("received_on")), name="request_due_after_receipt"),
            CheckConstraint(
                condition=Q(is_withdrawn=False) | Q(closed_on__isnull=False), name="request_withdrawn_is_over"
            ),
            CheckConstraint(
                condition=Q(due_on__isnull=False) | Q(identity_asked_on__isnull=False) | Q(fee_asked_on__isnull=False),
                name="request_due_or_not_begun",
            ),
            CheckConstraint(
                condition=Q(identity_received_on__isnull=True)
                | Q(identity_asked_on__gte=F("received_on"), identity_received_on__gte=F("identity_asked_on")),
                name="request_identity_asked_before_it_came",
            ),
            CheckConstraint(
                condition=Q(fee__isnull=True, fee_asked_on__isnull=True)
                | Q(fee__gt=0, fee_asked_on__gte=F("received_on")),
                name="request_fee_asked_is_an_amount",
            ),
            CheckConstraint(
                condition=Q(fee_paid_on__isnull=True)
                | Q(fee_asked_on__isnull=False, fee_paid_on__gte=F("fee_asked_on")) & ~Q(fee_settled_by=""),
                name="request_fee_asked_before_it_came",
            ),
            CheckConstraint(
                condition=Q(refused_because="") | Q(closed_on__isnull=False, is_withdrawn=False),
                name="request_refused_is_over",
            ),
        ]
        indexes = [Index(fields=["controller", "due_on"], condition=Q(closed_on__isnull=True), name="request_open")]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("request", self.pk)

    @property
    def waits_for_identity(self) -> bool:
        """Whether what establishes who asked was asked for and has not arrived."""
        return self.identity_asked_on is not None and self.identity_received_on is None

    @property
    def has_lapsed(self) -> bool:
        """Whether it was closed because what establishes who asked did not arrive."""
        over = self.closed_on is not None and not self.is_withdrawn and not self.refused_because
        return over and self.waits_for_identity

    @property
    def waits_for_fee(self) -> bool:
        """Whether a fee was asked for and is neither paid nor recorded as not paid."""
        return self.fee_asked_on is not None and not self.fee_settled_by

    @property
    def is_unpaid(self) -> bool:
        """Whether it was closed because its fee was not paid."""
        return bool(self.fee_settled_by) and self.fee_paid_on is None


class RequestReply(models.Model):
    """A letter to whoever asked as it was drafted, seen by a second person and sent; what it says is encrypted.

    It is the reply, or goes before it. A reply that promises a deletion is followed by one that confirms it.
    """

    class About(models.TextChoices):
        """What a letter is."""

        REPLY = "reply", "Reply"
        IDENTITY = "identity", "Letter that asks who they are"
        EXTENSION = "extension", "Letter that more time is needed"
        LIFTING = "lifting", "Letter that the restriction ends"
        REFUSAL = "refusal", "Letter that refuses the request"
        FEE = "fee", "Letter that asks for a fee"

    about = models.CharField(max_length=10, choices=About, default=About.REPLY)
    request = models.ForeignKey(PersonRequest, models.CASCADE, related_name="replies")
    body = models.ForeignKey(Content, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    is_final = models.BooleanField()  # nothing that it tells of is still to be deleted
    drafted_by = models.CharField(max_length=150)
    drafted_at = models.DateTimeField(db_default=Now())
    seen_by = models.CharField(max_length=150, blank=True)
    seen_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=150, blank=True)
    sent_on = models.DateField(null=True)

    class Fields:
        id = request = body = Kind.KEY
        about = Kind.CODE
        digest = is_final = Kind.STATE
        drafted_at = seen_at = sent_on = Kind.MOMENT
        drafted_by = seen_by = sent_by = Kind.ACTOR

    class Wall:
        seen = through("retention_personrequest", "request_id")
        web = "SELECT, INSERT, UPDATE, DELETE"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(seen_by="") | ~Q(seen_by=F("drafted_by")), name="reply_seen_by_another"),
            UniqueConstraint(fields=["request"], condition=Q(sent_on=None), name="reply_one_draft"),
        ]
