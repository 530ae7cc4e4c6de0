"""Judges every record at once (engine.retention.records): its class, and everyone on it."""

import ibis

from muniment.batch.retention.expressions import (
    Step,
    Table,
    Value,
    after,
    both,
    during,
    either,
    latest,
    next_multiple,
    outcome,
)
from muniment.batch.retention.links import Sources
from muniment.batch.retention.persons import PERSON_RULES
from muniment.batch.retention.wording import BIT, EMPTY, NOTHING, bit_of, bits, given, packed, unpacked
from muniment.engine.policy.model import DeriveRow, Rules
from muniment.engine.retention import persons as reference
from muniment.engine.retention.records import BY_PERSON

# What is handed back or spelled out.
DECIDED = (
    *("record_id", "controller", "class_id", "resolved_class", "due", "outcome", "rule", "driving_person"),
    *("missing_code", "critical_word", "because_code", "held_by", "shown_flags", "shown_events"),
)
GIVEN = ("others_retained",)  # a null here is not a no: it is computed from the people on the record


def _with_people(links: Table, standings: Table, profiles: Table) -> Table:
    """Return the links with what is known of the person of each, and how that person stands with its controller."""
    people = standings.select(
        "person_id",
        "controller",
        "floor",
        "floor_rule",
        "floor_open",
        "own_group",
        "clear_from",
        "is_critical",
        "critical",
        "lacking",
        "blockers",
        "kept_at_review",
        person_rule="rule",
    )
    rest = profiles.select(
        "person_id",
        "last_review",
        "floor_event_open",
        "floor_closed",
        "possible_group",
        "possible_clear_from",
        "dealt_with",
    )
    rows = links.left_join(people, ["person_id", "controller"]).drop("person_id_right", "controller_right")
    return rows.left_join(rest, "person_id").drop("person_id_right")


def on_record(links: Table, standings: Table, profiles: Table, rules: Rules) -> Table:
    """Return one row a record with anyone on it: what its links and the standings of its people come to."""
    rows = _with_people(links, standings, profiles)
    off, vic = rows.is_offender, rows.kind == "victim"
    matched = rows.possible_group.notnull() | rows.possible_clear_from.notnull()
    by_time = (rows.person_rule == reference.BY_TIME).fill_null(False) & ~rows.kept_at_review
    stopped = rows.own_group.isin([1, 2]).fill_null(False) | rows.is_critical | rows.person_rule.isnull()
    days = {
        f"named_{kind}": {"where": rows.stand_in == kind}
        for kind in sorted(set(rules.settings["role_dates"]["fallback"].values()))
    }
    stopping = ibis.ifelse(
        rows.person_rule.isnull(), ibis.literal(BIT["offence"], type="int64"), bit_of(rows.person_rule, PERSON_RULES)
    )
    truths = {
        "convicted": (off & rows.is_dealt_with),
        "charged": (off & (rows.role == "CHARGED")),
        "penalty_notice": (off & (rows.result == "penalty_notice").fill_null(False)),
        "under_18": rows.under_18,
        "lacks_length": (rows.is_custodial & rows.sentence_months.isnull()),
        "open_here": (off & (either(rows.result == "pending", rows.is_custodial & rows.release.isnull()))),
        "floor_event_open": rows.floor_event_open,
        "person_open": (off & rows.floor_open),
        "person_critical": (off & rows.is_critical),
        "unknown_match": (matched & rows.own_group.isnull()),
        "not_by_time": off & ~by_time,
    }
    here = rows.group_by("record_id").aggregate(
        truths=packed(truths).bit_or(),
        persons=rows.count(),
        offenders=off.sum(),
        driving_person=rows.person_id.min(where=off),
        offence_group=rows.offence_group.min(),
        first_link=rows["first"].min(),
        born_earliest=rows.born_earliest.max(),
        born_latest=rows.born_latest.max(),
        victim_born_earliest=rows.born_earliest.max(where=vic),
        victim_born_latest=rows.born_latest.max(where=vic),
        clear_from=rows.clear_from.max(),
        last_review=rows.last_review.max(),
        months_ordered=rows.sentence_months.max(where=rows.is_custodial),
        conviction=rows.conviction.max(),
        ended=rows.ended.max(),
        release=rows.release.max(),
        floor_closed=rows.floor_closed.max(),
        victim_closed=rows.closed.max(where=vic),
        victim_sentence=rows.closed_with_sentence.max(where=vic),
        person_floor=rows.floor.max(where=off),
        dealt_elsewhere=(rows.dealt_with - rows.is_dealt_with.cast("int64")).max(),
        p_critical=rows.critical.bit_or(where=off),
        p_lacking=rows.lacking.bit_or(where=off),
        p_blockers=rows.blockers.bit_or(where=off),
        p_rules=bit_of(rows.person_rule, PERSON_RULES).bit_or(where=off),
        p_stopping=stopping.bit_or(where=off & stopped),
        **{name: rows.dated.max(where=spec["where"]) for name, spec in days.items()},
        **{f"{name}_min": rows.dated.min(where=spec["where"]) for name, spec in days.items()},
    )
    here = here.mutate(**unpacked(here.truths, truths)).drop("truths")
    here = here.mutate(all_by_time=~here.not_by_time).drop("not_by_time")
    here = _with_floor_rule(here, rows)
    return here.left_join(_marks(links, profiles), "record_id").drop("record_id_right")


def _with_floor_rule(here: Table, rows: Table) -> Table:
    """Add the rule of the latest floor among the offenders of each record."""
    floors = rows.select("record_id", "floor", "floor_rule", "is_offender").filter(rows.is_offender)
    floors = floors.join(here.select("record_id", "person_floor"), "record_id")
    floors = floors.filter(floors.floor == floors.person_floor)
    floors = floors.group_by("record_id").aggregate(person_floor_rule=floors.floor_rule.min())
    return here.left_join(floors, "record_id").drop("record_id_right")


def _marks(links: Table, profiles: Table) -> Table:
    """Return one row a record with a blocking flag or event of anyone on it; few have, so lists stay few."""
    flags, events = profiles.flags_blocking, profiles.events_blocking
    marked = profiles.filter(either(flags.length() > 0, events.length() > 0))
    marked = marked.select("person_id", "flags_blocking", "events_blocking")
    rows = links.select("record_id", "person_id").join(marked, "person_id")
    some_flags, some_events = rows.flags_blocking.length() > 0, rows.events_blocking.length() > 0
    return rows.group_by("record_id").aggregate(
        p_flags=rows.flags_blocking.collect(where=some_flags).flatten().unique(),
        p_events=rows.events_blocking.collect(where=some_events).flatten().unique(),
    )


def resolved(sources: Sources, rows: Table, rules: Rules, step: Step) -> Table:
    """Return one row a record with its class resolved from its family."""
    counted = ("persons", "offenders", "dealt_elsewhere")
    truths = [name for name, kind in rows.schema().items() if kind.is_boolean() and name not in GIVEN]
    rows = step(
        rows.mutate(
            **{name: rows[name].fill_null(0) for name in counted},
            **{name: rows[name].fill_null(False) for name in truths},
        )
    )
    # A record with nobody on it is placed by its own offence; otherwise links already fall back to it.
    group = ibis.ifelse(rows.persons > 0, rows.offence_group, rows.record_group)
    rows = step(rows.mutate(traits_group=group, declared=rows.class_id))
    known = list(rules.classes)
    branches = [(rows.declared.isin(known), rows.declared)]
    for family, derive in rules.families.items():
        branches += [((rows.declared == family) & _fits(row, rows), ibis.literal(row.class_id)) for row in derive]
    rows = step(rows.mutate(resolved_class=ibis.cases(*branches, else_=ibis.null("string"))))
    classes = sources.lookups["lk_classes"]
    swaps = classes.filter(classes.unless_convicted.notnull()).select("class_id", swap="unless_convicted")
    rows = rows.left_join(swaps, rows.resolved_class == swaps.class_id).drop("class_id_right")
    swap = rows.swap.notnull() & (rows.dealt_elsewhere > 0)
    return rows.mutate(resolved_class=ibis.ifelse(swap, rows.swap, rows.resolved_class)).drop("class_id", "swap")


def _fits(row: DeriveRow, rows: Table) -> Value:
    asked: list[Value] = [ibis.literal(True)]
    if row.outcome is not None:
        asked.append(rows.outcome.isin(sorted(row.outcome)))
    if row.group is not None:
        asked.append(rows.traits_group.isin(sorted(row.group)))
    columns = {
        "suspect": rows.offenders > 0,
        "persons": rows.persons > 0,
        "convicted": rows.convicted,
        "charged": rows.charged,
        "penalty_notice": rows.penalty_notice,
        "under_18": rows.under_18,
    }
    for name, column in columns.items():
        wanted = getattr(row, name)
        if wanted is not None:
            asked.append(column if wanted else ~column)
    return both(asked)


def with_terms(rows: Table, sources: Sources, rules: Rules, step: Step) -> Table:
    """Add the class's terms for the record's controller, its trigger date, and the floors' lengths."""
    terms = sources.lookups["lk_terms"]
    rows = rows.left_join(terms, [rows.controller == terms.controller, rows.resolved_class == terms.class_id]).drop(
        "controller_right", "class_id"
    )
    classes = sources.lookups["lk_classes"]
    rows = rows.left_join(classes, rows.resolved_class == classes.class_id).drop("class_id")
    controllers = sources.lookups["lk_controllers"].select(
        "controller", "cpia_months", "cpia_days", "ended_months", "ended_days", "vic_months", "vic_days"
    )
    rows = rows.left_join(controllers, "controller").drop("controller_right")
    rows = step(rows)
    for trigger, prefix in (("trigger", "t"), ("least_trigger", "least")):
        wanted = (terms if prefix == "t" else classes).select(date_kind=trigger).distinct()
        dates = sources.record_dates.select("earliest", "latest", dated_record="record_id", date_kind="kind")
        dates = dates.semi_join(wanted, "date_kind").group_by("dated_record", "date_kind")
        dates = dates.aggregate(
            **{f"{prefix}_earliest": ibis._.earliest.min(), f"{prefix}_latest": ibis._.latest.max()}
        )
        rows = rows.left_join(dates, [rows.record_id == dates.dated_record, rows[trigger] == dates.date_kind])
        rows = rows.drop("dated_record", "date_kind")
    return _triggered(step(rows), rules, step)


def _triggered(rows: Table, rules: Rules, step: Step) -> Table:
    adult = rules.settings["ages"]["majority"] * 12
    null = ibis.null("date")
    stand_ins = sorted(set(rules.settings["role_dates"]["fallback"].values()))
    found: dict[str, Value] = {}
    for end, suffix in (("earliest", "_min"), ("latest", "")):
        born = rows[f"born_{end}"]
        found[f"t_{end}"] = rows[f"t_{end}"].fill_null(
            ibis.cases(
                *[(rows.trigger == kind, rows[f"named_{kind}{suffix}"]) for kind in stand_ins],
                (rows.trigger == "clear_period_start", rows.clear_from),
                (rows.trigger == "date_of_birth", born),
                (rows.trigger == "victim_date_of_birth", rows[f"victim_born_{end}"]),
                (rows.trigger == "child_18th_birthday", after(born, adult)),
                else_=null,
            )
        )
    rows = step(rows.mutate(**found))
    birthday = after(rows.born_latest, adult)
    minor = (rows.minors_from_18 & (birthday > rows.t_latest)).fill_null(False)
    return rows.mutate(
        t_latest=ibis.ifelse(minor, birthday, rows.t_latest), t_earliest=ibis.ifelse(minor, birthday, rows.t_earliest)
    )


def class_due(rows: Table, step: Step) -> Table:
    """Add what the class alone says: own_due, own_action, own_lacking, is_ceiling."""
    by_group, offender = (rows.kind == "person_group").fill_null(False), rows.offenders > 0
    destroys = (rows.kind == "must_destroy_by").fill_null(False)
    base = after(rows.t_latest, rows.months, rows.days)
    least = after(rows.least_latest, rows.least_months, rows.least_days)
    rows = step(
        rows.mutate(
            by_group=by_group,
            skip=by_group & offender,
            no_trigger=~(by_group & offender)
            & ~((rows.kind == "indefinite") & (rows.action == "none")).fill_null(False)
            & rows.t_latest.isnull()
            & rows.trigger.notnull(),
            ceiling=destroys & rows.t_latest.notnull(),
            indefinite=(rows.kind == "indefinite").fill_null(False),
            endless=destroys & (rows.months_ordered >= rows.indefinite_from_months).fill_null(False),
            base=ibis.ifelse(rows.least_trigger.notnull(), latest(base, least), base),
            since=ibis.ifelse(rows.kind == "from_trigger", rows.t_latest, rows.first_link),
            extra=ibis.ifelse(rows.plus_sentence.fill_null(False), rows.months_ordered.fill_null(0), 0),
            reviewed=rows.kind.isin(["on_application", "person_group", "review_only"]).fill_null(False),
        )
    )
    rows = step(
        rows.mutate(
            unmeasured=rows.ceiling & ~rows.endless & (rows.plus_sentence & rows.lacks_length).fill_null(False),
            within=(rows.reviewed_during & rows.every.notnull()).fill_null(False)
            & (rows.since.notnull() | rows.last_review.notnull()),
            least_gone=rows.least_trigger.notnull() & rows.least_latest.isnull(),
            no_length=~rows.ceiling & ~rows.indefinite & ~rows.skip & rows.months.isnull() & rows.trigger.notnull(),
        )
    )
    return rows.mutate(
        own_due=_own_due(rows),
        own_action=_own_action(rows),
        own_lacking=_own_lacking(rows),
        has_own_floor=~rows.skip,
        is_ceiling=rows.ceiling & ~rows.endless,
    )


def _own_due(rows: Table) -> Value:
    return ibis.cases(
        (rows.skip | rows.no_trigger | (rows.ceiling & rows.endless) | rows.unmeasured, ibis.null("date")),
        (rows.ceiling, after(rows.t_earliest, rows.months + rows.extra, rows.days)),
        (rows.indefinite & (rows.action == "archive"), rows.t_latest),
        (rows.indefinite & rows.every.notnull(), after(rows.last_review.fill_null(rows.t_latest), rows.every)),
        (rows.indefinite | rows.least_gone, ibis.null("date")),
        (rows.within, during(rows.since.fill_null(rows.t_latest), rows.every, rows.base, rows.last_review)),
        (rows.every.notnull() & ~rows.reviewed_during, next_multiple(rows.base, rows.every, rows.last_review)),
        else_=rows.base,
    )


def _own_action(rows: Table) -> Value:
    return ibis.cases(
        (rows.skip | (rows.ceiling & rows.endless), "none"),
        (rows.no_trigger & ~rows.by_group, rows.action),
        (rows.indefinite & (rows.action == "archive"), "archive"),
        (rows.indefinite & rows.every.notnull(), "review"),
        (rows.indefinite, "none"),
        (rows.reviewed, "review"),
        else_=rows.action,
    )


def _own_lacking(rows: Table) -> Value:
    """Return the one fact that the class cannot be told without, null when it can."""
    offender = rows.no_trigger & rows.by_group & (rows.trigger == "clear_period_start")
    return ibis.cases(
        (rows.skip, ibis.null("string")),
        (offender, "offender"),
        (rows.no_trigger, rows.trigger),
        (rows.unmeasured, "sentence_months"),
        (rows.no_length, "offender"),
        (rows.least_gone & ~rows.ceiling & ~rows.indefinite, rows.least_trigger),
        else_=ibis.null("string"),
    )


def floors(rows: Table, step: Step) -> Table:
    """Add the longest floor of all, or the ceiling that cuts it, and what sets it."""
    follows = (rows.is_policing & (rows.kind != "on_application")).fill_null(False)
    rows = step(
        rows.mutate(
            follows_offender=follows & (rows.offenders > 0),
            by_person=rows.kind.isin(list(BY_PERSON)).fill_null(False) & follows & (rows.offenders > 0),
            vic=latest(after(rows.victim_closed, rows.vic_months, rows.vic_days), rows.victim_sentence),
            law=latest(
                rows.release,
                after(rows.conviction, rows.cpia_months, rows.cpia_days),
                after(rows.ended, rows.ended_months, rows.ended_days),
                rows.floor_closed,
            ),
            follows=follows,
        )
    )
    null = ibis.null("date")
    unresolved = ibis.ifelse(rows.is_family, "offence", "record_class")
    told = rows.resolved_class.notnull()
    rows = step(
        rows.mutate(
            f_person=ibis.ifelse(rows.follows_offender, rows.person_floor, null),
            f_victim=ibis.ifelse(rows.follows & rows.victim_closed.notnull(), rows.vic, null),
            critical_word=ibis.ifelse(told, rows.own_lacking, unresolved),
            critical=given(told & rows.by_person, rows.p_critical),
        )
    )
    own_open = rows.has_own_floor & (rows.own_action == "none") & ~(rows.own_due.notnull() & rows.by_person)
    opened = either(rows.others_retained, rows.follows_offender & rows.person_open, own_open) & ~rows.is_ceiling
    critical = rows.critical_word.notnull() | (rows.critical != 0)
    rows = step(rows.mutate(is_critical=critical, opened=opened))
    longest = latest(rows.own_due, rows.f_person, rows.f_victim)
    due = ibis.cases((rows.is_critical | rows.opened, null), (rows.is_ceiling, rows.own_due), else_=longest)
    rows = step(rows.mutate(due=due))
    rule = ibis.cases(
        (rows.is_ceiling | (rows.due == rows.own_due), rows.resolved_class),
        (rows.due == rows.f_person, rows.person_floor_rule),
        (rows.due == rows.f_victim, reference.VICTIM),
        (rows.follows_offender & rows.person_open, reference.FLOOR),
        else_=rows.resolved_class,
    )
    return rows.mutate(rule=rule)


def decisions(rows: Table, step: Step) -> Table:
    """Return one row a record: outcome, and the codes and lists to spell out as missing and because."""
    rows = step(_blocked(rows))
    last = rows.last_review
    released = (rows.hold_released >= rows.due) & (last.isnull() | (last < rows.hold_released))
    rows = step(
        rows.mutate(
            reached=(rows.due <= rows.asked_on).fill_null(False),
            blockers=rows.blockers | bits({"hold_released": released}),
            by_rule=(rows.by_person & rows.all_by_time).fill_null(False),
        )
    )
    claims = {
        "reached": rows.reached,
        "critical": rows.is_critical,
        "held": rows.is_held,
        "ceiling": rows.is_ceiling,
        "conflict": rows.in_conflict,
        "automatic": ibis.ifelse(rows.by_person, rows.by_rule, rows.is_automatic),
        "disposes": ibis.ifelse(rows.by_person, rows.by_rule, (rows.own_action == "dispose") | rows.is_ceiling),
        "archives": ~rows.by_person & (rows.own_action == "archive"),
        "clean": (rows.blockers == 0) & ~rows.has_lists & (rows.lacking == 0),
    }
    told = rows.reached | rows.is_critical
    people = rows.resolved_class.notnull() & rows.follows_offender & ~rows.is_ceiling
    others = bits({"others_retained": rows.others_retained})
    return rows.mutate(
        outcome=outcome(claims),
        missing_code=rows.critical | given(rows.reached, rows.lacking),
        because_code=given(people, rows.p_rules) | given(told, rows.blockers) | others,
        shown_flags=ibis.ifelse(told, rows.listed_flags, EMPTY),
        shown_events=ibis.ifelse(told, rows.listed_events, EMPTY),
        class_id=rows.resolved_class.fill_null(rows.declared),
    ).select(*DECIDED)


def _blocked(rows: Table) -> Table:
    """Add what blocks an action and what is lacking for it; at a ceiling only what may stop a destruction."""
    policing, told = rows.is_policing.fill_null(False), rows.resolved_class.notnull()
    offender = policing & (rows.offenders > 0)
    open_law = either(rows.floor_event_open, rows.open_here, rows.law > rows.asked_on)
    law = bits({reference.FLOOR: open_law})
    events, flags = rows.p_events.length().fill_null(0) > 0, rows.p_flags.length().fill_null(0) > 0
    ordinary = bits({"possible_match": policing & rows.unknown_match}) | given(
        offender, (rows.p_blockers.fill_null(0) & ~BIT["hold_released"]) | rows.p_stopping.fill_null(0)
    )
    listed = told & policing & ~rows.is_ceiling
    return rows.mutate(
        in_conflict=rows.is_ceiling & (rows.is_held | events | open_law),
        blockers=ibis.cases((~told, NOTHING), (rows.is_ceiling, law), else_=ordinary),
        lacking=given(told & offender & ~rows.is_ceiling, rows.p_lacking.fill_null(0) | rows.p_critical.fill_null(0)),
        has_lists=(told & events) | (listed & flags) | (rows.is_ceiling & rows.is_held),
        listed_flags=ibis.ifelse(listed, rows.p_flags, EMPTY),
        listed_events=ibis.ifelse(told, rows.p_events, EMPTY),
    )
