"""Hypothesis strategies for retention facts: every role, class, event and flag, with dates missing or partial."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from muniment.engine.policy.model import Policy
from muniment.engine.retention.facts import (
    Event,
    Facts,
    Flag,
    Hold,
    Involvement,
    Offence,
    Person,
    PossibleMatch,
    Sentence,
)
from muniment.engine.values.dates import PartialDate, whole_month, whole_year

OFFENCES = (
    Offence(ho_class="046/00"),
    Offence(ho_class="008/06"),
    Offence(ho_class="019/08"),
    Offence(ho_class="008/65"),
    Offence(ho_class="020/05"),
    Offence(ho_class="022/12"),
    Offence(ho_class="066/53"),
    Offence(ho_class="000/00"),
    Offence(cjs="TH68010"),
    Offence(cjs="SX03128"),
    Offence(ho_class="019/08", max_penalty_years=5),
    Offence(),
)
CLASSED = tuple(offence for offence in OFFENCES if offence.max_penalty_years is None)  # a record says no maximum
DAYS = st.dates(date(1988, 1, 1), date(2030, 12, 31)) | st.sampled_from(
    [date(2012, 2, 29), date(2016, 2, 29), date(2019, 3, 1), date(2026, 11, 22), date(2017, 4, 3)]
)


def drawn(strategy: st.SearchStrategy, number: int, count: int) -> list[Any]:
    """Examples drawn and kept: a set engine is asked once about all, not once about each."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(one: Any) -> None:
        found.append(one)

    keep()
    return found


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """A value four times in five: with every fact missing half the time nearly all would be review."""
    return st.integers(0, 4).flatmap(lambda number: strategy if number else st.none())


def rarely(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """A value one time in five."""
    return st.integers(0, 4).flatmap(lambda number: st.none() if number else strategy)


PARTIAL = st.builds(lambda day: PartialDate(day, day), DAYS) | st.builds(
    lambda day, whole: whole_year(day.year) if whole else whole_month(day.year, day.month), DAYS, st.booleans()
)
BORN = st.builds(
    lambda day, back: PartialDate(day - timedelta(days=back), day - timedelta(days=back)),
    st.dates(date(1975, 1, 1), date(2015, 12, 31)) | st.just(date(2000, 2, 29)),
    st.sampled_from([0, 0, 0, 20000, 40000]),
) | st.builds(lambda day: whole_year(day.year), st.dates(date(1975, 1, 1), date(2015, 1, 1)))


@st.composite
def _some_on_one_record(draw: st.DrawFn, parts: list[Involvement]) -> list[Involvement]:
    """Now and then somebody has several parts in one record, which then says the same of itself for each."""
    if len(parts) < 2 or draw(st.integers(0, 3)):
        return parts
    last = parts[-1]
    own = {name: getattr(last, name) for name in ("record", "dates", "record_class", "outcome", "record_offence")}
    return [*(replace(part, **own, others_retained=last.others_retained) for part in parts[:-1]), last]


@st.composite
def facts(draw: st.DrawFn, policy: Policy) -> Facts:
    """One person with up to three records, asked about as a person or about the last record."""
    families = [*policy.families, None, "CRI-G3", "CRI-G1", "CRI-UND-O", "DA-NC", "DA-STALK"]
    classes = [*policy.classes, *policy.families]
    count = draw(st.integers(0, 3))
    ask_record = count > 0 and draw(st.booleans())
    involvements = []
    for number in range(1, count + 1):
        declared = draw(st.sampled_from(classes if ask_record and number == count else families))
        triggers = sorted({terms.trigger for entry in policy.classes.values() for terms in entry.values})
        wanted = [policy.classes[declared].values[0].trigger] if declared in policy.classes else []
        kinds = draw(st.sets(st.sampled_from([*wanted * 20, *triggers, "case_closed", "reported_date"]), max_size=3))
        involvements.append(
            Involvement(
                role=draw(st.sampled_from(sorted(policy.codes.roles))),
                id=number,
                record=number,
                controller="a",
                offence=draw(st.sampled_from(OFFENCES)),
                happened=draw(rarely(PARTIAL)),
                dated=draw(maybe(DAYS)),
                result=draw(
                    st.sampled_from(
                        [None, None, "convicted", "acquitted", "nfa", "cautioned", "penalty_notice", "pending"]
                    )
                ),
                sentence=draw(
                    st.builds(
                        Sentence,
                        st.sampled_from([None, None, None, False, True]),
                        st.sampled_from([None, 3, 12, 60, 120]),
                        maybe(DAYS),
                    )
                ),
                dates={kind: draw(PARTIAL) for kind in sorted(kinds)},
                record_class=declared,
                outcome=draw(
                    st.sampled_from([None, None, "CANCELLED", "CHARGED", "NFA", "PENDING", "PROTEST", "UNDETECTED"])
                ),
                record_offence=draw(rarely(st.sampled_from(CLASSED))) or Offence(),
                others_retained=draw(st.sampled_from([None, None, None, None, False, True])),
            )
        )
    known = policy.settings["flags"][0].content["kinds"]
    events = policy.settings["events"][0].content["kinds"]
    scopes = st.none() | st.frozensets(
        st.sampled_from(["PER-G3B", "PER-G1", "CRI-UND-O", "CRIME", "CRI-G3", "CUS-REC-N"]), min_size=1, max_size=2
    )
    holds = st.builds(Hold, st.sampled_from(["H1", "H2"]), maybe(DAYS), maybe(DAYS), scopes)
    return Facts(
        person=Person(
            born=draw(maybe(BORN)),
            flags=tuple(
                draw(
                    st.lists(
                        st.builds(Flag, st.sampled_from([*known, "unheard_of"]), maybe(DAYS), maybe(DAYS)), max_size=1
                    )
                )
            ),
            last_review=draw(rarely(DAYS)),
            next_review=draw(maybe(DAYS)),
            possible_match=draw(rarely(st.builds(PossibleMatch, st.sampled_from([None, 1, 2, 3]), maybe(DAYS)))),
        ),
        involvements=tuple(draw(_some_on_one_record(involvements))),
        events=tuple(
            draw(
                st.lists(
                    st.builds(Event, st.sampled_from([*events, "unheard_of"]), maybe(DAYS), maybe(DAYS)), max_size=1
                )
            )
        ),
        holds=tuple(draw(st.lists(holds, max_size=1))) if draw(st.integers(0, 3)) == 0 else (),
        controller=draw(st.sampled_from([None, "case:time_based", "case:time_based", "case:review"])),
        about=count if ask_record else None,
    )
