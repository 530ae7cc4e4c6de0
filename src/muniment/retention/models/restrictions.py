"""That the use of what is held of a person is restricted instead of its being erased."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now

from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import BY_CONTROLLER, EVERYONE, through
from muniment.people.models import PrimePerson
from muniment.retention.models.requests import PersonRequest


class Restriction(models.Model):
    """That one controller keeps what it holds of a person for one purpose alone, as a reply told whoever asked.

    It keeps nothing beyond the schedule; a hold does that. It stands until the end of the day on which whoever asked
    was told that it ends.
    """

    prime = models.ForeignKey(PrimePerson, models.PROTECT, related_name="restrictions")
    controller = models.ForeignKey(Controller, models.PROTECT)
    request = models.OneToOneField(PersonRequest, models.PROTECT, related_name="restriction")
    regime = models.CharField(max_length=10)  # of the request, whose file not everybody may see who has to know why
    ground = models.CharField(max_length=20)  # of `keeping` in `policy/requests.yaml`
    begun_on = models.DateField()
    review_on = models.DateField()  # when somebody asks whether it is still needed
    ended_on = models.DateField(null=True)
    begun_by = models.CharField(max_length=150)
    ended_by = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField(db_default=Now())

    class Fields:
        id = prime = controller = request = Kind.KEY
        regime = Kind.CODE
        ground = Kind.LIFE
        begun_on = review_on = ended_on = made_at = Kind.MOMENT
        begun_by = ended_by = Kind.ACTOR

    class Wall:
        seen = f"{BY_CONTROLLER} AND {through('people_primeperson', 'prime_id')}"
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(review_on__gt=F("begun_on")), name="restriction_looked_at_after_it_began"),
            CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("begun_on")),
                name="restriction_ends_after_it_began",
            ),
        ]


class RestrictedName(models.Model):
    """Somebody whom a restriction is about and whom a restored copy did not know when it followed the ledger.

    They are named as tombstones name: by their source and a keyed digest. When they come in again, they are restricted.
    """

    restriction = models.ForeignKey(Restriction, models.CASCADE, related_name="names")
    force = models.SlugField()  # by their codes: the copy may not know the system either
    system = models.SlugField()
    digest = models.CharField(max_length=64)
    looked_to = models.BigIntegerField()  # up to which belonging it was looked for them

    class Fields:
        id = restriction = looked_to = Kind.KEY
        force = system = Kind.CODE
        digest = Kind.REFERENCE

    class Wall:
        seen = EVERYONE  # what enforces it has to find it, whoever reads
        web = "SELECT"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["digest", "force", "system", "restriction"], name="restricted_name_once")
        ]
