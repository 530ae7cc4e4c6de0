"""The queue of reviews: narrowed, in order, page by page, and with the way back to where one was."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, by
from factories.exports import row
from muniment.retention.actions import review as reviewing
from muniment.retention.models import PersonDecision, Review
from muniment.retention.views import reviews as views

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TANSY = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02"}
SORREL = {"FORENAME": "Sorrel", "SURNAME": "Third", "BORN": "1977-07-07"}


@pytest.fixture
def three(own_life):
    """Three people: Marlow cautioned for theft, Tansy suspected of threats to kill, Sorrel a victim."""
    own_life.crime.send(
        [
            row("C2", "P2", **TANSY, ROLE="SUSPECT", RESULT="nfa", CJS="OF61014", REPORTED="2004-03-01"),
            row("C3", "P3", **SORREL, ROLE="VICTIM", RESULT="", REPORTED="2012-03-01"),
        ],
        on="2026-07-01",
    )
    own_life.run()
    return own_life


def review_of(name):
    return Review.objects.get(prime__belongings__nominal__reference=name, prime__belongings__until=None)


def names(client, **wanted):
    page = client.get(reverse("reviews"), wanted)
    assert page.status_code == 200
    return [line.name.split()[0] for line in page.context["lines"]]


def test_it_is_narrowed_by_what_is_asked(three):
    client = sign_in(three.cast["rowan"])
    assert names(client) == ["Tansy", "Marlow", "Sorrel"]
    assert names(client, sort="due") == ["Tansy", "Sorrel", "Marlow"]
    assert names(client, group="3") == ["Marlow"]
    assert names(client, who="others") == ["Sorrel"]
    assert names(client, who="offenders") == ["Tansy", "Marlow"]
    rule = PersonDecision.objects.get(prime=review_of("P3").prime).rule
    assert names(client, rule=rule) == ["Sorrel"]
    assert names(client, due="month") == []
    assert names(client, due="over") == ["Tansy", "Marlow", "Sorrel"]


def test_who_has_it_and_what_was_put_aside(three):
    client = sign_in(three.cast["rowan"])
    reviewing.save(review_of("P1"), reviewing.Answers({}), by=by(three, "rowan"))
    reviewing.park(review_of("P2"), by=by(three, "rowan"), waiting_for="paper")
    assert names(client) == ["Marlow", "Sorrel"], "what was put aside is not at the head"
    assert names(client, state="undecided") == ["Tansy", "Marlow", "Sorrel"]
    assert names(client, state="parked") == ["Tansy"]
    assert names(client, allocated="me") == ["Marlow"]
    assert names(client, allocated="nobody") == ["Sorrel"]


def test_what_can_go(three):
    client = sign_in(three.cast["rowan"])
    some, none = names(client, going="some"), names(client, going="none")
    assert "Marlow" in some
    assert sorted(some + none) == ["Marlow", "Sorrel", "Tansy"]


def test_one_comes_back_to_where_one_was_and_goes_on(three):
    client = sign_in(three.cast["rowan"])
    listed = client.get(reverse("reviews"), {"sort": "due", "page": 1}).text
    address = reverse("review", args=[review_of("P3").reference])
    assert f'href="{address}?sort=due&amp;page=1"' in listed
    page = client.get(f"{address}?sort=due&page=1").text
    assert f'href="{reverse("reviews")}?sort=due&amp;page=1">Back to the queue</a>' in page
    lent = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "seen")}
    answers = {f"answer_{key}": said for key, said in NO.items()}
    today = timezone.localdate()
    decision = {
        "do": "decide",
        "outcome": "retain",
        "reason": "Still needed for the case.",
        "next_review": f"1 1 {today.year + 2}",
    }
    assert client.post(f"{address}?sort=due&page=1", lent | answers | decision).status_code == 302
    done = client.get(f"{address}?sort=due&page=1").text
    assert "Back to the queue (2 left)" in done
    following = re.search(r'href="([^"]*)">Next review</a>', done)[1].replace("&amp;", "&")
    assert client.get(following).url == f"{reverse('review', args=[review_of('P1').reference])}?sort=due&page=1"


def test_first_and_last_pages_are_one_step_away(three, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 1)
    client = sign_in(three.cast["rowan"])
    page = client.get(reverse("reviews"), {"page": 2, "sort": "due"}).text
    links = {words: href for href, words in re.findall(r'pagination__link" href="([^"]*)"[^>]*><span[^>]*>(\w+)', page)}
    assert list(links) == ["First", "Previous", "Next", "Last"]
    assert (links["First"], links["Last"]) == ("?page=1&amp;sort=due", "?page=3&amp;sort=due")


def test_home_counts_what_the_queue_shows(three):
    reviewing.park(review_of("P2"), by=by(three, "rowan"), waiting_for="paper")
    reviewing.save(review_of("P1"), reviewing.Answers({}), by=by(three, "rowan"))
    client = sign_in(three.cast["rowan"])
    for each in client.get(reverse("home")).context["awaits"]:
        if "review" in each.words:
            assert client.get(each.href).context["page"].paginator.count == each.number, each.words


def test_home_names_nobody_before_an_access_purpose_is_given(three):
    review = review_of("P2")
    Review.objects.filter(pk=review.pk).update(due=timezone.localdate())
    before = sign_in(three.cast["rowan"], purpose=None).get(reverse("home")).text
    assert "Tansy" not in before
    assert "reviews due" in before
    assert "Say why you are looking" in before
    after = sign_in(three.cast["rowan"]).get(reverse("home")).text
    assert "Tansy" in after
    assert "Say why you are looking" not in after
