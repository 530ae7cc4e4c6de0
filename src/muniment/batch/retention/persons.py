"""Judges every person at once, for every controller with a record of theirs (engine.retention.persons)."""

import ibis

from muniment.batch.retention.expressions import (
    Step,
    Table,
    Value,
    after,
    during,
    either,
    latest,
    next_multiple,
    outcome,
)
from muniment.batch.retention.wording import BIT, EMPTY, bit_of, bits, given
from muniment.engine.policy.model import Rules
from muniment.engine.retention import persons as reference

# What decisions, records and the people beside a person read; the steps between are not carried further.
STANDING = (
    *("person_id", "controller", "asked_on", "own_group", "rule", "clear_from", "due", "due_rule", "floor"),
    *("floor_rule", "floor_open", "is_critical", "critical", "lacking", "blockers", "has_lists", "kept_at_review"),
    *("is_offender", "is_held", "held_by", "flags_blocking", "events_blocking", "setting", "group_1_driver"),
    *("clock_driver", "others_named"),
)


def standings(rows: Table, rules: Rules, step: Step) -> Table:
    """Return one row a person and controller: the columns of `Standing`."""
    rows = step(_rule(rows, step))
    rows = step(_critical(rows))
    rows = step(_regular(rows, step))
    rows = step(_disclosure(rows))
    rows = step(_brought_forward(rows, rules, step))
    return _block(rows).select(*STANDING)


def paired(profiles: Table, pairs: Table, controllers: Table) -> Table:
    """Return each person with each controller that holds a record of theirs, and that controller's terms."""
    return pairs.join(profiles, "person_id").left_join(controllers, "controller").drop("controller_right")


def _rule(rows: Table, step: Step) -> Table:
    is_1 = either(rows.flag_group == 1, rows["group"] == 1)
    offender, from_10 = rows["count"] > 0, rows.count_from_10 > 0
    unknown = rows.has_unknown.fill_null(False) | rows["group"].isnull()
    known = offender & from_10
    rows = step(
        rows.mutate(
            own_group=ibis.cases(
                (is_1, 1), (known & (rows["group"] == 2), 2), (known & ~unknown, 3), else_=ibis.null("int8")
            ).cast("int8"),
            rule=ibis.cases(
                (is_1, reference.GROUP_1),
                (~offender & (rows.victims > 0), reference.VICTIM),
                (~offender, ibis.null("string")),
                (~from_10, reference.UNDER_10),
                (rows["group"] == 2, reference.GROUP_2),
                (unknown, ibis.null("string")),
                else_=rows.group_3,
            ),
            clear_from=ibis.ifelse(offender, latest(rows.start, rows.reset), ibis.null("date")),
        )
    )
    clock = [reference.GROUP_2, reference.BY_REVIEW, reference.BY_TIME, reference.UNDER_10]
    return rows.mutate(by_clock=rows.rule.isin(clock).fill_null(False))


def _critical(rows: Table) -> Table:
    is_1 = (rows.own_group == 1).fill_null(False)
    victim = ~is_1 & (rows.rule == reference.VICTIM).fill_null(False)
    offender = ~is_1 & ~victim & (rows.count_from_10 > 0)
    under_10 = (rows.rule == reference.UNDER_10).fill_null(False)
    critical = bits(
        {
            "involvements": rows.links.isnull() & rows.own_group.isnull(),
            "death_verified": rows.death_pending & rows.died.isnull(),
            "event_date": rows.lacks_day | (under_10 & rows.under_10_event.isnull()),
            "first_record": is_1 & rows.first_record.isnull() & rows.last_review.isnull(),
            "case_closed": victim & rows.lacks_closed,
            "offence": (victim & rows.lacks_offence) | (offender & rows.has_unknown),
            "involvement_date": offender & rows.lacks_start,
            "conviction_date": offender & rows.lacks_conviction,
            "sentence_months": offender & rows.lacks_months,
        }
    )
    return rows.mutate(critical=critical, is_critical=critical != 0)


def _regular(rows: Table, step: Step) -> Table:
    rows = step(
        rows.mutate(
            first_2=after(rows.clear_from, rows.g2_months, rows.g2_days),
            first_3=after(rows.clear_from, rows.g3_months, rows.g3_days),
            first_u10=after(rows.under_10_event, rows.u10_months, rows.u10_days),
            hundredth=after(rows.born_latest, rows.g1_months, rows.g1_days),
            vic_closed=after(rows.closed, rows.vic_months, rows.vic_days),
            vic_serious=after(rows.reported_serious, rows.und_s_months, rows.und_s_days),
            vic_other=after(rows.reported_other, rows.und_o_months, rows.und_o_days),
        )
    )
    rows = step(
        rows.mutate(victim=latest(rows.vic_closed, rows.vic_serious, rows.vic_other, rows.closed_with_sentence))
    )
    victim, last = rows.victim, rows.last_review
    by_time = rows.rule == reference.BY_TIME
    kept = (by_time & (last >= rows.first_3)).fill_null(False)
    regular = ibis.cases(
        (rows.is_critical, ibis.null("date")),
        (
            rows.rule == reference.GROUP_1,
            during(last.fill_null(rows.first_record), rows.g1_every, rows.hundredth, last),
        ),
        (rows.rule == reference.VICTIM, victim),
        (rows.rule == reference.GROUP_2, next_multiple(rows.first_2, rows.g2_every, last)),
        (rows.rule == reference.UNDER_10, next_multiple(rows.first_u10, rows.u10_every, last)),
        (by_time & ~kept, rows.first_3),
        (rows.rule.isin([reference.BY_TIME, reference.BY_REVIEW]), next_multiple(rows.first_3, rows.g3a_every, last)),
        else_=ibis.null("date"),
    )
    victim_rule = ibis.cases(
        ((rows.vic_closed == victim) | (rows.closed_with_sentence == victim), reference.VICTIM),
        (rows.vic_serious == victim, reference.SERIOUS_UNDETECTED),
        (rows.vic_other == victim, reference.OTHER_UNDETECTED),
        else_=reference.VICTIM,
    )
    return rows.mutate(
        regular=regular,
        kept_at_review=kept & ~rows.is_critical,
        regular_rule=ibis.ifelse((rows.rule == reference.VICTIM) & ~rows.is_critical, victim_rule, rows.rule),
    )


def _disclosure(rows: Table) -> Table:
    convicted = after(rows.conviction, rows.cpia_months, rows.cpia_days)
    ended = after(rows.ended, rows.ended_months, rows.ended_days)
    law = latest(rows.release, rows.floor_closed, convicted, ended)
    opened = rows.by_clock & either(rows.is_pending, rows.floor_event_open)
    later = (rows.by_clock & rows.regular.notnull() & (law > rows.regular)).fill_null(False)
    floor = ibis.ifelse(later, law, rows.regular)
    return rows.mutate(
        floor_open_any=opened,
        floor_open=opened & ~rows.is_critical,
        floor=ibis.ifelse(opened, ibis.null("date"), floor),
        floor_rule=ibis.ifelse(opened | later, reference.FLOOR, rows.regular_rule),
    )


def _brought_forward(rows: Table, rules: Rules, step: Step) -> Table:
    day = rows.asked_on
    adult = rules.settings["ages"]["majority"] * 12
    not_reached = rows.floor.isnull() | (rows.floor > day)
    eighteenth = after(rows.born_latest, adult)
    wanted = rows.any_under_18 & (rows.last_review.isnull() | (rows.last_review < eighteenth))
    null = ibis.null("date")
    rows = step(
        rows.mutate(
            birthday=eighteenth,
            c_death=ibis.ifelse(rows.death_pending, after(rows.died, rows.dead_months, rows.dead_days), null),
            c_trigger=ibis.ifelse(not_reached, after(rows.trigger, rows.trig_months, rows.trig_days), null),
            c_adult=ibis.ifelse(
                (not_reached & wanted).fill_null(False), after(eighteenth, rows.adult_months, rows.adult_days), null
            ),
        )
    )
    rows = step(rows.mutate(soonest=ibis.least(rows.c_death, rows.c_trigger, rows.c_adult)))
    soonest = rows.soonest
    rows = step(rows.mutate(sooner=soonest.notnull() & (rows.floor.isnull() | (soonest < rows.floor))))
    soonest, sooner = rows.soonest, rows.sooner
    rule = ibis.cases(
        (rows.is_critical & ~sooner, rows.rule),
        (sooner & (rows.c_death == soonest), reference.DECEASED),
        (sooner & (rows.c_trigger == soonest), reference.TRIGGERED),
        (sooner, reference.AT_18),
        else_=rows.floor_rule,
    )
    due = ibis.cases((rows.is_critical, null), (sooner, soonest), else_=rows.floor)
    return rows.mutate(due=due, due_rule=rule)


def _block(rows: Table) -> Table:
    day = rows.asked_on
    last = rows.last_review
    is_offender = (rows["count"] > 0) | (rows.own_group == 1).fill_null(False)
    released = (rows.hold_released >= rows.due) & (last.isnull() | (last < rows.hold_released))
    lacking = bits(
        {
            "release_date": rows.by_clock & rows.lacks_release,
            "date_of_birth": rows.by_clock & ~rows.born_known,
            "result": rows.by_clock & rows.lacks_result,
            "age_at_event": rows.by_clock & rows.any_unsure_10,
        }
    )
    blockers = bits(
        {
            "implausible_dates": rows.is_implausible,
            reference.UNDER_10: (rows["count"] > 0) & (rows["count"] != rows.count_from_10),
            "child": is_offender & (rows.birthday > day),
            "kept_at_review": rows.kept_at_review,
            reference.DECEASED: rows.death_pending,
            reference.TRIGGERED: rows.is_triggered,
            "hold_released": released,
            "possible_match": _changes_by_match(rows),
        }
    )
    return rows.mutate(
        is_offender=is_offender,
        lacking=lacking,
        blockers=blockers,
        has_lists=(rows.flags_blocking.length().fill_null(0) > 0) | (rows.events_blocking.length().fill_null(0) > 0),
    )


def _changes_by_match(rows: Table) -> Value:
    day = rows.asked_on
    given = rows.possible_group.notnull() | rows.possible_clear_from.notnull()
    asked = given & (rows.own_group.isnull() | (rows.own_group != 1)) & rows.due.notnull()
    months = ibis.cases(
        (rows.rule == reference.GROUP_2, rows.g2_months),
        (rows.rule == reference.BY_REVIEW, rows.g3_months),
        (rows.rule == reference.BY_TIME, rows.g3_months),
        else_=ibis.null("int32"),
    )
    days = ibis.ifelse(rows.rule == reference.GROUP_2, rows.g2_days, rows.g3_days)
    later = (rows.possible_clear_from > rows.clear_from) & (after(rows.possible_clear_from, months, days) > day)
    return asked & either(rows.own_group.isnull(), rows.possible_group < rows.own_group, later)


PERSON_RULES = (
    *(reference.GROUP_1, reference.GROUP_2, reference.BY_REVIEW, reference.BY_TIME, reference.UNDER_10),
    *(reference.VICTIM, reference.DECEASED, reference.TRIGGERED, reference.AT_18, reference.FLOOR),
    *(reference.SERIOUS_UNDETECTED, reference.OTHER_UNDETECTED),
)


def decisions(standings: Table, step: Step) -> Table:
    """Return one row a person and controller: outcome, the driver, and the codes to spell out.

    `because_code` and `missing_code` are bits; `shown_flags`, `shown_events`, `setting` and `held_by` are lists.
    """
    others = bits({"others_retained": standings.others_retained})
    rows = step(
        standings.mutate(
            reached=(standings.due <= standings.asked_on).fill_null(False),
            is_1=(standings.own_group == 1).fill_null(False),
            all_blockers=standings.blockers + others,
        )
    )
    shown = rows.reached & rows.rule.notnull() & ~rows.is_1
    rows = step(rows.mutate(shown_lacking=given(shown, rows.lacking), told=rows.reached | rows.is_critical))
    by_time = (rows.rule == reference.BY_TIME) & ~rows.kept_at_review
    claims = {
        "reached": rows.reached,
        "critical": rows.is_critical,
        "held": rows.is_held,
        "automatic": by_time & rows.due_rule.isin([reference.BY_TIME, reference.FLOOR]),
        "disposes": ibis.literal(True),
        "clean": (rows.all_blockers == 0) & (rows.lacking == 0) & ~rows.has_lists,
    }
    lacks_release = (rows.shown_lacking & BIT["release_date"]) != 0
    law = either(rows.floor_open, rows.floor_rule == reference.FLOOR, lacks_release)
    because = bit_of(rows.due_rule, PERSON_RULES) | bit_of(rows.rule, PERSON_RULES)
    because = because | given(rows.told, rows.all_blockers) | bits({reference.FLOOR: law})
    return rows.mutate(
        outcome=outcome(claims),
        missing_code=rows.critical | rows.shown_lacking,
        because_code=because,
        shown_flags=ibis.ifelse(rows.told, rows.flags_blocking, EMPTY),
        shown_events=ibis.ifelse(rows.told, rows.events_blocking, EMPTY),
        shown_setting=ibis.ifelse(rows.is_1, rows.setting, EMPTY),
        driving_involvement=ibis.ifelse(rows.is_1, rows.group_1_driver, rows.clock_driver),
    )
