"""Invented requests for deletion and erasure of the demonstration, each in its state by the ordinary actions."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from muniment.core.actors import Actor, from_user
from muniment.core.models import Controller, User
from muniment.people.models import PrimePerson
from muniment.people.queries import life_digest
from muniment.people.shown.chronology import chronology
from muniment.retention import queries
from muniment.retention.actions import agreeing, replying, request_times
from muniment.retention.actions import requests as requesting
from muniment.retention.actions import review as reviewing
from muniment.retention.models import PersonDecision, PersonRequest, Review
from muniment.retention.policies import request_policy
from muniment.retention.requests import telling
from muniment.retention.requests.answers import ACRO, ERASURE, IMAGES, Answer, There
from muniment.retention.requests.letters import About, Written
from muniment.retention.reviews import assessment, intervals
from muniment.workbench import arrivals, demonstration

FORCE, PURPOSE = "northshire", "SUBJECT_RIGHTS"
LATE, BEGUN, WAITING, RECENT, SOON = 45, 20, 9, 6, 25  # days since the receipt of each
PEOPLE, LOOKED_AT = 6, 200  # people asked about, and looked through until that many are found
_WORDS = "This is an invented answer: the records are needed for what they were made for, and are looked at again."
_KEPT = {
    ACRO: Answer({"pnc": There(deletes=False, ground="necessary")}, words=_WORDS),
    IMAGES: Answer(keeping="convicted", words=_WORDS),
    ERASURE: Answer(keeping="evidence", words=_WORDS),
}


def record(*, by: Actor) -> list[PersonRequest]:
    """Record requests of invented people, where there are none; return them.

    One is late, one waits for who asked, one has been given more time, one is due within days, one waits for the fee
    that was asked for as it is manifestly excessive. Of one person three
    are answered by one decision: one reply is sent, one waits for a second person, one is to be drafted. A world too
    small for that has fewer.
    """
    demonstration.require()
    force = Controller.objects.filter(code=FORCE).first()
    if force is None or PersonRequest.objects.exists():
        return []
    people, asked = _people(force), _Asked(force)
    steps = (asked.all_three, asked.late, asked.waiting, asked.extended, asked.soon, asked.charged)
    made = [step(prime) for prime, step in zip(people, steps, strict=False)]
    arrivals.follow_events(by=by)
    if made:
        _answer(people[0], force, made[0])
    return [each for several in made for each in several]


def _people(force: Controller) -> list[PrimePerson]:
    """Return six people of whom a reply can tell something, the one of whom it tells most first."""
    said, found = request_policy.on(timezone.localdate()), list[tuple[int, PrimePerson]]()
    for prime in _told_of(force, said.told.roles):
        if items := telling.items(chronology(prime), force.pk, said):
            found.append((len(items), prime))
        if len(found) == PEOPLE:
            break
    return [prime for _, prime in sorted(found, key=lambda each: (-each[0], each[1].pk))]


def _told_of(force: Controller, roles: Iterable[str]) -> Iterator[PrimePerson]:
    decided = PersonDecision.objects.filter(
        controller=force,
        prime__belongings__until=None,
        prime__belongings__nominal__involvements__role__in=list(roles),
        prime__belongings__nominal__involvements__record__system__controller=force,
    )
    yield from PrimePerson.objects.filter(pk__in=decided.values("prime")).order_by("pk")[:LOOKED_AT]


def _actor(name: str) -> Actor:
    return from_user(User.objects.get(username=name), PURPOSE)


class _Asked:
    """What is asked of one force, by days before today."""

    def __init__(self, force: Controller) -> None:
        self.force, self.hazel = force, _actor("hazel")

    def _request(self, prime: PrimePerson, kind: str, regime: str, days: int, **more: object) -> PersonRequest:
        received = timezone.localdate() - timedelta(days=days)
        asked = requesting.Asked(kind, regime, "acro" if kind == ACRO else "person", received, **more)  # type: ignore[arg-type]
        return requesting.record(prime, self.force, asked, by=self.hazel)

    def late(self, prime: PrimePerson) -> list[PersonRequest]:
        return [self._request(prime, ERASURE, "le", LATE)]

    def soon(self, prime: PrimePerson) -> list[PersonRequest]:
        return [self._request(prime, IMAGES, "cir", SOON)]

    def waiting(self, prime: PrimePerson) -> list[PersonRequest]:
        made = self._request(prime, ERASURE, "le", WAITING)
        who = Written(About.IDENTITY, "A copy of an invented passport, and of a bill with your address.")
        letter = request_times.write(made, who, by=self.hazel)
        replying.send(letter, by=self.hazel, sent_on=timezone.localdate())
        return [made]

    def extended(self, prime: PrimePerson) -> list[PersonRequest]:
        made = self._request(prime, ERASURE, "le", BEGUN)
        why = Written(About.EXTENSION, "There are many records in several systems to go through.", "complexity")
        letter = request_times.write(made, why, by=self.hazel)
        replying.look(letter, by=_actor("ash"))
        replying.send(letter, by=self.hazel, sent_on=timezone.localdate())
        return [made]

    def charged(self, prime: PrimePerson) -> list[PersonRequest]:
        made = self._request(prime, ERASURE, "le", RECENT)
        shown = {
            "repeats": "Invented: the same was asked for in March, in June and in September, word for word.",
            "interval": "Invented: nothing has been recorded since the last answer.",
            "rather": "Invented: each was answered in full, and this one will be once the fee is paid.",
        }
        why = (
            "You have asked for the same three times this year. The fee covers two hours of looking again; pay by card."
        )
        letter = request_times.write(made, Written(About.FEE, why, "excessive", Decimal("12.50"), shown), by=self.hazel)
        replying.look(letter, by=_actor("ash"))
        replying.send(letter, by=self.hazel, sent_on=timezone.localdate())
        return [made]

    def all_three(self, prime: PrimePerson) -> list[PersonRequest]:
        number = {"their_reference": "RDP/INVENTED/1", "databases": ("pnc",), "grounds": ("public_interest",)}
        return [
            self._request(prime, ACRO, "rdp", RECENT, **number),
            self._request(prime, IMAGES, "cir", RECENT),
            self._request(prime, ERASURE, "le", RECENT),
        ]


def _answer(prime: PrimePerson, force: Controller, asked: list[PersonRequest]) -> None:
    """Decide the review that the requests came to; send the reply to ACRO, and draft that about erasure."""
    review = next(each for each in queries.open_reviews(prime) if each.controller_id == force.pk)
    criteria = assessment.asked(prime.pk)
    said = dict.fromkeys(criteria, "no") | dict.fromkeys(list(criteria)[:1], "yes")
    because = dict.fromkeys(criteria, "Invented for the demonstration, as everything here is.")
    on = timezone.localdate()
    following = min(intervals.latest_next_review(review, on).day, on + timedelta(days=365))
    conclusion = reviewing.Conclusion(
        "retain",
        "Invented: still needed for a policing purpose.",
        next_review=following,
        requests={each.pk: _KEPT[each.kind] for each in asked},
    )
    answers = reviewing.Answers(said, because, seen=life_digest(prime.pk))
    done = reviewing.decide(review, answers, conclusion, by=_actor("rowan"))
    if done.state == Review.State.AGREEING:
        agreeing.agree(done, by=_actor("ash"), seen=life_digest(prime.pk))
    hazel, (acro, _, erasure) = _actor("hazel"), asked
    reply = replying.draft(acro, _WORDS, by=hazel)
    replying.look(reply, by=_actor("ash"))
    replying.send(reply, by=hazel, sent_on=on)
    replying.draft(erasure, _WORDS, by=hazel)
