"""Before whom old reviews were put, and which of them wait for a reader or for whom they stand in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import access, content, words
from muniment.core.models import Controller, User
from muniment.retention.models import Review, ReviewEscalation
from muniment.retention.reviews import deputies

State = ReviewEscalation.State


@dataclass(frozen=True)
class Told:
    """The last escalation of a review, in words."""

    escalation: ReviewEscalation
    to: str  # titles of roles

    @property
    def waits(self) -> bool:
        """Whether nobody has said anything to it."""
        return self.escalation.state == State.WAITING

    @property
    def why(self) -> str:
        """Why it was sent back, as far as its text can be opened."""
        return content.shown(self.escalation.note) if self.escalation.note else ""

    @property
    def words(self) -> str:
        """Say to whom, since when, or who sent it back: "Escalated to Records manager, 3 June 2026"."""
        each = self.escalation
        if each.state == State.SENT_BACK:
            return f"Escalation sent back by {each.settled_by}"
        if each.state == State.TAKEN:
            return f"Taken up by {each.settled_by}"
        return f"Escalated to {self.to}, {words.day(timezone.localtime(each.made_at).date())}"


def titles(roles: Iterable[str]) -> str:
    """Return the titles of some roles: "Records manager or Corporate records officer"."""
    known = access.declaration().roles
    return " or ".join(known[each].title if each in known else each for each in roles)


def last(reviews: Iterable[Review]) -> dict[int, Told]:
    """Return the last escalation of each of some reviews that has one, by key."""
    found = (
        ReviewEscalation.objects.filter(review__in=[each.pk for each in reviews])
        .select_related("note")
        .order_by("step")
    )
    return {each.review_id: Told(each, titles(each.to)) for each in found}


def before(user: User, on: date) -> QuerySet[ReviewEscalation]:
    """Return the escalations that wait for a user on a day, by a role of theirs or of whom they stand in for.

    A role at a force counts for its joint units too, as where it may do something there.
    """
    mine = Q(pk__in=())
    for holder in User.objects.filter(username__in=deputies.with_me(user, on), is_active=True):
        for held in access.assignments(holder, on):
            joint = access.memberships(on).filter(member=held.controller).values("joint")
            at = Controller.objects.filter(Q(pk=held.controller_id) | Q(pk__in=joint))
            mine |= Q(to__contains=[held.role], review__controller__in=at)
    return ReviewEscalation.objects.filter(mine, state=State.WAITING)
