"""Prime records that may be of two people: found, with the cut that the evidence supports, and judged as one act."""

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.deeds import prime_of
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.people.actions import judge as judging
from muniment.people.actions import judge_together as together
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.people.judging import clusters as found
from muniment.people.models import Belonging, Judgement, JudgingAct, LooseJoin, MatchEdge
from muniment.people.said import contradictions
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
OTHER = {"POSTCODE": "WV9 9ZZ", "PHONE": "07700900777", "ADDRESS": "99 Elsewhere Road"}
REASON = "The two files tell of two people."


@pytest.fixture
def four(cast, tmp_path):
    """Two at one home and two at another, of one name and birth, whom a merge at source made one and does no more."""
    activate_model()
    north = Source(tmp_path, kind="delta")
    west = Source(tmp_path, controller="westvale", kind="delta")
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **HOME)])
    west.send([row("D1", "W1", **OTHER), row("D2", "W2", **OTHER)])
    say("same", "P1", "W1")
    resolve(by=BY)
    assert together_now() == [["P1", "P2", "W1", "W2"]]
    refresh()
    return cast


def say(verdict, one, two, by=BY):
    pair = (Nominal.objects.get(reference=each) for each in (one, two))
    return judging.judge(*pair, judging.Said(verdict, "records", "Read both files side by side."), by=by)


def together_now():
    groups = {}
    for each in Belonging.objects.filter(until=None).select_related("nominal"):
        groups.setdefault(each.prime_id, set()).add(each.nominal.reference)
    return sorted(map(sorted, groups.values()))


def taken_back():
    """Take back what alone joined the two homes: they stay one, and nothing joins them."""
    before = together_now()
    judging.withdraw(Judgement.objects.get(superseded_at=None), by=BY, reason="That was about somebody else.")
    follow()
    assert together_now() == before


def follow():
    """Do what people have said, as the worker does."""
    waiting = Judgement.objects.filter(is_followed=False)
    attach({key for pair in waiting.values_list("left_id", "right_id") for key in pair}, by=BY)


def page(client):
    return client.get(reverse("cluster", args=[prime_of("P1").reference]))


def posted(client, act, **more):
    context = page(client).context
    said = {"act": act, "evidence": "records", "reason": REASON, "proposal": context["proposal"].digest, **more}
    return client.post(reverse("cluster", args=[prime_of("P1").reference]), said)


def test_what_nothing_joins_is_cut_as_the_evidence_supports_and_taken_back_as_one(four):
    client = sign_in(four["sorrel"])
    assert client.get(reverse("clusters")).context["page"].paginator.count == 0
    taken_back()
    listed = client.get(reverse("clusters"))
    assert [cluster.why for cluster, _ in listed.context["lines"]] == [("alone",)]
    seen = page(client)
    parts = [{each.reference for each in part} for part in seen.context["proposal"].parts]
    assert sorted(map(sorted, parts)) == [["P1", "P2"], ["W1", "W2"]]
    assert "nothing joins them any more" in seen.text
    across = MatchEdge.objects.filter(left__system__controller__code="northshire", right__reference__startswith="W")
    assert len(seen.context["proposal"].pairs) == across.count() >= 1
    answer = posted(client, "cut")
    act = JudgingAct.objects.get()
    assert answer.url == reverse("judging_act", args=[act.pk])
    assert act.judgements.count() == act.pairs == across.count()
    assert set(act.judgements.values_list("verdict", flat=True)) == {"different"}
    follow()
    assert together_now() == [["P1", "P2"], ["W1", "W2"]]
    assert not MatchEdge.objects.filter(needs_person=True).exclude(pk__in=across).exists()
    assert client.get(reverse("clusters")).context["page"].paginator.count == 0
    assert AuditEvent.objects.get(action="match.judge_together").detail["pairs"] == act.pairs
    of_another = sign_in(four["rowan"])
    refused = of_another.post(answer.url, {"why": "I see it otherwise, as one."})
    assert "sorrel did it" in refused.text
    assert act.judgements.filter(superseded_at=None).count() == act.pairs
    client.post(answer.url, {"why": "The files were of one man."})
    act.refresh_from_db()
    assert (act.withdrawn_by, act.judgements.filter(superseded_at=None).count()) == ("sorrel", 0)
    assert "Taken back" in client.get(answer.url).text
    with pytest.raises(Refused, match="already"):
        together.take_back(act, by=from_user(four["sorrel"]), reason="Once more, by mistake.")


def test_one_person_settles_it_and_a_stale_page_is_refused(four):
    taken_back()
    client = sign_in(four["sorrel"])
    stale = page(client).context["proposal"].digest
    say("different", "P2", "W2")
    refused = posted(client, "one", proposal=stale)
    assert "has changed since you opened it" in refused.text
    assert not JudgingAct.objects.exists()
    assert [each.why for each in found.clusters()[:]] == [("two", "alone")]
    said = client.post(
        reverse("cluster", args=[prime_of("P1").reference]),
        {"act": "one", "evidence": "records", "reason": REASON, "proposal": page(client).context["proposal"].digest},
    )
    act = JudgingAct.objects.get()
    assert said.url == reverse("judging_act", args=[act.pk])
    assert act.judgements.filter(verdict="same").count() == act.pairs == 2
    follow()
    assert together_now() == [["P1", "P2", "W1", "W2"]]
    assert len(found.clusters()) == 0


def test_what_was_said_before_is_read_before_a_cut_against_it(four):
    """Three judgements join the homes, and a fourth speaks against two of them: the evidence tells on which side."""
    say("same", "P1", "P2")
    say("same", "W1", "W2")
    pair = [Nominal.objects.get(reference=each) for each in ("P2", "W1")]
    despite = contradictions.contradiction(*pair, "different").digest
    judging.judge(*pair, judging.Said("different", "records", REASON, despite), by=BY)
    client = sign_in(four["sorrel"])
    seen = page(client).context["proposal"]
    assert {each.kind for each in seen.questions} == {"two"}
    assert sorted(sorted(each.reference for each in part) for part in seen.parts) == [["P1", "P2"], ["W1", "W2"]]
    answer = posted(client, "cut")
    assert "What has been said before says otherwise" in answer.text
    assert not JudgingAct.objects.exists()
    assert posted(client, "cut", despite=answer.context["despite"]).status_code == 302
    follow()
    assert together_now() == [["P1", "P2"], ["W1", "W2"]]


def test_one_pair_that_holds_two_parts_together_is_found_by_a_run(cast, tmp_path):
    activate_model(every_feature=True)
    north = Source(tmp_path, kind="delta")
    here = {"POSTCODE": "NH1 1AA", "ADDRESS": "1 Invented Street"}
    there = {"POSTCODE": "WV9 9ZZ", "ADDRESS": "99 Elsewhere Road"}
    mobile = {"PHONE": "07700900777"}
    north.send(
        [
            row("C1", "P1", **here),
            row("C2", "P2", **here, **mobile),
            row("D1", "W1", **there, **mobile),
            row("D2", "W2", **there),
        ]
    )
    resolve(by=BY)
    assert together_now() == [["P1", "P2", "W1", "W2"]]
    loose = LooseJoin.objects.get()
    assert {loose.left.reference, loose.right.reference} == {"P2", "W1"}
    refresh()
    client = sign_in(cast["sorrel"])
    assert [cluster.why for cluster, _ in client.get(reverse("clusters")).context["lines"]] == [("loose",)]
    parts = page(client).context["proposal"].parts
    assert sorted(sorted(each.reference for each in part) for part in parts) == [["P1", "P2"], ["W1", "W2"]]
    say("same", "P2", "W1")
    assert len(found.clusters()) == 0
    resolve(by=BY)
    assert not LooseJoin.objects.exists(), "somebody's word holds it"


def test_of_what_a_reader_may_not_see_nothing_is_told(four, tmp_path):
    """Somebody known from a restricted record alone goes where the cut sends them, and no reader is told."""
    west = Source(tmp_path, controller="westvale", kind="delta")
    west.amend(("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n"))
    west.send([row("D9", "W9", INTO="PROTECTED", **OTHER)], on="2026-07-01")
    resolve(by=BY)
    refresh()
    assert together_now() == [["P1", "P2", "W1", "W2", "W9"]]
    taken_back()
    for name in ("robin", "clover"):
        assert sign_in(four[name]).get(reverse("clusters")).status_code == 403
    bryony = sign_in(four["bryony"])  # who judges the sealed
    assert bryony.get(reverse("clusters")).context["page"].paginator.count == 0
    assert page(bryony).status_code == 404
    client = sign_in(four["sorrel"])
    (cluster, _), *others = client.get(reverse("clusters")).context["lines"]
    assert (cluster.nominals, cluster.records, others) == (4, 4, [])
    seen = page(client)
    assert {each.reference for _, each, *_ in seen.context["members"]} == {"P1", "P2", "W1", "W2"}
    assert "W9" not in seen.text and "D9" not in seen.text and "PROTECTED" not in seen.text.upper()
    address = posted(client, "cut").url
    assert bryony.get(address).status_code == 404
    follow()
    assert together_now() == [["P1", "P2"], ["W1", "W2", "W9"]]
    assert "W9" not in client.get(address).text
