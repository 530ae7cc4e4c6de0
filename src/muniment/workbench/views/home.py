"""Home: what awaits me, what is due this week, and what waits for others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import audit
from muniment.core.long_lists import MOST, up_to
from muniment.core.models import User
from muniment.core.visits import actions_open, controllers_of, opens, visitor
from muniment.people.judging import checks
from muniment.people.linking import pairs
from muniment.people.watching import holding
from muniment.records.models import Quarantine
from muniment.retention.checks import leaving, sampled
from muniment.retention.deciding import doubt
from muniment.retention.disposals import due
from muniment.retention.elsewhere import told
from muniment.retention.models import DisposalBatch, DisposalOrder, Hold, HoldVersion, PersonRequest, Review
from muniment.retention.requests import attached, restrictions
from muniment.retention.reviews import queue
from muniment.retention.views import elsewhere
from muniment.retention.views.disposals import AT_SOURCES, IN_DOUBT
from muniment.retention.views.reviews import Line, lines
from muniment.supply import queries as supplied
from muniment.supply.models import Supply

WEEK = timedelta(days=7)
Figure = tuple[str, str, str, Callable[[], int]]  # the action that it is for, what is counted, its list, and the count


@dataclass(frozen=True)
class Awaits:
    """A figure that leads to its list."""

    number: int
    several: str  # what they are, with "s" in braces where one has none
    href: str

    @property
    def figure(self) -> str:
        """The number, or that it is more than anybody counts while they wait."""
        return f"{self.number:,}" if self.number <= MOST else f"more than {MOST:,}"

    @property
    def words(self) -> str:
        """What it counts, of one or of several."""
        one = self.number == 1
        return self.several.replace("{s}", "" if one else "s").replace("{es}", "" if one else "es")


@opens("", purpose=False)
def home(request: HttpRequest) -> HttpResponse:
    """Show what awaits the user, and nothing that they could not open."""
    user = request.user
    assert isinstance(user, User)
    on, may = timezone.localdate(), actions_open(request)
    audit.record(visitor(request), "home.view")
    why = request.session.get("purpose", "")
    reviewing, named = "review.work" in may, bool(why)
    shown = {
        "awaits": _awaits(user, on, may),
        "others": _others(user, may),
        "pairs_wait": "match.judge" in may and pairs.unjudged().exists(),  # how many would take long to count
        "mine": _lines(_waiting(user, state="undecided", allocated="me"), why) if reviewing and named else [],
        "soon": _lines(_this_week(user, on), why) if reviewing and named else [],
        "asks_why": reviewing and not named,
        "stands": sampled.over_limit(controllers_of(user, "check.view")) if "check.view" in may else [],
        "on": on,
        "page_title": "Home",
    }
    return TemplateResponse(request, "workbench/home.html", shown)


def _waiting(user: User, **wanted: str) -> QuerySet[Review]:
    """Return the queue that the user would find, in its order."""
    return queue.narrowed(wanted, user, timezone.localdate(), controllers_of(user, "review.work"))


def _this_week(user: User, on: date) -> QuerySet[Review]:
    return _waiting(user).filter(due__gt=on - WEEK, due__lte=on + WEEK, allocated_to__in=["", user.username])


def _lines(found: QuerySet[Review], purpose: str) -> list[Line]:
    return lines(list(found[:8]), purpose)


def _awaits(user: User, on: date, may: frozenset[str]) -> list[Awaits]:
    """Return the figures of what the user can do something about; one that stands at none is left out."""
    orders, lists = reverse("disposals"), reverse("reviews")
    asked: tuple[Figure, ...] = (
        ("review.work", "review{s} due", lists, lambda: up_to(_waiting(user).filter(due__lte=on))),
        ("review.work", "review{s} with me", f"{lists}?allocated=me&state=undecided", lambda: _with(user)),
        (
            "review.work",
            "review{s} sent back to me",
            f"{lists}?allocated=me&state={queue.BACK}",
            lambda: _sent_back(user),
        ),
        (
            "review.work",
            "old review{s} escalated to me",
            f"{lists}?state={queue.ESCALATED}",
            lambda: up_to(_waiting(user, state=queue.ESCALATED)),
        ),
        (
            "review.agree",
            "decision{s} of reviews to agree to",
            f"{lists}?state=agreeing",
            lambda: _to_agree(user),
        ),
        (
            "review.allocate",
            "review{s} waiting too long",
            f"{lists}?waits=aged&state=undecided",
            lambda: up_to(_waiting(user, state="undecided", waits="aged")),
        ),
        (
            "review.work",
            "review{s} with an answer that is late",
            f"{lists}?allocated=me&state={queue.CHASE}",
            lambda: up_to(_waiting(user, state=queue.CHASE, allocated="me")),
        ),
        ("review.work", "review{s} in doubt", f"{lists}?state={queue.DOUBT}", lambda: _in_doubt(user)),
        *_of_requests(user, on),
        ("disposal.propose", "due by the clock, to propose", reverse("due_disposals"), lambda: _by_clock(user, on)),
        ("disposal.approve", "disposal{s} to approve", f"{orders}?state=proposed", lambda: _to_approve(user)),
        ("disposal.approve", "batch{es} to look at", reverse("disposal_batches"), lambda: _batches(user)),
        (
            "disposal.instruct",
            "disposal{s} waiting for a source or elsewhere",
            f"{orders}?state={AT_SOURCES}",
            _at_sources,
        ),
        (
            "disposal.instruct",
            "late answer{s} to chase",
            f"{reverse('elsewhere')}?late=1",
            lambda: up_to(elsewhere.late()),
        ),
        ("disposal.view", "disposal{s} in doubt", f"{orders}?state={IN_DOUBT}", lambda: doubt.orders().count()),
        ("disposal.view", "disposal{s} stopped", f"{orders}?state=stopped", lambda: _orders("stopped")),
        ("hold.place", "hold{s} in doubt", reverse("holds"), lambda: len(doubt.holds())),
        ("hold.place", "hold{s} to look at again", reverse("holds"), lambda: _holds_due(on)),
        ("hold.release", "hold release{s} to complete", reverse("holds"), lambda: _releases(user)),
        ("hold.release", "hold{s} with a change to agree to", reverse("holds"), lambda: _amendments(user)),
        (
            "export.approve",
            "request{s} to give records, to approve",
            reverse("supplies"),
            lambda: _supplies_to_approve(user),
        ),
        ("export.correct", "correction{s} not confirmed", reverse("corrections"), _unconfirmed),
        ("linkage.release", "run{s} of linkage to release", reverse("linkage"), _held_runs),
        ("match.judge", "decided pair{s} to look at", reverse("judging_acts"), lambda: _to_check(user)),
        ("check.work", "automatic decision{s} to check", reverse("checks"), lambda: sampled.waiting_for(user)),
        ("mode.change", "change{s} of mode to agree to", reverse("checks"), lambda: _modes_to_agree(user)),
        ("quarantine.view", "row{s} in quarantine", reverse("quarantine"), _quarantined),
    )
    figures = (Awaits(count(), several, href) for action, several, href, count in asked if action in may)
    return [figure for figure in figures if figure.number]


def _of_requests(user: User, on: date) -> tuple[Figure, ...]:
    lists = reverse("requests")
    return (
        ("request.reply", "request{s} late", f"{lists}?which=late", lambda: _requests(user, attached.late())),
        (
            "request.reply",
            "request{s} to answer within a week",
            lists,
            lambda: _requests(user, attached.due_soon(on + WEEK)),
        ),
        (
            "request.reply",
            "request{s} whose fee is not paid in time",
            f"{lists}?which=fee",
            lambda: _requests(user, attached.unpaid(on)),
        ),
        (
            "request.reply",
            "restriction{s} to look at again",
            f"{lists}?which=restricted",
            lambda: _requests(user, restrictions.to_look_at(on)),
        ),
        (
            "request.check",
            "letter{s} to whoever made a request, to look at",
            f"{lists}?which=look",
            lambda: _requests(user, attached.to_look_at(besides=user.username), "request.check"),
        ),
    )


def _others(user: User, may: frozenset[str]) -> list[Awaits]:
    """Return the figures of what the user has given out of hand."""
    found = []
    if "review.work" in may:
        for state, several in (("parked", "review{s} parked"), ("referred", "review{s} referred")):
            href = f"{reverse('reviews')}?state={state}"
            found.append(Awaits(up_to(_waiting(user, state=state)), several, href))
    if "disposal.view" in may:
        mine = DisposalOrder.objects.filter(state="proposed", proposed_by=user.username).count()
        found.append(Awaits(mine, "of my disposals to be approved", f"{reverse('disposals')}?state=proposed"))
        cooling = f"{reverse('disposals')}?state=approved"
        found.append(Awaits(_orders("approved"), "disposal{s} cooling off", cooling))
    return [each for each in found if each.number]


def _batches(user: User) -> int:
    """Count the batches that wait for somebody to approve them, or to sign them off as a third person."""
    mine = DisposalBatch.objects.filter(controller__in=controllers_of(user, "disposal.approve"))
    to_sign = mine.filter(state="stopped").exclude(approved_by=user.username)
    return (mine.filter(state="proposed") | to_sign).exclude(proposed_by=user.username).count()


def _with(user: User) -> int:
    return up_to(_waiting(user, state="undecided", allocated="me"))


def _to_agree(user: User) -> int:
    return up_to(_waiting(user, state="agreeing").exclude(decided_by=user.username))


def _to_check(user: User) -> int:
    return checks.waiting_for(user.username).count()


def _in_doubt(user: User) -> int:
    return up_to(_waiting(user, state=queue.DOUBT))


def _sent_back(user: User) -> int:
    return _waiting(user, state=queue.BACK, allocated="me").count()


def _by_clock(user: User, on: date) -> int:
    return up_to(due.due(controllers_of(user, "disposal.propose"), on))


def _requests(user: User, found: QuerySet[PersonRequest], action: str = "request.reply") -> int:
    return found.filter(controller__in=controllers_of(user, action)).count()


def _to_approve(user: User) -> int:
    return DisposalOrder.objects.filter(state="proposed").exclude(proposed_by=user.username).count()


def _orders(state: str) -> int:
    return DisposalOrder.objects.filter(state=state).count()


def _at_sources() -> int:
    return up_to(told.waiting_for_sources())


def _supplies_to_approve(user: User) -> int:
    return Supply.objects.filter(state="waiting").exclude(asked_by=user.username).count()


def _unconfirmed() -> int:
    return supplied.unconfirmed().count()


def _held_runs() -> int:
    waits = holding.waiting()
    return int(waits is not None and waits.released_at is None)


def _modes_to_agree(user: User) -> int:
    asked = (leaving.waiting(each) for each in controllers_of(user, "mode.change"))
    return sum(each is not None and each.asked_by != user.username for each in asked)


def _quarantined() -> int:
    return up_to(Quarantine.objects.filter(resolved_by__isnull=True))


def _holds_due(on: date) -> int:
    return Hold.objects.filter(released_at__isnull=True, review_on__lte=on).count()


def _releases(user: User) -> int:
    asked = Hold.objects.filter(released_at__isnull=True).exclude(release_asked_by="")
    return asked.exclude(release_asked_by=user.username).count()


def _amendments(user: User) -> int:
    asked = HoldVersion.objects.filter(state=HoldVersion.State.ASKED, hold__released_at__isnull=True)
    return asked.exclude(asked_by=user.username).count()
