"""Gathers every person at once: the aggregates of `engine.retention.profile`, one row a person."""

import ibis

from muniment.batch.retention.expressions import Table
from muniment.batch.retention.links import Sources
from muniment.batch.retention.wording import packed, unpacked


def offending(links: Table) -> Table:
    """Return one row a person: what the involvements come to, as offender and as victim or witness."""
    off, vic = links.is_offender, links.kind == "victim"
    unsolved = vic & links.closed.isnull() & links.reported.notnull()
    truths = {
        "has_unknown": links.is_unknown,
        "any_unsure_10": links.unsure_10,
        "any_under_18": links.under_18,
        "lacks_start": off & links["first"].isnull(),
        "lacks_conviction": links.is_convicted & links.conviction.isnull(),
        "lacks_months": links.lacks_months,
        "lacks_release": links.is_custodial & links.release.isnull(),
        "lacks_result": links.lacks_result,
        "is_pending": (off & (links.result == "pending").fill_null(False)),
        "is_implausible": off & links.is_implausible,
        "others_named": off & links.others_retained.fill_null(False),
        "lacks_closed": vic & links.closed.isnull() & links.reported.isnull(),
        "lacks_offence": unsolved & links.offence_group.isnull(),
    }
    found = links.group_by("person_id").aggregate(
        truths=packed(truths).bit_or(),
        links=links.count(),
        count=off.sum(),
        count_from_10=(off & ~links.under_10).sum(),
        group=links.group.min(where=off),
        start=links.start.max(where=off),
        first_offence=links["first"].min(where=off),
        first_any=links["first"].min(),
        group_1_driver=links.involvement_id.min(where=off & (links.group == 1)),
        conviction=links.conviction.max(),
        ended=links.ended.max(),
        release=links.release.max(),
        under_10_event=links.event_latest.max(where=off & links.under_10),
        dealt_with=links.is_dealt_with.sum(),
        victims=vic.sum(),
        closed=links.closed.max(where=vic),
        closed_with_sentence=links.closed_with_sentence.max(where=vic),
        reported_serious=links.reported.max(where=unsolved & (links.offence_group == 1)),
        reported_other=links.reported.max(where=unsolved & links.offence_group.isin([2, 3])),
    )
    found = found.mutate(**unpacked(found.truths, truths)).drop("truths")
    starts = found.select("person_id", last_start_of_all="start")
    drivers = links.filter(off).join(starts, "person_id")
    drivers = drivers.filter(drivers.start == drivers.last_start_of_all)
    drivers = drivers.group_by("person_id").aggregate(clock_driver=drivers.involvement_id.min())
    found = found.left_join(drivers, "person_id").drop("person_id_right")
    return found


def flagged(sources: Sources) -> Table:
    """Return one row a person with flags: what they set and block on the day."""
    flags = sources.flags.left_join(sources.lookups["lk_flags"], "flag").mutate(
        is_known=lambda t: t.blocks.notnull(),
    )
    flags = flags.join(sources.persons.select("person_id", "asked_on"), "person_id")
    flags = flags.filter(flags.start.isnull() | (flags.start <= flags.asked_on))
    lasting = flags.until.isnull() | (flags.until >= flags.asked_on)
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
    """Return one row a person with events: what they reset, trigger, block and extend on the day."""
    events = sources.events.left_join(sources.lookups["lk_events"], "kind").drop("kind_right")
    events = events.left_join(sources.persons.select("person_id", "last_review", "asked_on"), "person_id").drop(
        "person_id_right"
    )
    events = events.filter(events.dated.isnull() | (events.dated <= events.asked_on))
    is_known = events.blocks.notnull()
    events = events.mutate(
        is_open=events.closed.isnull() | (events.closed > events.asked_on),
        blocks=ibis.ifelse(is_known, events.blocks, True),
        **{name: events[name].fill_null(False) for name in ("resets", "triggers", "triggers_open", "floor")},
    )
    reviewed = (events.last_review >= events.dated).fill_null(False)
    pending = events.is_open & ((events.triggers & ~reviewed) | (events.triggers_open & ~(events.triggers & reviewed)))
    blocking = events.blocks & events.is_open
    return events.group_by("person_id").aggregate(
        reset=events.dated.max(where=events.resets),
        trigger=events.dated.min(where=pending),
        is_triggered=pending.any(),
        events_blocking=events.kind.collect(where=blocking, distinct=True),
        floor_event_open=(events.floor & events.is_open).any(),
        floor_closed=events.closed.max(where=events.floor & ~events.is_open),
        lacks_day=(events.dated.isnull() & (events.resets | pending)).any(),
    )


def holds_by(sources: Sources, links: Table, key: str, other: str) -> Table:
    """Return one row a person or record (`key`) with holds of its own or, through a link, of the `other`."""
    holds = sources.holds.rename(begins="from")
    pairs = links.select("person_id", "record_id").distinct()
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


def profiles(sources: Sources, links: Table) -> Table:
    """Return one row a person, with every aggregate that a standing needs."""
    found = sources.persons
    for table in (
        offending(links),
        flagged(sources),
        happened(sources),
        holds_by(sources, links, "person_id", "record_id"),
    ):
        found = found.left_join(table, "person_id").drop("person_id_right")
    numbers = ("count", "count_from_10", "victims", "dealt_with")
    truths = [name for name, kind in found.schema().items() if kind.is_boolean()]
    found = found.mutate(
        **{name: found[name].fill_null(0) for name in numbers},
        **{name: found[name].fill_null(False) for name in truths},
    )
    found = found.mutate(
        first_record=ibis.ifelse(found["count"] > 0, found.first_offence, found.first_any).fill_null(found.flag_first),
        born_known=found.born_latest.notnull(),
        is_held=found.held_by.length().fill_null(0) > 0,
    )
    return found.mutate(
        death_pending=found.is_deceased
        & (found.last_review.isnull() | (found.last_review < found.died).fill_null(False)),
    )
