"""Judges every person at once, for every controller with a record of theirs (engine.retention.persons)."""

from datetime import date

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
from muniment.batch.retention.wording import BIT, MARKERS, RULE, WORDS, bits, given, one, packed, places, rule_bit
from muniment.engine.policy.model import Rules
from muniment.engine.retention import persons as reference

# The truths of a person's standing that records ask about: the first of every link, the others of offenders' only.
ALWAYS = (
    *("floor_event_open", "match_matters", "in_group_1", "in_group_2", "death_pending"),
    *("is_child", "reviewed_ahead", "flag_group_1", "match_grave", "placed_nowhere", *MARKERS),
)
OFFENDING = ("floor_open", "not_by_time", "retained")
TRUTHS = places((*ALWAYS, *OFFENDING), len(WORDS))
ALWAYS_MASK = sum(1 << TRUTHS[name] for name in ALWAYS)
_RANKS = 64  # of rules, in `floor_code`: a later day first, then the first rule by name
_FROM = 1_000_000  # days, so that no day is negative


def standings(rows: Table, rules: Rules, step: Step) -> Table:
    """Return one row a person and controller: the columns of `Standing`, `PUBLISHED` and `FOR_RECORDS`."""
    rows = step(_rule(rows, step))
    rows = step(_critical(rows))
    rows = step(_regular(rows, step))
    rows = step(_disclosure(rows))
    rows = step(_brought_forward(rows, rules, step))
    rows = step(_block(rows))
    rows = step(_for_records(rows, step))
    return decisions(rows, step)


def paired(profiles: Table, pairs: Table, variants: Table) -> Table:
    """Return each person with each controller that holds a record of theirs: its terms beside what is known of them.

    `pairs` are `profiles.by_controller`. Truths that are not known of somebody are none.
    """
    rows = pairs.join(profiles, "person_id").left_join(variants, "variant").drop("variant_right", "variant")
    return rows.mutate(
        lacks_day=rows.lacks_day.fill_null(False) | rows.lacks_reset.fill_null(False),
        death_pending=rows.is_deceased & (rows.last_review.isnull() | (rows.last_review < rows.died).fill_null(False)),
        **{name: rows[name].fill_null(False) for name in ("reviewed_ahead", "is_triggered")},
    )


def _is(rule: Value, *names: str) -> Value:
    """Return whether a rule, by number, is one of some; null is none of them."""
    found = rule == RULE[names[0]] if len(names) == 1 else rule.isin([RULE[name] for name in names])
    return found.fill_null(False)


def _number(rule: str) -> Value:
    return one(RULE[rule], "int8")


def _rule(rows: Table, step: Step) -> Table:
    offender, from_10, is_1 = rows.offender, rows.from_10, rows.is_1
    unknown = rows.unknown | rows["group"].isnull()
    null = ibis.null("int8")
    rows = step(
        rows.mutate(
            own_group=ibis.cases(
                (is_1, one(1, "int8")),
                (~offender | ~from_10, null),
                (rows["group"] == 2, one(2, "int8")),
                (~unknown, one(3, "int8")),
                else_=null,
            ),
            rule=ibis.cases(
                (is_1, _number(reference.GROUP_1)),
                (~offender & rows.victim, _number(reference.VICTIM)),
                (~offender, null),
                (~from_10, _number(reference.UNDER_10)),
                (rows["group"] == 2, _number(reference.GROUP_2)),
                (unknown, null),
                else_=rows.group_3,
            ),
            clear_from=ibis.ifelse(offender, latest(rows.start, rows.reset), ibis.null("date")),
        )
    )
    clock = (reference.GROUP_2, reference.BY_REVIEW, reference.BY_TIME, reference.UNDER_10)
    return rows.mutate(by_clock=_is(rows.rule, *clock))


def _critical(rows: Table) -> Table:
    is_1, victim, under_10 = rows.is_1, _is(rows.rule, reference.VICTIM), _is(rows.rule, reference.UNDER_10)
    offender = ~is_1 & ~victim & rows.from_10
    critical = bits(
        {
            "involvements": rows.is_alone & rows.own_group.isnull(),
            "death_verified": rows.death_pending & rows.died.isnull(),
            "event_date": rows.lacks_day | (under_10 & rows.under_10_event.isnull()),
            "first_record": is_1 & rows.first_record.isnull() & rows.last_review.isnull(),
            "case_closed": victim & rows.lacks_closed,
            "offence": (victim & rows.lacks_offence) | (offender & rows.unknown),
            "involvement_date": offender & rows.lacks_start,
            "conviction_date": offender & rows.lacks_conviction,
            "sentence_months": offender & rows.lacks_months,
        }
    )
    return rows.mutate(critical=critical, is_critical=critical != 0)


def _regular(rows: Table, step: Step) -> Table:
    null = ibis.null("date")
    by_3 = _is(rows.rule, reference.BY_TIME, reference.BY_REVIEW)
    of_2, under_10 = _is(rows.rule, reference.GROUP_2), _is(rows.rule, reference.UNDER_10)
    rows = step(
        rows.mutate(
            clock=ibis.cases((under_10, rows.under_10_event), (of_2 | by_3, rows.clear_from), else_=null),
            clock_months=ibis.cases((of_2, rows.g2_months), (under_10, rows.u10_months), else_=rows.g3_months),
            clock_days=ibis.cases((of_2, rows.g2_days), (under_10, rows.u10_days), else_=rows.g3_days),
        )
    )
    victim = _is(rows.rule, reference.VICTIM)
    rows = step(
        rows.mutate(
            clocked=after(rows.clock, rows.clock_months, rows.clock_days),
            vic_closed=ibis.ifelse(victim, after(rows.closed, rows.vic_months, rows.vic_days), null),
            vic_serious=ibis.ifelse(victim, after(rows.reported_serious, rows.und_s_months, rows.und_s_days), null),
            vic_other=ibis.ifelse(victim, after(rows.reported_other, rows.und_o_months, rows.und_o_days), null),
        )
    )
    rows = step(
        rows.mutate(
            the_victim=latest(rows.vic_closed, rows.vic_serious, rows.vic_other, rows.closed_with_sentence),
            kept=(_is(rows.rule, reference.BY_TIME) & (rows.last_review >= rows.clocked)).fill_null(False),
            every=ibis.cases(
                (_is(rows.rule, reference.GROUP_2), rows.g2_every),
                (_is(rows.rule, reference.UNDER_10), rows.u10_every),
                else_=rows.g3a_every,
            ),
        )
    )
    hundredth = after(rows.born_latest.fill_null(rows.first_record), rows.g1_months, rows.g1_days)
    last, by_time, victim = rows.last_review, _is(rows.rule, reference.BY_TIME), _is(rows.rule, reference.VICTIM)
    regular = ibis.cases(
        (rows.is_critical, null),
        (rows.is_1, during(last.fill_null(rows.first_record), rows.g1_every, hundredth, last, rows.next_review)),
        (victim, rows.the_victim),
        (last.isnull() | rows.every.isnull() | (by_time & ~rows.kept), rows.clocked),
        else_=next_multiple(rows.clock, (rows.clock_months, rows.clock_days), rows.every, last, rows.next_review),
    )
    return rows.mutate(
        regular=regular,
        kept_at_review=rows.kept & ~rows.is_critical,
        regular_rule=ibis.ifelse(victim & ~rows.is_critical, _victim_rule(rows), rows.rule),
    )


def _victim_rule(rows: Table) -> Value:
    last = rows.the_victim
    return ibis.cases(
        ((rows.vic_closed == last) | (rows.closed_with_sentence == last), _number(reference.VICTIM)),
        (rows.vic_serious == last, _number(reference.SERIOUS_UNDETECTED)),
        (rows.vic_other == last, _number(reference.OTHER_UNDETECTED)),
        else_=_number(reference.VICTIM),
    )


def _disclosure(rows: Table) -> Table:
    convicted = after(rows.conviction, rows.cpia_months, rows.cpia_days)
    ended = after(rows.ended, rows.ended_months, rows.ended_days)
    law = latest(rows.release, rows.floor_closed, convicted, ended)
    others = latest(rows.release, rows.floor_closed, convicted)
    unprosecuted = (others.isnull() | (ended > others)).fill_null(False)
    opened = rows.by_clock & (rows.pending | rows.floor_event_open)
    later = (rows.by_clock & rows.regular.notnull() & (law > rows.regular)).fill_null(False)
    floor = ibis.ifelse(later, law, rows.regular)
    return rows.mutate(
        floor_open_any=opened,
        floor_open=opened & ~rows.is_critical,
        floor=ibis.ifelse(opened, ibis.null("date"), floor),
        floor_rule=ibis.cases(
            (opened | (later & ~unprosecuted), _number(reference.FLOOR)),
            (later, _number(reference.FLOOR_ENDED)),
            else_=rows.regular_rule,
        ),
    )


def _brought_forward(rows: Table, rules: Rules, step: Step) -> Table:
    adult = rules.settings["ages"]["majority"] * 12
    eighteenth = after(rows.born_latest, adult)
    at_18 = latest(eighteenth, ibis.ifelse(eighteenth.notnull(), rows.first_minor, ibis.null("date")))
    wanted = rows.under_18 & (rows.last_review.isnull() | (rows.last_review < at_18))
    null = ibis.null("date")
    rows = step(
        rows.mutate(
            birthday=eighteenth,
            c_death=ibis.ifelse(rows.death_pending, after(rows.died, rows.dead_months, rows.dead_days), null),
            c_chosen=after(rows.next_review, rows.next_months, rows.next_days),
            c_trigger=after(rows.trigger, rows.trig_months, rows.trig_days),
            at_18=ibis.ifelse(wanted.fill_null(False), at_18, null),
            c_adult=ibis.ifelse(wanted.fill_null(False), after(at_18, rows.adult_months, rows.adult_days), null),
        )
    )
    rows = step(rows.mutate(soonest=ibis.least(rows.c_death, rows.c_chosen, rows.c_trigger, rows.c_adult)))
    soonest = rows.soonest
    rows = step(rows.mutate(sooner=soonest.notnull() & (rows.floor.isnull() | (soonest < rows.floor))))
    soonest, sooner = rows.soonest, rows.sooner
    rule = ibis.cases(
        (rows.is_critical & ~sooner, rows.rule),
        (sooner & (rows.c_death == soonest), _number(reference.DECEASED)),
        (sooner & (rows.c_chosen == soonest), _number(reference.CHOSEN)),
        (sooner & (rows.c_trigger == soonest), _number(reference.TRIGGERED)),
        (sooner, _number(reference.AT_18)),
        else_=rows.floor_rule,
    )
    due = ibis.cases((rows.is_critical, null), (sooner, soonest), else_=rows.floor)
    return rows.mutate(due=due, due_rule=rule)


def _block(rows: Table) -> Table:
    day = rows.asked_on
    last = rows.last_review
    is_offender = rows.offender | rows.is_1
    released = (rows.hold_released >= rows.due) & (last.isnull() | (last < rows.hold_released))
    lacking = bits(
        {
            "release_date": rows.by_clock & rows.lacks_release,
            "date_of_birth": rows.by_clock & rows.born_latest.isnull(),
            "result": rows.by_clock & rows.lacks_result,
            "decision_day": rows.by_clock & rows.lacks_decision,
            "age_at_event": rows.by_clock & rows.unsure_10,
        }
    )
    blockers = bits(
        {
            "implausible_dates": rows.implausible | rows.reviewed_ahead,
            reference.UNDER_10: rows.offender & rows.under_10,
            "child": is_offender & (rows.birthday > day),
            reference.AT_18: rows.at_18 <= day,
            "kept_at_review": rows.kept_at_review,
            reference.DECEASED: rows.death_pending,
            reference.TRIGGERED: rows.is_triggered,
            "hold_released": released,
            "possible_match": _changes_by_match(rows),
            **{name: rows[name] for name in MARKERS},
        }
    )
    return rows.mutate(
        is_offender=is_offender,
        lacking=lacking,
        blockers=blockers,
    )


def _changes_by_match(rows: Table) -> Value:
    day = rows.asked_on
    matched = rows.possible_group.notnull() | rows.possible_clear_from.notnull()
    no_clock = rows.is_1 | rows.due.isnull() | rows.possible_group.isnull() | rows.possible_clear_from.isnull()
    is_2 = _is(rows.rule, reference.GROUP_2)
    months = ibis.cases(
        (is_2, rows.g2_months),
        (_is(rows.rule, reference.BY_REVIEW, reference.BY_TIME), rows.g3_months),
        else_=ibis.null("int32"),
    )
    days = ibis.ifelse(is_2, rows.g2_days, rows.g3_days)
    later = (rows.possible_clear_from > rows.clear_from) & (after(rows.possible_clear_from, months, days) > day)
    changes = either(no_clock, rows.own_group.isnull(), rows.possible_group < rows.own_group, later)
    return ibis.ifelse(matched, changes, False)


def _for_records(rows: Table, step: Step) -> Table:
    """Add what records ask of each person as three integers: facts and truths, blockers, the floor with its rule."""
    matched = rows.possible_group.notnull() | rows.possible_clear_from.notnull()
    by_time = _is(rows.rule, reference.BY_TIME) & ~rows.kept_at_review
    in_group = rows.own_group.isin([1, 2]).fill_null(False)
    stopping = ibis.ifelse(rows.rule.isnull(), one(BIT["offence"]), rule_bit(rows.rule))
    open_ended = rows.is_critical | rows.floor.isnull() | in_group
    kept_until = ibis.ifelse(open_ended, ibis.literal(date.max), rows.floor)
    kept_until = ibis.ifelse(rows.is_offender, kept_until, ibis.null("date"))
    truths = {
        "floor_event_open": rows.floor_event_open,
        "match_matters": either(
            matched & (rows.own_group.isnull() | rows.possible_group.isnull()), rows.possible_group < rows.own_group
        ),
        "flag_group_1": (rows.flag_group == 1).fill_null(False),
        "match_grave": rows.possible_group.isin([1, 2]).fill_null(False),
        "placed_nowhere": rows.is_offender & rows.rule.isnull(),
        "in_group_1": rows.own_group == 1,
        "in_group_2": rows.own_group == 2,
        "death_pending": rows.death_pending,
        "is_child": rows.birthday > rows.asked_on,
        "reviewed_ahead": rows.reviewed_ahead,
        **{name: rows[name] for name in MARKERS},
        "floor_open": rows.floor_open,
        "not_by_time": ~by_time,
        "retained": (kept_until > rows.asked_on).fill_null(False),
    }
    stopped = ~_is(rows.rule, reference.BY_TIME) | rows.is_critical
    rank = (_RANKS - 1) - rows.floor_rule.cast("int64").fill_null(_RANKS - 1)
    return rows.mutate(
        kept_until=kept_until,
        facts=packed(truths, TRUTHS, "int64") | rows.critical | rows.lacking | rule_bit(rows.rule),
        stopping=(rows.blockers & one(~BIT["hold_released"])) | given(stopped, stopping),
        floor_code=(rows.floor.epoch_days().cast("int64") + _FROM) * _RANKS + rank,
    )


def floor_of(code: Value) -> tuple[Value, Value]:
    """Return the day and the rule that `floor_code` holds."""
    day = ibis.literal(date(1970, 1, 1)) + ((code >> 6) - _FROM).cast("int32").as_interval("D")
    return day.cast("timestamp").cast("date"), (_RANKS - 1) - (code & (_RANKS - 1))


FOR_RECORDS = (
    *("person_id", "controller_no", "last_review", "next_review", "clear_from", "floor_closed", "dealt_with"),
    *("facts", "stopping", "floor_code"),
)
PUBLISHED = (
    *("own_group", "due", "due_rule", "outcome", "outcome_others", "is_told", "because_code", "missing_code", "is_1"),
    "kept_until",
)


def decisions(standings: Table, step: Step) -> Table:
    """Return one row a person and controller: what is decided, alone and where others on a record are retained."""
    rows = step(
        standings.mutate(
            reached=(standings.due <= standings.asked_on).fill_null(False),
        )
    )
    shown = rows.reached & rows.rule.notnull() & ~rows.is_1
    rows = step(rows.mutate(shown_lacking=given(shown, rows.lacking), is_told=rows.reached | rows.is_critical))
    by_time = _is(rows.rule, reference.BY_TIME) & ~rows.kept_at_review
    claims = {
        "reached": rows.reached,
        "critical": rows.is_critical,
        "held": rows.is_held,
        "automatic": by_time & _is(rows.due_rule, reference.BY_TIME, reference.FLOOR, reference.FLOOR_ENDED),
        "disposes": ibis.literal(True),
        "clean": (rows.blockers == 0) & (rows.lacking == 0) & ~rows.has_lists & ~rows.others_named,
    }
    lacks_release = (rows.shown_lacking & BIT["release_date"]) != 0
    law = rows.floor_open | _is(rows.floor_rule, reference.FLOOR) | lacks_release
    unprosecuted = ~law & _is(rows.floor_rule, reference.FLOOR_ENDED)
    because = rule_bit(rows.due_rule) | rule_bit(rows.rule)
    because |= bits({reference.FLOOR: law, reference.FLOOR_ENDED: unprosecuted})
    others = bits({"others_retained": rows.others_named})
    return rows.select(
        *FOR_RECORDS,
        *(name for name in PUBLISHED if name in rows.columns),
        outcome=outcome(claims),
        outcome_others=outcome({**claims, "clean": ibis.literal(False)}),
        missing_code=rows.critical | rows.shown_lacking,
        because_code=because | given(rows.is_told, rows.blockers | others),
    )
