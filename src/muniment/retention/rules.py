"""What the state of things allows: pure, each answer a verdict with its reasons.

The two state machines are tables; the diagram in docs/reference/generated is made from them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from muniment.core import words
from muniment.core.verdicts import ALLOWED, Verdict, refused, unless
from muniment.retention.models import DisposalOrder, Review, SourceInstruction

YEAR = timedelta(days=365)

# What is asked for where a reason is required; the same words at the field and in the refusal.
DECIDING = "Give the reason for the decision"
NEEDING = "Say why the review is needed"
STAYING_WITH = "Say why the review stays where it is"
DISAGREEING = "Say what has to be looked at again"
WRONG = "Say what is wrong with the proposal"
UNDOING = "Say why the disposal is undone"
RELEASING = "Give the reason, and the paper that releases the hold"
HOLDING = "Name the letter, order or decision"
AMENDING = "Say why what the hold covers changes"
AMENDING_BY = "Name the letter, order or decision that changes it, with its date"
NOT_AMENDING = "Say why the change is not agreed to"
STILL_HELD = "Say why the hold is needed still"
OWN_PAPER = "Name your own chief officer's decision, with its date: what policy cites for a preset binds nobody here"
HELD_BY = "Say whose decision it is, by job title: the chief officer's, or whom they authorised"
ADOPTING = "Name the document that adopts the rule, with its section and date"
NOT_ADOPTING = "Say why the rule is not adopted so"
DUE = "Give the reason for these disposals"
SIGNING = "Say what was found out about it"
ANSWERING = "Say what the source told you, so that someone can follow it up"

R = Review.State
REVIEW_MOVES: dict[str, dict[str, str]] = {
    "start": {R.OPEN: R.STARTED, R.PARKED: R.STARTED, R.REFERRED: R.STARTED},
    "save": {R.OPEN: R.STARTED, R.STARTED: R.STARTED, R.PARKED: R.STARTED, R.REFERRED: R.STARTED},
    "park": {R.OPEN: R.PARKED, R.STARTED: R.PARKED},
    "refer": {R.OPEN: R.REFERRED, R.STARTED: R.REFERRED, R.PARKED: R.REFERRED},
    "hand over": {R.OPEN: R.OPEN, R.STARTED: R.STARTED, R.PARKED: R.PARKED, R.REFERRED: R.REFERRED},
    "decide": {R.OPEN: R.DECIDED, R.STARTED: R.DECIDED, R.PARKED: R.DECIDED, R.REFERRED: R.DECIDED},
    "await agreement": {
        R.OPEN: R.AGREEING,
        R.STARTED: R.AGREEING,
        R.PARKED: R.AGREEING,
        R.REFERRED: R.AGREEING,
    },
    "agree": {R.AGREEING: R.DECIDED},
    "send back": {R.AGREEING: R.STARTED},
    "reopen": {R.DECIDED: R.STARTED},
}

O = DisposalOrder.State  # noqa: E741
ORDER_MOVES: dict[str, dict[str, str]] = {
    "approve": {O.PROPOSED: O.APPROVED},
    "return": {O.PROPOSED: O.RETURNED},
    "undo": {O.APPROVED: O.UNDONE, O.PROPOSED: O.UNDONE, O.STOPPED: O.UNDONE},
    "stop": {O.PROPOSED: O.STOPPED, O.APPROVED: O.STOPPED, O.INSTRUCTED: O.STOPPED},
    "instruct": {O.APPROVED: O.INSTRUCTED},
    "destroy": {O.INSTRUCTED: O.DESTROYED},
    "certify": {O.DESTROYED: O.CERTIFIED},
}


def can_move(review: Review, move: str) -> Verdict:
    """Say whether a review in its state allows a move."""
    if review.state in REVIEW_MOVES[move]:
        return ALLOWED
    return refused(f"This review is '{review.get_state_display().lower()}': you cannot {move} it now.")


def can_move_order(order: DisposalOrder, move: str) -> Verdict:
    """Say whether an order in its state allows a move."""
    if order.state in ORDER_MOVES[move]:
        return ALLOWED
    return refused(f"This disposal is '{order.get_state_display().lower()}': you cannot {move} it now.")


def is_next_review(following: date | None, on: date, latest: date, because: str) -> Verdict:
    """The next review lies in the future, and no further ahead than policy looks."""
    if following is None:
        return refused(f"Give the day of the next review, such as {words.typed(min(on + YEAR, latest))}.")
    if following <= on:
        return refused("The next review must lie in the future.")
    return unless(following <= latest, f"The next review can be on {words.day(latest)} at the latest: {because}.")


def is_answered(answers: Mapping[str, str], questions: Mapping[str, str]) -> Verdict:
    """Every question that is asked, by its code, needs an answer before a review can be decided."""
    missing = [question for code, question in questions.items() if not answers.get(code)]
    return refused(*(f"Answer the question '{question}'" for question in missing)) if missing else ALLOWED


def is_reasoned(answers: Mapping[str, str], reasons: Mapping[str, bool], questions: Mapping[str, str]) -> Verdict:
    """Say whether each of the questions, by code, whose answer needs a reason has one beside it."""
    missing = [question for code, question in questions.items() if answers.get(code) and not reasons.get(code)]
    return Verdict(tuple(f"Say why you answer so: '{question}'" for question in missing))


def is_answered_by_others(awaited: Iterable[str]) -> Verdict:
    """What was asked of somebody else has its answer recorded, if only that none will come."""
    return Verdict(tuple(f"Record what came of what you asked for: {what}." for what in awaited))


def is_known_enough(lacking: Iterable[tuple[str, str]]) -> Verdict:
    """Nothing goes while a fact is wanting with one value of which it would be kept: each with that value, in words."""
    return Verdict(
        tuple(
            f"Find out first: {fact.lower()}. If {keeps}: choose to keep until then."
            for fact, keeps in lacking
            if keeps
        )
    )


def is_another(by: str, decided_by: str) -> Verdict:
    """Whoever agrees to a decision is not who took it."""
    return unless(by != decided_by, "You took this decision: another person has to agree to it.")


def is_unheld(holds: Iterable[str]) -> Verdict:
    """No hold may cover what is to go."""
    return Verdict(tuple(f"{hold} covers some of these records: nothing can go while it stands." for hold in holds))


def is_undoubted(holds: Iterable[str]) -> Verdict:
    """Say whether no hold covers somebody who may be the same person as one on some records."""
    return Verdict(
        tuple(
            f"{hold} covers someone who may be the same person as one on these records: judge the possible match first."
            for hold in holds
        )
    )


def is_unblocked(blocks: Iterable[str]) -> Verdict:
    """Nothing that is open about anybody on the records may stand against their disposal."""
    return Verdict(tuple(f"{block} is open: nothing that it may concern can go before." for block in blocks))


def can_answer(order: DisposalOrder, answered: str) -> Verdict:
    """A source's answer is taken whatever has become of the order since; that it has deleted stands once all is gone.

    Of an order that was undone too: whoever was told may have deleted, and that has to be known.
    """
    return unless(
        answered != SourceInstruction.Answer.DONE or order.state in {O.INSTRUCTED, O.STOPPED, O.UNDONE},
        "The source has deleted, and the records are destroyed here: that cannot be taken back.",
    )


def can_tell_sources(order: DisposalOrder) -> Verdict:
    """Sources are told what to delete while the order runs, and after it what one of them could not do yet."""
    return unless(
        order.state in {O.INSTRUCTED, O.DESTROYED, O.CERTIFIED},
        f"This disposal is '{order.get_state_display().lower()}': its sources must delete nothing more.",
    )


def has_cooled(order: DisposalOrder, now: datetime) -> Verdict:
    """The cooling-off must be over before anything cannot be undone."""
    if order.cools_until is None:
        return refused("The cooling-off of this disposal has not begun.")
    return unless(
        now >= order.cools_until, f"This disposal can be undone until {order.cools_until:%-d %B %Y at %H:%M}."
    )


def is_current(review: Review, digest: str) -> Verdict:
    """A review is about certain nominals: if the prime record has changed, its evidence has to be read again."""
    return unless(
        review.membership_digest == digest,
        "The records that make up this person have changed since the review began: read it again before deciding.",
    )


def has_seen(is_the_life: bool, review: Review, digest: str) -> Verdict:
    """Whoever agrees to a decision has seen the life that it is about, made up as it was when it was taken."""
    came = (
        "Records of this person came or went after you opened this page. They are on it now: look through them first."
    )
    return is_current(review, digest) & unless(is_the_life, came)


def is_unchanged(review: Review, version: int, reader: str = "") -> Verdict:
    """Two may have the same review open: the second must see what the first saved, and who that was."""
    if review.version == version:
        return ALLOWED
    if reader and review.saved_by == reader:
        return refused(
            "You saved this review yourself after you opened this page, in another tab or window: what you entered here"
            " is below, look at what you saved there first."
        )
    return refused("Someone else saved this review after you opened it: your answers are below, look at theirs first.")
