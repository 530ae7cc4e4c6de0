"""Keys of source systems: made, found by what is shown of them, and ended."""

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.records.models import SourceKey, SourceSystem

_PREFIX = "muniment-"  # so that a key that leaked into a log or a script is recognised


def make(system: SourceSystem, name: str, *, by: Actor) -> tuple[SourceKey, str]:
    """Make a key; return it with its text, which is kept nowhere and cannot be shown again."""
    unless(bool(name.strip()), "Say what bears the key, such as the name of the interface.").require()
    text = _PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = SourceKey.objects.create(system=system, name=name.strip()[:120], digest=_digest(text), made_by=by.name)
        _record(key, "make", by)
    return key, text


def end(key: SourceKey, *, by: Actor) -> SourceKey:
    """End a key; what it handed in stays."""
    with transaction.atomic():
        held = SourceKey.objects.select_for_update().get(pk=key.pk)
        unless(held.ended_at is None, f"Key {held.pk} has ended already.").require()
        held.ended_at, held.ended_by = timezone.now(), by.name
        held.save()
        _record(held, "end", by)
    return held


def find(text: str) -> SourceKey | None:
    """Return the standing key of a text; None for any other.

    It has 256 bits that nobody can guess, so a plain digest is enough and an index may find it.
    """
    standing = SourceKey.objects.filter(ended_at__isnull=True).select_related("system__controller")
    return standing.filter(digest=_digest(text)).first()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _record(key: SourceKey, done: str, by: Actor) -> None:
    audit.record(
        by,
        f"records.source_key.{done}",
        subject=f"key {key.pk}",
        controller=key.system.controller.code,
        detail={"system": key.system.code},
    )
