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
from muniment.batch.retention.links import Sources, day
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
from muniment.engine.policy.model import DeriveRow
from muniment.engine.retention import persons as reference

# What is handed back or spelled out.
DECIDED = (
    *("record_id", "controller", "declared", "class_no", "due", "outcome", "rule_no", "driving_person"),
    *("missing_code", "trigger_no", "because_code", "shows_flags", "shows_events"),
)
# What is known of a record once its class is: the terms of the class are looked up again, which is less than to carry.
RESOLVED = (
    *("record_id", "controller", "controller_no", "variant", "declared", "family_no", "class_no", "asked_on", "closed"),
    *("others_retained", "persons", "code", "facts", "stopping", "floor_code", "first_person", "last_review"),
    *("victim_sentence", "trigger_no", "t_earliest", "t_latest", "least_latest", "reported", "traits_group"),
    "unplaced_offence",
    "dealt_elsewhere",
)
_FLOORS = ("cpia", "ended", "vic")
_RULES = among(PERSON_RULES)


def resolved(sources: Sources, rows: Table, step: Step) -> Table:
    """Return one row a record with its class resolved from its family: `RESOLVED`, and `asks`.

    `rows` are records with what `on_record` says of each beside them.
    """
    rows = step(
        rows.mutate(
            persons=rows.code.notnull(),
            code=rows.code.fill_null(0),
            facts=rows.facts.fill_null(0),
            stopping=rows.stopping.fill_null(0),
        )
    )
    # A record with nobody on it is placed by its own offence; otherwise links already fall back to it.
    groups = [(truth(rows.code, f"offence_{number}"), one(number, "int8")) for number in (1, 2, 3)]
    offences = ibis.cases(*groups, else_=ibis.null("int8"))
    names = ("offender", "dealt_with", "charged", "penalty_notice", "under_18")
    rows = step(
        rows.mutate(
            traits_group=ibis.ifelse(rows.persons, offences, rows.record_group),
            unplaced_offence=ibis.ifelse(
                rows.persons,
                truth(rows.code, "unplaced") & offences.isnull(),
                rows.tells_offence & rows.record_group.isnull(),
            ),
            **{name: truth(rows.code, name) for name in names},
        )
    )
    numbers, families = sources.looked_up.numbers, sources.rules.families
    branches = [
        ((rows.family_no == place) & _fits(row, rows), ibis.literal(numbers.class_no(row.class_id), "int16"))
        for place, family in enumerate(numbers.families)
        for row in families[family]
    ]
    grave = (rows.traits_group == 1) & ~rows.offender
    graver = [
        (
            (rows.declared_no == numbers.class_no(entry.id)) & grave,
            ibis.literal(numbers.class_no(entry.if_group_1), "int16"),
        )
        for entry in sources.rules.classes.values()
        if entry.if_group_1
    ]
    declared = ibis.cases(*graver, else_=rows.declared_no) if graver else rows.declared_no
    own = ibis.ifelse(rows.family_no.isnull(), declared, ibis.cases(*branches, else_=ibis.null("int16")))
    rows = step(rows.mutate(class_no=own))
    classes = sources.lookups["lk_classes"]
    others = ("swap_no", "adult_no", "qualifying_no", "qualifying_charge_no")
    swaps = classes.filter(either(*(classes[name].notnull() for name in others)))
    swaps = swaps.select("class_no", *others, "of_unconvicted")
    if sources.rules.classes:
        rows = rows.left_join(swaps, "class_no").drop("class_no_right")
        dealt = rows.dealt_elsewhere | (rows.of_unconvicted & rows.dealt_with)
        swap = (rows.swap_no.notnull() & dealt).fill_null(False)
        grown = rows.adult_no.notnull() & rows.offender & ~rows.under_18 & ~truth(rows.code, "birthless")
        grave = rows.traits_group.isin([1, 2]).fill_null(False)
        swapped = [(swap, rows.swap_no), (grown, rows.adult_no)]
        swapped += [(grave & rows.qualifying_no.notnull(), rows.qualifying_no)]
        swapped += [(grave & rows.charged & rows.qualifying_charge_no.notnull(), rows.qualifying_charge_no)]
        own = ibis.cases(*swapped, else_=rows.class_no)
        rows = step(rows.mutate(class_no=own).drop(*others, "of_unconvicted"))
    return _with_days(rows, sources, step)


def _fits(row: DeriveRow, rows: Table) -> Value:
    asked: list[Value] = [ibis.literal(True)]
    if row.outcome is not None:
        asked.append(rows.outcome.isin(sorted(row.outcome)))
    if row.group is not None:
        asked.append(rows.traits_group.isin(sorted(row.group)))
    columns = {
        "suspect": rows.offender,
        "persons": rows.persons,
        "convicted": rows.dealt_with,
        "charged": rows.charged,
        "penalty_notice": rows.penalty_notice,
        "under_18": rows.under_18,
    }
    for name, column in columns.items():
        wanted = getattr(row, name)
        if wanted is not None:
            asked.append(column if wanted else ~column)
    return both(asked)


def _with_days(rows: Table, sources: Sources, step: Step) -> Table:
    """Return `RESOLVED`: the days of the class's triggers, and whether more is asked of the people on the record."""
    number = sources.looked_up.numbers.trigger_no
    rows = step(with_terms(rows, sources))
    kinds = [kind for kind in sources.kinds if kind in sources.looked_up.numbers.triggers]
    null = ibis.null("date")

    def found(column: Value, end: str) -> Value:
        days = [(column == number(kind), day(rows, kind, end)) for kind in kinds]
        return ibis.cases(*days, else_=null) if days else null

    rows = step(
        rows.mutate(
            t_earliest=found(rows.trigger_no, "earliest"),
            t_latest=found(rows.trigger_no, "latest"),
            least_latest=found(rows.least_no, "latest"),
            closed=day(rows, "case_closed"),
            reported=day(rows, "reported_date"),
        )
    )
    wanted = rows.minors_from_18 | rows.reviewed_during | rows.destroys | rows.t_latest.isnull()
    wanted |= ~rows.is_policing.fill_null(True) & rows.offender
    asks = wanted & ~(rows.by_group & rows.offender) & rows.trigger_no.notnull() & rows.persons
    return rows.select(*RESOLVED, asks=asks)


def with_terms(rows: Table, sources: Sources) -> Table:
    """Add the class's terms for the record's controller, and the lengths of the floors."""
    lookups = sources.lookups
    rows = rows.left_join(lookups["lk_terms"], ["controller_no", "class_no"])
    rows = rows.drop("controller_no_right", "class_no_right")
    variants = lookups["lk_variants"]
    variants = variants.select("variant", *(f"{name}_{part}" for name in _FLOORS for part in ("months", "days")))
    rows = rows.left_join(variants, "variant").drop("variant_right")
    rows = rows.left_join(
        lookups["lk_classes"].drop("swap_no", "qualifying_no", "qualifying_charge_no"), "class_no"
    ).drop("class_no_right")
    rows = rows.mutate(of_minors=rows.adult_no.notnull()).drop("adult_no")
    truths = (
        "by_group",
        "destroys",
        "indefinite",
        "reviewed_during",
        "minors_from_18",
        "plus_sentence",
        "not_terrorism",
        "of_unconvicted",
        "needs_result",
        "needs_conviction",
        "of_adults",
        "by_offence",
    )
    return rows.mutate(
        **{name: rows[name].fill_null(False) for name in truths},
        offender=truth(rows.code, "offender"),
        skip=rows.by_group.fill_null(False) & truth(rows.code, "offender"),
    )


def triggered(rows: Table, sources: Sources, step: Step) -> Table:
    """Add the day that starts the class's clock, from the record or from the people on it."""
    adult, null = sources.rules.settings["ages"]["majority"] * 12, ibis.null("date")
    number, triggers = sources.looked_up.numbers.trigger_no, sources.looked_up.numbers.triggers
    found: dict[str, Value] = {}
    for end in ("earliest", "latest"):
        born = rows[f"born_{end}"]
        people = {
            "clear_period_start": rows.clear_from,
            "date_of_birth": born,
            "victim_date_of_birth": rows[f"victim_born_{end}"],
            "child_18th_birthday": after(born, adult),
        }
        known = [(rows.trigger_no == number(name), one) for name, one in people.items() if name in triggers]
        of_people = ibis.cases(*known, else_=null) if known else null
        found[f"t_{end}"] = ibis.coalesce(rows[f"t_{end}"], rows[f"named_{end}"], of_people)
    clear = rows.trigger_no == number("clear_period_start") if "clear_period_start" in triggers else ibis.literal(False)
    rows = step(rows.mutate(**found, by_clear_period=clear))
    birthday = ibis.ifelse(rows.minors_from_18, after(rows.born_latest, adult), null)
    minor = (birthday > rows.t_latest).fill_null(False)
    return rows.mutate(
        t_latest=ibis.ifelse(minor, birthday, rows.t_latest), t_earliest=ibis.ifelse(minor, birthday, rows.t_earliest)
    )


def class_due(rows: Table, step: Step) -> Table:
    """Add what the class alone says: own_due, own_lacking, what it does at the end, is_ceiling."""
    endless = rows.destroys & (rows.months_ordered >= rows.indefinite_from_months).fill_null(False)
    ceiling = rows.destroys & rows.t_latest.notnull()
    has_trigger = rows.trigger_no.notnull()
    least = after(rows.least_latest, rows.least_months, rows.least_days)
    base = ibis.ifelse(rows.skip | rows.destroys, ibis.null("date"), after(rows.t_latest, rows.months, rows.days))
    rows = step(
        rows.mutate(
            no_trigger=~rows.skip & ~(rows.indefinite & rows.does_nothing) & rows.t_latest.isnull() & has_trigger,
            ceiling=ceiling,
            endless=endless,
            base=ibis.ifelse(rows.least_no.notnull(), latest(base, least), base),
            since=ibis.ifelse(rows.from_trigger, rows.t_latest, rows.first_link),
            extra=ibis.ifelse(rows.plus_sentence, rows.months_ordered.fill_null(0), 0),
            least_gone=rows.least_no.notnull() & rows.least_latest.isnull(),
            no_length=~ceiling & ~rows.indefinite & ~rows.skip & rows.months.isnull() & has_trigger,
            unmeasured=ceiling & ~endless & rows.plus_sentence & truth(rows.code, "lacks_length"),
            unplaced=ceiling & ~endless & rows.not_terrorism & truth(rows.code, "terrorism"),
            unaged=ceiling
            & ~endless
            & rows.of_minors
            & (truth(rows.code, "unsure_18") | truth(rows.code, "birthless")),
            misplaced=_misplaced(rows),
        )
    )
    within = rows.reviewed_during & rows.every.notnull() & (rows.since.notnull() | rows.last_review.notnull())
    unsaid = rows.unmeasured | rows.unplaced | rows.unaged
    misplaced = rows.misplaced != 0
    rows = step(
        rows.mutate(
            within=within,
            is_ceiling=rows.ceiling & ~rows.endless & ~misplaced,
            unsaid=unsaid,
            no_trigger=rows.no_trigger & ~misplaced,
        )
    )
    return rows.mutate(
        own_due=_own_due(rows),
        has_own_floor=~rows.skip | (rows.misplaced != 0),
        **_own_action(rows),
        **_own_lacking(rows),
    )


def _misplaced(rows: Table) -> Value:
    """Return what has to be known before a class of the convicted, or of adults, can be believed, as bits."""
    over = rows.offender & ~truth(rows.code, "unended")
    elsewhere = rows.dealt_elsewhere.fill_null(False)
    minor = truth(rows.code, "under_18") & ~rows.traits_group.isin([1, 2]).fill_null(False)
    return bits(
        {
            "conviction_date": rows.needs_conviction & over & ~truth(rows.code, "dealt_with") & ~elsewhere,
            "date_of_birth": rows.of_adults & truth(rows.code, "birthless"),
            "age_at_event": rows.of_adults & minor & ~elsewhere,
        }
    )


def _own_due(rows: Table) -> Value:
    return ibis.cases(
        (
            rows.skip | rows.no_trigger | (rows.ceiling & rows.endless) | rows.unsaid | (rows.misplaced != 0),
            ibis.null("date"),
        ),
        (rows.ceiling, after(rows.t_earliest, rows.months + rows.extra, rows.days)),
        (rows.indefinite & rows.does_archive, rows.t_latest),
        (rows.indefinite & rows.every.notnull(), after(rows.last_review.fill_null(rows.t_latest), rows.every)),
        (rows.indefinite | rows.least_gone, ibis.null("date")),
        (rows.within, during(rows.since.fill_null(rows.t_latest), rows.every, rows.base, rows.last_review)),
        (
            rows.every.notnull() & ~rows.reviewed_during,
            latest(rows.base, next_multiple(rows.t_latest, (rows.months, rows.days), rows.every, rows.last_review)),
        ),
        else_=rows.base,
    )


def _own_action(rows: Table) -> dict[str, Value]:
    """Return what the class does at the end: nothing, dispose or archive, else a review."""
    misplaced = rows.misplaced != 0
    ends = (rows.skip | (rows.ceiling & rows.endless)) & ~misplaced
    named = (~ends & rows.no_trigger & ~rows.by_group) | misplaced
    rest = ~ends & ~named
    archives = rest & rows.indefinite & rows.does_archive
    measured = rest & ~rows.indefinite & ~rows.is_reviewed
    idle = rest & rows.indefinite & ~rows.does_archive & rows.every.isnull()
    return {
        "own_none": (ends | idle | ((named | measured) & rows.does_nothing)).fill_null(False),
        "own_dispose": ((named | measured) & rows.does_dispose).fill_null(False),
        "own_archive": (archives | ((named | measured) & rows.does_archive)).fill_null(False),
    }


def _own_lacking(rows: Table) -> dict[str, Value]:
    """Return the one fact that the class cannot be told without, as a bit or as the number of a trigger."""
    null = ibis.null("int16")
    least = rows.least_gone & ~rows.ceiling & ~rows.indefinite & ~rows.no_length
    nobody = rows.no_trigger & rows.by_group & rows.by_clear_period
    trigger = ibis.cases(
        (rows.skip | nobody | (rows.misplaced != 0), null),
        (rows.no_trigger, rows.trigger_no),
        (rows.unsaid, null),
        (least, rows.least_no),
        else_=null,
    )
    lacks = {
        "offender": ~rows.skip & (nobody | (rows.no_length & ~rows.no_trigger & ~rows.unsaid)),
        "sentence_months": ~rows.skip & ~rows.no_trigger & rows.unmeasured,
        "arrest_power": ~rows.skip & ~rows.no_trigger & rows.unplaced,
        "date_of_birth": ~rows.skip & ~rows.no_trigger & rows.unaged,
    }
    own = ibis.ifelse(rows.misplaced != 0, rows.misplaced, bits(lacks))
    return {"lacking_no": trigger, "own_lacking": own}


def floors(rows: Table, step: Step) -> Table:
    """Add the longest floor of all, or the ceiling that cuts it, and what sets it."""
    null = ibis.null("date")
    told, policing = rows.class_no.notnull(), rows.is_policing.fill_null(False)
    follows = policing & ~rows.alone.fill_null(False)
    victim = follows & truth(rows.code, "victim") & rows.closed.notnull()
    unresolved = ibis.ifelse(rows.family_no.notnull(), one(BIT["offence"]), one(BIT["record_class"]))
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
    whoever = {
        "possible_match": stands(rows.facts, "match_matters"),
        reference.GROUP_1: stands(rows.facts, "in_group_1"),
        reference.GROUP_2: stands(rows.facts, "in_group_2"),
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
        in_conflict=rows.is_ceiling & (rows.is_held | rows.has_events | open_law),
        blockers=ibis.cases(
            (~rows.told, NOTHING), (rows.is_ceiling, bits({reference.FLOOR: open_law})), else_=ordinary
        ),
        lacking=given(rows.told & ~rows.is_ceiling, lacking) | given(rows.is_ceiling, bits({"result": unended})),
        has_lists=(rows.told & rows.has_events) | (listed & rows.has_flags) | (rows.is_ceiling & rows.is_held),
        lists_flags=listed,
    )
