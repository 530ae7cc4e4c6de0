"""What retention says around a person: open requests and holds, the open review, and what can be recorded."""

from django.urls import reverse
from django.utils import timezone

from muniment.core import words
from muniment.core.models import User
from muniment.core.visits import actions_of
from muniment.people.models import PrimePerson
from muniment.people.shown.surroundings import Act, Notice, Surroundings
from muniment.retention import queries
from muniment.retention.deciding import doubt
from muniment.retention.models import PersonRequest
from muniment.retention.policies import request_policy
from muniment.retention.requests import restrictions

_BUT = ", but by the review that answers it"
_JOINED = (
    "Prime records in different groups have been joined here. The stricter group counts until a review of the person as"
    " they are now is decided."
)


def around(prime: PrimePerson, user: User) -> Surroundings:
    """Return the open requests about a person, and what this reader may do next."""
    reference, may = prime.reference, actions_of(user)
    events = reverse("person_events", args=[reference])
    asks = request_policy.on(timezone.localdate()).kinds
    notices = tuple(
        Notice(
            f"{words.say('event', event.kind)} of {words.day(event.dated)} is open.",
            events if "event.record" in may else "",
            stops=True,
            unless=_BUT if event.kind in asks else "",
        )
        for event in queries.open_events(prime)
    )
    for each in restrictions.about(prime):
        theirs = PersonRequest.objects.filter(pk=each.request_id).first() if "request.view" in may else None
        file = reverse("request", args=[theirs.reference]) if theirs else ""  # of one's own forces alone
        notices += (Notice(restrictions.in_words([each]), file),)
    joined = doubt.joined_under(prime)
    if joined:
        notices += (Notice(_JOINED, reverse("ask_review", args=[reference]) if "review.work" in may else ""),)
    acts = []
    for review in queries.open_reviews(prime) if "review.work" in may else ():
        acts.append(Act(f"Open review {review.reference}", reverse("review", args=[review.reference])))
    if "review.work" in may and not acts:
        acts.append(Act("Open a review", reverse("ask_review", args=[reference])))
    if "event.record" in may:
        acts.append(Act("Record an event", events))
    if "request.record" in may:
        acts.append(Act("Record a request for deletion", reverse("record_request", args=[reference])))
    if "hold.place" in may:
        acts.append(Act("Place a hold", f"{reverse('place_hold')}?person={reference}"))
    return Surroundings(notices, tuple(acts))
