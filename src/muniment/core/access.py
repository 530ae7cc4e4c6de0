"""Who may see and do what, worked out from one declaration (policy/access/roles.yaml).

The same functions give the verdicts that screens and commands ask for and fill `UserScope`, which row-level
security reads. A refusal names what is missing, never what lies behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from muniment.core import policy_files
from muniment.core.models import Controller, Membership, RoleAssignment, Scope, User, UserScope
from muniment.core.verdicts import ALLOWED, Verdict, refused

MARKINGS = ("OFFICIAL", "OFFICIAL-SENSITIVE")


@dataclass(frozen=True)
class Role:
    """What holders of a role may see and do."""

    code: str
    title: str
    reach: str
    partitions: frozenset[str]
    areas: frozenset[str]
    marking: str
    restrictions: frozenset[str]
    actions: frozenset[str]

    def opens(self, scope: Scope) -> bool:
        """Whether the role, at this scope's controller, opens the scope."""
        return (
            scope.partition in self.partitions
            and ("*" in self.areas or scope.area in self.areas)
            and MARKINGS.index(scope.marking) <= MARKINGS.index(self.marking)
            and (not scope.restriction or scope.restriction in self.restrictions)
        )


@dataclass(frozen=True)
class Declaration:
    """The whole declaration: actions with their words, roles, what a covert enquiry may do, and which roles need more
    than a password where the installation asks for it.
    """

    actions: dict[str, str]
    roles: dict[str, Role]
    covert: frozenset[str]
    second_factor: frozenset[str]


class BadDeclaration(Exception):
    """The declaration names something unknown."""


@lru_cache
def declaration(path: Path | None = None) -> Declaration:
    """Load the declaration. Raise BadDeclaration, naming the role, when it says something senseless."""
    text = (path or policy_files.folder() / "access" / "roles.yaml").read_text()
    content = yaml.safe_load(text)
    actions: dict[str, str] = content["actions"]
    if unknown := set(content["covert"]) - set(actions):
        raise BadDeclaration(f"The list `covert` in policy/access names something unknown: {sorted(unknown)}.")
    roles = {}
    for code, body in content["roles"].items():
        unknown = set(body["actions"]) - set(actions) - {"*"}
        if unknown or body["reach"] not in {"own", "collaboration"} or body["marking"] not in MARKINGS:
            raise BadDeclaration(f"Role {code} in policy/access names something unknown: {sorted(unknown)}.")
        roles[code] = Role(
            code=code,
            title=body["title"],
            reach=body["reach"],
            partitions=frozenset(body["partitions"]),
            areas=frozenset(body["areas"]),
            marking=body["marking"],
            restrictions=frozenset(body["restrictions"]),
            actions=frozenset(actions if "*" in body["actions"] else body["actions"]),
        )
    if unknown := set(content["second_factor"]) - set(roles):
        raise BadDeclaration(f"The list `second_factor` in policy/access names no role: {sorted(unknown)}.")
    return Declaration(actions, roles, frozenset(content["covert"]), frozenset(content["second_factor"]))


def assignments(user: User, on: date) -> list[RoleAssignment]:
    """Return the roles that a user holds on a day."""
    return list(_assigned(Q(user=user), on))


def _assigned(of_whom: Q, on: date) -> QuerySet[RoleAssignment]:
    current = Q(until__isnull=True) | Q(until__gt=on)
    return RoleAssignment.objects.filter(of_whom, current, start__lte=on).select_related("controller")


def memberships(on: date) -> QuerySet[Membership]:
    """Return the memberships of joint units that stand on a day."""
    return Membership.objects.filter(start__lte=on).filter(Q(until__isnull=True) | Q(until__gt=on))


def reach(role: Role, controller: Controller, on: date) -> dict[int, date]:
    """Return the keys of the controllers that a role held at one controller reaches on a day, and when that ends.

    The end is the first day on which it reaches no more, `date.max` where none is known.
    """
    return _reached(role, controller, list(memberships(on)))


def _reached(role: Role, controller: Controller, current: Sequence[Membership]) -> dict[int, date]:
    joints = {each.joint_id: each.until or date.max for each in current if each.member_id == controller.pk}
    reached = {controller.pk: date.max, **joints}
    if role.reach == "collaboration":
        for each in current:
            if each.joint_id == controller.pk or each.joint_id in joints:
                ends = min(each.until or date.max, joints.get(each.joint_id, date.max))
                reached[each.member_id] = max(ends, reached.get(each.member_id, date.min))
    return reached


def may(user: User, action: str, *, on: date, controller: Controller | None = None) -> Verdict:
    """Say whether a user may do something, at a controller when it matters which."""
    words = declaration().actions[action].lower()
    held = [held for held in assignments(user, on) if action in declaration().roles[held.role].actions]
    if not held:
        return refused(f"Your roles do not let you {words}.")
    if controller is None:
        return ALLOWED
    for assignment in held:
        joints = memberships(on).filter(joint=controller, member=assignment.controller).exists()
        if assignment.controller_id == controller.pk or joints:
            return ALLOWED
    return refused(f"Your roles do not let you {words} for {controller.name}.")


def holders(action: str, *, on: date, controller: Controller) -> QuerySet[User]:
    """Return the users who may do something at a controller on a day: as `may` says of each, asked once of all."""
    roles = [role.code for role in declaration().roles.values() if action in role.actions]
    at = Q(controller=controller) | Q(controller__in=memberships(on).filter(joint=controller).values("member"))
    held = RoleAssignment.objects.filter(at, Q(until__isnull=True) | Q(until__gt=on), start__lte=on, role__in=roles)
    return User.objects.filter(is_active=True, pk__in=held.values("user"))


def controllers_for(user: User, action: str, on: date) -> list[Controller]:
    """Return the controllers for which a user may do something, joint units of theirs included."""
    return [each for each in Controller.objects.all() if may(user, action, on=on, controller=each)]


def scopes_of(user: User, on: date, scopes: Iterable[Scope]) -> dict[int, date]:
    """Return the keys of those scopes that a user may see on a day, and when that ends (`date.max`: no end known)."""
    return _opened(assignments(user, on), list(memberships(on)), list(scopes))


def _opened(
    assigned: Iterable[RoleAssignment], standing: Sequence[Membership], scopes: Sequence[Scope]
) -> dict[int, date]:
    opened: dict[int, date] = {}
    for held in assigned:
        role = declaration().roles[held.role]
        reached = _reached(role, held.controller, standing)
        for scope in scopes:
            if scope.controller_id in reached and role.opens(scope):
                ends = min(held.until or date.max, reached[scope.controller_id])
                opened[scope.pk] = max(ends, opened.get(scope.pk, date.min))
    return opened


def refresh_scopes(on: date, users: Iterable[User] | None = None) -> None:
    """Bring `UserScope` up to the declaration; run after roles, scopes or the declaration change.

    What ends shuts by itself on its day; what begins opens with the next run.
    """
    every, standing = list(Scope.objects.all()), list(memberships(on))
    of_whom = Q(user__is_active=True) if users is None else Q(user__in=list(users))
    with transaction.atomic():
        assigned: dict[int, list[RoleAssignment]] = {}
        for each in _assigned(of_whom, on):
            assigned.setdefault(each.user_id, []).append(each)
        held = set(UserScope.objects.filter(of_whom).values_list("user_id", "scope_id", "until"))
        opened = {
            (user, key, None if ends == date.max else ends)
            for user, roles in assigned.items()
            for key, ends in _opened(roles, standing, every).items()
        }
        shut: dict[int, list[int]] = {}
        for user, key, _ in held - opened:
            shut.setdefault(user, []).append(key)
        for user, keys in shut.items():
            UserScope.objects.filter(user=user, scope_id__in=keys).delete()
        UserScope.objects.bulk_create(
            [UserScope(user_id=user, scope_id=key, until=until) for user, key, until in opened - held],
            ignore_conflicts=True,
        )


def enter(token: str) -> int | None:
    """Set the scope of the current transaction from a sitting's token; return the user's key, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.enter(%s)", [token])
        row = cursor.fetchone()
    return row[0] if row else None
