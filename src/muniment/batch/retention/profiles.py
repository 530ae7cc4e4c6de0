"""Gathers every person at once: the aggregates of `engine.retention.profile`, one row a person."""

import ibis

from muniment.batch.retention.expressions import Table, either
from muniment.batch.retention.links import TRUTHS, Sources
from muniment.batch.retention.wording import MARKERS, holds


def offending(links: Table) -> Table:
    """Return one row a person: what the involvements come to, as offender and as victim or witness."""
    return links.group_by("person_id").aggregate(
        truths=links.code.bit_or(),
        dealt_with=holds(links.code, TRUTHS["dealt_with"]).cast("int32").sum(),
        start=links.start.max(),
        first_offence=links.first_offence.min(),
        first_any=links["first"].min(),
        first_minor=links["first"].min(where=holds(links.code, TRUTHS["under_18"])),
        conviction=links.conviction.max(),
        ended=links.ended.max(),
        release=links.release.max(),
        under_10_event=links.under_10_event.max(),
        closed=links.victim_closed.max(),
        closed_with_sentence=links.victim_sentence.max(),
    )


def unclosed(links: Table) -> Table:
    """Return one row a person who is victim or witness in a case that never closed: what its own floors run from.

    A crime with a named suspect has no floor of its own.
    """
    rows = links.filter(holds(links.code, TRUTHS["unclosed"])).select("person_id", "record_id", "reported", "code")
    suspects = links.filter(holds(links.code, TRUTHS["offender"])).select("record_id")
    unsolved = rows.filter(rows.reported.notnull()).anti_join(suspects, "record_id")
    serious = holds(unsolved.code, TRUTHS["offence_1"])
    other = holds(unsolved.code, TRUTHS["offence_2"]) | holds(unsolved.code, TRUTHS["offence_3"])
    found = unsolved.group_by("person_id").aggregate(
        unsolved=unsolved.count(),
        lacks_offence=(~serious & ~other).any(),
        reported_serious=unsolved.reported.max(where=serious),
        reported_other=unsolved.reported.max(where=other),
    )
    every = rows.group_by("person_id").aggregate(unclosed=rows.count())
    every = every.left_join(found, "person_id").drop("person_id_right")
    return every.mutate(lacks_closed=every.unclosed > every.unsolved.fill_null(0)).drop("unclosed", "unsolved")


def flagged(sources: Sources) -> Table:
    """Return one row a person with flags: what they set and block on the day."""
    flags = sources.flags.left_join(sources.lookups["lk_flags"], "flag").mutate(
        is_known=lambda t: t.blocks.notnull(),
    )
    flags = flags.join(sources.persons.select("person_id", "asked_on"), "person_id")
    flags = flags.filter(flags.start.isnull() | (flags.start <= flags.asked_on))
    lasting = either(flags.until.isnull(), flags.until >= flags.asked_on, flags.until < flags.start)
    blocking = lasting & (~flags.is_known | flags.blocks.fill_null(False))
    setting, dead = flags.sets.notnull(), flags.death.fill_null(False)
    return flags.group_by("person_id").aggregate(
        flag_group=flags.sets.min(),
        flag_first=flags.start.min(where=setting),
        setting=flags.flag.collect(where=setting, distinct=True),
        flags_blocking=flags.flag.collect(where=blocking, distinct=True),
        is_deceased=dead.any(),
        died=flags.start.min(where=dead),
    )


def happened(sources: Sources) -> Table:
    """Return one row a person with events: what they reset, block and extend on the day."""
    events = _known_events(sources)
    blocking = (events.blocks & events.is_open) | events.ahead  # its day may be mistyped
    return events.group_by("person_id").aggregate(
        reset=events.dated.max(where=events.resets),
        events_blocking=events.kind.collect(where=blocking, distinct=True),
        floor_event_open=(events.floor & events.is_open).any(),
        floor_closed=events.closed.max(where=events.floor & ~events.is_open),
        lacks_reset=(events.dated.isnull() & events.resets).any(),
    )


def _known_events(sources: Sources) -> Table:
    """Return the events with what their kind does; one that lies after the day asked has not happened."""
    events = sources.events.left_join(sources.lookups["lk_events"], "kind").drop("kind_right")
    events = events.join(sources.persons.select("person_id", "asked_on"), "person_id")
    ahead = (events.dated > events.asked_on).fill_null(False)
    is_known = events.blocks.notnull()
    return events.mutate(
        is_open=either(events.closed.isnull(), events.closed > events.asked_on, events.closed < events.dated),
        blocks=ibis.ifelse(is_known, events.blocks, True),
        ahead=ahead,
        **{name: events[name].fill_null(False) & ~ahead for name in ("resets", "triggers", "triggers_open", "floor")},
    )


def by_controller(sources: Sources, pairs: Table) -> Table:
    """Return the pairs of person and controller with that controller's last review, and what waits for one of its own.

    A review by another controller looked at other records: it moves no date here.
    """
    reviews = _reviews(sources)
    pairs = pairs.left_join(reviews, ["person_id", "controller_no"]).drop("person_id_right", "controller_no_right")
    events = _known_events(sources)
    events = events.filter(events.is_open & (events.triggers | events.triggers_open))
    rows = pairs.select("person_id", "controller_no", "last_review").join(events, "person_id")
    reviewed = rows.triggers & (rows.last_review >= rows.dated).fill_null(False)
    rows = rows.filter(~reviewed)
    pending = rows.group_by("person_id", "controller_no").aggregate(
        trigger=rows.dated.min(), is_triggered=rows.kind.notnull().any(), lacks_day=rows.dated.isnull().any()
    )
    found = pairs.left_join(pending, ["person_id", "controller_no"])
    return found.drop("person_id_right", "controller_no_right")


def _reviews(sources: Sources) -> Table:
    """Return the last review by person and controller, none where it is said to be after the day asked, and the next.

    What it chose for the next counts where that lies after it.
    """
    rows = sources.reviews.mutate(controller=sources.reviews.controller.fill_null(""))
    rows = rows.join(sources.lookups["lk_controllers"], "controller")
    rows = rows.join(sources.persons.select("person_id", "asked_on"), "person_id")
    ahead, null = (rows.last_review > rows.asked_on).fill_null(False), ibis.null("date")
    follows = ~ahead & (rows.next_review > rows.last_review).fill_null(False)
    return rows.select(
        "person_id",
        "controller_no",
        reviewed_ahead=ahead,
        last_review=ibis.ifelse(ahead, null, rows.last_review),
        next_review=ibis.ifelse(follows, rows.next_review, null),
    )


def holds_by(sources: Sources, links: Table, key: str, other: str) -> Table:
    """Return one row a person or record (`key`) with holds of its own or, through a link, of the `other`."""
    holds = sources.holds.rename(begins="from")
    pairs = links.select("person_id", "record_id")
    own = holds.filter(holds[key].notnull()).select(key, "hold_id", "begins", "until")
    through = holds.filter(holds[other].notnull()).select(other, "hold_id", "begins", "until").join(pairs, other)
    found = own.union(through.select(key, "hold_id", "begins", "until"))
    days = sources.persons if key == "person_id" else sources.records
    found = found.join(days.select(key, "asked_on"), key)
    found = found.filter(found.begins.isnull() | (found.begins <= found.asked_on))
    binds = found.until.isnull() | (found.until >= found.asked_on)
    return found.group_by(key).aggregate(
        held_by=found.hold_id.collect(where=binds, distinct=True),
        hold_released=found.until.max(where=found.until < found.asked_on),
    )


LISTS = ("held_by", "flags_blocking", "events_blocking", "setting")


def marks(sources: Sources, links: Table) -> Table:
    """Return one row a person with a flag, an event or a hold: few have any, so lists stay out of the wide tables."""
    tables = (flagged(sources), happened(sources), holds_by(sources, links, "person_id", "record_id"))
    keys = [table.select("person_id") for table in tables]
    found = keys[0].union(keys[1], keys[2], distinct=True)
    for table in tables:
        found = found.left_join(table, "person_id").drop("person_id_right")
    return found.mutate(
        is_held=found.held_by.length() > 0,
        sets_flags=found.setting.length() > 0,
        has_lists=(found.flags_blocking.length().fill_null(0) > 0) | (found.events_blocking.length().fill_null(0) > 0),
    )


def profiles(sources: Sources, links: Table, marked: Table) -> Table:
    """Return one row a person, with every aggregate that a standing needs."""
    found = sources.persons
    for table in (offending(links), unclosed(links), marked.drop(*LISTS)):
        found = found.left_join(table, "person_id").drop("person_id_right")
    truths = [name for name, kind in found.schema().items() if kind.is_boolean()]
    known = {name: holds(found.truths.fill_null(0), TRUTHS[name]) for name in TRUTHS}
    found = found.mutate(
        dealt_with=found.dealt_with.fill_null(0),
        **{name: found[name].fill_null(False) for name in truths},
        **{name: known[name] for name in _TRUTHS},
        is_alone=found.truths.isnull(),
        group=ibis.cases(*[(known[f"group_{number}"], number) for number in (1, 2, 3)], else_=ibis.null("int8")),
    ).drop("truths")
    return found.mutate(
        is_1=(found.flag_group == 1).fill_null(False) | (found.group == 1).fill_null(False),
        first_record=ibis.ifelse(found.offender, found.first_offence, found.first_any).fill_null(found.flag_first),
    ).drop("first_offence", "first_any", "flag_first")


_TRUTHS = (
    *("offender", "under_10", "from_10", "victim", "unknown", "unsure_10", "under_18", "lacks_start"),
    *("lacks_conviction", "lacks_months", "lacks_release", "lacks_result", "lacks_decision", "pending", "implausible"),
    *("others_named", *MARKERS),
)


def driven(links: Table, found: Table) -> Table:
    """Return one row a person: the involvement that set the group, for group 1, or the clock; and its record."""
    rows = links.filter(holds(links.code, TRUTHS["offender"]))
    rows = rows.select("person_id", "involvement_id", "record_id", "start", "code")
    rows = rows.join(found.select("person_id", "is_1", last="start"), "person_id")
    rows = rows.filter(ibis.ifelse(rows.is_1, holds(rows.code, TRUTHS["group_1"]), rows.start == rows["last"]))
    return rows.group_by("person_id").aggregate(
        driving_involvement=rows.involvement_id.min(), driving_record=rows.record_id.argmin(rows.involvement_id)
    )
