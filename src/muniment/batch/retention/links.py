"""Measures every involvement at once: the columns of `engine.retention.links.Link`, its truths as one integer."""

from dataclasses import dataclass
from typing import Any

import ibis

from muniment.batch.retention.expressions import Step, Table, Value, after, earliest, either, latest
from muniment.batch.retention.lookup_rows import marker_ends
from muniment.batch.retention.lookups import THRESHOLDS, Lookups, offence_key
from muniment.batch.retention.wording import MARKERS, packed, places
from muniment.engine.policy.model import Rules


@dataclass(frozen=True)
class Sources:
    """The registered tables of a run, as Ibis tables."""

    persons: Table
    reviews: Table
    flags: Table
    involvements: Table
    records: Table
    record_dates: Table
    events: Table
    holds: Table
    lookups: dict[str, Table]
    looked_up: Lookups
    kinds: tuple[str, ...]  # of record dates that occur in the set and that something hangs on, sorted

    @property
    def rules(self) -> Rules:
        """The rules on the day asked, before any controller's own."""
        return self.looked_up.base


# The truths of a link, each at its place in `code`; one BIT_OR gathers them for a person or a record.
TRUTHS = places(
    (
        *("offender", "under_10", "from_10", "victim", "group_1", "group_2", "group_3", "unknown", "unsure_10"),
        *("under_18", "lacks_start", "lacks_conviction", "lacks_months", "lacks_release", "lacks_result", "pending"),
        *("implausible", "others_named", "dealt_with", "charged", "penalty_notice", "lacks_length", "custodial"),
        *("offence_1", "offence_2", "offence_3", "unclosed", "terrorism", "absurd", "unsure_18", "has_ended"),
        *("victim_lacks_length", "lacks_decision", "unended", "birthless", "unplaced", "harmed", *MARKERS),
    )
)
MEASURED = (
    *("involvement_id", "person_id", "record_id", "controller_no", "stand_in_no", "dated", "first"),
    *("first_offence", "start", "conviction", "ended", "release", "under_10_event", "victim_closed"),
    *("victim_sentence", "reported", "sentence_months"),
)


def day(rows: Table, kind: str, end: str = "latest") -> Value:
    """Return the day of one kind on the record of each row; null where the set has none of it."""
    name = f"{kind}_{end}"
    return rows[name] if name in rows.columns else ibis.null("date")


def dated_records(sources: Sources) -> Table:
    """Return one row a record with its days, one pair of columns a kind, and what its declared class says.

    A day that is not plausible on the day asked is no day (engine.retention.links.as_known).
    """
    dates = sources.record_dates
    dates = dates.filter(dates.kind.isin(sources.kinds))
    days = dates.group_by("record_id").aggregate(
        days=dates.count(),
        **{f"{kind}_earliest": dates.earliest.min(where=dates.kind == kind) for kind in sources.kinds},
        **{f"{kind}_latest": dates.latest.max(where=dates.kind == kind) for kind in sources.kinds},
    )
    rows = sources.records.mutate(controller=sources.records.controller.fill_null(""), **_offence(sources.records))
    rows = rows.mutate(penalty=ibis.literal(-1.0), tells_offence=(rows.cjs != "") | (rows.ho_class != ""))
    rows = rows.left_join(days.drop("days"), "record_id").drop("record_id_right")
    limits, off = sources.rules.settings["plausible"], ibis.literal(False)
    horizon, past = after(rows.asked_on, limits["ahead_months"]), _long_before(rows, sources)
    wrong = {
        kind: either(
            off if kind in limits["far_ahead"] else rows[f"{kind}_earliest"] > horizon,
            off if kind in limits["far_back"] else rows[f"{kind}_latest"] < past,
        )
        for kind in sources.kinds
    }
    rows = rows.mutate(
        unlikely=either(off, *wrong.values()),
        **{
            f"{kind}_{end}": ibis.ifelse(wrong[kind], ibis.null("date"), rows[f"{kind}_{end}"])
            for kind in wrong
            for end in ("earliest", "latest")
        },
    )
    told = [rows[f"{kind}_latest"] for kind in sources.kinds if kind not in limits["far_back"]]
    rows = rows.mutate(begins=earliest(*told) if told else ibis.null("date"))
    rows = rows.left_join(_sentenced(sources), "record_id").drop("record_id_right")
    rows = rows.left_join(sources.lookups["lk_declared"], "class_id").drop("class_id_right")
    rows = rows.left_join(sources.lookups["lk_controllers"], "controller").drop("controller_right")
    return _numbered(rows, sources).drop("cjs", "ho_class", "penalty")


def _long_before(rows: Table, sources: Sources) -> Value:
    """Return the day before which none is plausible on the day asked."""
    return after(rows.asked_on, -12 * sources.rules.settings["plausible"]["back_years"])


def _sentenced(sources: Sources) -> Table:
    """Return one row a record with a custodial sentence: the longest, and whether one has no length."""
    rows = sources.involvements.filter(sources.involvements.sentence_custodial)
    found = rows.group_by("record_id").aggregate(
        ordered=rows.sentence_months.max(), unmeasured=rows.sentence_months.isnull().any()
    )
    return found.mutate(ordered=ibis.ifelse(found.unmeasured, ibis.null("int32"), found.ordered))


def offences(sources: Sources) -> Table:
    """Return each distinct offence of the set: cjs, ho_class and penalty, empty or -1 where unknown."""
    links, records = sources.involvements, sources.records
    own = links.select(**_offence(links), penalty=links.max_penalty_years.fill_null(-1.0)).distinct()
    rest = records.select(**_offence(records), penalty=ibis.literal(-1.0)).distinct()
    return own.union(rest, distinct=True)


def asked_eras(sources: Sources) -> Table:
    """Return each number of changes of maxima that a day asked on has reached."""
    days = sources.looked_up.offence_days
    rows = [table.select(asked_era=era_of(table.asked_on, days)) for table in (sources.persons, sources.records)]
    return rows[0].distinct().union(rows[1].distinct(), distinct=True)


def _offence(rows: Table) -> dict[str, Value]:
    return {name: rows[name].fill_null("") for name in ("cjs", "ho_class")}


def _numbered(rows: Table, sources: Sources) -> Table:
    key = ["cjs", "ho_class", "penalty"]
    rows = rows.left_join(sources.lookups["rt_offence_numbers"], key)
    return rows.drop(*(f"{name}_right" for name in key))


def era_of(day: Value, days: tuple[Any, ...]) -> Value:
    """Return how many of some days a day has reached; null for an unknown day."""
    total: Value = ibis.literal(0, type="int32")
    for change in days:
        total = total + ibis.ifelse(day >= ibis.literal(change), 1, 0)
    return ibis.ifelse(day.isnull(), ibis.null("int32"), total.cast("int32"))


def measured(sources: Sources, records: Table, step: Step) -> Table:
    """Return one row a link with everything an aggregate needs: `MEASURED`, and `code`."""
    links = step(_beside(sources, records))
    links = step(_placed(links, sources))
    links = step(_days(links, sources))
    links = step(_standing(links, sources.rules, step))
    links = step(_ages(links))
    links = step(_groups(links, sources))
    return links.select(*MEASURED, code=_code(links))


def _beside(sources: Sources, records: Table) -> Table:
    """Return involvements with their role, result, record, and person beside them."""
    given = sources.involvements
    links = given.mutate(
        **_offence(given), penalty=given.max_penalty_years.fill_null(-1.0), link_controller=given.controller
    ).drop("controller", "max_penalty_years")
    links = links.left_join(sources.lookups["lk_roles"], "role").drop("role", "role_right")
    links = links.left_join(sources.lookups["lk_results"], "result").drop("result_right")
    links = _numbered(links, sources)
    links = links.mutate(
        own_offence=ibis.ifelse((links.cjs != "") | (links.ho_class != ""), links.offence_no, ibis.null("int32"))
    ).drop("cjs", "ho_class", "penalty", "offence_no")
    kinds = [name for name in records.columns if name.endswith("_latest")]
    beside = records.select(
        *("record_id", "controller_no", "no_offender", "class_group", "others_retained", "offence_no"),
        *("unlikely", "begins", "ordered", "unmeasured", "tells_offence", "outcome"),
        *kinds,
    )
    links = links.left_join(beside, "record_id").drop("record_id_right")
    own = sources.lookups["lk_controllers"].select(link_controller="controller", link_controller_no="controller_no")
    links = links.mutate(link_controller=links.link_controller.fill_null(""))
    links = links.left_join(own, "link_controller").drop("link_controller_right", "link_controller")
    links = links.left_join(_births(sources), "person_id").drop("person_id_right")
    null, past = ibis.null("date"), _long_before(links, sources)
    acted = either(links.dated > links.asked_on, links.dated < past)
    happened = either(links.happened_earliest > links.asked_on, links.happened_latest < past)
    return links.mutate(
        unlikely=either(links.unlikely, acted, happened),
        dated=ibis.ifelse(acted, null, links.dated),
        happened_earliest=ibis.ifelse(happened, null, links.happened_earliest),
        happened_latest=ibis.ifelse(happened, null, links.happened_latest),
    )


def _births(sources: Sources) -> Table:
    """Return one row a person: born, and the birthdays that something hangs on."""
    persons, ages = sources.persons, sources.rules.settings["ages"]
    ten, adult, oldest = ages["responsibility"] * 12, ages["majority"] * 12, ages["oldest"] * 12
    return persons.select(
        "person_id",
        "born_earliest",
        "asked_on",
        tenth_earliest=after(persons.born_earliest, ten),
        tenth_latest=after(persons.born_latest, ten),
        adult_earliest=after(persons.born_earliest, adult),
        adult_latest=after(persons.born_latest, adult),
        oldest_latest=after(persons.born_latest, oldest),
        asked_era=era_of(persons.asked_on, sources.looked_up.offence_days),
    )


def _placed(links: Table, sources: Sources) -> Table:
    """Add where the offence falls, and whether this is an offender."""
    days = sources.looked_up.offence_days
    offence = links.own_offence.fill_null(links.offence_no)
    era = era_of(links.happened_earliest, days).fill_null(-1)
    links = links.mutate(
        offence_key=offence_key(offence, era, links.asked_era, len(days)).cast("int32"),
        record_key=offence_key(links.offence_no, era, links.asked_era, len(days)).cast("int32"),
        controller_no=links.controller_no.fill_null(links.link_controller_no),
        off=(links.is_offender_role & ~links.no_offender.fill_null(False)),
        vic=links.is_victim_role,
    )
    placed = sources.lookups["rt_offences"]
    links = links.left_join(placed, "offence_key").drop("offence_key_right")
    besides = placed.select(record_key="offence_key", implicated="offence_group")
    return links.left_join(besides, "record_key").drop("record_key_right", "record_key")


def _days(links: Table, sources: Sources) -> Table:
    settings, null = sources.rules.settings, ibis.null("date")
    number = sources.looked_up.numbers.trigger_no
    stand_ins = sorted(set(settings["role_dates"]["fallback"].values()) & set(sources.kinds))
    named = [(links.stand_in_no == number(kind), day(links, kind)) for kind in stand_ins]
    dated = links.dated.fill_null(ibis.cases(*named, else_=null)) if named else links.dated
    ended = links.is_ended | links.as_acquitted
    starts = {
        name: [kind for kind in settings["clear_starts"][name] if kind in sources.kinds]
        for name in ("always", "not_proceeded")
    }
    days = [dated, *(day(links, kind) for kind in starts["always"])]
    days += [ibis.ifelse(ended, day(links, kind), null) for kind in starts["not_proceeded"]]
    return links.mutate(
        first=ibis.ifelse(links.off, earliest(*days), links.dated),
        last_start=ibis.ifelse(links.off, latest(*days), null),
    )


def _left_open(links: Table, rules: Rules) -> Value:
    """Return whether the record's outcome, or the part in it, leaves open how it ended."""
    endings = rules.settings["endings"]
    outcome = links.outcome.fill_null("")
    unclosed = links.as_held & ~outcome.isin(endings["closed"])
    return links.as_proceeded | outcome.isin(endings["outcomes"]) | unclosed


def _standing(links: Table, rules: Rules, step: Step) -> Table:
    custodial = links.off & links.sentence_custodial.fill_null(False)
    convicted = links.off & (links.as_convicted | links.is_convicted.fill_null(False) | custodial)
    links = step(
        links.mutate(
            custody=custodial,
            convicted=convicted,
            dealt_with=convicted | (links.off & (links.as_cautioned | links.is_cautioned.fill_null(False))),
        )
    )
    null = ibis.null("date")
    as_convicted = ibis.ifelse(links.as_convicted, links.dated, null)
    as_acquitted = ibis.ifelse(links.as_acquitted, links.dated, null)
    ended = links.off & ~links.convicted & (links.is_ended | links.as_acquitted)
    decided, convicted_on = day(links, "decision_or_acquittal"), day(links, "conviction_date")
    release = ibis.ifelse(links.custody, links.released, null)
    return links.mutate(
        conviction=ibis.ifelse(links.convicted, convicted_on.fill_null(as_convicted), null),
        ended=ibis.ifelse(ended, ibis.coalesce(decided, day(links, "decision_date"), as_acquitted), null),
        release=release,
        start=ibis.ifelse(links.last_start.notnull(), latest(links.last_start, release), null),
        event_earliest=links.happened_earliest.fill_null(links["first"]),
        event_latest=links.happened_latest.fill_null(links["first"]),
        had_decision=((links.result == "acquitted") & ~links.as_acquitted)
        | ((links.result == "nfa") & links.as_charged),
        has_ended=links.dealt_with
        | links.as_acquitted
        | links.is_ended.fill_null(False)
        | links.is_penalty_notice.fill_null(False)
        | decided.notnull()
        | convicted_on.notnull(),
        lacks_result=links.off
        & ibis.ifelse(
            links.as_convicted | links.as_cautioned,
            links.is_ended.fill_null(False),
            links.result.isnull()
            & ~links.convicted
            & decided.isnull()
            & convicted_on.isnull()
            & _left_open(links, rules),
        ),
    )


def _ages(links: Table) -> Table:
    too_young = (links.off & (links.event_latest < links.tenth_earliest)).fill_null(False)
    under_10, too_young = too_young & ~links.dealt_with, too_young & links.dealt_with
    return links.mutate(
        under_10=under_10,
        unsure_10=links.off & (links.event_earliest < links.tenth_latest) & ~under_10 & ~too_young,
        under_18=(links.off & (links.event_earliest < links.adult_latest)).fill_null(False),
        unsure_18=links.off
        & (links.event_earliest < links.adult_latest)
        & (links.event_latest >= links.adult_earliest),
        absurd=either(
            links.unlikely,
            too_young,
            day(links, "investigation_concluded") < links.dated,
            links.released < links.dated,
            links.released.notnull() & (links.sentence_custodial == ibis.literal(False)),
            links.happened_earliest > links.dated,
            day(links, "case_closed") < links.happened_earliest.fill_null(links.dated),
            links.born_earliest > links.event_latest,
            links.oldest_latest <= links.event_earliest,
            links.off & (links.begins < links.born_earliest),
        ),
    )


def _groups(links: Table, sources: Sources) -> Table:
    rules = sources.rules
    limits, place = rules.settings["mappa"], THRESHOLDS.index
    threshold = ibis.ifelse(links.under_18, links.child_threshold, links.adult_threshold).fill_null(-1)
    violence, months = links.specified_violence.fill_null(False), links.sentence_months
    long_enough = (violence & (months >= limits["specified_violence_months"])) | (
        (threshold == place("months")) & (months >= limits["notification_months"])
    )
    always = links.dealt_with & (threshold == place("any"))
    at_once = threshold == place("custody")
    mappa = always | (links.custody & (at_once | long_enough))
    hangs = links.custody & months.isnull() & (violence | (threshold == place("months"))) & ~at_once & ~always
    null = ibis.null("int8")
    # Who is charged with less on the record of something graver is implicated in that.
    implicated = ibis.ifelse(
        links.own_offence.notnull() & links.offence_group.notnull(), links.implicated, ibis.null("int8")
    )
    group = ibis.least(
        links.offence_group, implicated, links.class_group, ibis.ifelse(mappa, ibis.literal(1, "int8"), null)
    )
    group = ibis.ifelse(links.off & ~links.under_10, group, null)
    closed = day(links, "case_closed")
    longest = ibis.greatest(months.fill_null(0), links.ordered.fill_null(0))
    sentence = ibis.ifelse(longest > 0, after(closed, longest), closed)
    until = ((kind, (links.warns_until & (1 << place)) != 0) for place, kind in enumerate(marker_ends(rules)))
    over = either(*(ends & (day(links, kind) < links.asked_on) for kind, ends in until))
    return links.mutate(
        group=group,
        hangs=hangs,
        stand_in_no=links.stand_in_no,
        closed=closed,
        first_offence=ibis.ifelse(links.off, links["first"], ibis.null("date")),
        under_10_event=ibis.ifelse(links.under_10, links.event_latest, ibis.null("date")),
        victim_closed=ibis.ifelse(links.vic, closed, ibis.null("date")),
        victim_sentence=ibis.ifelse(links.vic, sentence, ibis.null("date")),
        reported=day(links, "reported_date"),
        lacks_length=links.unmeasured.fill_null(False),
        **{f"warns_{name}": links[f"warns_{name}"] & ~over for name in MARKERS},
    )


def _code(links: Table) -> Value:
    off = links.off
    unsaid = links.sentence_custodial.isnull() & (links.sentence_months > 0)  # whether it was custody is not told
    return packed(
        {
            "offender": off,
            "under_10": links.under_10,
            "from_10": off & ~links.under_10,
            "victim": links.vic,
            "harmed": links.is_harmed_role,
            **{f"group_{number}": links.group == number for number in (1, 2, 3)},
            "unknown": off & ~links.under_10 & links.group.isnull(),
            "unsure_10": links.unsure_10,
            "under_18": links.under_18,
            "lacks_start": off & links["first"].isnull(),
            "lacks_conviction": links.convicted & links.conviction.isnull(),
            "lacks_months": links.hangs & (links.group.fill_null(0) != 1),
            "lacks_release": off & links.released.isnull() & (links.custody | unsaid),
            "lacks_result": links.lacks_result,
            "lacks_decision": off & ~links.convicted & links.ended.isnull() & links.had_decision,
            "unended": off & ~links.has_ended,
            "unplaced": links.offence_group.isnull() & (links.own_offence.notnull() | links.tells_offence),
            "birthless": off & links.born_earliest.isnull(),
            "pending": off & links.is_pending,
            "implausible": off & links.absurd,
            "others_named": off & links.others_retained,
            "dealt_with": links.dealt_with,
            "charged": off & (links.as_charged | links.as_acquitted),
            "penalty_notice": off & links.is_penalty_notice,
            "lacks_length": links.custody & links.sentence_months.isnull(),
            "custodial": links.custody,
            **{f"offence_{number}": links.offence_group == number for number in (1, 2, 3)},
            "unclosed": links.vic & links.closed.isnull(),
            "terrorism": off & links.terrorism.fill_null(False),
            "absurd": links.absurd,
            "unsure_18": links.unsure_18,
            "has_ended": off & links.has_ended,
            "victim_lacks_length": links.vic & links.lacks_length,
            **{name: links[f"warns_{name}"] for name in MARKERS},
        },
        TRUTHS,
        "int64",
    )
