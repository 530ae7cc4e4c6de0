"""What is drawn is decided as it is with everybody: whatever a decision hangs on is around the sample."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pyarrow as pa
import pytest

from muniment.batch.retention import Tables, foresight, sampled, schedule
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.sampled import Drawn, Size, shares
from muniment.batch.retention.touching import Touched, relabels, touched
from muniment.engine import policy
from muniment.engine.policy.model import Adoption, Length, Overlay

ON = date(2026, 11, 22)
PEOPLE, RECORDS, LINKS = 500, 900, 1500
NOBODY = foresight.Told(foresight.PERSONS_TOLD.empty_table(), foresight.RECORDS_TOLD.empty_table())


def some_day(of, first=date(2008, 1, 1), days=6700):
    return first + timedelta(of.randrange(days))


def links(of):
    for at in range(LINKS):
        role = of.choice(["SUSPECT", "VICTIM", "VICTIM", "CONVICTED", "ARRESTED", "WITNESS"])
        day, custody = some_day(of), role == "CONVICTED" and of.random() < 0.4
        yield {
            "involvement_id": at, "person_id": of.randrange(PEOPLE), "record_id": of.randrange(RECORDS), "role": role,
            "happened_earliest": day, "happened_latest": day, "dated": day, "sentence_custodial": custody,
            "sentence_months": of.randrange(6, 60) if custody else None, "released": some_day(of) if custody else None,
        }  # fmt: skip


def world(of):
    """Make up people who are on records with others, some of whom nobody has suspected of what happened to them."""
    records = [
        {"record_id": at, "controller": of.choice(["north", "west"]), "outcome": of.choice(["NFA", "CHARGED", None]),
         "class_id": of.choice(["CRIME", "CRIME", "INTEL", "CUSTODY"]),
         "ho_class": of.choice(["046/00", "008/06", "019/08"])}
        for at in range(RECORDS)
    ]  # fmt: skip
    days = [(at, "reported_date", some_day(of)) for at in range(RECORDS)]
    days += [(at, "case_closed", some_day(of)) for at in range(RECORDS) if of.random() < 0.4]
    days += [(at, "custody_release", some_day(of)) for at in range(0, RECORDS, 2)]
    rows = {
        "persons": [{"person_id": at, "born_earliest": day, "born_latest": day}
                    for at in range(PEOPLE) for day in [some_day(of, date(1950, 1, 1), 21000)]],
        "involvements": list(links(of)),
        "records": records,
        "record_dates": [{"record_id": at, "kind": kind, "earliest": day, "latest": day} for at, kind, day in days],
        "reviews": [{"person_id": at, "controller": "north", "last_review": some_day(of)}
                    for at in range(0, PEOPLE, 9)],
        "flags": [{"person_id": at, "flag": "violent", "start": some_day(of)} for at in range(0, PEOPLE, 40)],
        "holds": [{"hold_id": "7", "record_id": at, "from": date(2020, 1, 1)} for at in range(0, RECORDS, 50)],
    }  # fmt: skip
    return Tables(**{name: pa.Table.from_pylist(each, getattr(schemas, name.upper())) for name, each in rows.items()})


def longer(loaded, rule):
    terms = tuple(replace(each, length=Length(months=96)) for each in loaded.classes[rule].values)
    return replace(loaded, classes={**loaded.classes, rule: replace(loaded.classes[rule], values=terms)}, _cache={})


@pytest.fixture(scope="module")
def decided():
    tables, loaded = world(Random(3)), policy.load()
    made, other = schedule(tables, loaded, asked_on=ON), longer(loaded, "PER-G3A")
    return tables, (loaded, other), made, sides(tables, (loaded, other), made)


def sides(tables, policies, made):
    now, other = policies
    then = schedule(tables, other, asked_on=ON)
    return foresight.side(tables, now, made, asked_on=ON), foresight.side(tables, other, then, asked_on=ON)


def paired(drawn, pair):
    return sorted(map(str, sampled.pairs(drawn, NOBODY, ON, *pair).to_pylist()))


def test_a_sample_is_decided_as_it_is_among_all_under_both_schedules(decided):
    tables, policies, made, whole = decided
    drawn = sampled.draw(made, Size(persons=60, records=60, least=0))
    assert 40 < drawn.persons.num_rows < 80
    assert 40 < drawn.records.num_rows < 80
    assert sampled.draw(made, Size(persons=60, records=60, least=0)) == drawn, "the same each time"
    given = sampled.around(tables, drawn)
    assert given.records.num_rows < RECORDS * 0.9
    here = paired(drawn, sides(given, policies, sampled.made_of(made, given)))
    assert here == paired(drawn, whole)
    assert any("'later'" in each for each in here)


def test_what_is_drawn_whole_is_counted_as_the_forecast_counts(decided):
    _, _, made, whole = decided
    every = Drawn(made.persons.select(["person_id", "controller"]), made.records.select(["record_id"]))
    pairs = sampled.pairs(every, NOBODY, ON, *whole).to_pylist()
    counts = foresight.count(NOBODY, ON, *whole).to_pylist()

    def summed(rows, *keys):
        found = {}
        for row in rows:
            key = tuple(row[name] for name in keys)
            found[key] = found.get(key, 0) + row["number"]
        return found

    kinds = ("subject", "controller", "term", "month", "kind")
    assert summed(pairs, *kinds) == summed((row for row in counts if row["side"] == "now"), *kinds)
    changed = [row for row in pairs if row["moved"] != "same" or row["kind"] != row["kind_other"]]
    moved = (*kinds, "kind_other", "moved")
    assert summed(changed, *moved) == summed((row for row in counts if row["side"] == "change"), *moved)
    there = ("subject", "controller", "term_other", "month_other", "kind_other")
    assert summed(pairs, *there) == summed((row for row in counts if row["side"] == "other"), *kinds)


def test_half_is_shared_out_by_size_and_half_evenly():
    sizes = {"large": 90_000, "small": 10_000, "few": 20, "none": 0}
    drawn = {name: round(share * sizes[name]) for name, share in shares(sizes.items(), 600).items()}
    assert drawn == {"large": 370, "small": 130, "few": 20}


def adopting(loaded, controller, rule):
    return loaded.adopting([Overlay(controller, (Adoption(rule, date.min, None, "Minute 7", ("One", "Two")),))])


def decisions(made, name, **where):
    rows = getattr(made, name).to_pylist()
    return sorted(str(row) for row in rows if all(row[key] == value for key, value in where.items()))


def test_whose_decisions_nothing_touches_are_the_same_under_both(decided):
    tables, (loaded, _), made, _ = decided
    both = frozenset(["north", "west"])
    north = adopting(loaded, "north", "PER-G3B")
    assert touched(loaded, north, ON, both) == Touched(frozenset(["north"]), frozenset(["north"]))
    then = schedule(tables, north, asked_on=ON)
    for name in ("persons", "records"):
        assert decisions(then, name, controller="west") == decisions(made, name, controller="west")
        assert decisions(then, name, controller="north") != decisions(made, name, controller="north")
    of_records = longer(loaded, "CUS-REC-N")
    assert touched(loaded, of_records, ON, both) == Touched(frozenset(), both)
    then = schedule(tables, of_records, asked_on=ON)
    assert decisions(then, "persons") == decisions(made, "persons")
    assert decisions(then, "records") != decisions(made, "records")


def test_another_offence_role_or_setting_may_bring_anybody_into_another_group(decided):
    _, (loaded, other), _, _ = decided
    assert not relabels(loaded, other, ON)
    ages = tuple(replace(each, content={**each.content, "majority": 17}) for each in loaded.settings["ages"])
    younger = replace(loaded, settings={**loaded.settings, "ages": ages}, _cache={})
    assert relabels(loaded, younger, ON)
    assert touched(loaded, younger, ON, ["north"]) == Touched(frozenset(["north"]), frozenset(["north"]))
    another = replace(loaded.classes["PER-G3A"], sets_group=True)
    assert relabels(loaded, replace(loaded, classes={**loaded.classes, "PER-G3A": another}, _cache={}), ON)


def test_what_changes_only_after_the_day_of_asking_touches_too(decided):
    _, (loaded, _), _, _ = decided
    both = frozenset(["north", "west"])
    later = Adoption("PER-G3B", date(2030, 1, 1), None, "Paper 7", ("Chief", "Deputy"))
    north = loaded.adopting([Overlay("north", (later,))])
    assert touched(north, north.as_on(ON), ON, both).person == frozenset(["north"])  # which does not know of it yet
    assert touched(north, north, ON, both) == Touched(frozenset(), frozenset())
    ended = loaded.adopting([Overlay("north", (replace(later, start=date(2020, 1, 1), until=date(2031, 1, 1)),))])
    assert touched(ended, ended.as_on(ON), ON, both).person == frozenset(["north"])
    ages = loaded.settings["ages"]
    changed = replace(ages[-1], start=date(2032, 1, 1), content={**ages[-1].content, "majority": 17})
    younger = replace(loaded, settings={**loaded.settings, "ages": (*ages, changed)}, _cache={})
    assert relabels(loaded, younger, ON)
    assert relabels(younger, younger.as_on(ON), ON)
