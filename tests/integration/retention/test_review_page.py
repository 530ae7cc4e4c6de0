"""The page of a review: what is typed stays, what is refused is said where it is, and what can be done is shown."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO
from muniment.core.models import Content
from muniment.records.models import Record
from muniment.retention.models import Review

pytestmark = pytest.mark.django_db(databases="__all__")

REASON = "Still needed: the pattern of thefts goes on."


def opened(life, name="rowan"):
    """Return a client and the page of the review, as it lies before the reviewer."""
    client = sign_in(life.cast[name])
    return client, client.get(reverse("review", args=[life.review.reference])).text


def sent(life, client, before, **fields):
    """Send the form with what the page before carried."""
    lent = {name: re.search(rf'name="{name}" value="([^"]*)"', before)[1] for name in ("version", "seen")}
    return client.post(reverse("review", args=[life.review.reference]), lent | fields)


def value(page, name):
    """Return what the text field of a name holds on a page."""
    return (re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) or re.search(rf'name="{name}"[^>]*>([^<]*)', page))[
        1
    ]


def chosen(page, name):
    """Return the values of the ticks and radios of a name that are set on a page."""
    boxes = re.findall(r"<input[^>]*>", page)
    ours = [box for box in boxes if f'name="{name}"' in box and " checked" in box]
    return [re.search(r'value="([^"]*)"', box)[1] for box in ours]


def everything(life):
    keep = Record.objects.get(reference="C1").pk
    return {
        "do": "save",
        "answer_other": "yes",
        "reason_other": "A pattern of thefts",
        "reason_vulnerable": "Not looked at yet",
        "outcome": "part",
        "reason": REASON,
        "next_review": "27 3 2031",
        "keep": [str(keep)],
    }


def test_what_is_saved_comes_back_whole(life):
    client, before = opened(life)
    assert sent(life, client, before, **everything(life)).status_code == 302
    page = client.get(reverse("review", args=[life.review.reference])).text
    assert chosen(page, "answer_other") == ["yes"]
    assert value(page, "reason_other").strip() == "A pattern of thefts"
    assert value(page, "reason_vulnerable").strip() == "Not looked at yet", "a reason may come before its answer"
    assert chosen(page, "outcome") == ["part"]
    assert value(page, "reason").strip() == REASON
    assert value(page, "next_review") == "27 3 2031"
    assert chosen(page, "keep") == everything(life)["keep"]


def test_a_draft_is_encrypted_and_ends_with_the_decision(life):
    client, before = opened(life)
    sent(life, client, before, **everything(life))
    assert REASON not in "".join(bytes(each.ciphertext).decode("latin-1") for each in Content.objects.all())
    page = client.get(reverse("review", args=[life.review.reference])).text
    fields = {f"answer_{key}": said for key, said in NO.items()} | everything(life) | {"do": "decide", "keep": []}
    assert sent(life, client, page, **fields).status_code == 302
    assert Review.objects.get().draft is None


def test_what_cannot_be_read_is_kept_as_it_was_typed(life):
    client, before = opened(life)
    sent(life, client, before, do="save", next_review="in the spring")
    page = client.get(reverse("review", args=[life.review.reference])).text
    assert value(page, "next_review") == "in the spring"


def test_a_refused_decision_loses_nothing(life):
    client, before = opened(life)
    refused = sent(life, client, before, **everything(life) | {"do": "decide"})
    assert refused.status_code == 422
    assert value(refused.text, "reason").strip() == REASON
    assert chosen(refused.text, "keep") == everything(life)["keep"]
    assert value(refused.text, "reason_vulnerable").strip() == "Not looked at yet"


def test_enter_in_a_field_saves(life):
    _, page = opened(life)
    form = page[page.index('id="review-form"') :]
    first = re.search(r"<button[^>]*>", form)[0]
    assert 'value="save"' in first
