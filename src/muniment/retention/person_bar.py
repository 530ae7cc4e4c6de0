"""What retention says around a person: open requests and holds, the open review, and what can be recorded."""

from django.urls import reverse
from django.utils import timezone

from muniment.core import access, words
from muniment.core.models import User
from muniment.people.models import PrimePerson
from muniment.people.surroundings import Act, Notice, Surroundings
from muniment.retention import queries


def around(prime: PrimePerson, user: User) -> Surroundings:
    """Return the open requests about a person, and what this reader may do next."""
    reference, on = prime.reference, timezone.localdate()
    events = reverse("person_events", args=[reference])
    notices = tuple(
        Notice(f"{words.say('event', event.kind)} of {words.day(event.dated)} is open.", events, stops=True)
        for event in queries.open_events(prime)
    )
    acts = []
    for review in queries.open_reviews(prime) if access.may(user, "review.work", on=on) else ():
        acts.append(Act(f"Open review {review.reference}", reverse("review", args=[review.reference])))
    if access.may(user, "event.record", on=on):
        acts.append(Act("Record an event", events))
    if access.may(user, "hold.place", on=on):
        acts.append(Act("Place a hold", f"{reverse('place_hold')}?person={reference}"))
    return Surroundings(notices, tuple(acts))
