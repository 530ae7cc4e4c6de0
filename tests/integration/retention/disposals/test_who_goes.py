"""Whom a destruction takes with the records: everyone on them whom no record is about any more, and nobody else."""

import pytest

from factories.deeds import NO, WHY, WORKER, by, carried_out, keys_of, prime_of, say
from factories.exports import Source, row
from factories.tags import tree_of
from muniment.people.models import SearchToken
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Involvement, Nominal, NominalFlag, Record, SourceRow, Tombstone
from muniment.retention.actions import destruction, disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.disposals.certificates import as_pdf
from muniment.retention.models import DisposalOrder, PersonDecision, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
TANSY = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02"}
HERS = {"POSTCODE": "NH2 2AA", "PHONE": "07700900124", "ADDRESS": "2 Invented Street"}
VERA = {"FORENAME": "Vera", "SURNAME": "Harmed", "BORN": "1970-04-03", **HERS}
VICTIM = {"ROLE": "VICTIM", "RESULT": ""}


@pytest.fixture
def reports(tmp_path):
    """A system of the life's own force whose rows name several people on one record."""
    return Source(tmp_path / "reports", system="intelligence", kind="delta", duplicates="same_record")


def review_of(reference):
    return Review.objects.get(prime=prime_of(reference), controller__code="northshire", state="open")


def people():
    return sorted(Nominal.objects.values_list("reference", flat=True))


def buried():
    stones = Tombstone.objects.filter(entity="nominal").values_list("system__controller__code", "reference_hash")
    names = {fingerprint(name): name for name in ("P1", "D1", "P5", "V1", "V2", "P7", "WP1", "WP2")}
    return sorted((force, names[digest]) for force, digest in stones)


def test_the_victim_of_a_destroyed_record_goes_with_it_unless_another_record_is_about_them(own_life, reports):
    other = {"FORENAME": "Una", "SURNAME": "Second", "BORN": "1971-01-01"}
    several = [row("N1", "P5", **TANSY), row("N1", "V1", **VERA, **VICTIM), row("N1", "V2", **other, **VICTIM)]
    reports.send([*several, row("N2", "V2", **other)])
    own_life.run()
    gone = prime_of("V1")
    order = carried_out(own_life, review_of("P5"), ["N1"], looked_at=["N1"])
    assert people() == ["D1", "P1", "V2"]
    assert buried() == [("northshire", "P5"), ("northshire", "V1")]
    assert not SearchToken.objects.filter(token="harmed").exists()
    assert not PersonDecision.objects.filter(prime=gone).exists()
    assert Review.objects.get(prime=gone).state == "closed", "nobody is left to review"
    assert reports.send([row("N1", "V1", **VERA, **VICTIM)], on="2026-07-01").suppressed == 1
    body = order.certificate.body
    assert (len(body["destroyed"]), body["nominals"]) == (1, 2)
    assert "Harmed" not in str(body)
    certificate = tree_of(as_pdf(order.certificate))
    assert [each.words for each in certificate.all("/H1")] == ["Certificate of disposal"]
    assert [each.words for each in certificate.all("/Table")[0].below[0].below] == ["System", "Reference", "Class"]


def flagged(reference, kind):
    """Give a nominal a flag that a row of its own tells of, as a table of warnings does."""
    person = Nominal.objects.select_related("row").get(reference=reference)
    warning = person.row
    warning.pk, warning.table, warning.key = None, "warnings", reference
    warning.save()
    NominalFlag.objects.create(nominal=person, row=warning, flag=kind)


def test_a_victim_of_whom_their_source_warns_besides_stays(own_life, reports):
    reports.send([row("N1", "P5", **TANSY), row("N1", "V1", **VERA, **VICTIM)])
    flagged("V1", "child_at_risk")
    flagged("P5", "missing")
    own_life.run()
    carried_out(own_life, review_of("P5"), ["N1"], looked_at=["N1"])
    assert people() == ["D1", "P1", "V1"]
    assert [each.flag for each in NominalFlag.objects.all()] == ["child_at_risk"]
    assert list(SourceRow.objects.filter(table="warnings").values_list("key", flat=True)) == ["V1"]


def test_an_order_about_a_victim_stands_though_part_of_them_went_with_the_offender(own_life, reports):
    reports.send([row("N1", "P5", **TANSY), row("N1", "V1", **VERA, **VICTIM)])
    own_life.custody.send([row("CU9", "V2", **VERA, ROLE="DETAINEE")], on="2026-07-01")
    own_life.run()
    both = prime_of("V1")
    assert prime_of("V2") == both
    conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
    done = reviewing.decide(review_of("V2"), reviewing.Answers(NO, WHY), conclusion, by=by(own_life, "rowan"))
    proposal = disposal.Proposal(both, done.controller, keys_of(["CU9"]), done)
    theirs = disposal.approve(disposal.propose(proposal, by=by(own_life, "rowan")), by=by(own_life, "ash"))
    destruction.work(by=WORKER)
    carried_out(own_life, review_of("P5"), ["N1"])
    assert "V1" not in people()
    disposal.answer(theirs.instructions.get(), by=by(own_life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert DisposalOrder.objects.get(pk=theirs.pk).state == "certified"


def test_who_stood_on_no_record_of_the_order_stays(own_life, tmp_path):
    """Each stands without a record because their source mended whose it is; that source still lists them."""
    west = Source(tmp_path, controller="westvale", kind="delta")
    west.send([row("W1", "WP1", **HOME)])
    own_life.crime.send([row("C7", "P7", **HOME)], on="2026-07-01")
    own_life.run()
    west.send([row("W1", "WP2", **TANSY)], on="2026-07-02")
    own_life.crime.send([row("C7", "V1", **VERA)], on="2026-07-02")
    own_life.run()
    whose = prime_of("P1")
    assert {prime_of("WP1"), prime_of("P7")} == {whose}
    carried_out(own_life, review_of("P1"), ["C1", "CU1"])
    assert people() == ["P7", "V1", "WP1", "WP2"]
    assert buried() == [("northshire", "D1"), ("northshire", "P1")]


def test_who_was_judged_to_be_somebody_else_stays(own_life):
    own_life.crime.send([row("C7", "P7", **HOME)], on="2026-07-01")
    own_life.run()
    assert prime_of("P7") == prime_of("P1")
    say("P1", "P7", "different", by=by(own_life, "sorrel"))
    say("D1", "P7", "different", by=by(own_life, "sorrel"))
    own_life.crime.send([row("C7", "V1", **VERA)], on="2026-07-02")
    own_life.run()
    assert prime_of("P7") != prime_of("P1")
    carried_out(own_life, review_of("P1"), ["C1", "CU1"])
    assert people() == ["P7", "V1"]


def test_a_nominal_of_another_force_stays_though_a_link_to_the_record_was_all_it_had(own_life, tmp_path):
    Source(tmp_path, controller="westvale", kind="delta").send([row("W1", "WP1", **TANSY)])
    own_life.run()
    crime = Record.objects.get(reference="C1")
    Involvement.objects.filter(nominal__reference="WP1").update(record=crime, row=crime.row)
    carried_out(own_life, review_of("P1"), ["C1", "CU1"])
    assert people() == ["WP1"]


def test_each_tombstone_names_the_certificate_of_its_own_destruction(own_life):
    """Two systems number their records alike."""
    own_life.crime.send([row("X1", "P2", **TANSY)], on="2026-07-01")
    own_life.custody.send([row("X1", "V1", **VERA, ROLE="DETAINEE")], on="2026-07-01")
    own_life.run()
    expected = {}
    for name in ("P2", "V1"):
        system = Nominal.objects.get(reference=name).system
        expected[system.code] = carried_out(own_life, review_of(name), ["X1"]).certificate.reference
    stones = Tombstone.objects.filter(entity="record").select_related("system")
    assert {each.system.code: each.certificate for each in stones} == expected
