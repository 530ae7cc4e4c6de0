"""Each value of a fact names the source records that give it, and the values that lost stand below it."""

from datetime import date

import pytest
from django.urls import reverse

from factories.cast import refresh
from factories.deeds import prime_of
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.people.actions.resolve import resolve
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True)
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}


@pytest.fixture
def sources(cast, tmp_path):
    """One person: three of Northshire's records say so, and one of Westvale's gives another telephone and pncid."""
    activate_model(every_feature=True)
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **HOME)], on="2026-04-01")
    west.send([row("D1", "W1", **{**HOME, "PHONE": "07700900777"}, PNCID="2001/0000019K")], on="2026-05-01")
    resolve(by=Actor("tests"))
    refresh()
    assert prime_of("P1") == prime_of("W1")
    return north, west


def told(client, **more):
    answer = client.get(reverse("person_facts", args=[prime_of("P1").reference]), **more)
    return " ".join(answer.text.split())


def fact(text, title):
    return text.partition(f'aria-label="{title}"')[2].partition("</section>")[0]


def test_what_most_give_comes_first_with_the_reason_and_what_lost_below(sources, cast, signed_in):
    Nominal.objects.filter(reference="W1").update(forename="Marlowe")
    names = fact(told(signed_in(cast["rowan"])), "Names")
    assert "2 of the 3 source records that give one say so: more than any other" in names
    assert 0 < names.index("P1") < names.index("W1")
    assert "One source record alone gives it." in fact(told(signed_in(cast["rowan"])), "PNC ID")


def test_of_telephones_the_newest_word_comes_first_though_more_say_otherwise(sources, cast, signed_in):
    phones = fact(told(signed_in(cast["rowan"])), "Telephone")
    assert "it has been told since 1 May 2026, the next since 1 April 2026" in phones
    assert 0 < phones.index("07700900777") < phones.index("07700900123")


def test_what_a_source_has_still_comes_before_the_newer_word_of_one_that_has_it_no_more(sources, cast, signed_in):
    Nominal.objects.filter(reference="W1").update(withdrawn_on=date(2026, 5, 2))
    phones = fact(told(signed_in(cast["rowan"])), "Telephone")
    assert "a source has it still, and none has what stands below" in phones
    assert 0 < phones.index("07700900123") < phones.index("07700900777")


@pytest.mark.parametrize(
    ("field", "title", "known", "newer"),
    [
        ("address", "Address", "1 Invented Street", "NOT KNOWN"),
        ("postcode", "Postcode", "NH1 1AA", "ZZ99 3VZ"),
        ("phone", "Telephone", "07700900123", "unknown"),
        ("pncid", "PNC ID", "2001/0000019K", "2001/0000019L"),  # whose check letter is wrong
    ],
)
def test_a_known_value_is_not_pushed_aside_by_a_newer_that_tells_nothing(
    sources, cast, signed_in, field, title, known, newer
):
    Nominal.objects.filter(reference="P1").update(**{field: known})
    Nominal.objects.filter(reference="P2").update(**{field: ""})
    Nominal.objects.filter(reference="W1").update(**{field: newer})
    given = fact(told(signed_in(cast["rowan"])), title)
    assert "what stands below means that nothing is known, or cannot be right" in given
    assert 0 < given.index(known) < given.index(newer)


def test_a_whole_date_of_birth_comes_before_a_year_that_more_give(sources, cast, signed_in):
    year = {"born": "1980", "born_earliest": date(1980, 1, 1), "born_latest": date(1980, 12, 31)}
    Nominal.objects.filter(reference__in=["P1", "W1"]).update(**year)
    births = fact(told(signed_in(cast["rowan"])), "Date of birth")
    assert "what stands below leaves more days open" in births
    assert 0 < births.index("P2") < births.index("P1")


def test_the_overview_shows_first_what_the_page_of_facts_puts_first(sources, cast, signed_in):
    text = signed_in(cast["rowan"]).get(reverse("person", args=[prime_of("P1").reference])).text
    assert 0 < text.index("07700900777") < text.index("07700900123")


def test_of_values_that_the_reader_may_not_see_nothing_is_said(sources, cast, signed_in):
    text = told(signed_in(cast["hazel"]))
    assert "Nobody says otherwise." in fact(text, "Telephone")
    for hidden in ("07700900777", "PNC ID", "W1", "Westvale", "of the 3"):
        assert hidden not in text


def test_a_row_that_has_changed_says_since_when_and_one_sent_again_when_it_was_told_last(sources, cast, signed_in):
    north, _ = sources
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **{**HOME, "PHONE": "07700900555"})], on="2026-06-01")
    phones = fact(told(signed_in(cast["rowan"])), "Telephone")
    assert "it has been told since 1 June 2026, the next since 1 May 2026" in phones
    (first,) = (line for line in phones.split("<tr ") if "P1" in line)
    assert first.index("1 April 2026") < first.index("1 June 2026")
    (second,) = (line for line in phones.split("<tr ") if "P2" in line)
    assert "1 April 2026" not in second


def test_an_address_that_is_no_address_is_shown_as_it_is_written(sources, cast, signed_in):
    north, _ = sources
    nasty = "<script>\"'& Street"
    north.send([row("C1", "P1", **{**HOME, "ADDRESS": nasty.replace('"', "")})], on="2026-06-01")
    text = told(signed_in(cast["rowan"]))
    assert "&lt;script&gt;&#x27;&amp; Street" in text
    assert "<script>'" not in text
