"""What places and vehicles say on the page of a person: those that are linked to them, as far as the reader may see."""

from django.urls import reverse

from muniment.core import words
from muniment.core.models import User
from muniment.core.visits import actions_of
from muniment.objects.kinds import THINGS, Thing
from muniment.objects.queries import name
from muniment.people.models import PrimePerson
from muniment.people.shown.surroundings import Linked, Surroundings

MOST = 30  # of each kind


def around(prime: PrimePerson, user: User) -> Surroundings:
    """Return the places and vehicles of a person, each once, with what they are to them."""
    if "object.view" not in actions_of(user):
        return Surroundings()
    return Surroundings(linked=tuple(each for thing in THINGS.values() for each in _linked(thing, prime)))


def _linked(thing: Thing, prime: PrimePerson) -> list[Linked]:
    of_person = {"nominal__belongings__prime": prime, "nominal__belongings__until__isnull": True}
    links = thing.link._default_manager.filter(**of_person).select_related(f"{thing.name}__system__controller")
    links = links.prefetch_related(f"{thing.name}__belongings__prime").order_by("pk")
    found: dict[int, tuple[str, list[object], dict[str, None]]] = {}
    for link in links:
        member = getattr(link, thing.name)
        whole = next((each.prime for each in member.belongings.all() if each.until is None), None)
        if whole is not None:
            _, members, roles = found.setdefault(whole.pk, (whole.reference, [], {}))
            members.append(member)
            roles[words.say(f"{thing.name}_role", link.role)] = None  # type: ignore[attr-defined]
    return [
        Linked(name(members), ", ".join(roles), reverse(thing.name, args=[reference]))
        for reference, members, roles in list(found.values())[:MOST]
    ]
