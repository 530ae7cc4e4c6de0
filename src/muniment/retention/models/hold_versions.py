"""Versions of what a hold covers, each with its time, its paper and its people; and the records that it has let go."""

from collections import defaultdict
from datetime import datetime

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from muniment.core.fields import Kind
from muniment.core.models import Controller
from muniment.core.walls import through
from muniment.people import carried
from muniment.records.models import Record
from muniment.retention.models.holds import Hold


class HoldVersion(models.Model):
    """What a hold covered from a moment to another, and why. At any moment it covers what any version in force does.

    What was asked for and is not shown to contain what stands is in force beside that until someone else has agreed.
    """

    class State(models.TextChoices):
        """Where a version stands; one that stood may have ended since."""

        STANDING = "standing", "Stands"
        ASKED = "asked", "Waits for a second person"
        SENT_BACK = "sent_back", "Sent back"

    hold = models.ForeignKey(Hold, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()  # from 1, as it was placed
    scope = models.JSONField()
    controllers = models.JSONField()  # whose records, by key
    paper = models.TextField()
    decided_by = models.CharField(max_length=150)  # by job title
    reason = models.TextField(blank=True)  # of a change
    asked_by = models.CharField(max_length=150)
    is_wider = models.BooleanField()  # it was shown to contain what stood before
    state = models.CharField(max_length=10, choices=State.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)  # who agreed to it, or sent it back
    settled_at = models.DateTimeField(null=True)
    settled_why = models.TextField(blank=True)

    class Fields:
        id = hold = controllers = Kind.KEY
        number = scope = is_wider = Kind.STATE
        paper = reason = settled_why = Kind.WORDS
        decided_by = asked_by = settled_by = Kind.ACTOR
        state = Kind.CODE
        since = until = settled_at = Kind.MOMENT

    class Wall:
        seen = through("retention_hold", "hold_id")
        web = "SELECT, INSERT, UPDATE"

    class Meta:
        ordering = ("number",)
        constraints = [
            UniqueConstraint(fields=["hold", "number"], name="hold_version_once"),
            CheckConstraint(
                condition=~Q(state="standing") | Q(is_wider=True) | ~Q(settled_by=F("asked_by")),
                name="hold_narrowed_by_two",
            ),
        ]

    def stood_at(self, moment: datetime) -> bool:
        """Whether it was in force at a moment."""
        ends = [each for each in (self.until, self.hold.released_at) if each]
        return self.since <= moment and all(moment < each for each in ends)


class LetGoRecord(models.Model):
    """A record that a narrowed hold covers no more: a person looks at it before anything of it goes."""

    hold = models.ForeignKey(Hold, models.CASCADE, related_name="let_go")
    record = models.ForeignKey(Record, models.CASCADE, related_name="let_go")
    at = models.DateTimeField()

    class Fields:
        id = hold = record = Kind.KEY
        at = Kind.MOMENT

    class Wall:
        seen = through("records_record", "record_id")
        web = "SELECT"

    class Meta:
        constraints = [UniqueConstraint(fields=["hold", "record"], name="let_go_once")]


def in_force(hold: Hold) -> list[HoldVersion]:
    """Return the versions of a standing hold that it covers now: one, or two while a change waits for agreement.

    A hold without any, as earlier ledgers tell of them, is in force as it was placed.
    """
    return [each for each in hold.versions.all() if each.until is None] or [placed(hold)]


def placed(hold: Hold) -> HoldVersion:
    """Return what a hold covers by itself as its first version, not stored."""
    bound = sorted(each.pk for each in hold.controllers.all())
    return HoldVersion(
        hold=hold,
        number=1,
        scope=hold.scope,
        controllers=bound,
        paper=hold.authority,
        decided_by=hold.decided_by,
        asked_by=hold.placed_by,
        is_wider=True,
        state=HoldVersion.State.STANDING,
        since=hold.placed_at,
    )


def named(version: HoldVersion) -> dict[datetime, set[int]]:
    """Return the people of a version by the moments at which they were named, in this one or an earlier one.

    Who is named again is meant as they were made up at either moment: so nobody is lost by a change.
    """
    found: dict[datetime, set[int]] = defaultdict(set)
    people = set(version.scope.get("people") or ())
    for each in [*version.hold.versions.all(), version] if people else ():
        if each.number <= version.number and (again := people & set(each.scope.get("people") or ())):
            found[each.since] |= again
    return dict(found)


def people_now(version: HoldVersion) -> set[int]:
    """Return the keys of those whom the people of a version are now, as far as the reader sees them."""
    return set().union(*(carried.now(people, at) for at, people in named(version).items()))


def people_of(hold: Hold) -> set[int]:
    """Return whom the people of a hold are now, of every version in force."""
    return set().union(*(people_now(each) for each in in_force(hold)))


def names(key: str) -> Q:
    """Return what finds the holds of which a version in force has a list of a kind."""
    return Q(scope__has_key=key) | Q(
        pk__in=HoldVersion.objects.filter(until__isnull=True, scope__has_key=key).values("hold")
    )


def bound(controllers: list[int]) -> list[Controller]:
    """Return the forces and offices whose records a version covers, by name."""
    return list(Controller.objects.filter(pk__in=controllers).order_by("name"))
