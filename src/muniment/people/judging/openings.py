"""Which roles open what of prime records, before a change and after it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from muniment.core import access
from muniment.core.models import RoleAssignment, Scope
from muniment.people.judging.consequences import Change, Whole
from muniment.records.models import Involvement

ALL, SOME, NOTHING = "everything", "a part", "nothing"


@dataclass(frozen=True)
class Opening:
    """Who holds some roles, how much of each whole of a change they open, and what the change does for them."""

    who: tuple[str, ...]
    opens: tuple[str, ...]
    changes: str


def openings(change: Change) -> list[Opening]:
    """Return how much of each whole every role opens that somebody holds today, as far as the reader sees the whole.

    Those that open nothing of any are left out. What a role opens depends on each record and not on
    whose it is; what changes is what leads to it.
    """
    on = timezone.localdate()
    scopes = [_scopes(each) for each in change.wholes]
    every = list(Scope.objects.filter(pk__in=set().union(*scopes)))
    held = RoleAssignment.objects.filter(Q(until__isnull=True) | Q(until__gt=on), start__lte=on, user__is_active=True)
    found: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for code, group in _by_role(held.select_related("controller").order_by("controller__name", "role")):
        role = access.declaration().roles[code]
        for assignment in group:
            if "person.view" not in role.actions:
                continue
            reached = access.reach(role, assignment.controller, on)
            opened = {each.pk for each in every if each.controller_id in reached and role.opens(each)}
            opens = tuple(_how_much(opened, each) for each in scopes)
            if set(opens) == {NOTHING}:
                continue
            changes = _changes(opens[: len(change.before)], opens[len(change.before) :])
            found[opens, changes].append(f"{role.title}, {assignment.controller.name}")
    told = [Opening(tuple(who), opens, changes) for (opens, changes), who in found.items()]
    return sorted(told, key=lambda each: (not each.changes, each.who))


def _by_role(held: Iterable[RoleAssignment]) -> Iterable[tuple[str, list[RoleAssignment]]]:
    once: dict[str, dict[int, RoleAssignment]] = defaultdict(dict)
    for each in held:
        once[each.role].setdefault(each.controller_id, each)
    return [(role, list(group.values())) for role, group in once.items()]


def _scopes(whole: Whole) -> set[int]:
    of_records = Involvement.objects.filter(nominal__in=whole.keys).values_list("record__scope_id", flat=True)
    return {each.scope_id for each in whole.nominals} | set(of_records.distinct())


def _how_much(opened: set[int], scopes: set[int]) -> str:
    return ALL if scopes <= opened else SOME if scopes & opened else NOTHING


def _changes(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Say what a change does for those who open so much of each whole before and after it."""
    if len(after) < len(before):
        if NOTHING in before:
            return "Are led from one to the other, and see of the whole only the part that they opened before."
        return "See both lives as one."
    if NOTHING in after:
        return "Are led to one part alone; the other was closed to them before as well."
    return "See the parts as two lives." if len(after) > len(before) else ""
