"""Every page at both widths: WCAG 2.2 AA by axe, the content security policy, no request off the host, no sideways
scroll, and HTML that the W3C's checker accepts."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from factories.screens import validate, walk
from factories.small_world import make_small_world
from factories.supplies import agree, send_corrections, supply
from muniment.core.actors import Actor, from_user
from muniment.core.models import Controller, User
from muniment.objects.models import PlaceEdge, PrimePlace, PrimeVehicle
from muniment.people.actions import bulk, sampling
from muniment.people.actions import judge_together as together
from muniment.people.judging import kinds_of_pairs as kinds
from muniment.people.models import JudgingAct, MatchEdge, PrimePerson
from muniment.records.models import Nominal, Quarantine, Record
from muniment.retention.actions import adopting, effects
from muniment.retention.actions.foresee import foresee
from muniment.retention.disposals import due
from muniment.retention.models import Hold, PersonRequest, Review
from muniment.retention.policies import policy_now
from muniment.retention.requests import attached
from muniment.workbench import demonstration, demonstration_requests


def _pages(cast: dict[str, User], out: Path) -> Iterator[str]:
    """Name every page that a records manager reaches, each with something on it, and those without."""
    review = (
        Review.objects.filter(state="open", controller__code="northshire")
        .annotate(size=Count("prime__belongings__nominal__involvements"))
        .order_by("-size")
        .first()
    )
    assert review is not None
    person = review.prime.reference
    record = Record.objects.filter(involvements__nominal__belongings__prime=review.prime).first()
    edge, row, hold = (
        MatchEdge.objects.filter(is_automatic=False).first(),
        Quarantine.objects.first(),
        Hold.objects.first(),
    )
    assert record is not None
    assert edge is not None
    assert row is not None
    assert hold is not None
    yield from map(reverse, ("home", "purpose", "about", "find", "reviews", "disposals", "due_disposals", "holds"))
    yield from map(reverse, ("elsewhere", "reconcile", "requests"))
    yield from map(reverse, ("place_hold", "matches", "intakes", "quarantine", "schedule"))
    yield from map(reverse, ("linkage", "linkage_samples", "transparency"))
    yield from _of_requests()
    yield from _of_linkage()
    yield from _of_stewards()
    for name in (
        "person",
        "person_facts",
        "person_links",
        "person_joins",
        "person_history",
        "person_retention",
        "person_events",
        "record_request",
        "ask_review",
    ):
        yield reverse(name, args=[person])
    place, vehicle = (
        PrimePlace.objects.filter(belongings__member__parts__unit__gt="").first(),
        PrimeVehicle.objects.first(),
    )
    assert place is not None
    assert vehicle is not None
    pair = PlaceEdge.objects.first()
    assert pair is not None
    yield reverse("place", args=[place.reference])
    yield reverse("vehicle", args=[vehicle.reference])
    for kind in ("place", "vehicle"):
        yield reverse("object_matches", args=[kind])
        yield reverse("object_judgements", args=[kind])
    yield reverse("object_match", args=["place", pair.left_id, pair.right_id])
    with_vehicle = Record.objects.filter(vehicles__isnull=False).first()
    assert with_vehicle is not None
    yield reverse("record", args=[with_vehicle.pk])
    yield reverse("find") + "?q=" + vehicle.belongings.first().member.mark
    yield reverse("find") + "?q=" + "smith"
    yield reverse("find") + "?q=zzyzx+9999"
    yield reverse("reviews") + "?state=referred"
    yield reverse("record", args=[record.pk])
    yield reverse("review", args=[review.reference])
    yield reverse("match", args=[edge.pk])
    yield reverse("quarantined", args=[row.pk])
    yield reverse("hold", args=[hold.reference])
    yield reverse("hold_report", args=[hold.reference])
    yield reverse("place_hold") + "?preset=HOLD-ORGREAVE"
    waiting = due.exceptions([review.controller], timezone.localdate()).nobody
    for kind in (waiting[0].class_id, "UNKNOWN"):
        yield reverse("due_records", args=[review.controller.code, kind])
    yield from _ahead(cast)
    yield from _of_supplies(cast, PrimePerson.objects.get(pk=review.prime_id), out)
    yield reverse("audit")  # forbidden to a records manager: the page that says so
    yield reverse("person", args=["P0000000-0"])  # not found


def _ahead(cast: dict[str, User]) -> Iterator[str]:
    """Name the pages of what falls due, narrowed, wrong and beside another schedule, and of an adoption that waits."""
    northshire = Controller.objects.get(code="northshire")
    foresee(policy_now.policy(), by=Actor("tests"))
    start = timezone.localdate()
    asked = adopting.ask(
        adopting.Proposal(northshire, "PER-G3B", start, "Paper 7 of the board of 2026"), by=from_user(cast["ash"])
    )
    effects.work_out(by=Actor("tests"))
    page, run = reverse("falls_due"), effects.run_of(asked)
    assert run is not None
    yield from (page, f"{page}?reviewers=many", f"{page}?controller=northshire&group=3&run={run.pk}")
    yield from (reverse("adoptions"), reverse("adoption", args=[asked.reference]), reverse("ask_adoption"))
    yield reverse("adoption_moves", args=[asked.reference])


def _of_supplies(cast: dict[str, User], person: PrimePerson, out: Path) -> Iterator[str]:
    """Name the pages of what was given of a person, and of what has to be put right since the agreement gives less."""
    life = SimpleNamespace(cast=cast)
    agree()
    given = supply(life, out / "given", person)
    agree(gives={"person": ["surname"], "event": "all", "link": "all"})
    delivery = send_corrections(life, out / "corrected")
    yield from (reverse("supplies"), reverse("person_supplies", args=[person.reference]))
    yield from (reverse("supply", args=[each.reference]) for each in (given, delivery))
    yield reverse("corrections")


def _of_requests() -> Iterator[str]:
    """Name the pages of the demonstration's requests, each in a state of its own."""
    demonstration.add_users()
    made = demonstration_requests.record(by=Actor("tests"))
    found = PersonRequest.objects.filter(pk__in=[each.pk for each in made]).order_by("pk")
    standing = [attached.standing(each, each.replies.order_by("-pk")) for each in found]
    assert standing == [
        "Answered",
        "Decided; a reply is to be drafted",
        "Reply drafted",
        "Waits for the decision of a review",
        "Waits for what establishes who asked",
        "Waits for the decision of a review",
        "Waits for the decision of a review",
        "Waits for the fee",
    ]
    assert attached.late().count() == 1 and found[5].extended_on and attached.due_soon(_in_a_week()).exists()
    yield from (reverse("request", args=[found[number].reference]) for number in (2, 4, 5, 7))


def _in_a_week() -> date:
    return timezone.localdate() + timedelta(days=7)


def _of_linkage() -> Iterator[str]:
    """Name the pages of a run, of a sample with some labels, and of a pair to be labelled."""
    sample = sampling.draw("policing", 60, by=Actor("tests"))
    for pair in sample.pairs.filter(place__lte=30):
        sampling.label(pair, by=Actor("tests"), said="same" if pair.are_one else "different")
    yield reverse("linkage_run", args=[sample.run_id])
    yield reverse("linkage_sample", args=[sample.pk])
    yield reverse("label_pair", args=[sample.pk, 31])


def _of_stewards() -> Iterator[str]:
    """Name the list of prime records to look at, the one with most source records, and judgements made together."""
    prime = PrimePerson.objects.annotate(size=Count("belongings")).order_by("-size").first()
    assert prime is not None
    one, two, *_ = Nominal.objects.filter(belongings__prime=prime)
    act = together.Act(JudgingAct.Act.ONE, prime, ((one, two),))
    done = together.judge_together(act, together.Because("records", "Read both files side by side."), by=Actor("tests"))
    yield from (reverse("clusters"), reverse("cluster", args=[prime.reference]), reverse("judging_act", args=[done.pk]))
    every = kinds.Filter()
    prepared = kinds.prepare(every, _kind(), "different")
    many = bulk.decide(prepared, together.Because("records", "Read a handful side by side."), by=Actor("tests"))
    yield from (reverse("judging_acts"), reverse("judging_act", args=[many.pk]), reverse("check_act", args=[many.pk]))


def _kind() -> kinds.Kind:
    """Return the most frequent kind of pair that can be decided with others."""
    return next(
        each for each in kinds.kinds(kinds.Filter())[0] if kinds.prepare(kinds.Filter(), each, "different").edges
    )


def test_every_page_is_accessible_and_keeps_to_itself(
    cast: dict[str, User],
    sign_in_on: Callable[..., Page],
    live_server: object,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    make_small_world()
    host = str(live_server)
    page = sign_in_on(cast["rowan"])
    faults = walk(page, host, list(_pages(cast, tmp_path_factory.mktemp("supplies"))), tmp_path)
    page.get_by_role("button", name="Sign out").click()
    faults += walk(page, host, [reverse("account_login")], tmp_path)
    page, own = sign_in_on(cast["sorrel"]), tmp_path / "of a steward"
    own.mkdir()
    of_kinds = [reverse("match_kinds"), reverse("match_kind", args=[_kind().code, "different"])]
    faults += walk(page, host, of_kinds, own)
    assert not faults, "\n".join(faults)
    validate(tmp_path)
    validate(own)


def test_auditor_pages(
    cast: dict[str, User], sign_in_on: Callable[..., Page], live_server: object, tmp_path: Path
) -> None:
    """An auditor's pages, and lists that are empty."""
    page = sign_in_on(cast["teasel"])
    addresses = [
        *map(reverse, ("home", "audit", "disposals", "intakes", "linkage")),
        reverse("audit") + "?actor=nobody+at+all",
    ]
    faults = walk(page, str(live_server), addresses, tmp_path)
    assert not faults, "\n".join(faults)
    validate(tmp_path)
