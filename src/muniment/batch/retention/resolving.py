"""Resolves the class of every record from its family and its people, and looks up what the class says."""

import ibis

from muniment.batch.retention.expressions import (
    Step,
    Table,
    Value,
    both,
    either,
)
from muniment.batch.retention.links import Sources, day
from muniment.batch.retention.on_record import truth
from muniment.batch.retention.wording import (
    one,
)
from muniment.engine.policy.model import DeriveRow

# What is known of a record once its class is: the terms of the class are looked up again, which is less than to carry.
RESOLVED = (
    *("record_id", "controller", "controller_no", "variant", "declared", "family_no", "class_no", "asked_on", "closed"),
    *("others_retained", "persons", "code", "facts", "stopping", "floor_code", "first_person"),
    *("last_review", "next_review"),
    *("victim_sentence", "trigger_no", "t_earliest", "t_latest", "least_latest", "reported", "traits_group"),
    "unplaced_offence",
    "dealt_elsewhere",
)
_FLOORS = ("cpia", "ended", "vic")


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
