"""Gathers the people on every record at once: what their links and their standings come to, one row a record."""

import ibis

from muniment.batch.retention.expressions import Table, Value
from muniment.batch.retention.links import TRUTHS, Sources
from muniment.batch.retention.persons import ALWAYS_MASK
from muniment.batch.retention.persons import TRUTHS as STANDS
from muniment.batch.retention.profiles import LISTS
from muniment.batch.retention.wording import NOTHING, holds


def _with_people(links: Table, standings: Table, *columns: str) -> Table:
    """Return the links with how the person of each stands with the controller of the record."""
    people = standings.select("person_id", "controller_no", *columns)
    return links.left_join(people, ["person_id", "controller_no"]).drop("person_id_right", "controller_no_right")


def on_record(links: Table, standings: Table) -> Table:
    """Return one row a record with anyone on it: what every record is asked about.

    `lo` and `hi` are the first and last person inside retention for an offence here, `first_person` and `last_person`
    those of all its offenders.
    """
    rows = links.select("record_id", "person_id", "controller_no", "code", "victim_sentence")
    rows = _with_people(rows, standings, "last_review", "next_review", "dealt_with", "facts", "stopping", "floor_code")
    off = holds(rows.code, TRUTHS["offender"])
    elsewhere = _dealt_elsewhere(rows)
    kept = off & holds(rows.facts, STANDS["retained"])
    null = ibis.null("int64")
    rows = rows.mutate(
        facts=ibis.ifelse(off, rows.facts, rows.facts & ALWAYS_MASK),
        stopping=ibis.ifelse(off, rows.stopping, NOTHING),
        floor_code=ibis.ifelse(off, rows.floor_code, null),
        offender=ibis.ifelse(off, rows.person_id, null),
        kept=ibis.ifelse(kept, rows.person_id, null),
    )
    found = rows.group_by("record_id").aggregate(
        code=rows.code.bit_or(),
        facts=rows.facts.bit_or(),
        stopping=rows.stopping.bit_or(),
        floor_code=rows.floor_code.max(),
        first_person=rows.offender.min(),
        last_person=rows.offender.max(),
        lo=rows.kept.min(),
        hi=rows.kept.max(),
        last_review=rows.last_review.max(),
        next_review=rows.next_review.max(),
        victim_sentence=rows.victim_sentence.max(),
    )
    later = (found.next_review > found.last_review).fill_null(False)
    found = found.mutate(next_review=ibis.ifelse(later, found.next_review, ibis.null("date")))
    found = found.left_join(elsewhere, "record_id").drop("record_id_right")
    asked = ibis.ifelse(holds(found.code, TRUTHS["offender"]), found.by_offender, found.by_anyone)
    return found.mutate(dealt_elsewhere=asked.fill_null(False)).drop("by_offender", "by_anyone")


def _dealt_elsewhere(rows: Table) -> Table:
    """Return one row a record on which somebody was convicted or cautioned by another record, an offender or anyone.

    What one person was convicted of here may be told by several links: those of a person are counted together.
    """
    off, dealt = holds(rows.code, TRUTHS["offender"]), holds(rows.code, TRUTHS["dealt_with"])
    some = rows.mutate(off=off, dealt=dealt.cast("int32")).filter(rows.dealt_with > 0)
    theirs = some.group_by("record_id", "person_id").aggregate(
        off=some.off.any(), here=some.dealt.sum(), told=some.dealt_with.max()
    )
    theirs = theirs.filter(theirs.told > theirs.here)
    return theirs.group_by("record_id").aggregate(by_offender=theirs.off.any(), by_anyone=theirs.told.notnull().any())


def asked_for(rows: Table, links: Table, standings: Table, sources: Sources) -> Table:
    """Return one row for each record of some: what only a few classes ask of the people on a record.

    `rows` are the records, each with the number of the trigger of its class.
    """
    links = rows.join(links, "record_id")
    born = sources.persons.select("person_id", "born_earliest", "born_latest")
    links = links.left_join(born, "person_id").drop("person_id_right")
    links = _with_people(links, standings, "clear_from", "floor_closed")
    named, harmed = links.stand_in_no == links.trigger_no, holds(links.code, TRUTHS["harmed"])
    # The youngest of the harmed may be the one whose birth nobody knows.
    harmed_earliest, harmed_latest = (
        ibis.ifelse((born.isnull() & harmed).any(), ibis.null("date"), born.max(where=harmed))
        for born in (links.born_earliest, links.born_latest)
    )
    return links.group_by("record_id").aggregate(
        named_earliest=links.dated.min(where=named),
        named_latest=links.dated.max(where=named),
        born_earliest=links.born_earliest.max(),
        born_latest=links.born_latest.max(),
        lacks_born=links.born_latest.isnull().any(),
        harmed_born_earliest=harmed_earliest,
        harmed_born_latest=harmed_latest,
        clear_from=links.clear_from.max(),
        first_link=links["first"].min(),
        months_ordered=links.sentence_months.max(where=holds(links.code, TRUTHS["custodial"])),
        conviction=links.conviction.max(),
        ended=links.ended.max(),
        release=links.release.max(),
        floor_closed=links.floor_closed.max(),
    )


def marked_records(sources: Sources, links: Table, marked: Table, held: Table) -> Table:
    """Return one row a record with a blocking flag or event of anyone on it, or with a hold; few have any."""
    people = marked.filter(marked.has_lists).select("person_id", *LISTS[1:3])
    rows = links.select("record_id", "person_id").join(people, "person_id")
    some_flags, some_events = rows.flags_blocking.length() > 0, rows.events_blocking.length() > 0
    found = rows.group_by("record_id").aggregate(
        p_flags=rows.flags_blocking.collect(where=some_flags).flatten().unique(),
        p_events=rows.events_blocking.collect(where=some_events).flatten().unique(),
    )
    either = found.select("record_id").union(held.select("record_id"), distinct=True)
    for table in (found, held):
        either = either.left_join(table, "record_id").drop("record_id_right")
    return either.mutate(
        is_held=either.held_by.length().fill_null(0) > 0,
        has_flags=either.p_flags.length().fill_null(0) > 0,
        has_events=either.p_events.length().fill_null(0) > 0,
    )


def others_retained(links: Table, here: Table) -> Table:
    """Return each person and controller for whom someone else on a record of theirs is inside retention."""
    several = here.filter(here.lo.notnull() & (here.first_person != here.last_person))
    off = links.filter(holds(links.code, TRUTHS["offender"])).select("record_id", "person_id", "controller_no")
    rows = off.join(several.select("record_id", "lo", "hi"), "record_id")
    rows = rows.filter((rows.lo != rows.person_id) | (rows.hi != rows.person_id))
    return rows.select("person_id", "controller_no").distinct().mutate(others=ibis.literal(True))


def truth(code: Value, name: str) -> Value:
    """Return whether a truth of a link holds of any on a record; false where nobody is on it."""
    return holds(code, TRUTHS[name])


def stands(facts: Value, name: str) -> Value:
    """Return whether a truth of a standing holds of anyone on a record; false where nobody is on it."""
    return holds(facts, STANDS[name])
