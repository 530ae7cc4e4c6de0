"""The scope of a hold in words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from muniment.core import references, words
from muniment.records.models import Record
from muniment.retention.holds import reach
from muniment.retention.models import Hold, HoldVersion, hold_versions

_NAMES = ("match", *reach.KEYS, "from", "until")


@dataclass(frozen=True)
class Told:
    """A version of a hold in words: what it covers, whose records, and what it changed."""

    version: HoldVersion
    scope: list[tuple[str, str]]
    controllers: str
    changes: list[str]


def scope_in_words(scope: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the parts of a scope and what each says, as far as the reader may see whom it names."""
    return [(words.say("scope", name), _said(name, scope[name])) for name in _NAMES if scope.get(name)]


def history(hold: Hold) -> list[Told]:
    """Return the versions of a hold in words, the first one first."""
    told: list[Told] = []
    stood: HoldVersion | None = None
    for each in hold.versions.all():
        whose = _names_of(each.controllers)
        said = changes(stood, each.scope, each.controllers) if stood else []
        told.append(Told(each, scope_in_words(each.scope), whose, said))
        stood = each if each.state == HoldVersion.State.STANDING or stood is None else stood
    return told


def changes(was: HoldVersion, scope: Mapping[str, Any], controllers: Collection[int]) -> list[str]:
    """Return what another scope changes of a version, each as a sentence."""
    said = [_changed(name, was.scope.get(name), scope.get(name)) for name in _NAMES]
    more, less = (
        _names_of(sorted(set(one) - set(other)))
        for one, other in ((controllers, was.controllers), (was.controllers, controllers))
    )
    said.append(f"Whose records: {more} {_ARE[1]}." if more else "")
    said.append(f"Whose records: {less} {_ARE[0]}." if less else "")
    if not reach.given_lists(scope) and reach.given_lists(was.scope):
        said.append("No list is left: it covers everything of these controllers.")
    return [each for each in said if each]


_ARE = ("no more", "as well")


def _changed(name: str, was: Any, now: Any) -> str:
    """Say what has changed of one part of a scope; nothing where nothing has."""
    title = words.say("scope", name)
    if was == now or (not was and not now):
        return ""
    if name == "match":
        return "Every list has to fit, where any was enough." if now else "Any list is enough, where every had to fit."
    if name in {"from", "until"}:
        limit = f"{title}: {_said(name, now)}" if now else f"{title}: no limit"
        return f"{limit}, instead of {_said(name, was) if was else 'no limit'}."
    more, less = ([each for each in one or () if each not in (other or ())] for one, other in ((now, was), (was, now)))
    parts = [f"{_said(name, some)} {how}" for some, how in ((more, _ARE[1]), (less, _ARE[0])) if some]
    return f"{title}: {'; '.join(parts)}." if parts else ""


def _names_of(controllers: Collection[int]) -> str:
    return ", ".join(each.name for each in hold_versions.bound(list(controllers)))


def _said(name: str, value: Any) -> str:
    """Return one part of a scope in words."""
    if name in {"from", "until"}:
        return words.without_iso(str(value))
    if name == "people":
        return ", ".join(references.make("prime", key) for key in value)
    if name == "records":
        seen = list(Record.objects.filter(pk__in=value).order_by("pk").values_list("reference", flat=True))
        unseen = len(value) - len(seen)
        return ", ".join([*seen, f"{unseen:,} that you may not see or that have gone"] if unseen else seen)
    if name == "match":
        return "every list has to fit"
    if name == "classes":
        return ", ".join(words.class_title(each) for each in value)
    return ", ".join(words.say("area", each) if name == "areas" else str(each) for each in value)
