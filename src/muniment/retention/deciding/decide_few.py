"""What is known of a few prime people and their records, and what is decided of them: for who waits.

The reference decides, without the set engine. Of who is only on a record with them, or may be one of them, their own
decisions say enough as the last call or run left them: group, clear period, and until when they keep records whole.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from muniment.batch.retention import Schedule
from muniment.batch.retention.few import Few
from muniment.core import planned
from muniment.engine.policy import Policy
from muniment.engine.retention.facts import PossibleMatch, Sentence
from muniment.engine.retention.together import Other
from muniment.people.handing_over import array
from muniment.retention.deciding import schedule_tables

_NOMINALS = """
SELECT b.nominal_id, (SELECT count(*) FROM records_involvement i WHERE i.nominal_id = b.nominal_id) AS links
FROM people_belonging b WHERE b.until IS NULL AND b.prime_id = ANY(%(people)s)
"""

# Pairs left for a person, as in `schedule_tables`, found by the nominals of one of the two.
_PAIRS = """
WITH e AS (
    SELECT left_id, right_id FROM people_matchedge WHERE needs_person AND left_id = ANY(%(nominals)s)
    UNION SELECT left_id, right_id FROM people_matchedge WHERE needs_person AND right_id = ANY(%(nominals)s)
    UNION SELECT left_id, right_id FROM people_judgement WHERE superseded_at IS NULL AND reopened_at IS NOT NULL
        AND (left_id = ANY(%(nominals)s) OR right_id = ANY(%(nominals)s))
), waiting AS (
    SELECT one.prime_id AS one, two.prime_id AS two FROM e
    JOIN people_belonging one ON one.nominal_id = e.left_id AND one.until IS NULL
    JOIN people_belonging two ON two.nominal_id = e.right_id AND two.until IS NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM people_judgement j WHERE j.left_id = e.left_id AND j.right_id = e.right_id
            AND j.superseded_at IS NULL AND j.reopened_at IS NULL
            AND j.verdict = CASE WHEN one.prime_id = two.prime_id THEN 'same' ELSE 'different' END)
)
SELECT one AS person_id, two AS other FROM waiting UNION SELECT two, one FROM waiting
"""

_OTHERS = """
SELECT b.prime_id AS person, i.record_id AS record, i.role, i.sentence_custodial, i.sentence_months, d.kept_until,
    d.policy_version
FROM records_involvement i
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL
JOIN records_record r ON r.id = i.record_id AND r.id = ANY(%(records)s) -- said twice: else every record is read
JOIN records_sourcesystem s ON s.id = r.system_id
LEFT JOIN retention_persondecision d ON d.prime_id = b.prime_id AND d.controller_id = s.controller_id
WHERE i.record_id = ANY(%(records)s) AND NOT b.prime_id = ANY(%(people)s)
"""

_STORED = """
SELECT DISTINCT ON (prime_id) prime_id, "group", clear_from, policy_version FROM retention_persondecision
WHERE prime_id = ANY(%(people)s) ORDER BY prime_id
"""

_QUERIES = schedule_tables.QUERIES_OF_GIVEN | {"others": _OTHERS, "pairs": _PAIRS}


class Unknown(Exception):
    """The decisions about those around are not there, or of another policy: only a wider look can tell."""


def stored(people: Collection[int]) -> planned.Rows:
    """Return what is decided of some people: prime_id, group, clear_from and policy_version, of each once."""
    return planned.rows(_STORED, {"people": array(sorted(people))})


def decide(policy: Policy, on: date, *, people: Collection[int], records: Collection[int]) -> Schedule | None:
    """Decide about a few prime people and about some records, everybody on which is among them.

    It is what a run over everybody would decide, as long as what is stored about those around them is. Return None
    where it is not known to be, or where they are too many: then `schedule_tables.decide` has to look at more.
    """
    with planned.for_few():
        return _decide(policy, on, people=people, records=records)


def _decide(policy: Policy, on: date, *, people: Collection[int], records: Collection[int]) -> Schedule | None:
    given: dict[str, Any] = {"people": array(sorted(people))}
    theirs = planned.every({"nominals": _NOMINALS, "records": schedule_tables.RECORDS_OF_GIVEN}, given)
    if sum(row["links"] for row in theirs["nominals"]) > schedule_tables.FEW:
        return None
    given["records"] = array(sorted({*records, *(row["id"] for row in theirs["records"])}))
    given["nominals"] = array(row["nominal_id"] for row in theirs["nominals"])
    rows = planned.every(_QUERIES, given)
    try:
        others = _others(rows.pop("others"), policy)
        pairs = rows.pop("pairs")
        few = Few(rows, policy, on, others)
        possible = _possible(few, [row for row in pairs if row["person_id"] in people], policy, on)
    except Unknown:
        return None
    return few.decided(few.together.decide(few.holds, possible=possible, only=sorted(records)))


def _others(rows: planned.Rows, policy: Policy) -> list[Other]:
    if any(row["policy_version"] != policy.version for row in rows):
        raise Unknown
    return [
        Other(
            row["person"],
            row["record"],
            row["role"],
            Sentence(row["sentence_custodial"], row["sentence_months"]),
            row["kept_until"],
        )
        for row in rows
    ]


def _possible(few: Few, pairs: planned.Rows, policy: Policy, on: date) -> Mapping[int, PossibleMatch]:
    """Return what doubtful matches would bring to each person, as `schedule_tables` says it of sets."""
    if not pairs:
        return {}
    known = few.together.groups()
    outside = {row["other"] for row in pairs} - known.keys()
    rows = stored(outside)
    if len(rows) < len(outside) or any(row["policy_version"] != policy.version for row in rows):
        raise Unknown
    known |= {row["prime_id"]: (row["group"], row["clear_from"]) for row in rows}
    brought: dict[int, list[_Match]] = {}
    for row in pairs:
        within = row["other"] == row["person_id"]
        brought.setdefault(row["person_id"], []).append(_Match(within, *known[row["other"]]))
    return {person: match for person, matches in brought.items() if (match := _strictest(matches, on))}


class _Match(NamedTuple):
    within: bool  # they may be two themselves
    group: int | None
    clear_from: date | None

    @property
    def is_open(self) -> bool:
        return self.within or self.group is None or self.clear_from is None


def _strictest(matches: list[_Match], on: date) -> PossibleMatch | None:
    told = [each for each in matches if each.within or each.group is not None or each.clear_from is not None]
    if not told:
        return None
    if any(each.is_open for each in told):
        return PossibleMatch(None, on)
    return PossibleMatch(
        min(each.group for each in told if each.group), max(each.clear_from for each in told if each.clear_from)
    )
