"""What can be in a supply at all: what its controller holds itself, openly, within both the reader and the recipient.

Never the sealed, never corporate records, never anything restricted, whoever asks and whatever a file says.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import access
from muniment.core.access import MARKINGS
from muniment.core.models import Controller, Scope, User
from muniment.core.verdicts import Verdict, unless
from muniment.supply.recipients import Terms


@dataclass(frozen=True)
class Reach:
    """The business areas and the highest marking of what can be given, of one controller."""

    controller: Controller
    areas: frozenset[str]
    marking: str

    @property
    def scopes(self) -> list[int]:
        """The keys of the scopes within it, as they are today."""
        return list(open_scopes(self.controller).filter(self._within).values_list("pk", flat=True))

    @property
    def _within(self) -> Q:
        return Q(area__in=self.areas, marking__in=up_to(self.marking))

    def covered_by(self, user: User) -> Verdict:
        """Say whether a user sees all that is within it: what they do not see would look as if it had gone."""
        scopes = list(open_scopes(self.controller).filter(self._within))
        seen = access.scopes_of(user, timezone.localdate(), scopes)
        hidden = sorted({scope.area for scope in scopes if scope.pk not in seen})
        return unless(
            not hidden,
            f"You do not see all that was given ({', '.join(hidden)}): what you do not see would look as if it had"
            " gone. Ask someone who does to send the corrections.",
        )


def up_to(marking: str) -> list[str]:
    """Return the markings up to one."""
    return [each for each in MARKINGS if MARKINGS.index(each) <= MARKINGS.index(marking)]


def open_scopes(controller: Controller) -> QuerySet[Scope]:
    """Return the scopes of a controller of which anything can be given."""
    return Scope.objects.filter(controller=controller, partition="policing", restriction="")


def of(user: User, controller: Controller, terms: Terms, on: date) -> Reach:
    """Return what a user can give of a controller's to a recipient."""
    seen = access.scopes_of(user, on, open_scopes(controller))
    scopes = [scope for scope in open_scopes(controller).filter(pk__in=seen) if _has(terms, scope)]
    marking = max((scope.marking for scope in scopes), key=MARKINGS.index, default=MARKINGS[0])
    return Reach(controller, frozenset(scope.area for scope in scopes), marking)


def again(controller: Controller, terms: Terms, areas: Collection[str], marking: str) -> Reach:
    """Return what can still be given of what was given before; nothing where the controller is no party any more."""
    if controller.code not in terms.controllers:
        return Reach(controller, frozenset(), MARKINGS[0])
    kept = areas if "*" in terms.areas else set(areas) & terms.areas
    return Reach(controller, frozenset(kept), min(marking, terms.marking, key=MARKINGS.index))


def _has(terms: Terms, scope: Scope) -> bool:
    return ("*" in terms.areas or scope.area in terms.areas) and scope.marking in up_to(terms.marking)
