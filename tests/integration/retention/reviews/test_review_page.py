"""The page of a review: what is typed stays, what is refused is said where it is, and what can be done is shown."""

import re
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, ask, by, place
from muniment.core import words
from muniment.core.models import AuditEvent, Content
from muniment.core.verdicts import Refused
from muniment.records.models import Involvement, Nominal, Record
from muniment.retention.actions import review as reviewing
from muniment.retention.models import RecordDecision, Review
from muniment.retention.reviews import assessment, intervals

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
        "next_review": following(),
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
    assert value(page, "next_review") == following()
    assert chosen(page, "keep") == everything(life)["keep"]


def test_a_draft_is_encrypted_and_ends_with_the_decision(life):
    client, before = opened(life)
    sent(life, client, before, **everything(life))
    assert REASON not in "".join(bytes(each.ciphertext).decode("latin-1") for each in Content.objects.all())
    page = client.get(reverse("review", args=[life.review.reference])).text
    fields = (
        {f"answer_{key}": said for key, said in NO.items()} | everything(life) | {"do": "decide", "outcome": "retain"}
    )
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


@pytest.mark.parametrize(
    ("verb", "field", "says"),
    [
        ("park", "waiting_for", "Say what the review waits for"),
        ("refer", "refer_to", "Say to whom you refer the review"),
        ("hand over", "hand_to", "Choose to whom you hand the review over"),
    ],
)
def test_what_lacks_its_aim_is_not_saved_and_says_so_at_the_field(life, verb, field, says):
    client, before = opened(life)
    refused = sent(life, client, before, **everything(life) | {"do": verb})
    assert refused.status_code == 422
    assert f'<a href="#id_{field}">{says}</a>' in refused.text
    assert f'id="id_{field}-error"' in refused.text
    assert re.search(r"<details[^>]* open>\s*<summary[^>]*><span[^>]*>Park, refer or hand over", refused.text)
    assert (life.review.state, life.review.version) == ("open", 1)
    assert sent(life, client, refused.text, **everything(life) | {"do": "save"}).status_code == 302


@pytest.mark.parametrize("name", ["wren", "robin", "bryony", "nobody"])
def test_a_review_goes_only_to_who_may_work_it(life, name):
    client, before = opened(life)
    offered = re.search(r'<select[^>]*name="hand_to".*?</select>', before, re.DOTALL)[0]
    assert 'value="ash"' in offered
    assert f'value="{name}"' not in offered
    refused = sent(life, client, before, do="hand over", hand_to=name)
    assert refused.status_code == 422
    assert "Choose a colleague who may work this review" in refused.text
    with pytest.raises(Refused, match="may not work reviews"):
        reviewing.hand_over(life.review, by=by(life, "rowan"), to=name)


def test_handed_over_it_is_with_the_colleague(life):
    client, before = opened(life)
    sent(life, client, before, **everything(life) | {"do": "hand over", "hand_to": "ash"})
    assert (life.review.allocated_to, life.review.state) == ("ash", "started")
    assert value(opened(life, "ash")[1], "reason").strip() == REASON


def test_a_referred_review_says_once_to_whom(life):
    client, before = opened(life)
    sent(life, client, before, do="refer", refer_to="the public protection unit")
    page = client.get(reverse("review", args=[life.review.reference])).text
    assert "Referred to the public protection unit, with rowan." in page
    assert page.count("Referred to") == 1


def test_who_saved_it_meanwhile_is_said_truly(life):
    client, before = opened(life)
    sent(life, client, before, **everything(life))
    own = sent(life, client, before, do="save", reason_other="Typed in the other tab")
    assert "You saved this review yourself" in own.text
    assert "Someone else" not in own.text
    assert value(own.text, "reason_other").strip() == "Typed in the other tab"
    assert "Yes. A pattern of thefts" in own.text
    assert f"Reason: {REASON}" in own.text
    other = sent(life, sign_in(life.cast["ash"]), before, do="save")
    assert "Someone else saved this review" in other.text
    assert "Saved meanwhile by rowan" in other.text


def decision(**more):
    answers = {f"answer_{key}": said for key, said in NO.items()}
    return answers | {"do": "decide", "outcome": "retain", "reason": REASON, "next_review": following()} | more


def following(years=2):
    day = timezone.localdate()
    return f"1 {day.month} {day.year + years}"


@pytest.mark.parametrize(
    ("verb", "field", "says"),
    [("park", "waiting_for", "Parked, waiting for paper"), ("refer", "refer_to", "Referred to paper")],
)
def test_what_was_put_aside_is_taken_up_by_deciding_it(life, verb, field, says):
    client, before = opened(life)
    sent(life, client, before, **{"do": verb, field: "paper"})
    page = client.get(reverse("review", args=[life.review.reference])).text
    assert f"{says}, with rowan.</strong> To save or to decide takes it up again." in page
    ask = life.review.asks.get()
    came = {f"came_{ask.pk}": "none", f"said_{ask.pk}": "It was destroyed in 2019."}
    assert "Record what came of what you asked for: paper" in sent(life, client, page, **decision()).text
    assert sent(life, client, page, **decision(**came)).status_code == 302
    assert Review.objects.get().state == "decided"
    events = AuditEvent.objects.filter(subject=Review.objects.get().reference).order_by("pk")
    assert list(events.values_list("action", flat=True))[-3:] == ["review.start", "review.answer", "review.decide"]


def test_the_next_review_is_no_further_ahead_than_its_rule_looks(life):
    """Group 3 is looked at again every five years."""
    client, before = opened(life)
    refused = sent(life, client, before, **decision(next_review=following(6)))
    assert refused.status_code == 422
    today = timezone.localdate()
    assert "at the latest: records like these are looked at again at least every 5 years" in refused.text
    assert f"{today.year + 5}" in refused.text
    assert value(refused.text, "next_review") == following(6)
    assert sent(life, client, refused.text, **decision(next_review=following(4))).status_code == 302


def test_the_next_review_is_before_the_hundredth_birthday(life):
    today = timezone.localdate()
    Nominal.objects.update(born_earliest=date(today.year - 98, 1, 1), born_latest=date(today.year - 98, 1, 1))
    found = intervals.latest_next_review(life.review, today)
    assert found.day == date(today.year + 2, 1, 1)
    Nominal.objects.update(born_earliest=date(1912, 1, 1), born_latest=date(1912, 1, 1))
    assert intervals.latest_next_review(life.review, today).day.year == today.year + 5, "that birthday is over"


def test_an_error_about_a_day_gives_an_example_that_is_still_to_come(life):
    client, before = opened(life)
    for given in ("in the spring", ""):
        refused = sent(life, client, before, **decision(next_review=given))
        error = re.search(r'id="id_next_review-error".*?</p>', refused.text, re.DOTALL)[0]
        day, month, year = map(int, re.search(r"such as (\d+) (\d+) (\d+)", error).groups())
        assert date(year, month, day) > timezone.localdate()


def test_one_controller_alone_is_not_named_at_each_record(life):
    _, page = opened(life)
    assert f"{Record.objects.get(reference='C1').system.title}</span>" in page
    assert "what you decide is about" not in page


def test_what_stops_it_all_is_said_before_anybody_decides(life):
    assert "2 of 2 records" in opened(life)[1]
    held = place(life, classes=["CRIME"])
    _, page = opened(life)
    assert "0 of 2 records" in page
    assert f"{held.reference} Inquest covers some of these records: nothing can go while it stands." in page


def test_what_its_source_no_longer_has_is_told_before_deciding(life):
    assert "withdrawn at source" not in opened(life)[1].lower()
    Involvement.objects.filter(record__reference="C1").update(withdrawn_on=date(2026, 6, 2))
    _, page = opened(life)
    assert "1 of these records is withdrawn at source" in page
    assert re.search(r"Link withdrawn at source</strong>\s*2 June 2026", page)
    Record.objects.filter(reference="C1").update(withdrawn_on=date(2026, 6, 2))
    _, page = opened(life)
    assert "Link withdrawn at source" not in page
    assert re.search(r"Withdrawn at source</strong>\s*2 June 2026", page)


def test_what_cannot_go_is_said_in_the_words_of_what_stops_it(life):
    RecordDecision.objects.filter(record__reference="C1").update(due=date(2090, 1, 2))
    _, page = opened(life)
    assert "1 cannot go today, and why" in page
    assert "C1</a>: This record is kept until 2 January 2090" in page
    assert "A person has to review it" not in page[page.index("1 cannot go today") :]


@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.example/reviews/", "//elsewhere.example/reviews/", "/no/page/"]
)
def test_the_way_back_leads_nowhere_else(life, elsewhere):
    page = sign_in(life.cast["rowan"]).get(reverse("matches"), {"next": elsewhere}).text
    assert "govuk-back-link" not in page


def test_a_decided_review_says_what_was_decided_and_why(life):
    RecordDecision.objects.filter(record__reference="C1").update(due=date(2090, 1, 2))
    client, before = opened(life)
    address = reverse("review", args=[life.review.reference])
    answers = {"reason_other": "No live enquiry", "reason_vulnerable": "Neither children nor adults"}
    done = sent(life, client, before, **decision(outcome="dispose", next_review="") | answers)
    assert done.status_code == 302
    page = client.get(address).text
    assert "Decided: Dispose of the 1 of 2 that may go; 1 stays." in page
    assert "C1</a>: This record is kept until 2 January 2090" in page
    assert REASON in page
    assert page.count("Neither children nor adults") == 1
    assert page.count("No live enquiry") == 1
    assert page.count("No reason was given.") == len(assessment.asked(Review.objects.get().prime_id)) - 2


def test_a_decision_to_keep_says_until_when(life):
    client, before = opened(life)
    address = reverse("review", args=[life.review.reference])
    assert sent(life, client, before, **decision()).status_code == 302
    following_ = words.day(Review.objects.get().next_review)
    assert f"Decided: Keep everything. Next review: {following_}." in client.get(address).text
    listed = client.get(reverse("reviews"), {"state": "decided"}).text
    assert f"Decided: keep everything, next review {following_}" in listed


def test_what_was_chosen_to_be_kept_is_said_to_stay(life):
    client, before = opened(life)
    address = reverse("review", args=[life.review.reference])
    keep = str(Record.objects.get(reference="C1").pk)
    assert sent(life, client, before, **decision(outcome="part", keep=[keep])).status_code == 302
    page = client.get(address).text
    assert "Decided: Keep part, and dispose of the 1 of 2; 1 stays." in page
    assert "C1</a>: Chosen to be kept." in page


def test_what_lacks_an_answer_is_a_problem_and_what_is_refused_cannot_be_done_yet(life):
    client, before = opened(life)
    lacking = sent(life, client, before, do="decide").text
    assert "There is a problem" in lacking
    assert "This cannot be done yet" not in lacking
    RecordDecision.objects.update(due=date(2090, 1, 2))
    refused = sent(life, client, before, **decision(outcome="dispose")).text
    assert "This cannot be done yet" in refused


def test_what_to_keep_is_ticked_before_the_button(life):
    _, page = opened(life)
    assert page.index('name="keep"') < page.index('value="decide"')


def test_who_may_not_propose_is_not_offered_to(life):
    client, page = opened(life, "ash")
    assert re.findall(r'name="outcome" type="radio" value="(\w+)"', page) == ["retain"]
    assert "Your roles do not let you propose a disposal" in page
    refused = sent(life, client, page, **decision(outcome="dispose"))
    assert refused.status_code == 422
    assert sent(life, client, refused.text, **decision()).status_code == 302
    assert Review.objects.get().outcome == "retain"


def test_a_record_leads_back_to_where_one_came_from(life):
    client = sign_in(life.cast["rowan"])
    record = reverse("record", args=[Record.objects.get(reference="C1").pk])
    address = reverse("review", args=[life.review.reference]) + "?sort=due"
    page = client.get(record, headers={"Referer": f"http://testserver{address}"}).text
    assert f'<a class="govuk-back-link" href="{address}">Back to the review</a>' in page
    person = reverse("person", args=[life.review.prime.reference])
    assert "Back to the person" in client.get(record, headers={"Referer": f"http://testserver{person}"}).text
    assert "govuk-back-link" not in client.get(record, headers={"Referer": f"http://elsewhere.example{person}"}).text


def test_days_stand_in_fields_as_people_type_them(life):
    client, today = sign_in(life.cast["rowan"]), words.typed(timezone.localdate())
    assert value(client.get(reverse("place_hold")).text, "start") == today
    ask(life)
    assert value(client.get(reverse("person_events", args=[life.review.prime.reference])).text, "closed") == today


def test_that_a_hold_would_keep_it_is_not_said_to_change_it(life):
    _, page = opened(life)
    assert "If a hold covered it" not in page
