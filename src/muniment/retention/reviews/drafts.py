"""What a reviewer has typed and not decided yet: it comes back as it was typed, whoever opens the review next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from muniment.core import content, words
from muniment.core.models import Content, Controller, Scope
from muniment.retention.models import Review


@dataclass(frozen=True)
class Draft:
    """Every field that holds something, by its name and as it was typed, and the keys of the records ticked.

    Those ticked to be kept, and those ticked to go although others on them wait for reviews of their own.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    kept_records: tuple[int, ...] = ()
    with_others: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.typed or self.kept_records or self.with_others)


def of(review: Review) -> Draft:
    """Return the draft of a review; an empty one where there is none, or none that can be opened.

    Of a review that was decided and is open again it is what was decided, until something else is saved.
    """
    if review.draft is None and review.reason is not None and review.state != Review.State.DECIDED:
        following = review.next_review
        day = {"next_review": words.typed(following)} if following else {}
        return Draft({"reason": content.opened(review.reason) or "", **day}, tuple(review.kept_records))
    text = content.opened(review.draft) if review.draft else None
    return _read(text) if text else Draft()


def keep(review: Review, draft: Draft, scope_id: int | None) -> Content | None:
    """Return the content that holds a draft now: the one that is there already, when nothing in it has changed."""
    if not draft:
        return None
    if review.draft and draft == of(review):
        return review.draft
    text = json.dumps(
        {"typed": dict(draft.typed), "kept": draft.kept_records, "with_others": draft.with_others}, sort_keys=True
    )
    return content.store(f"review:{review.pk}:draft", "draft", text, scope_id=scope_id)


def scope_of(review: Review) -> int | None:
    """Return the scope of a review's words: that of its controller's most open policing records."""
    return scope_for(review.controller)


def scope_for(controller: Controller) -> int | None:
    """Return the scope of words that are a controller's: that of its most open policing records."""
    held = Scope.objects.filter(controller=controller, partition="policing", restriction="")
    return held.order_by("pk").values_list("pk", flat=True).first()


def _read(text: str) -> Draft:
    held = json.loads(text)
    return Draft(held["typed"], tuple(held["kept"]), tuple(held.get("with_others", ())))
