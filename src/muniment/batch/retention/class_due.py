"""What the class of each record says alone (engine.retention.class_due)."""

import ibis

from muniment.batch.retention.expressions import (
    Step,
    Table,
    Value,
    after,
    during,
    latest,
    next_multiple,
)
from muniment.batch.retention.links import Sources
from muniment.batch.retention.on_record import truth
from muniment.batch.retention.wording import (
    bits,
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
            "victim_date_of_birth": rows[f"harmed_born_{end}"],
            "child_18th_birthday": after(rows[f"harmed_born_{end}"], adult),
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
        (
            rows.indefinite & rows.every.notnull(),
            during(rows.t_latest, rows.every, ibis.null("date"), rows.last_review, rows.next_review),
        ),
        (rows.indefinite | rows.least_gone, ibis.null("date")),
        (
            rows.within,
            during(rows.since.fill_null(rows.t_latest), rows.every, rows.base, rows.last_review, rows.next_review),
        ),
        (
            rows.every.notnull() & ~rows.reviewed_during,
            latest(
                rows.base,
                next_multiple(rows.t_latest, (rows.months, rows.days), rows.every, rows.last_review, rows.next_review),
            ),
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
