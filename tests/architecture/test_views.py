"""Every page is opened by an action of the access declaration, except the few that show nothing of anybody."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from muniment.core import access

OPEN = {
    "about": "what the system is, for anyone",
    "schedule": "the retention schedule, which is published and tells of nobody",
    "stay": "keeps a session alive and shows nothing",
}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    """Yield every address whose view is ours; allauth guards its own."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each)
        elif each.callback.__module__.startswith("muniment."):
            yield each


ALL = list(patterns(get_resolver()))


@pytest.mark.parametrize("pattern", ALL, ids=lambda pattern: str(pattern.name))
def test_every_view_is_guarded(pattern: URLPattern) -> None:
    action = getattr(pattern.callback, "opens", None)
    if pattern.name in OPEN:
        assert action is None, "it is guarded now: take it off the list"
        return
    assert action is not None, "guard the view with core.visits.opens"
    assert action == "" or action in access.declaration().actions


def test_every_open_page_exists() -> None:
    assert OPEN.keys() <= {pattern.name for pattern in ALL}


def test_every_action_is_somebodys() -> None:
    declared = access.declaration()
    held = set().union(*(role.actions for role in declared.roles.values()))
    assert held == declared.actions.keys()
