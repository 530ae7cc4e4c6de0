"""Classes whose records are looked at in the course of a long period: that a look is due does not end the period."""

from collections.abc import Iterable

from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller
from muniment.retention.policies import policy_now


def said(class_ids: Iterable[str], controller: Controller) -> list[str]:
    """Say of each of these classes that is looked at in the course of its period how long that is."""
    rules = policy_now.policy().on(timezone.localdate(), controller.code)
    found = []
    for class_id in sorted(set(class_ids) & set(rules.classes)):
        terms = rules.terms[class_id]
        if rules.classes[class_id].reviewed_during and terms.length and terms.review_every:
            found.append(
                f"{words.class_title(class_id)}: kept for {words.period(terms.length)} from"
                f" '{words.say('date', terms.trigger).lower()}' and looked at every {words.period(terms.review_every)}"
                " meanwhile, unless people decide that it is not necessary or not proportionate to keep a record."
                " Say why of each that goes."
            )
    return found
