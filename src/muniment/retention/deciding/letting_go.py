"""Whether each record may go: its own decision, its age, and what has to happen before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from muniment.core import words
from muniment.core.verdicts import ALLOWED, Verdict, refused, unless
from muniment.engine.policy.model import Length
from muniment.engine.retention.persons import BY_REVIEW, GROUP_1, GROUP_2
from muniment.people.linking import pairs
from muniment.people.models import Belonging
from muniment.records.models import Involvement
from muniment.retention import queries
from muniment.retention.deciding import afresh, others
from muniment.retention.deciding.afresh import Decided
from muniment.retention.models import DisposalOrder, PersonDecision, RecordDecision
from muniment.retention.policies import policy_now


def may_go(decision: RecordDecision | Decided | None, ripe: date | None, *, are_settled: bool = False) -> Verdict:
    """Say whether a record's own decision lets it go today; `ripe` is its day of `old_enough`.

    `are_settled` says of a decision in doubt that its possible matches have been judged since.

    A floor that has not passed, or another person on the record who is still inside retention, keeps it whole. So does
    a possible match that would change the decision, until somebody has settled it. Where no clock of its own has run,
    because the person is in group 1 or nobody can tell the day, it stays for the shortest period at least.
    """
    if decision is None:
        return refused("This record has no retention decision yet: run the schedule first.")
    if afresh.IN_DOUBT in decision.because and (isinstance(decision, Decided) or not are_settled):
        return refused(
            "Another record may be about someone on it, or one of theirs about somebody else, and would change this:"
            " judge the possible match first."
        )
    if decision.outcome == "hold":
        return refused("A hold covers this record.")
    if decision.outcome not in {"review", "dispose"}:
        return refused(f"Rule {decision.rule or 'of its class'} keeps this record.")
    return _is_due(decision) & _is_old_enough(decision, ripe)


def _is_due(decision: RecordDecision | Decided) -> Verdict:
    if decision.due is None or decision.due <= timezone.localdate():
        return ALLOWED
    return refused(f"This record is kept until {words.day(decision.due)} ({decision.rule}).")


def _is_old_enough(decision: RecordDecision | Decided, ripe: date | None) -> Verdict:
    if decision.due is not None and GROUP_1 not in decision.because:
        return ALLOWED  # its own clock has run
    if ripe is None:
        return refused("No day is known of what it tells: ask its source for one before it can go.")
    return unless(
        ripe <= timezone.localdate(),
        f"No clock of its own has run: by what is known it stays until {words.day(ripe)} at least.",
    )


@dataclass(frozen=True)
class Besides:
    """What speaks about some records besides the decision about each, by the key of the record."""

    ripe: Mapping[int, date]  # as for `may_go`
    unready: Mapping[int, str]
    kept: Mapping[int, str]
    waiting: others.Waiting
    matches: pairs.Waiting

    @classmethod
    def of_order(cls, order: DisposalOrder) -> "Besides":
        """Return it for what an order would still destroy."""
        return cls.of_person(queries.going(order), order.prime_id)

    @classmethod
    def of_person(cls, record_ids: list[int], prime: int | None) -> "Besides":
        """Return it for some records of a person, by key; None for records about nobody."""
        return cls(
            old_enough(record_ids),
            unready(record_ids),
            others.kept(record_ids, beside=prime),
            others.waiting(record_ids, beside=prime),
            pairs.waiting_on(record_ids),
        )

    def let_go(self, record: int, decision: RecordDecision | Decided | None) -> Verdict:
        """Say whether a record may go today, as far as it does not wait for reviews of others."""
        verdict = may_go(decision, self.ripe.get(record), are_settled=self.matches.is_settled(record))
        for stopping in (self.unready, self.kept):
            verdict &= refused(stopping[record]) if record in stopping else ALLOWED
        return verdict


def old_enough(record_ids: Iterable[int]) -> dict[int, date]:
    """Return from which day each record may go where no clock of its own has run; one that tells of no day has none.

    It is the shortest period of a person after the latest day that the record tells of ("minimum six years", section 3
    of the retention notes), and no earlier than what is known of whoever offended in it gives: a fact that is wanting
    can only make it later.
    """
    keys, terms = list(record_ids), policy_now.policy().on(timezone.localdate()).terms
    shortest = terms[BY_REVIEW].length or Length()
    lengths: dict[int | None, Length] = {2: terms[GROUP_2].length or shortest}
    found = {key: shortest.after(last) for key, last in _last_days(keys).items()}
    for key, group, due, clear_from in _offenders(keys):
        known = due or (lengths.get(group, shortest).after(clear_from) if clear_from else None)
        if known and key in found:
            found[key] = max(found[key], known)
    return found


_NAMED_IN_QUARANTINE = """
WITH on_it AS (
    SELECT DISTINCT b.prime_id, i.record_id
    FROM people_belonging b JOIN records_involvement i ON i.nominal_id = b.nominal_id
    WHERE b.until IS NULL AND i.record_id = ANY (%(keys)s)
)
SELECT on_it.record_id, false AS itself FROM on_it WHERE on_it.prime_id IN (
    SELECT b.prime_id FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
    JOIN records_quarantinename said
        ON said.system_id = n.system_id AND said.kind = 'nominal' AND said.name = n.reference
    JOIN records_quarantine waiting ON waiting.id = said.waiting_id AND waiting.resolved_by_id IS NULL
    WHERE b.until IS NULL AND b.prime_id IN (SELECT prime_id FROM on_it))
UNION
SELECT r.id, true FROM records_record r
JOIN records_quarantinename said ON said.system_id = r.system_id AND said.kind = 'record' AND said.name = r.reference
JOIN records_quarantine waiting ON waiting.id = said.waiting_id AND waiting.resolved_by_id IS NULL
WHERE r.id = ANY (%(keys)s)
ORDER BY itself
"""


def unready(record_ids: Iterable[int]) -> dict[int, str]:
    """Return what has to happen before some records can go at all: a person to recognise, a row to mend, as sentences.

    A row that waits in quarantine may tell of a graver matter, of any record and of anybody that it names.
    """
    keys = list(record_ids)
    with connection.cursor() as cursor:
        cursor.execute(_NAMED_IN_QUARANTINE, {"keys": keys})
        found = {record: _ITSELF if itself else _ABOUT_SOMEONE for record, itself in cursor.fetchall()}
    return found | dict.fromkeys(not_recognised(keys), _NOT_RECOGNISED)


def not_recognised(record_ids: Iterable[int]) -> set[int]:
    """Return the records on which somebody stands whom no run has recognised yet."""
    members = Belonging.objects.filter(until__isnull=True, nominal=OuterRef("nominal"))
    parts = Involvement.objects.filter(~Exists(members), record_id__in=list(record_ids))
    return set(parts.values_list("record_id", flat=True))


_NOT_RECOGNISED = "Someone on it has not been recognised yet: resolve people and run the schedule first."
_ITSELF = "Another row of it waits in quarantine: have its source mend that first."
_ABOUT_SOMEONE = "A row about someone on it waits in quarantine: have its source mend that first."


def _offenders(record_ids: list[int]) -> Iterable[tuple[int, int | None, date | None, date | None]]:
    """Return group, due date and start of the clear period of whoever offended in each record, for its controller."""
    roles = [code for code, role in policy_now.policy().codes.roles.items() if role.offender]
    on_it = "prime__belongings__nominal__involvements"
    return (
        PersonDecision.objects.exclude(group=1)
        .filter(
            prime__belongings__until__isnull=True,
            controller_id=F(f"{on_it}__record__system__controller_id"),
            **{f"{on_it}__record_id__in": record_ids, f"{on_it}__role__in": roles},
        )
        .values_list(f"{on_it}__record_id", "group", "due", "clear_from")
    )


def _last_days(record_ids: Iterable[int]) -> dict[int, date]:
    keys = list(record_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_id, max(day) FROM ("
            " SELECT record_id, greatest(happened_latest, happened_earliest, dated) AS day"
            " FROM records_involvement WHERE record_id = ANY(%(keys)s)"
            " UNION ALL SELECT record_id, upper(said) - 1 FROM records_recorddates, unnest(days) AS said"
            " WHERE record_id = ANY(%(keys)s)) told WHERE day IS NOT NULL GROUP BY record_id",
            {"keys": keys},
        )
        return dict(cursor.fetchall())
