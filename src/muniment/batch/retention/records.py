"""Judges every record at once (engine.retention.records): its class, and everyone on it."""

import ibis

from muniment.batch.retention.expressions import (
    Step,
    Table,
    after,
    either,
    latest,
    outcome,
)
from muniment.batch.retention.on_record import stands, truth
from muniment.batch.retention.persons import floor_of
from muniment.batch.retention.wording import (
    BIT,
    CRITICAL,
    LACKING,
    MARKERS,
    NOTHING,
    PERSON_RULES,
    RULE,
    among,
    bits,
    given,
    one,
)
from muniment.engine.retention import persons as reference

# What is handed back or spelled out.
DECIDED = (
    *("record_id", "controller", "declared", "class_no", "due", "outcome", "rule_no", "driving_person"),
    *("missing_code", "trigger_no", "because_code", "shows_flags", "shows_events"),
)
_RULES = among(PERSON_RULES)


def floors(rows: Table, step: Step) -> Table:
    """Add the longest floor of all, or the ceiling that cuts it, and what sets it."""
    null = ibis.null("date")
    told, policing = rows.class_no.notnull(), rows.is_policing.fill_null(False)
    follows = policing & ~rows.alone.fill_null(False)
    victim = follows & truth(rows.code, "victim") & rows.closed.notnull()
    unplaced = rows.family_no.notnull() & rows.traits_group.isnull()
    unresolved = ibis.ifelse(unplaced, one(BIT["offence"]), one(BIT["record_class"]))
    rows = step(
        rows.mutate(
            told=told,
            policing=policing,
            follows_offender=follows & rows.offender,
            by_person=rows.follows_person.fill_null(False) & follows & rows.offender,
            f_victim=ibis.ifelse(
                victim, latest(after(rows.closed, rows.vic_months, rows.vic_days), rows.victim_sentence), null
            ),
            lacking_code=ibis.ifelse(told, rows.own_lacking, unresolved),
            lacking_no=ibis.ifelse(told, rows.lacking_no, ibis.null("int16")),
            floor_code=ibis.ifelse(follows & rows.offender, rows.floor_code, ibis.null("int64")),
        )
    )
    person_floor, person_rule = floor_of(rows.floor_code)
    rows = step(
        rows.mutate(
            f_person=person_floor,
            f_rule=person_rule,
            critical=rows.lacking_code | given(rows.told & rows.by_person, rows.facts & among(CRITICAL)),
            person_open=rows.follows_offender & stands(rows.facts, "floor_open"),
        )
    )
    own_open = rows.has_own_floor & rows.own_none & ~(rows.own_due.notnull() & rows.by_person)
    opened = (rows.others_retained.fill_null(False) | rows.person_open | own_open) & ~rows.is_ceiling
    rows = step(rows.mutate(is_critical=rows.lacking_no.notnull() | (rows.critical != 0), opened=opened))
    longest = latest(rows.own_due, rows.f_person, rows.f_victim)
    due = ibis.cases((rows.is_critical | rows.opened, null), (rows.is_ceiling, rows.own_due), else_=longest)
    rows = step(rows.mutate(due=due))
    rule = ibis.cases(
        (rows.is_ceiling | (rows.due == rows.own_due), rows.class_no),
        (rows.due == rows.f_person, rows.f_rule.cast("int16")),
        (rows.due == rows.f_victim, one(RULE[reference.VICTIM], "int16")),
        (rows.person_open, one(RULE[reference.FLOOR], "int16")),
        else_=rows.class_no,
    )
    return rows.mutate(rule_no=rule)


def decisions(rows: Table, step: Step) -> Table:
    """Return one row a record: outcome, and the codes to spell out as missing and because."""
    rows = step(_blocked(rows))
    last = rows.last_review
    released = (rows.hold_released >= rows.due) & (last.isnull() | (last < rows.hold_released))
    rows = step(
        rows.mutate(
            reached=(rows.due <= rows.asked_on).fill_null(False),
            blockers=rows.blockers | bits({"hold_released": released}),
            by_rule=rows.by_person & ~stands(rows.facts, "not_by_time"),
        )
    )
    claims = {
        "reached": rows.reached,
        "critical": rows.is_critical,
        "held": rows.is_held,
        "ceiling": rows.is_ceiling,
        "conflict": rows.in_conflict,
        "automatic": ibis.ifelse(rows.by_person, rows.by_rule, rows.is_automatic),
        "disposes": ibis.ifelse(rows.by_person, rows.by_rule, rows.own_dispose | rows.is_ceiling),
        "archives": ~rows.by_person & rows.own_archive,
        "clean": (rows.blockers == 0) & ~rows.has_lists & (rows.lacking == 0),
    }
    told = rows.reached | rows.is_critical
    people = rows.told & rows.follows_offender & ~rows.is_ceiling
    others = bits({"others_retained": rows.others_retained})
    return rows.mutate(
        outcome=outcome(claims),
        class_no=rows.class_no.fill_null(-1),
        rule_no=rows.rule_no.fill_null(-1),
        trigger_no=rows.lacking_no.fill_null(-1),
        missing_code=rows.critical | given(rows.reached, rows.lacking),
        because_code=given(people, rows.facts & _RULES) | given(told, rows.blockers) | others,
        shows_flags=told & rows.lists_flags,
        shows_events=told & rows.told,
        driving_person=rows.first_person,
    ).select(*DECIDED)


def _blocked(rows: Table) -> Table:
    """Add what blocks an action and what is lacking for it; at a ceiling only what may stop a destruction."""
    offender = rows.policing & rows.offender
    later = latest(
        rows.release,
        after(rows.conviction, rows.cpia_months, rows.cpia_days),
        after(rows.ended, rows.ended_months, rows.ended_days),
        rows.floor_closed,
    )
    here = truth(rows.code, "pending") | truth(rows.code, "lacks_release")
    unended = rows.needs_result & rows.offender & ~truth(rows.code, "has_ended")
    floor = stands(rows.facts, "floor_event_open") | here | unended | (later > rows.asked_on).fill_null(False)
    open_law = ibis.ifelse(rows.is_ceiling, floor, False)
    against = {
        reference.GROUP_1: stands(rows.facts, "flag_group_1"),
        "possible_match": stands(rows.facts, "match_grave"),
    }
    whoever = {
        "possible_match": stands(rows.facts, "match_matters"),
        reference.GROUP_1: stands(rows.facts, "in_group_1"),
        reference.GROUP_2: stands(rows.facts, "in_group_2"),
        "offence": stands(rows.facts, "placed_nowhere"),
        reference.DECEASED: stands(rows.facts, "death_pending"),
        "child": stands(rows.facts, "is_child"),
        "implausible_dates": stands(rows.facts, "reviewed_ahead"),
        **{name: stands(rows.facts, name) for name in MARKERS},
    }
    ordinary = given(rows.policing, bits(whoever)) | given(offender, rows.stopping)
    ordinary |= bits({"implausible_dates": truth(rows.code, "absurd"), reference.FLOOR: floor & ~rows.policing})
    listed = rows.told & rows.policing & ~rows.is_ceiling
    lacking = given(offender, rows.facts & among((*CRITICAL, *LACKING)))
    acts = ibis.ifelse(rows.by_person, ~stands(rows.facts, "not_by_time"), rows.own_dispose | rows.own_archive)
    unclosed = truth(rows.code, "unclosed") & (rows.offender | rows.reported.isnull())
    follows = rows.policing & ~rows.alone.fill_null(False)
    unknown = bits(
        {
            "date_of_birth": rows.minors_from_18 & rows.lacks_born,
            "case_closed": follows & unclosed,
            "offence": rows.by_offence & rows.unplaced_offence,
            "sentence_months": follows & truth(rows.code, "victim_lacks_length"),
        }
    )
    lacking = lacking | given(acts, unknown)
    return rows.mutate(
        in_conflict=rows.is_ceiling & either(rows.is_held, rows.has_events, open_law, *against.values()),
        blockers=ibis.cases(
            (~rows.told, NOTHING), (rows.is_ceiling, bits({reference.FLOOR: open_law, **against})), else_=ordinary
        ),
        lacking=given(rows.told & ~rows.is_ceiling, lacking) | given(rows.is_ceiling, bits({"result": unended})),
        has_lists=(rows.told & rows.has_events) | (listed & rows.has_flags) | (rows.is_ceiling & rows.is_held),
        lists_flags=listed,
    )
