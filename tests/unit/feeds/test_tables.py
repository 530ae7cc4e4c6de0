"""Tables that hold people only, links only, events only, flags; deltas; the sealed partition."""

from datetime import date

from small_feed import GOOD, reasons

from muniment import feeds

PERSON = {"reference": "SUS_ID", "surname": "SUS_SURNAME"}


def only(small, **parts):
    """Return the feed with a table that has these parts alone."""
    crimes = small["tables"]["crimes"]
    for name in ("record", "dates", "persons"):
        del crimes[name]
    crimes |= parts
    return small


def test_people_only(load, small, write):
    batch = feeds.read(load(only(small, persons=[PERSON])), write(GOOD))
    assert batch.rows.to_pylist()[0] | {"hash": ""} == {"row": 1, "entity": "nominal", "key": "N1", "hash": ""}
    assert (batch.nominals.num_rows, batch.records.num_rows, batch.involvements.num_rows) == (1, 0, 0)


def test_links_only(load, small, write):
    link = {"reference": "SUS_ID", "record": "REF", "role": {"value": "WITNESS"}}
    batch = feeds.read(load(only(small, persons=[link])), write(GOOD))
    assert batch.rows["entity"].to_pylist() == ["link"]
    assert batch.rows["key"].to_pylist() == ["C1/N1/WITNESS"]
    assert batch.nominals.num_rows == 0
    assert batch.involvements.select(["record", "nominal", "role"]).to_pylist() == [
        {"record": "C1", "nominal": "N1", "role": "WITNESS"}
    ]


def test_events_only_and_what_they_need(load, small, write):
    event = {
        "kind": {"from": "OUTCOME", "map": {"D": "delete", "M": "merge"}},
        "entity": {"value": "nominal"},
        "reference": "SUS_ID",
        "into": "SUS_SURNAME",
        "dated": "REPORTED",
    }
    lines = [GOOD.replace("NFA", "D"), GOOD.replace("NFA", "M"), GOOD.replace("NFA", "M").replace("Ashdown", "")]
    batch = feeds.read(load(only(small, event=event)), write(*lines))
    assert batch.events["kind"].to_pylist() == ["delete", "merge"]
    assert batch.events["dated"].to_pylist() == [date(2019, 1, 31)] * 2
    assert set(batch.rows["entity"].to_pylist()) == {"event"}
    assert reasons(batch) == {3: ["required"]}


def test_a_delta_holds_rows_and_events(load, small, write):
    small["tables"]["crimes"] |= {
        "kind": "delta",
        "event": {
            "kind": {"from": "OUTCOME", "map": {"NFA": "data", "DEL": "delete"}},
            "entity": {"value": "record"},
            "reference": "REF",
        },
    }
    gone = "C9,,DEL,,,,,"
    batch = feeds.read(load(small), write(GOOD, gone))
    assert batch.quarantine.num_rows == 0
    assert batch.records["reference"].to_pylist() == ["C1"]
    assert batch.events.select(["kind", "reference"]).to_pylist() == [{"kind": "delete", "reference": "C9"}]
    assert batch.rows["key"].to_pylist()[1].startswith("event/")


def test_flags_and_the_sealed_partition(load, small, write):
    person = PERSON | {
        "partition": {"from": "OUTCOME", "map": {"NFA": "sealed"}, "unknown": "blank"},
        "flags": [{"flag": {"from": "PLACE", "convert": [{"split": ";"}]}, "start": "REPORTED"}],
    }
    line = GOOD.replace('"12 High Street, Norbridge"', "pdp; mappa_ever")
    batch = feeds.read(load(only(small, persons=[person])), write(line, line.replace("NFA", "CHG").replace("N1", "N2")))
    assert batch.nominals["partition"].to_pylist() == ["sealed", "policing"]
    assert batch.flags.select(["reference", "flag", "start"]).to_pylist()[:2] == [
        {"reference": "N1", "flag": "pdp", "start": date(2019, 1, 31)},
        {"reference": "N1", "flag": "mappa_ever", "start": date(2019, 1, 31)},
    ]
