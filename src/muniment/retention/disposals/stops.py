"""What stops the whole disposal of some records: a hold on any, one in doubt, a request or an appeal that is open."""

from collections.abc import Collection, Iterable

from django.utils import timezone

from muniment.core import words
from muniment.core.verdicts import Verdict
from muniment.people import carried
from muniment.people.linking import pairs
from muniment.people.models import Belonging
from muniment.records.models import Involvement, Record
from muniment.retention import rules
from muniment.retention.holds import held_words
from muniment.retention.models import HeldRecord, Hold, SubjectEvent
from muniment.retention.policies import policy_now

_ANOTHERS = "A hold of another force or office"


def nothing_stops(record_ids: list[int], matches: pairs.Waiting, *, answered: Collection[int] = ()) -> Verdict:
    """Say whether nothing stops the whole disposal of some records: a hold on any, also in doubt, or a request.

    `matches` are the pairs with someone on them, `answered` the events that the review which disposes of them answers.
    """
    return _stops_none(record_ids, matches, holds_on(record_ids), answered)


def nothing_listed_stops(record_ids: list[int], matches: pairs.Waiting, *, answered: Collection[int] = ()) -> Verdict:
    """Say the same as far as it is told without opening a narrative, for who only looks."""
    return _stops_none(record_ids, matches, holds_listed(record_ids), answered)


def _stops_none(record_ids: list[int], matches: pairs.Waiting, holds: list[str], answered: Collection[int]) -> Verdict:
    doubtful = holds_in_doubt(record_ids, matches)
    blocked = rules.is_unblocked(blocks_on(record_ids, answered=answered))
    return rules.is_unheld(holds) & rules.is_undoubted(doubtful) & blocked


def standing_holds(record_ids: Iterable[int]) -> list[Hold]:
    """Return the holds that cover any of these records."""
    keys = HeldRecord.objects.filter(record_id__in=list(record_ids), hold__released_at__isnull=True)
    return list(Hold.objects.filter(pk__in=keys.values("hold_id")).order_by("pk"))


def holds_listed(record_ids: Iterable[int]) -> list[str]:
    """Return the holds that cover any of these records by their list, in words."""
    return [_words(hold) for hold in standing_holds(record_ids)]


def _words(hold: Hold) -> str:
    return f"{hold.reference} {hold.title}"


def holds_on(record_ids: Iterable[int]) -> list[str]:
    """Return the holds that cover any of these records, by their list or by a word in a narrative, in words."""
    keys = list(record_ids)
    listed = {hold.pk: (hold, "") for hold in standing_holds(keys)}
    named = {hold.pk: (hold, remark) for hold, remark in held_words.holds_naming(keys)}
    return [f"{_words(hold)}{remark}" for hold, remark in (named | listed).values()]


def holds_in_doubt(record_ids: Iterable[int], matches: pairs.Waiting) -> list[str]:
    """Return the holds over records of someone who may be the same person as one on these, which nobody has judged.

    `matches` are the pairs with someone on these records. A hold that binds nobody whose records these are is not
    named: its title is for those whom it binds.
    """
    unsettled = {key for edges in matches.unsettled.values() for edge in edges for key in (edge.left_id, edge.right_id)}
    members = Belonging.objects.filter(until__isnull=True, nominal_id__in=unsettled)
    others = members.exclude(prime_id__in=matches.people)
    theirs = Involvement.objects.filter(
        nominal__belongings__prime__in=set(others.values_list("prime_id", flat=True)),
        nominal__belongings__until__isnull=True,
    )
    own = Hold.objects.filter(
        controllers__in=Record.objects.filter(pk__in=list(record_ids)).values("system__controller")
    )
    named = set(own.values_list("pk", flat=True))
    holds = standing_holds(theirs.values_list("record_id", flat=True))
    return list(dict.fromkeys(_words(hold) if hold.pk in named else _ANOTHERS for hold in holds))


def blocks_on(record_ids: Iterable[int], *, answered: Collection[int] = ()) -> list[str]:
    """Return what is open about anybody on these records and stops a disposal, in words that name nobody."""
    found = blocking_events(record_ids, answered=answered)
    return [f"{words.say('event', each.kind)} of {words.day(each.dated)}" for each in found]


def blocking_events(record_ids: Iterable[int], *, answered: Collection[int] = ()) -> list[SubjectEvent]:
    """Return what is open about anybody on these records and, by policy, stops a disposal: requests, appeals, claims.

    A kind that policy does not list blocks too. Left out are the events of requests that the review answers which
    disposes of the records: its decision is what they wait for.
    """
    effects = policy_now.policy().on(timezone.localdate()).settings["events"]["kinds"]
    harmless = [kind for kind, what in effects.items() if not {"blocks", "floor"} & set(what)]
    about = carried.about(pairs.people_on(record_ids), at="made_at")
    found = SubjectEvent.objects.filter(about, closed__isnull=True)
    return list(found.exclude(kind__in=harmless).exclude(pk__in=answered).order_by("dated", "pk"))
