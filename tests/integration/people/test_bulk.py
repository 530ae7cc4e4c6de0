"""Many pairs of one kind are decided at once, what is delicate left out; somebody else looks at a sample of them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import refresh, sign_in
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.engine.matching.interval import exact
from muniment.people.actions import bulk
from muniment.people.actions import judge as judging
from muniment.people.actions.judge_together import Because
from muniment.people.actions.resolve import resolve
from muniment.people.judging import checks
from muniment.people.judging import kinds_of_pairs as kinds
from muniment.people.models import CheckedPair, Judgement, JudgingAct, MatchEdge
from muniment.records.models import Nominal
from muniment.retention.actions.schedule import schedule
from muniment.retention.policies import policy_now

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
REASON = "Name and birth are the same, and both files tell of one shop."
NAMES = [
    *("Barnaby Quite", "Tansy Placeholder", "Corin Madeup", "Elowen Pretend", "Jory Fancied", "Merryn Supposed"),
    *("Osric Imagined", "Petra Notional", "Quill Assumed", "Rhoswen Feigned"),
]
LEFT_OUT = {"grave": 1, "said": 1, "shared": 3, "identifiers": 1}
GRAVE, UNSURE, SHARED, NUMBERED, SECRET = range(5)  # what is special about the first of them


@pytest.fixture
def world(cast, tmp_path):
    """Ten people, each known to two forces by name and birth alone; five of them are not to be decided with others."""
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    west.amend(("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n"))
    ours, theirs = [], []
    for at, name in enumerate(NAMES):
        forename, surname = name.split()
        who = {"FORENAME": forename, "SURNAME": surname, "BORN": f"19{60 + at}-0{1 + at % 9}-1{at}"}
        who |= {"REPORTED": "2024-03-01"}
        ours.append(row(f"C{at}", f"P{at}", **who | ({"REPORTED": "1999-03-01"} if at == GRAVE else {})))
        theirs.append(row(f"D{at}", f"W{at}", **who | ({"PNCID": "2001/0000123Y"} if at == NUMBERED else {})))
        if at == SHARED:
            theirs.append(row(f"E{at}", f"X{at}", **who))
        if at == NUMBERED:
            ours[-1]["PNCID"] = "1999/0000123P"
        if at == SECRET:
            theirs.append(row(f"F{at}", f"W{at}", **who, INTO="COVERT"))
    north.send(ours)
    west.send(theirs)
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    refresh()
    left, right = (Nominal.objects.get(reference=f"{side}{UNSURE}") for side in "PW")
    judging.judge(left, right, judging.Said("unsure", "records", "The files tell too little of either."), by=BY)
    return cast


def kind_of(rule):
    return next(each for each in kinds.kinds(kinds.Filter(rule=rule))[0])


def test_a_kind_is_decided_with_a_reason_and_what_is_delicate_is_left_out(world):
    client = sign_in(world["sorrel"])
    for name in ("rowan", "robin", "teasel"):
        assert sign_in(world[name]).get(reverse("match_kinds")).status_code == 403
    listed = client.get(reverse("match_kinds"), {"rule": "support", "most": "99"})
    assert "The weight is less than 99 bits." in listed.text
    kind = listed.context["kinds"][0]
    address = reverse("match_kind", args=[kind.code, "same"]) + "?rule=support&most=99"
    seen = client.get(address)
    prepared = seen.context["prepared"]
    references = {edge.left.reference for edge in prepared.edges} | {edge.right.reference for edge in prepared.edges}
    decided = (SECRET, *range(5, 10))  # nobody here may know that there is a record which restricts the fifth
    assert references == {f"{side}{at}" for at in decided for side in "PW"}
    assert dict(prepared.left_out) == LEFT_OUT
    assert "COVERT" not in seen.text.upper()
    assert len(seen.context["handful"]) == kinds.HANDFUL
    said = {"evidence": "records", "reason": REASON}
    assert "have changed since" in client.post(address, said | {"digest": "another"}).text
    assert client.post(address, said | {"digest": prepared.digest, "reason": "Yes."}).status_code == 200
    assert not JudgingAct.objects.exists()
    done = client.post(address, said | {"digest": prepared.digest})
    act = JudgingAct.objects.get()
    assert done.url == reverse("judging_act", args=[act.pk])
    assert (act.by, act.pairs, act.judgements.filter(verdict="same").count()) == ("sorrel", 6, 6)
    assert act.left_out == LEFT_OUT
    assert AuditEvent.objects.get(action="match.bulk").detail["pairs"] == 6
    page = sign_in(world["ash"]).get(done.url).text
    for words in (
        "The weight is less than 99 bits.",
        REASON,
        "3: one of the two is in a pair of this kind with somebody else",
    ):
        assert words in page
    opposite = sign_in(world["ash"]).get(address.replace("same", "different")).context["prepared"]
    assert dict(opposite.left_out) == {"grave": 1, "said": 1}, "who are not one may be in other pairs, and bear others"


def test_what_was_said_since_or_says_otherwise_is_not_run_over(world):
    left, right = (Nominal.objects.get(reference=f"P{at}") for at in (6, 7))
    judging.judge(left, right, judging.Said("same", "document", "Passport seen by the desk."), by=BY)
    left, right = (Nominal.objects.get(reference=each) for each in ("P6", "W7"))
    judging.judge(left, right, judging.Said("different", "document", "Passport seen by the desk."), by=BY)
    prepared = kinds.prepare(kinds.Filter(rule="support"), kind_of("support"), "same")
    assert prepared.left_out["against"] == 1
    edge = prepared.edges[0]
    judging.judge(edge.left, edge.right, judging.Said("different", "document", "Passport seen by the desk."), by=BY)
    with pytest.raises(Refused, match="since you opened the page"):
        bulk.decide(prepared, Because("records", REASON), by=from_user(world["sorrel"]))
    assert not JudgingAct.objects.exists()


def test_somebody_else_looks_at_a_sample_and_all_of_it_is_taken_back(world):
    prepared = kinds.prepare(kinds.Filter(rule="support"), kind_of("support"), "same")
    act = bulk.decide(prepared, Because("records", REASON), by=from_user(world["sorrel"]))
    assert prepared.left_out["restricted"] == 1, "for whoever sees it"
    assert act.checked.count() == act.pairs == 5, "all, where there are fewer than the least"
    address, check = (reverse(name, args=[act.pk]) for name in ("judging_act", "check_act"))
    sorrel = sign_in(world["sorrel"])
    assert sorrel.get(check).url == address, "who decided does not look at it"
    with pytest.raises(Refused, match="somebody else"):
        bulk.check(CheckedPair.objects.first(), by=from_user(world["sorrel"]), said="same")
    bryony = sign_in(world["bryony"])  # who sees the sealed alone
    assert (bryony.get(address).status_code, bryony.get(check).status_code) == (404, 404)
    rowan = sign_in(world["rowan"])
    assert "a restricted record" in sorrel.get(address).text
    assert "a restricted record" not in rowan.get(address).text, "who did not see it is not told of it"
    awaits = {each.words: each.number for each in rowan.get(reverse("home")).context["awaits"]}
    assert awaits["decided pairs to look at"] == 5
    assert REASON in rowan.get(check).text, "nothing is kept from whoever looks"
    for said in ("different", "unsure", "same", "same", "same"):
        place = rowan.get(check).context["pair"].place
        assert rowan.post(check, {"said": said, "place": place}).status_code == 302
    told = checks.checked([act.pk])[act.pk]
    assert (told.otherwise, told.told, told.unsure, told.interval) == (1, 4, 1, exact(1, 4))
    assert "1 seen otherwise, 25.0 % (0.6 to 80.6 %, exact 95 %)" in sorrel.get(address).text
    again = Judgement.objects.get(reopened_because="checked")
    assert again.checked.said == "different"
    why = {"why": "One in four was seen otherwise."}
    rowan.post(address, why)
    assert act.judgements.filter(superseded_at=None).count() == 5, "who may not decide many takes none back"
    sign_in(world["ash"]).post(address, why)
    act.refresh_from_db()
    assert (act.withdrawn_by, act.judgements.filter(superseded_at=None).count()) == ("ash", 0)
    assert not checks.waiting_for("rowan").exists()
    waiting = MatchEdge.objects.filter(pk__in=[edge.pk for edge in prepared.edges], needs_person=True)
    assert waiting.count() == 5, "they wait again"
