"""The sums of an explanation: each period runs from the day that its rule names, and is said so."""

import pytest
from django.utils import timezone

from factories.deeds import NO, WHY, ask, by, prime_of
from factories.exports import row
from factories.lives import BY
from muniment.core import words
from muniment.engine import policy
from muniment.people.models import PrimePerson
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.deciding import explaining
from muniment.retention.models import Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def taken_in(life, reference, **values):
    """Take in a person of their own, born when nobody else is, and decide about everybody today."""
    other = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02", "REPORTED": "2010-03-01"}
    life.crime.send([row(f"C{reference}", reference, **other | values)], on="2026-07-01")
    life.run()
    decided_today()
    return prime_of(reference)


def decided_today():
    schedule(policy.load(), by=BY, on=timezone.localdate())


def explained(prime):
    (explanation,) = explaining.explain_person(PrimePerson.objects.get(pk=prime.pk)).values()
    return explanation


def sums(prime):
    return [each.text for each in explained(prime).sums]


GRAVE = {"CJS": "SX03002", "OUTCOME": "NFA", "RESULT": "nfa", "ROLE": "ARRESTED"}


def test_group_1_has_no_clear_period_to_run_from(own_life):
    prime = taken_in(own_life, "P9", **GRAVE)
    assert sums(prime) == ["First record 1 March 2010 + 10 years = 1 March 2020"]
    review = Review.objects.get(prime=prime)
    next_review = timezone.localdate().replace(year=timezone.localdate().year + 9, day=1)
    kept = reviewing.Conclusion("retain", "Needed for the protection of others.", next_review=next_review)
    reviewing.decide(review, reviewing.Answers(NO, WHY), kept, by=by(own_life, "rowan"))
    decided_today()
    assert sums(prime)[0].startswith("The review of ")
    assert sums(prime)[0].endswith(f"chose {words.day(next_review)} for the next")
    Review.objects.filter(pk=review.pk).update(next_review=None)
    decided_today()
    assert sums(prime)[0].startswith("Last review ")


def test_the_period_of_a_victim_runs_from_the_end_of_the_case(own_life):
    prime = taken_in(own_life, "P9", ROLE="VICTIM", RESULT="")
    assert sums(prime) == ["Case closed 1 March 2010 + 6 years = 1 March 2016"]


def test_what_would_change_it_is_named_as_pages_name_it(own_life):
    prime = taken_in(own_life, "P9", REPORTED="2024-03-01")
    ask(own_life, "enforcement_enquiry", prime)
    decided_today()
    assert explained(prime).nearest.startswith("If 'Enquiry from another force or agency' of ")
