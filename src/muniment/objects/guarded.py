"""What of places and vehicles is told by nobody but those whose use is restricted for a purpose."""

from collections.abc import Collection, Iterable
from typing import Any

from muniment.core import guards
from muniment.objects.kinds import Thing
from muniment.records import guarded as records


def shut_links(links: Iterable[Any], purpose: str, duty: str = "") -> set[int]:
    """Return which links, by key, do not open for an access purpose: their record, or their person, does not."""
    found = list(links)
    of_records = records.closed({each.record_id for each in found if each.record_id}, purpose, duty)
    of_people = guards.closed({each.nominal_id for each in found if each.nominal_id}, purpose, duty)
    return {each.pk for each in found if each.record_id in of_records or each.nominal_id in of_people}


def shut_members(thing: Thing, members: Collection[int], purpose: str, duty: str = "") -> set[int]:
    """Return which members, by key, are linked to something, and to nothing that opens for an access purpose."""
    links = list(_links(thing, members))
    shut = shut_links(links, purpose, duty)
    is_open = {_member(thing, each) for each in links if each.pk not in shut}
    return {_member(thing, each) for each in links} - is_open


def pass_by(thing: Thing, members: Collection[int], purpose: str, subject: str, duty: str = "") -> None:
    """Let somebody by to members that do not open. Raise UseRestricted, saying what restricts whoever tells of them."""
    links = list(_links(thing, members))
    records.pass_all({each.record_id for each in links if each.record_id}, purpose, subject, duty)
    guards.pass_by(sorted({each.nominal_id for each in links if each.nominal_id}), purpose, subject, duty=duty)


def _links(thing: Thing, members: Collection[int]) -> Iterable[Any]:
    found: Iterable[Any] = thing.link._default_manager.filter(**{f"{thing.name}__in": list(members)}).order_by("pk")
    return found


def _member(thing: Thing, link: Any) -> int:
    key: int = getattr(link, f"{thing.name}_id")
    return key
