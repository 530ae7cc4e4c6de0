"""What was said of a pair beside what is said now: contradictions, stronger evidence, taking back, looking again."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import by, prime_of
from factories.exports import row
from factories.lives import BY, begin
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.people.actions import judge as judging
from muniment.people.linking import pairs
from muniment.people.models import Judgement, MatchEdge
from muniment.people.said import contradictions
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
REASON = "Nothing in them tells the two apart."


@pytest.fixture
def lives(db, tmp_path):
    """Three more of the same name and birth, whom nothing else joins to the first or to each other."""
    life = begin(tmp_path)
    life.crime.send([row(f"C{n}", f"P{n}", REPORTED="2023-03-01") for n in (7, 8, 9)], on="2026-07-02")
    life.run()
    return life


def nominals(*references):
    return [Nominal.objects.get(reference=reference) for reference in references]


def say(life, one, two, verdict, evidence="records", *, who="sorrel", despite=""):
    return judging.judge(
        *nominals(one, two), judging.Said(verdict, evidence, REASON, despite), by=by(life, who) if who else BY
    )


def address(*references):
    one, two = sorted(each.pk for each in nominals(*references))
    return reverse("match", args=[MatchEdge.objects.get(left=one, right=two).pk])


def form(verdict, evidence="records", **more):
    return {"verdict": verdict, "evidence": evidence, "reason": REASON, **more}


def test_what_says_otherwise_is_shown_before_it_is_said_against(lives):
    say(lives, "P7", "P8", "same")
    apart = say(lives, "P8", "P9", "different")
    client = sign_in(lives.cast["rowan"])
    page = client.post(address("P7", "P9"), form("same")).text
    assert "What has been said before says otherwise" in page and "are <strong>not</strong> one person" in page
    assert page.index("P7)") < page.index("P8)") < page.index("P9)")
    assert Judgement.objects.count() == 2
    despite = re.search(r'name="despite" value="(\w+)"', page)[1]
    done = client.post(address("P7", "P9"), form("same", despite=despite))
    assert done.status_code == 302
    apart.refresh_from_db()
    assert (apart.reopened_because, apart.superseded_at) == ("contradicted", None)
    listed = client.get(reverse("judgements")).text
    assert listed.index("A later judgement says otherwise") < listed.rindex("The same person")
    assert "1 judgement to look at again" in client.get(reverse("matches")).text


def test_nobody_is_joined_whom_a_judgement_keeps_apart_until_it_is_looked_at_again(lives):
    say(lives, "P7", "P8", "same")
    say(lives, "P8", "P9", "different")
    against = contradictions.contradiction(*nominals("P7", "P9"), "same")
    say(lives, "P7", "P9", "same", despite=against.digest)
    lives.run()
    assert prime_of("P8") != prime_of("P9")
    again = pairs.unjudged().filter(blocked_by="reopened").get()
    assert {again.left.reference, again.right.reference} == {"P8", "P9"}
    say(lives, "P8", "P9", "same")
    lives.run()
    assert prime_of("P7") == prime_of("P8") == prime_of("P9")
    assert not pairs.unjudged().filter(blocked_by="reopened").exists()


def test_another_contradiction_than_the_one_that_was_read_is_shown(lives):
    say(lives, "P7", "P8", "same")
    say(lives, "P8", "P9", "same")
    with pytest.raises(Refused, match="Other judgements say otherwise"):
        say(lives, "P7", "P9", "different", despite="0123456789abcdef")
    assert contradictions.contradiction(*nominals("P7", "P9"), "unsure") is None
    assert say(lives, "P7", "P9", "unsure").verdict == "unsure"


def test_what_nothing_says_otherwise_of_any_more_stands_again(lives):
    say(lives, "P7", "P8", "same")
    apart = say(lives, "P8", "P9", "different")
    later = say(lives, "P7", "P9", "same", despite=contradictions.contradiction(*nominals("P7", "P9"), "same").digest)
    apart.refresh_from_db()
    assert apart.reopened_because == "contradicted"
    judging.withdraw(later, by=by(lives, "sorrel"), reason="I took one for the other.")
    apart.refresh_from_db()
    assert (apart.reopened_at, apart.reopened_because) == (None, "")


def test_whatever_is_shown_of_a_pair_is_an_event(lives):
    say(lives, "P7", "P8", "same")
    say(lives, "P8", "P9", "different")
    client, page = sign_in(lives.cast["rowan"]), address("P7", "P9")
    client.post(page, form("same", reason=""))
    client.post(page, form("same"))
    (wrong, against) = AuditEvent.objects.filter(action="match.view").order_by("pk")
    assert wrong.subject == against.subject
    assert wrong.detail["against"] == []
    assert against.detail["against"] == sorted(each.pk for each in nominals("P7", "P8", "P9"))


def test_a_merge_at_source_speaks_against_a_judgement_too(lives):
    lives.crime.send([row("P8", ACTION="M", ENTITY="nominal", INTO="P7")], on="2026-07-03")
    say(lives, "P8", "P9", "different")
    page = sign_in(lives.cast["rowan"]).post(address("P7", "P9"), form("same")).text
    assert "their own system merged them" in page


def test_the_weaker_evidence_does_not_take_the_place_of_the_stronger(lives):
    held = say(lives, "P7", "P8", "different", "fingerprints")
    for verdict in ("same", "different", "unsure"):
        with pytest.raises(Refused, match=r"by better evidence \(fingerprints\)"):
            say(lives, "P7", "P8", verdict, "document", who="rowan")
    assert say(lives, "P7", "P8", "same", "dna", who="rowan").verdict == "same"
    held.refresh_from_db()
    assert held.superseded_at is not None


def test_who_could_not_tell_by_the_best_evidence_keeps_nobody_from_telling(lives):
    say(lives, "P7", "P8", "unsure", "fingerprints")
    assert say(lives, "P7", "P8", "different", "records", who="rowan").verdict == "different"


def test_identifiers_that_come_later_reopen_what_was_read_from_the_records(lives):
    apart, one = say(lives, "P7", "P8", "different"), say(lives, "P8", "P9", "same")
    lives.run()
    assert prime_of("P7") != prime_of("P8") == prime_of("P9")
    numbers = {"P7": "2001/0000123Y", "P8": "2001/0000123Y"}
    send = [row(f"C{who[1]}", who, REPORTED="2023-03-01", PNCID=number) for who, number in numbers.items()]
    lives.crime.send(send, on="2026-07-03")
    lives.run()
    apart.refresh_from_db(), one.refresh_from_db()
    assert (apart.reopened_because, one.reopened_at) == ("identifiers", None)
    assert prime_of("P7") != prime_of("P8"), "it stands until somebody has judged anew"
    assert pairs.unjudged().filter(blocked_by="reopened").count() == 1
    page = sign_in(lives.cast["sorrel"]).get(reverse("judgement", args=[apart.pk])).text
    assert "now say otherwise. It stands until somebody has judged anew" in page
    say(lives, "P7", "P8", "different")
    lives.run()
    assert not pairs.unjudged().filter(blocked_by="reopened").exists(), (
        "what was known when it was said reopens nothing"
    )


def test_one_takes_back_what_one_said_oneself(lives):
    held = say(lives, "P7", "P8", "same")
    lives.run()
    assert prime_of("P7") == prime_of("P8")
    here, taking = reverse("judgement", args=[held.pk]), {"do": "withdraw", "why": "I took one for the other."}
    assert "Take your judgement back" not in sign_in(lives.cast["rowan"]).get(here).text
    assert "sorrel judged it" in sign_in(lives.cast["rowan"]).post(here, taking, follow=True).text
    client = sign_in(lives.cast["sorrel"])
    assert "Take your judgement back" in client.get(here).text
    assert "in at least two words" in client.post(here, taking | {"why": "no"}, follow=True).text
    assert "Your judgement is taken back" in client.post(here, taking, follow=True).text
    assert client.get(here).status_code == 404
    assert not Judgement.objects.filter(superseded_at__isnull=True).exists()
    assert pairs.unjudged().exists()


def test_of_two_who_judge_at_once_the_second_reads_what_the_first_has_said(lives):
    say(lives, "P7", "P8", "same")
    start = Barrier(2)

    def at_once(one, two, verdict):
        try:
            start.wait()
            say(lives, one, two, verdict, who=None)
        except Refused as refusal:
            return refusal.reasons
        finally:
            connections.close_all()
        return ()

    with ThreadPoolExecutor(2) as both:
        told = [both.submit(at_once, *said) for said in (("P8", "P9", "different"), ("P7", "P9", "same"))]
    refusals = [each.result() for each in told]
    assert sorted(map(len, refusals)) == [0, 1]
    assert "Other judgements say otherwise" in str(refusals)


def test_only_who_may_judge_reads_what_was_judged(lives):
    held = say(lives, "P7", "P8", "same")
    for page in (reverse("judgements"), reverse("judgement", args=[held.pk])):
        assert sign_in(lives.cast["hazel"]).get(page).status_code == 403
        assert sign_in(lives.cast["sorrel"]).get(page).status_code == 200
