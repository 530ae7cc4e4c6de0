"""Measures every involvement at once: the columns of `engine.retention.links.Link`."""

from dataclasses import dataclass
from typing import Any

import ibis

from muniment.batch.retention.expressions import Step, Table, Value, after, earliest, either, latest
from muniment.engine.policy.model import Rules
from muniment.engine.retention.links import NOT_PROCEEDED


@dataclass(frozen=True)
class Sources:
    """The registered tables of a run, as Ibis tables."""

    persons: Table
    flags: Table
    involvements: Table
    records: Table
    record_dates: Table
    events: Table
    holds: Table
    lookups: dict[str, Table]
    kinds: frozenset[str]  # of record dates that occur in the set


# What persons and records read; the steps between are not written out.
MEASURED = (
    *("involvement_id", "person_id", "record_id", "controller", "role", "kind", "stand_in", "dated", "result"),
    *("is_offender", "others_retained", "born_earliest", "born_latest", "first", "start", "conviction", "ended"),
    *("release", "event_latest", "is_custodial", "is_convicted", "is_dealt_with", "lacks_result", "lacks_months"),
    *("under_10", "unsure_10", "under_18", "is_implausible", "offence_group", "group", "is_unknown"),
    *("sentence_months", "closed", "closed_with_sentence", "reported"),
)


def record_days(sources: Sources, rules: Rules) -> Table:
    """Return one row a record: the days that links need, from its dates; only kinds that occur are looked for."""
    starts, dates = rules.settings["clear_starts"], sources.record_dates
    groups = {"always": list(starts["always"]), "ended": list(starts["not_proceeded"])}
    single = {*rules.settings["role_dates"]["fallback"].values(), "case_closed", "reported_date", "conviction_date"}
    single |= {"decision_or_acquittal", "decision_date"}
    groups |= {f"day_{kind}": [kind] for kind in sorted(single)}
    present = {name: [kind for kind in kinds if kind in sources.kinds] for name, kinds in groups.items()}
    wanted = sorted({kind for kinds in present.values() for kind in kinds})
    dates = dates.filter(dates.kind.isin(wanted))
    found = {f"{name}_max": dates.latest.max(where=dates.kind.isin(kinds)) for name, kinds in present.items() if kinds}
    for name in ("always", "ended"):
        if present[name]:
            found[f"{name}_min"] = dates.latest.min(where=dates.kind.isin(present[name]))
    days = dates.group_by("record_id").aggregate(rows=dates.count(), **found)
    everything = [*(f"{name}_max" for name in groups), "always_min", "ended_min"]
    days = days.mutate(**{name: ibis.null("date") for name in everything if name not in found})
    return days.drop("rows").rename(lambda name: name.removesuffix("_max") if name.startswith("day_") else name)


def base_links(sources: Sources, rules: Rules, offence_days: tuple[Any, ...]) -> Table:
    """Return involvements with their role, record, class and person beside them, and the key of their offence."""
    links = sources.involvements.rename(link_controller="controller")
    links = links.left_join(sources.lookups["lk_roles"], "role").drop("role_right")
    records = sources.records.select(
        "record_id", "controller", "class_id", "others_retained", "outcome", record_cjs="cjs", record_ho="ho_class"
    )
    links = links.left_join(records, "record_id").drop("record_id_right")
    classes = sources.lookups["lk_classes"].select("class_id", "no_offender", "class_group")
    links = links.left_join(classes, "class_id").drop("class_id_right")
    born = sources.persons.select("person_id", "born_earliest", "born_latest", "asked_on")
    links = links.left_join(born, "person_id").drop("person_id_right")
    links = links.left_join(record_days(sources, rules), "record_id").drop("record_id_right")
    links = links.mutate(
        controller=links.controller.fill_null(links.link_controller),
        is_offender=links.is_offender_role.fill_null(False) & ~links.no_offender.fill_null(False),
        own_offence=either(links.cjs != "", links.ho_class != ""),
    )
    links = links.mutate(
        the_cjs=ibis.ifelse(links.own_offence, links.cjs, links.record_cjs),
        the_ho=ibis.ifelse(links.own_offence, links.ho_class, links.record_ho),
        penalty=ibis.ifelse(links.own_offence, links.max_penalty_years, ibis.null("float64")),
        era=era_of(links.happened_earliest, offence_days),
        asked_era=era_of(links.asked_on, offence_days),
    )
    links = links.mutate(key=offence_key(links))
    return links.drop("cjs", "ho_class", "record_cjs", "record_ho", "max_penalty_years", "link_controller", "outcome")


def era_of(day: Value, days: tuple[Any, ...]) -> Value:
    """Return how many of some days a day has reached; null for an unknown day."""
    passed = [ibis.ifelse(day >= ibis.literal(change), 1, 0) for change in days]
    total: Value = ibis.literal(0)
    for one in passed:
        total = total + one
    return ibis.ifelse(day.isnull(), ibis.null("int32"), total.cast("int32"))


def offence_key(rows: Table) -> Value:
    """Return one text for everything that decides where an offence falls."""
    parts = [rows.the_cjs, rows.the_ho, *(rows[name].cast("string") for name in ("penalty", "era", "asked_era"))]
    return ibis.literal("|").join([part.fill_null("") for part in parts])


def measured(base: Table, offences: Table, rules: Rules, step: Step) -> Table:
    """Return one row a link with everything an aggregate needs."""
    links = base.left_join(offences, "key").drop("key_right")
    links = step(_days(links, rules))
    links = step(_standing(links, step))
    links = step(_ages(links, rules))
    links = step(_groups(links, rules))
    return _records(links, base).select(*MEASURED)


def _days(links: Table, rules: Rules) -> Table:
    stand_ins = sorted(set(rules.settings["role_dates"]["fallback"].values()))
    stand_in = ibis.cases(
        *[(links.stand_in == kind, links[f"day_{kind}"]) for kind in stand_ins], else_=ibis.null("date")
    )
    dated = links.dated.fill_null(stand_in)
    ended = either(links.result.isin(NOT_PROCEEDED), links.role == "ACQUITTED")
    null = ibis.null("date")
    return links.mutate(
        first=ibis.ifelse(
            links.is_offender, earliest(dated, links.always_min, ibis.ifelse(ended, links.ended_min, null)), links.dated
        ),
        last_start=ibis.ifelse(
            links.is_offender, latest(dated, links.always_max, ibis.ifelse(ended, links.ended_max, null)), links.dated
        ),
    )


def _standing(links: Table, step: Step) -> Table:
    custodial = links.is_offender & links.sentence_custodial.fill_null(False)
    convicted = links.is_offender & either(links.role == "CONVICTED", links.result == "convicted", custodial)
    links = step(
        links.mutate(
            is_custodial=custodial,
            is_convicted=convicted,
            is_dealt_with=convicted
            | (links.is_offender & either(links.role == "CAUTIONED", links.result == "cautioned")),
        )
    )
    dated = ibis.ifelse(links.role == "CONVICTED", links.dated, ibis.null("date"))
    conviction = links.day_conviction_date.fill_null(dated)
    released = ibis.ifelse(links.is_custodial, links.released, ibis.null("date"))
    return links.mutate(
        conviction=ibis.ifelse(links.is_convicted, conviction, ibis.null("date")),
        ended=_ended(links),
        release=released,
        start=ibis.ifelse(links.last_start.notnull(), latest(links.last_start, released), ibis.null("date")),
        event_earliest=links.happened_earliest.fill_null(links.first),
        event_latest=links.happened_latest.fill_null(links.first),
        lacks_result=links.is_offender
        & (links.role == "CHARGED")
        & links.result.isnull()
        & ~links.is_convicted
        & links.day_decision_or_acquittal.isnull()
        & links.day_conviction_date.isnull(),
    )


def _ended(links: Table) -> Value:
    """Return the day on which proceedings ended otherwise than in conviction."""
    acquitted = links.role == "ACQUITTED"
    ended = links.is_offender & ~links.is_convicted & either(links.result.isin(NOT_PROCEEDED), acquitted)
    dated = ibis.ifelse(acquitted, links.dated, ibis.null("date"))
    return ibis.ifelse(
        ended, ibis.coalesce(links.day_decision_or_acquittal, links.day_decision_date, dated), ibis.null("date")
    )


def _ages(links: Table, rules: Rules) -> Table:
    ages = rules.settings["ages"]
    ten, adult = ages["responsibility"] * 12, ages["majority"] * 12
    under_10 = links.is_offender & (links.event_latest < after(links.born_earliest, ten)).fill_null(False)
    maybe_10 = links.is_offender & (links.event_earliest < after(links.born_latest, ten)).fill_null(False)
    return links.mutate(
        under_10=under_10,
        unsure_10=maybe_10 & ~under_10,
        under_18=links.is_offender & (links.event_earliest < after(links.born_latest, adult)).fill_null(False),
        is_implausible=either(links.happened_earliest > links.dated, links.born_earliest > links.event_latest),
    )


def _groups(links: Table, rules: Rules) -> Table:
    limits = rules.settings["mappa"]
    threshold = ibis.ifelse(links.under_18, links.child_threshold, links.adult_threshold)
    violence = links.specified_violence.fill_null(False)
    months = links.sentence_months
    long_violence = violence & (months >= limits["specified_violence_months"])
    long_notified = (threshold == "months") & (months >= limits["notification_months"])
    custody = links.is_custodial & either(threshold == "custody", long_violence, long_notified)
    mappa = either(links.is_dealt_with & (threshold == "any"), custody)
    hangs = (
        links.is_custodial
        & months.isnull()
        & either(violence, threshold == "months")
        & ~either(threshold == "custody", links.is_dealt_with & (threshold == "any"))
    )
    eight = "int8"
    group = ibis.least(
        links.offence_group, links.class_group, ibis.ifelse(mappa, ibis.literal(1, eight), ibis.null(eight))
    )
    group = ibis.ifelse(links.is_offender & ~links.under_10, group, ibis.null(eight))
    return links.mutate(
        group=group,
        is_unknown=links.is_offender & ~links.under_10 & group.isnull(),
        lacks_months=links.is_offender & hangs & (group.fill_null(0) != 1),
    )


def _records(links: Table, base: Table) -> Table:
    """Add what a link knows of the others on its record: whether any of them is in an offender role."""
    suspects = base.filter(base.is_offender).select("record_id", named_suspect=True).distinct()
    links = links.left_join(suspects, "record_id").drop("record_id_right")
    suspect = links.named_suspect.fill_null(False)
    closed = links.day_case_closed
    months = ibis.ifelse(links.sentence_months.fill_null(0) > 0, links.sentence_months, 0)
    return links.mutate(
        kind=ibis.cases(
            (links.is_offender, "offender"), (links.is_offender_role.fill_null(False), "other"), else_=links.role_kind
        ),
        named_suspect=suspect,
        closed=closed,
        closed_with_sentence=after(closed, months),
        reported=ibis.ifelse(suspect | closed.notnull(), ibis.null("date"), links.day_reported_date),
    )
