"""What of a hold's scope has gone since a day: the report that nothing has, or which records have, and how it is known.

It rests on what is left of every record that went (the orders and their marks), held against the audit; the command
holds it against the tombstones and the ledger outside the database as well (`hold_proof`). It says what it cannot know.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection
from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller
from muniment.records.models import Intake, Quarantine, Record
from muniment.retention.holds import as_it_stood, containing, gone, held_words
from muniment.retention.holds.gone import Went
from muniment.retention.models import Hold, HoldVersion, hold_versions

LEFT_NO_MARK = {"keywords": "words", "units": "units", "places": "places"}


@dataclass(frozen=True)
class Check:
    """What the report was held against, what was found, and whether they agree; None where nobody can say."""

    what: str
    found: str
    agrees: bool | None


@dataclass(frozen=True)
class Report:
    """What has gone of a hold's scope since a day, of the controllers whose disposals the reader may see."""

    hold: Hold
    since: date
    made_at: datetime
    controllers: tuple[Controller, ...]
    unseen: tuple[Controller, ...]  # bound as well; whoever may see their disposals has to say
    covered: int
    versions: int  # of its scope; each record is held against the one that stood when it went
    went: tuple[Went, ...]  # that were in scope
    while_it_stood: tuple[Went, ...]  # of these, while they were in its scope: there should be none
    let_go: tuple[Went, ...]  # once in its scope, and out of it when they went
    unknown: tuple[Went, ...]  # of which nobody can say
    others: int  # that went and were not in scope
    begun: date | None  # when records of these were first taken in here: before that nothing is known
    checks: tuple[Check, ...]
    limits: tuple[str, ...]

    @property
    def is_clear(self) -> bool:
        """Whether nothing in scope has gone, nothing is unknown, all was looked at, and every check agrees."""
        agrees = all(check.agrees is not False for check in self.checks)
        return not (self.went or self.unknown or self.unseen) and agrees

    @property
    def verdict(self) -> str:
        """What the report says, in sentences."""
        since = f"since {words.day(self.since)}"
        if self.begun is not None and self.since < self.begun:
            since = f"since {words.day(self.begun)}, when records were first taken in here"
        if self.went:
            said = [f"{_records(len(self.went))} in scope of this hold {_have(self.went)} gone {since}."]
            if self.while_it_stood:
                said.append(f"{_records(len(self.while_it_stood))} of them went while it stood: find out why.")
        else:
            said = [f"Nothing {'that is known ' if self.unknown else ''}in scope of this hold has gone {since}."]
        if self.unknown:
            said.append(f"Of {_records(len(self.unknown))} that went, nobody can say whether they were in scope.")
        if self.let_go:
            said.append(f"{_records(len(self.let_go))} went that had been in scope, after it had been narrowed.")
        if self.unseen:
            names = ", ".join(each.name for each in self.unseen)
            said.append(f"This says nothing of {names}: ask whoever may see their disposals.")
        if any(check.agrees is False for check in self.checks):
            said.append("What it was held against does not agree with it: see below.")
        return " ".join(said)


def _records(number: int) -> str:
    return f"{number:,} record" if number == 1 else f"{number:,} records"


def _have(those: Sequence[object]) -> str:
    return "has" if len(those) == 1 else "have"


def report(hold: Hold, since: date, *, seen: Collection[int] | None = None) -> Report:
    """Return the report on a hold since a day; `seen` are the controllers whose disposals the reader may see."""
    bound = list(hold.controllers.order_by("name"))
    mine = tuple(each for each in bound if seen is None or each.pk in seen)
    said = as_it_stood.sort_out(hold, [each.pk for each in mine], since)
    return Report(
        hold=hold,
        since=since,
        made_at=timezone.now(),
        controllers=mine,
        unseen=tuple(each for each in bound if each not in mine),
        covered=hold.held.count(),
        versions=max(1, hold.versions.count()),
        went=gone.went(said.went),
        while_it_stood=gone.went(said.stood),
        let_go=gone.went(said.let_go),
        unknown=gone.went(said.unknown),
        begun=_begun(mine),
        others=said.others,
        checks=(_by_the_audit(mine, since, said.number), _while_it_stood(hold, len(said.stood))),
        limits=tuple(_limits(hold, mine, since, said.bare)),
    )


def _begun(controllers: Sequence[Controller]) -> date | None:
    first = Intake.objects.filter(system__controller__in=controllers).order_by("pk").first()
    return timezone.localtime(first.at).date() if first else None


def _by_the_audit(controllers: Sequence[Controller], since: date, number: int) -> Check:
    """Hold the number of records that went against the events of destruction, which are sealed."""
    with connection.cursor() as cursor:
        codes = [each.code for each in controllers]
        cursor.execute("SELECT * FROM muniment.destructions_told(%s, %s)", [codes, _midnight(since)])
        events, expired = cursor.fetchone()
    found = f"{number:,} records by their orders, {events:,} by the audit"
    if expired:
        return Check("the audit tells of each destruction", f"{found}; some of the audit has expired since then", None)
    return Check("the audit tells of each destruction", found, events == number)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())


def _while_it_stood(hold: Hold, stood: int) -> Check:
    from_day = words.day(timezone.localtime(hold.placed_at).date())
    until = words.day(timezone.localtime(hold.released_at).date()) if hold.released_at else "today"
    found = f"{_records(stood)} in scope as it stood then went from {from_day} until {until}"
    return Check("nothing in scope went while the hold stood", found, not stood)


def _limits(hold: Hold, controllers: Sequence[Controller], since: date, bare: int) -> list[str]:
    """Return what the report cannot know, each as a sentence."""
    said = []
    for before, names in _words_since(hold).items():
        if since < before:
            said.append(
                f"Of what went before {words.day(before)}, {' and '.join(names)} are left nowhere: only codes, classes,"
                " areas, people and days could be asked about."
            )
    if (begun := _begun(controllers)) and since < begun:
        said.append(f"Records were first taken in here on {words.day(begun)}: of before, this system knows nothing.")
    if bare:
        said.append(f"{_records(bare)} went without marks, before these were kept: of them only the class is known.")
    left = Record.objects.filter(holds__hold=hold, withdrawn_on__gte=since).count()
    if left:
        said.append(
            f"{_records(left)} in scope {'was' if left == 1 else 'were'} withdrawn at source since, and kept here."
        )
    waiting = Quarantine.objects.filter(system__controller__in=controllers, resolved_by__isnull=True).count()
    if waiting:
        rows = "1 row waits" if waiting == 1 else f"{waiting:,} rows wait"
        said.append(f"{rows} in quarantine and cannot go; whether in scope, no list can say.")
    if held_words.words_of(hold) and not hold.words_read_to:
        said.append("The worker has not opened narratives for its words yet; each disposal opens those of its own.")
    said.append(
        "What sources destroyed and never handed in here, paper, and copies that others hold are beyond this report;"
        " so is what a source wrote over before it was taken in."
    )
    return said


def _words_since(hold: Hold) -> dict[date, list[str]]:
    """Return the kinds of words that stand in the scope of a hold, by the day since when all of them have."""
    versions = [each for each in hold.versions.all() if each.state != HoldVersion.State.SENT_BACK]
    found: dict[date, list[str]] = {}
    for kind, name in LEFT_NO_MARK.items():
        now = [each for each in hold_versions.in_force(hold) if each.scope.get(kind)]
        if now:
            first = now[-1].since
            for each in reversed(versions):
                if not all(containing.has_list(each.scope, one.scope, kind) for one in now):
                    break
                first = min(first, each.since)
            found.setdefault(timezone.localtime(first).date(), []).append(name)
    return found
