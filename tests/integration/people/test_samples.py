"""Clerical samples: drawn within what their drawer may see, labelled blind, and measured with what is not known."""

import pytest
from django.urls import reverse

from factories.cast import make_cast, refresh, sign_in
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.batch.matching.policy import in_force
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.people.actions import sampling
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging, Judgement, Label, MatchEdge, ReservePair, RunFigures, Sample, SamplePair
from muniment.people.watching import samples
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
NAMES = ["Barnaby Quite", "Tansy Placeholder", "Corin Madeup", "Elowen Pretend", "Jory Fancied", "Merryn Supposed"]


def home(number):
    return {"POSTCODE": f"NH{number} 1AA", "PHONE": f"077009{number:05d}", "ADDRESS": f"{number} Invented Street"}


@pytest.fixture
def drawn(controllers, tmp_path):
    """Six people known to three systems: joined, doubtful and weaker pairs; and a sample of all of them."""
    activate_model()
    cast = make_cast(controllers)
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    for number, name in enumerate(NAMES, 1):
        forename, surname = name.split()
        who = {"FORENAME": forename, "SURNAME": surname, "BORN": f"19{60 + number}-0{number}-1{number}"}
        north.send([row(f"C{number}", f"P{number}", **who, **home(number))], on=f"2026-06-{number:02d}")
        west.send([row(f"D{number}", f"W{number}", **who, **home(number))], on=f"2026-06-{number:02d}")
        weaker = [
            row(f"E{number}", f"X{number}", **who),
            row(f"F{number}", f"Y{number}", **who | {"BORN": "1999-01-01"}),
        ]
        west.send(weaker, on=f"2026-07-{number:02d}")
    refresh()
    resolve(by=BY)
    return cast, sampling.draw("policing", 200, by=from_user(cast["sorrel"]))


def truth(pair):
    """Return what is true of a pair: the references of one person end in one number."""
    return "same" if pair.left.reference[1:] == pair.right.reference[1:] else "different"


def label_all(client, sample, tell=truth):
    """Label through the pages, as long as there is another pair; return the pages that were seen."""
    seen = []
    for _ in range(sample.pairs.count() + 1):
        page = client.get(reverse("label_next", args=[sample.pk]), follow=True)
        place = page.context.get("pair") and page.context["pair"].place
        if place is None:
            return seen
        seen.append(page.text)
        pair = SamplePair.objects.select_related("left", "right").get(sample=sample, place=place)
        client.post(reverse("label_pair", args=[sample.pk, place]), {"said": tell(pair)})
    raise AssertionError("There was no end of pairs.")


def test_bands_add_up_and_pairs_are_drawn_once(drawn):
    _, sample = drawn
    strata = {(each.band, each.are_one): each for each in sample.strata.all()}
    assert sum(each.drawn for each in strata.values()) == sample.pairs.count() > 12
    assert {("automatic", True), ("certain", True)} & strata.keys()
    assert len(set(sample.pairs.values_list("left", "right"))) == sample.pairs.count()
    assert all(each.population == each.reserve == each.seen for each in strata.values())
    assert AuditEvent.objects.get(action="linkage.draw").detail["seed"] == sample.seed


def test_a_label_is_blind_and_changes_nothing(drawn):
    cast, sample = drawn
    before = list(Belonging.objects.values_list("nominal", "prime", "until"))
    pages = label_all(sign_in(cast["sorrel"]), sample)
    assert len(pages) == sample.pairs.count()
    for text in pages:
        assert "What the program made of it is not shown" in text
        assert "bits" not in text
        assert "P00" not in text  # no prime reference
    assert not Judgement.objects.exists()
    resolve(by=BY)
    assert list(Belonging.objects.values_list("nominal", "prime", "until")) == before


def test_labels_that_are_true_give_what_is_true(drawn):
    cast, sample = drawn
    label_all(sign_in(cast["sorrel"]), sample)
    told = samples.results(sample)
    assert told.is_complete
    pairs = [(pair, truth(pair)) for pair in sample.pairs.select_related("left", "right")]
    one = [said for pair, said in pairs if pair.are_one]
    same = [pair for pair, said in pairs if said == "same"]
    published = told.figures[0]
    # Every pair of every band was drawn, so that the estimate is the count.
    assert published.precision.value == pytest.approx(one.count("same") / len(one))
    assert published.recall.value == pytest.approx(sum(pair.are_one for pair in same) / len(same))
    assert published.precision.low < published.precision.value
    page = sign_in(cast["sorrel"]).get(reverse("linkage_sample", args=[sample.pk])).text
    assert "Precision" in page
    assert "to" in page


def test_what_differs_leads_to_the_pair(drawn):
    cast, sample = drawn
    client = sign_in(cast["sorrel"])
    label_all(client, sample, lambda pair: "different" if pair.are_one else truth(pair))
    page = client.get(reverse("linkage_sample", args=[sample.pk])).text
    assert "labelled two people, and one person here" in page
    pair = sample.pairs.filter(are_one=True)[0]
    assert "Are these one person?" in client.get(reverse("sample_pair", args=[sample.pk, pair.place])).text


def test_who_has_not_labelled_is_not_told_what_became_of_a_pair(drawn):
    cast, sample = drawn
    client = sign_in(cast["rowan"])
    page = client.get(reverse("linkage_sample", args=[sample.pk])).text
    assert "Where label and prime record differ" not in page
    answer = client.get(reverse("sample_pair", args=[sample.pk, 1]), follow=True).text
    assert "Label the whole sample first" in answer
    label_all(sign_in(cast["sorrel"]), sample)
    client.post(reverse("label_pair", args=[sample.pk, 1]), {"said": "same"})
    page = client.get(reverse("linkage_sample", args=[sample.pk])).text
    assert "is shown when you have labelled the pairs" in page
    assert "Band by band" not in page


def test_two_label_and_a_third_is_turned_away(drawn):
    cast, sample = drawn
    label_all(sign_in(cast["sorrel"]), sample)
    label_all(sign_in(cast["rowan"]), sample, lambda pair: "unsure" if pair.place <= 3 else truth(pair))
    told = samples.results(sample)
    assert told.agreement.pairs == sample.pairs.count()
    assert told.agreement.kappa < 1
    assert told.disagreed == 3
    assert told.figures[0].precision.lowest is not None
    pair = sample.pairs.first()
    with pytest.raises(Refused, match="rowan and sorrel label this sample"):
        sampling.label(pair, by=from_user(cast["ash"]), said="same")
    assert "Label " not in sign_in(cast["ash"]).get(reverse("linkage_sample", args=[sample.pk])).text


def test_a_label_may_be_changed_by_who_gave_it(drawn):
    cast, sample = drawn
    pair, by = sample.pairs.first(), from_user(cast["sorrel"])
    sampling.label(pair, by=by, said="same")
    sampling.label(pair, by=by, said="unsure")
    assert Label.objects.get().said == "unsure"
    with pytest.raises(Refused, match="Say whether the two"):
        sampling.label(pair, by=by, said="perhaps")


def test_nobody_labels_what_they_may_not_see(drawn):
    cast, sample = drawn
    for name in ("bryony", "teasel", "robin", "clover", "nettle"):
        client = sign_in(cast[name])
        answer = client.get(reverse("label_pair", args=[sample.pk, 1]))
        assert answer.status_code in (403, 404), name
    bryony = sign_in(cast["bryony"])
    assert "There are no pairs to draw that you may see" in bryony.get(reverse("linkage_samples")).text


def test_drawing_needs_its_role_and_a_sensible_size(drawn):
    cast, _ = drawn
    with pytest.raises(Refused, match="roles do not let you"):
        sampling.draw("policing", 200, by=from_user(cast["rowan"]))
    for size in (3, 100_000):
        with pytest.raises(Refused, match="Draw between 20 and 2,000"):
            sampling.draw("policing", size, by=BY)
    with pytest.raises(Refused, match="resolve first"):
        sampling.draw("nowhere", 200, by=BY)
    page = sign_in(cast["sorrel"]).post(reverse("linkage_samples"), {"size": "many", "partition": "policing"}).text
    assert "as a number" in page
    assert Sample.objects.count() == 1


def test_drawing_on_the_page(drawn):
    cast, _ = drawn
    answer = sign_in(cast["ash"]).post(reverse("linkage_samples"), {"size": "20", "partition": "policing"}, follow=True)
    assert "The sample is drawn." in answer.text
    assert Sample.objects.latest("pk").pairs.count() == 20


def test_a_later_run_leaves_a_sample_as_it_was(drawn):
    _, sample = drawn
    before = list(sample.pairs.values_list("left", "right", "weight", "are_one"))
    resolve(by=BY)
    assert set(ReservePair.objects.values_list("run", flat=True)) != {sample.run_id}
    assert list(sample.pairs.values_list("left", "right", "weight", "are_one")) == before


def test_the_reserve_says_what_the_run_made_of_its_pairs(drawn):
    _, _ = drawn
    now = dict(Belonging.objects.filter(until=None).values_list("nominal", "prime"))
    automatic = in_force().points.automatic
    for pair in ReservePair.objects.all():
        assert pair.are_one == (now[pair.left_id] == now[pair.right_id])
        edge = MatchEdge.objects.filter(left=pair.left_id, right=pair.right_id).first()
        assert edge or pair.band in ("near", "far") or not (pair.are_one or pair.weight >= automatic)
        if edge:
            assert (edge.weight, edge.is_automatic) == (pair.weight, pair.is_automatic)
    assert Nominal.objects.count() == 24
    figures = RunFigures.objects.filter(partition="policing").latest("pk").figures
    assert figures["waiting"] == MatchEdge.objects.filter(needs_person=True).count() > 0
