"""Prime records: joined on evidence, anchored, redirected, revived; people's and sources' words beat the model."""

import pytest

from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.batch.cluster import Cluster
from muniment.batch.matching.engines import one_machine
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, BatchRun
from muniment.core.verdicts import Refused
from muniment.people.actions import compare_engines as comparing
from muniment.people.actions import judge as judging
from muniment.people.actions import resolve as resolving
from muniment.people.actions import train
from muniment.people.actions.resolve import resolve
from muniment.people.linking.linkage_models import NoModel
from muniment.people.models import Belonging, Judgement, LinkageModel, PrimePerson, SearchToken
from muniment.people.queries import find_by_reference
from muniment.people.shown.finding import ask, search
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}


@pytest.fixture
def sources(controllers, tmp_path):
    activate_model()
    return Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")


def together():
    groups = {}
    for each in Belonging.objects.filter(until=None).select_related("nominal"):
        groups.setdefault(each.prime_id, set()).add(each.nominal.reference)
    return sorted(map(sorted, groups.values()))


def judged(verdict, one="P1", two="W1"):
    left, right = Nominal.objects.get(reference=one), Nominal.objects.get(reference=two)
    return judging.judge(left, right, judging.Said(verdict, "document", "Passport seen by the desk."), by=BY)


def test_name_birthday_and_address_join_across_forces(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    counts = resolve(by=BY)
    assert together() == [["P1", "W1"]]
    assert (counts.nominals, counts.prime_records, counts.made, counts.moved) == (2, 1, 1, 2)


def test_name_and_birthday_alone_join_nobody(sources):
    north, west = sources
    north.send([row("C1", "P1", POSTCODE="NH1 1AA")])
    west.send([row("D1", "W1", POSTCODE="WV9 9ZZ")])
    resolve(by=BY)
    assert together() == [["P1"], ["W1"]]


def test_father_and_son_of_one_name_at_one_address_stay_apart(sources):
    north, west = sources
    north.send([row("C1", "P1", BORN="1955-05-12", **HOME)])
    west.send([row("D1", "W1", BORN="1988-09-30", **HOME)])
    resolve(by=BY)
    assert together() == [["P1"], ["W1"]]


def test_twins_stay_apart(sources):
    north, west = sources
    north.send([row("C1", "P1", FORENAME="Marlow", **HOME)])
    west.send([row("D1", "W1", FORENAME="Tansy", **HOME)])
    resolve(by=BY)
    assert together() == [["P1"], ["W1"]]


def test_running_again_changes_nothing(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    resolve(by=BY)
    before = list(Belonging.objects.order_by("pk").values_list("nominal", "prime", "start", "until"))
    counts = resolve(by=BY)
    assert (counts.made, counts.retired, counts.moved) == (0, 0, 0)
    assert list(Belonging.objects.order_by("pk").values_list("nominal", "prime", "start", "until")) == before


def test_a_merge_keeps_the_older_reference_and_redirects_the_other(sources):
    north, west = sources
    north.send([row("C1", "P1", POSTCODE="NH1 1AA")])
    west.send([row("D1", "W1", POSTCODE="WV9 9ZZ")])
    resolve(by=BY)
    old, young = (PrimePerson.objects.get(anchor__reference=each) for each in ("P1", "W1"))
    judged("same")
    counts = resolve(by=BY)
    assert counts.retired == 1
    kept = min(old.pk, young.pk)
    for each in (old, young):
        assert find_by_reference(each.reference).pk == kept


def test_a_split_revives_the_reference(sources):
    test_a_merge_keeps_the_older_reference_and_redirects_the_other(sources)
    judged("different")
    counts = resolve(by=BY)
    assert counts.revived == 1
    assert together() == [["P1"], ["W1"]]
    assert Judgement.objects.filter(superseded_at=None).get().verdict == "different"
    assert Judgement.objects.count() == 2


def test_not_the_same_beats_any_weight(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    judged("different")
    resolve(by=BY)
    assert together() == [["P1"], ["W1"]]


def test_a_merge_at_source_joins(sources):
    north, _ = sources
    north.send([row("C1", "P1", POSTCODE="NH1 1AA"), row("C2", "P2", SURNAME="Otherwise", BORN="1970-02-02")])
    north.send([row("P2", ACTION="M", ENTITY="nominal", INTO="P1")], on="2026-06-02")
    resolve(by=BY)
    assert together() == [["P1", "P2"]]


def test_the_sealed_are_never_joined_with_others(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    north.send([row("P1", ACTION="S", ENTITY="nominal")], on="2026-06-02")
    west.send([row("D1", "W1", **HOME)])
    resolve(by=BY)
    assert together() == [["P1"], ["W1"]]


def test_without_an_active_model_nothing_is_resolved(controllers, tmp_path):
    Source(tmp_path).send([row("C1", "P1")])
    with pytest.raises(NoModel, match="someone else activate"):
        resolve(by=BY)


def test_a_model_of_another_way_of_reading_nominals_resolves_nothing(sources):
    model = LinkageModel.objects.get()
    LinkageModel.objects.filter(pk=model.pk).update(
        version="of-old", parameters=model.parameters | {"version": "of-old", "standard": "0"}
    )
    with pytest.raises(NoModel, match="run `muniment train`"):
        resolve(by=BY)


def test_a_full_name_with_its_surname_first_joins_as_its_parts_do(sources):
    north, west = sources
    north.send([row("C1", "P1", FORENAME="Sean", SURNAME="Oneill Fictional", **HOME)])
    west.send([row("W1", "W1", FORENAME="", SURNAME="", **HOME)])
    Nominal.objects.filter(reference="W1").update(full_name="O'NEILL-FICTIONAL, Seán")
    resolve(by=BY)
    assert together() == [["P1", "W1"]]


def test_who_trained_a_model_cannot_activate_it(db):
    model = LinkageModel.objects.create(version="v", parameters={}, trained_by="one")
    with pytest.raises(Refused, match="someone else"):
        train.activate(model, by=Actor("one"))


@pytest.mark.parametrize(
    "typed",
    [
        "marlow fictional",
        "FICTIONAL, Marlow",
        "marlo fictionel",
        "fictional 12/5/1980",
        "fictional 1980",
        "NH1 1AA",
        "P1",
    ],
)
def test_people_are_found_however_they_are_typed(sources, typed):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", FORENAME="Tansy", SURNAME="Otherwise", BORN="1999-09-09", POSTCODE="WV9 9ZZ")])
    resolve(by=BY)
    assert [found.identity.name for found in search(ask(typed))][:1] == ["Marlow Fictional"]


def test_words_that_differ_only_past_what_is_kept_are_found_once(sources):
    north, _ = sources
    north.send([row("C1", "P1", FORENAME=f"{'a' * 70}x {'a' * 70}y")])
    resolve(by=BY)
    assert [each.token for each in SearchToken.objects.filter(kind="name", token__startswith="aaa")] == ["a" * 60]


def test_a_run_on_a_cluster_is_published_as_any_and_says_so(sources, monkeypatch, tmp_path):
    """What a real cluster makes is the matter of tests/spec/test_on_a_cluster.py."""
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    opened = []
    monkeypatch.setattr(resolving, "opened", lambda cluster, nominals: opened.append(nominals) or one_machine())
    resolve(by=BY, cluster=Cluster("spark://127.0.0.1:7077", tmp_path))
    assert (together(), opened) == ([["P1", "W1"]], [2])
    assert BatchRun.objects.get(kind="resolve").versions["engine"] == "spark"


def test_engines_are_compared_and_nothing_is_published(sources, monkeypatch, tmp_path):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    monkeypatch.setattr(comparing, "opened", lambda cluster, nominals: one_machine())
    found = comparing.compare_engines(by=BY, cluster=Cluster("spark://127.0.0.1:7077", tmp_path))
    assert (found.nominals, found.pairs, found.differences, found.apart, found.asked) == (2, 1, (), (), ())
    assert not PrimePerson.objects.exists()
    assert AuditEvent.objects.get(action="linkage.engines").detail["pairs"] == 1
