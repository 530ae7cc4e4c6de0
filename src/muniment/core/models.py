"""Controllers, users, scopes, audit and encrypted content: what every duty stands on."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core import references
from muniment.core.fields import Kind
from muniment.core.walls import AUDITED, AUDITORS, BY_SCOPE, COVERT_AUDITORS, COVERTLY_AUDITED, EVERYONE
from muniment.engine.policy.model import Length

# What is kept apart before anything is compared or found.
PARTITIONS = ["policing", "corporate", "sealed"]


class Controller(models.Model):
    """A force, a commissioner's office or a joint unit: a legal person or the joint act of several."""

    class ControllerKind(models.TextChoices):
        """What a controller is in law."""

        FORCE = "force", "Police force"
        COMMISSIONER = "commissioner", "Commissioner's office"
        JOINT = "joint", "Joint unit"

    class Mode(models.TextChoices):
        """Whether disposals are carried out: `advisory` reviews and decides, and destroys nothing."""

        ADVISORY = "advisory", "Advisory"
        LIVE = "live", "Live"

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=ControllerKind)
    mode = models.CharField(max_length=20, choices=Mode, default=Mode.ADVISORY)
    is_fictional = models.BooleanField(default=False)

    class Fields:
        id = Kind.KEY
        code = Kind.CODE
        name = kind = mode = is_fictional = Kind.STATE

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        ordering = ["name"]
        constraints = [
            CheckConstraint(condition=Q(mode__in=["advisory", "live"]), name="controller_mode_known"),
        ]

    def __str__(self) -> str:
        return self.name


class RuleAdoption(models.Model):
    """One rule of the schedule that a controller adopts from a day on, or ends: asked by one, completed by another.

    Without a period of its own the rule applies as the schedule has it. What is neither completed nor refused waits.
    """

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="adoptions")
    rule = models.CharField(max_length=40)
    ends = models.BooleanField(default=False)  # from then on the rule is not adopted
    start = models.DateField()
    months = models.PositiveIntegerField(null=True)
    days = models.PositiveIntegerField(null=True)
    authority = models.TextField()
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now())
    completed_by = models.CharField(max_length=150, blank=True)
    completed_at = models.DateTimeField(null=True)
    refused_by = models.CharField(max_length=150, blank=True)
    refused_at = models.DateTimeField(null=True)
    refused_why = models.TextField(blank=True)

    class Fields:
        id = controller = Kind.KEY
        rule = Kind.CODE
        ends = months = days = Kind.STATE
        start = asked_at = completed_at = refused_at = Kind.MOMENT
        authority = refused_why = Kind.WORDS
        asked_by = completed_by = refused_by = Kind.ACTOR

    class Wall:
        seen = EVERYONE  # the schedule of a force or office is for anyone to read
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["controller", "rule"],
                condition=Q(completed_at=None, refused_at=None),
                name="adoption_waits_once",
            ),
            CheckConstraint(
                condition=Q(completed_by="") | ~Q(completed_by=F("asked_by")), name="adoption_completed_by_two"
            ),
            CheckConstraint(condition=Q(completed_at=None) | Q(refused_at=None), name="adoption_completed_or_refused"),
        ]

    @property
    def reference(self) -> str:
        """The public reference."""
        return references.make("adoption", self.pk)

    @property
    def waits(self) -> bool:
        """Whether somebody else has still to complete it."""
        return self.completed_at is None and self.refused_at is None

    @property
    def length(self) -> Length | None:
        """The period, where it is not that of the schedule."""
        return None if self.months is None and self.days is None else Length(self.months or 0, self.days or 0)


class Membership(models.Model):
    """A controller's dated part in a joint unit, and who leads."""

    joint = models.ForeignKey(Controller, models.PROTECT, related_name="members")
    member = models.ForeignKey(Controller, models.PROTECT, related_name="memberships")
    start = models.DateField()
    until = models.DateField(null=True, blank=True)
    is_lead = models.BooleanField(default=False)

    class Fields:
        id = joint = member = Kind.KEY
        start = until = Kind.MOMENT
        is_lead = Kind.STATE

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["joint", "member", "start"], name="membership_once"),
            CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("start")), name="membership_forwards"
            ),
        ]


class User(AbstractUser):
    """Someone who works with the system."""

    post = models.CharField("job title", max_length=120, blank=True)
    vetting = models.CharField(max_length=20, blank=True)
    password_is_given = models.BooleanField(default=False)  # by someone else: it is changed at the first sign-in

    class Fields:
        id = groups = user_permissions = Kind.KEY
        username = first_name = last_name = email = post = Kind.ACTOR
        password = Kind.SECRET
        last_login = date_joined = Kind.MOMENT
        is_superuser = is_staff = is_active = vetting = password_is_given = Kind.STATE

    class Wall:
        seen = EVERYONE
        web = "SELECT, UPDATE"

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    @property
    def display_name(self) -> str:
        """The name that colleagues see."""
        return self.get_full_name() or self.username


class RoleAssignment(models.Model):
    """A role that a user has at a controller, for a time. What a role may do is policy (policy/access)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="assignments")
    controller = models.ForeignKey(Controller, models.PROTECT)
    role = models.CharField(max_length=60)
    start = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Fields:
        id = user = controller = Kind.KEY
        role = Kind.CODE
        start = until = Kind.MOMENT

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["user", "controller", "role", "start"], name="assignment_once"),
        ]


class Scope(models.Model):
    """One combination of what access depends on; every guarded row names its scope."""

    controller = models.ForeignKey(Controller, models.PROTECT)
    partition = models.CharField(max_length=12)
    area = models.CharField(max_length=40)
    marking = models.CharField(max_length=40)
    restriction = models.CharField(max_length=40, blank=True)

    class Fields:
        id = controller = Kind.KEY
        partition = area = marking = restriction = Kind.CODE

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["controller", "partition", "area", "marking", "restriction"], name="scope_once"),
            CheckConstraint(condition=Q(partition__in=PARTITIONS), name="scope_partition_known"),
            # Material above the system's tier is refused (R9).
            CheckConstraint(
                condition=Q(marking__in=["OFFICIAL", "OFFICIAL-SENSITIVE"]), name="scope_marking_within_tier"
            ),
        ]


class UserScope(models.Model):
    """The scopes that a user may see, worked out from the declaration; row-level security reads this."""

    user = models.ForeignKey(User, models.CASCADE)
    scope = models.ForeignKey(Scope, models.CASCADE)
    until = models.DateField(null=True)  # the first day on which it opens nothing, whether or not anything has run

    class Fields:
        id = user = scope = Kind.KEY
        until = Kind.MOMENT

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["user", "scope"], name="user_scope_once")]


class _Event(models.Model):
    """Something read, changed or refused. No foreign keys: it outlives what it speaks of."""

    at = models.DateTimeField(db_default=Now(), db_index=True)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12)  # done | refused | failed
    controller = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=60, blank=True)
    recipient = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    salt = models.BinaryField(max_length=16)
    compartment = models.CharField(max_length=20, default="ordinary")
    concerns = ArrayField(models.CharField(max_length=50), default=list)  # controllers; none: the installation alone

    class Fields:
        id = Kind.KEY
        at = Kind.MOMENT
        actor_id = actor = Kind.ACTOR
        action = outcome = controller = purpose = compartment = concerns = Kind.CODE
        subject = recipient = Kind.REFERENCE
        detail = Kind.STATE
        salt = Kind.SECRET

    class Meta:
        abstract = True


class AuditEvent(_Event):
    """An event of the ordinary audit."""

    class Wall:
        seen = AUDITED
        web = "SELECT, INSERT"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(outcome__in=["done", "refused", "failed"]), name="audit_outcome_known"),
            CheckConstraint(condition=Q(compartment="ordinary"), name="audit_is_ordinary"),
        ]


class CovertEvent(_Event):
    """An event of a covert enquiry.

    A table of its own, so that neither a row nor a gap in the keys of the ordinary audit says that there is one.
    """

    class Wall:
        seen = COVERTLY_AUDITED
        web = "SELECT, INSERT"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(outcome__in=["done", "refused", "failed"]), name="covert_outcome_known"),
            CheckConstraint(condition=Q(compartment="covert"), name="covert_is_covert"),
        ]


class _Leaf(models.Model):
    """The gapless number and the salted digest of a committed event; it stays when the event expires."""

    number = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    digest = models.BinaryField(max_length=32)

    class Fields:
        number = event_id = Kind.KEY
        digest = Kind.STATE

    class Meta:
        abstract = True


class AuditLeaf(_Leaf):
    """A leaf of the ordinary audit."""

    class Wall:
        seen = AUDITORS
        web = "SELECT"


class CovertLeaf(_Leaf):
    """A leaf of the covert audit; numbered by itself."""

    class Wall:
        seen = COVERT_AUDITORS
        web = "SELECT"


class AuditSeal(models.Model):
    """A signed Merkle root over a run of leaves; the same line is kept outside the database.

    `covert` stands for the covert run that was sealed with it, and is there when that run is empty as well.
    """

    number = models.BigIntegerField(primary_key=True)
    first_leaf = models.BigIntegerField()
    last_leaf = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    covert = models.BinaryField(max_length=32)
    sealed_at = models.CharField(max_length=40)
    signature = models.BinaryField(max_length=64)

    class Fields:
        number = first_leaf = last_leaf = Kind.KEY
        root = covert = signature = Kind.STATE
        sealed_at = Kind.MOMENT

    class Wall:
        seen = AUDITORS
        web = "SELECT"

    class Meta:
        # A run may be empty: then it ends before it begins.
        constraints = [CheckConstraint(condition=Q(last_leaf__gte=models.F("first_leaf") - 1), name="seal_forwards")]


class CovertSeal(models.Model):
    """The run of covert leaves under the seal of the same number, and the salt that hides it there."""

    number = models.BigIntegerField(primary_key=True)
    first_leaf = models.BigIntegerField()
    last_leaf = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=32)

    class Fields:
        number = first_leaf = last_leaf = Kind.KEY
        root = Kind.STATE
        salt = Kind.SECRET

    class Wall:
        seen = COVERT_AUDITORS
        web = "SELECT"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(last_leaf__gte=models.F("first_leaf") - 1), name="covert_seal_forwards")
        ]


class Content(models.Model):
    """Narratives, originals, reasons: encrypted under the key of their owner, written by one module alone."""

    owner = models.CharField(max_length=80, db_collation="C")  # whose parts `content.of_record` finds
    kind = models.CharField(max_length=40)
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()
    scope = models.ForeignKey(Scope, models.PROTECT, null=True, db_constraint=False, db_index=False)

    class Fields:
        id = owner = scope = Kind.KEY
        kind = Kind.CODE
        nonce = ciphertext = Kind.CONTENT

    class Wall:
        seen = f"scope_id IS NULL OR {BY_SCOPE}"
        web = "SELECT, INSERT"

    class Meta:
        indexes = [models.Index(fields=["owner"], name="content_of_owner")]


class ContentKey(models.Model):
    """The key of one owner, wrapped by the master key, in the database of keys. No key, no content."""

    owner = models.CharField(max_length=80, primary_key=True, db_collation="C")
    wrapped = models.BinaryField()
    made_at = models.DateTimeField(db_default=Now())

    class Fields:
        owner = Kind.KEY
        made_at = Kind.MOMENT
        wrapped = Kind.SECRET


class LedgerEntry(models.Model):
    """Something that a restored copy has to follow: a disposal, a hold. Numbered by the worker, and written outside.

    Until it is numbered the web may add it and nobody reads it there; `line` is what stands in the file outside.
    """

    kind = models.CharField(max_length=20)  # disposal | hold
    body = models.JSONField(default=dict)
    number = models.BigIntegerField(null=True, unique=True)
    line = models.TextField(blank=True, db_default="")
    made_at = models.DateTimeField(db_default=Now())

    class Fields:
        id = number = Kind.KEY
        kind = Kind.CODE
        body = Kind.REFERENCE
        line = Kind.CONTENT
        made_at = Kind.MOMENT

    class Wall:
        seen = "number IS NULL"
        web = "INSERT"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(number__isnull=True, line="") | ~Q(line=""), name="ledger_numbered_has_line"),
        ]


class BatchRun(models.Model):
    """One run over whole sets: what it read, under which versions, and what became of it."""

    kind = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, default="running")
    versions = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)

    class Fields:
        id = Kind.KEY
        kind = Kind.CODE
        started_at = ended_at = Kind.MOMENT
        state = versions = counts = Kind.STATE

    class Wall:
        seen = EVERYONE
        web = "SELECT"

    class Meta:
        # The last run of a kind is looked for on many pages; each arrival leaves a run of another.
        indexes: ClassVar = [models.Index(fields=["kind", "id"], name="run_by_kind")]


class Sitting(models.Model):
    """A signed-in session as the database knows it: `muniment.enter` sets the scope from its token."""

    user = models.ForeignKey(User, models.CASCADE)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Fields:
        id = user = Kind.KEY
        token_hash = Kind.SECRET
        expires_at = Kind.MOMENT

    class Wall:
        seen = "false"
        web = ""
