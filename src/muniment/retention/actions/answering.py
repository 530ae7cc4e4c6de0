"""Take what was answered elsewhere: by a source as a whole, of one record, or by hand at a shelf."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, refused, unless
from muniment.retention import anonymity, queries, rules
from muniment.retention.disposals import ledger_lines
from muniment.retention.elsewhere import duties, told
from muniment.retention.models import DisposalOrder, Duty, SourceInstruction
from muniment.retention.policies import elsewhere

BY_HAND = ("method", "standard", "witness", "consignment")
CHASING = "Say what came of asking again, or when it is to be asked next"
BEFORE_ITS_SOURCE = "Its source has not answered yet. Say in the note why it was done before that"
NOT_BEGUN = "Its source has not answered yet: nothing is to be asked for here before."
DESTROYED_HOW = "Say by what method it was destroyed, and who saw it"


@dataclass(frozen=True)
class Said:
    """What was answered of one duty; an empty answer says that it was asked for again."""

    answer: str
    note: str = ""
    next_step: str = ""
    next_on: date | None = None
    method: str = ""
    standard: str = ""
    witness: str = ""
    consignment: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """Everything in it that is printed on a certificate."""
        return (self.note, self.next_step, *(getattr(self, name) for name in BY_HAND))


def answer(instruction: SourceInstruction, *, by: Actor, said: str, note: str) -> SourceInstruction:
    """Record what a source answered of all its records. The note is printed on the certificate, so it names nobody."""
    with transaction.atomic():
        order = DisposalOrder.objects.select_for_update().get(pk=instruction.order_id)
        held = SourceInstruction.objects.get(pk=instruction.pk)
        offered = elsewhere.on(timezone.localdate()).source["answers"]
        verdict = unless(said in offered, "Choose what the source answered.")
        verdict &= rules.can_answer(order, held.answer)
        verdict &= unless(said == Duty.Answer.DONE or bool(note.strip()), f"{rules.ANSWERING}.")
        verdict &= anonymity.names_nobody(note, queries.people_of(order))
        verdict &= _may(order, by)
        verdict.require()
        mine = Duty.objects.filter(order=order, where=Duty.Where.SOURCE, item__system=held.system_id)
        for duty in mine.select_related("item"):
            if rules.can_answer(order, duty.answer):
                _write(duty, Said(said, note[:255]), by=by)
        held = _settle(order, held.system_id)
        _enter(order)
        audit.record(
            by,
            "disposal.answer",
            subject=order.reference,
            controller=order.controller.code,
            detail={"system": held.system.code, "answer": said},
        )
    return held


def answer_one(duty: Duty, said: Said, *, by: Actor, people: anonymity.Known | None = None) -> Duty:
    """Record what was answered of one record at one place, or that it was asked for again.

    `people` are those of its order, read here where they are not given.
    """
    with transaction.atomic():
        order = DisposalOrder.objects.select_for_update().get(pk=duty.order_id)
        held = Duty.objects.select_related("item", "order__controller").get(pk=duty.pk)
        can_say(held, said, by=by, people=people).require()
        is_ahead = bool(said.answer) and held.pk in duties.waits_for([held])
        _write(held, said, by=by)
        if held.where == Duty.Where.SOURCE:
            _settle(order, held.item.system_id)
        _enter(order)
        audit.record(
            by,
            "disposal.answer" if said.answer else "disposal.chase",
            subject=order.reference,
            controller=order.controller.code,
            detail={"duty": held.reference, "place": held.place, "answer": said.answer}
            | ({"before_its_source": True} if is_ahead else {}),
        )
    return held


def can_say(duty: Duty, said: Said, *, by: Actor, people: anonymity.Known | None = None) -> Verdict:
    """Say whether an answer to a duty can be taken: whole, one that its place can give, and naming nobody."""
    settings, order = elsewhere.on(timezone.localdate()), duty.order
    offered = settings.answers(duty.where, duty.place)
    if said.answer and said.answer not in offered:
        return refused(f"'{said.answer}' is no answer here: it can be {', '.join(offered)}.")
    verdict = ALLOWED
    if said.answer:
        verdict &= may_be_answered(duty)
        verdict &= unless(said.answer == Duty.Answer.DONE or bool(said.note.strip()), f"{rules.ANSWERING}.")
        by_hand = duty.where == Duty.Where.SHELF and said.answer == Duty.Answer.DONE
        is_ahead = not duty.answer and duty.pk in duties.waits_for([duty])
        verdict &= unless(not is_ahead or bool(said.note.strip()), f"{BEFORE_ITS_SOURCE}.")
        verdict &= unless(not by_hand or bool(said.method.strip() and said.witness.strip()), f"{DESTROYED_HOW}.")
    else:
        verdict &= unless(duty.pk not in duties.waits_for([duty]), NOT_BEGUN)
        verdict &= unless(duty.answer not in duties.CLOSING, "It is done: there is nothing to ask for again.")
        verdict &= unless(bool(said.note.strip() or said.next_on), f"{CHASING}.")
    verdict &= unless(
        said.next_on is None or said.next_on > timezone.localdate(), "The day to ask again lies in the future."
    )
    known = queries.people_of(order) if people is None else people
    for words in filter(None, said.words):
        verdict &= anonymity.names_nobody(words, known)
    return verdict & _may(order, by)


def may_be_answered(duty: Duty) -> Verdict:
    """Say whether an answer can be taken: also in place of 'done' where its source has sent the record again since."""
    return ALLOWED if duties.is_contradicted(duty) else rules.can_answer(duty.order, duty.answer)


def _may(order: DisposalOrder, by: Actor) -> Verdict:
    if not by.user:
        return ALLOWED
    return access.may(by.user, "disposal.instruct", on=timezone.localdate(), controller=order.controller)


def _write(duty: Duty, said: Said, *, by: Actor) -> None:
    """Write an answer down. One that does not end the duty has a next step and a day: it is never a silent end."""
    settings, today = elsewhere.on(timezone.localdate()), timezone.localdate()
    ends, was = said.answer in duties.CLOSING, duty.answer
    duty.note = said.note[:255] or duty.note
    if said.answer:
        duty.answer, duty.answered_by, duty.answered_at = said.answer, by.name, timezone.now()
        duty.note = said.note[:255]
        for name in BY_HAND:
            setattr(duty, name, getattr(said, name)[:120])
    else:
        duty.chased += 1
    if ends:
        duty.next_step, duty.next_on = "", None
    else:
        usual = settings.next_steps.get(said.answer, "") if said.answer else duty.next_step
        duty.next_step = (said.next_step or usual)[:255]
        duty.next_on = said.next_on or today + timedelta(days=settings.again_after_days)
    duty.save()
    if said.answer and duty.answered_at:
        duties.begin(duty, was, duty.answered_at)


def _enter(order: DisposalOrder) -> None:
    """Have the ledger say what was answered once the records are gone: a restored copy could ask nobody again."""
    if order.state in told.CARRIED_OUT:
        ledger_lines.of_disposal(order)


def _settle(order: DisposalOrder, system_id: int) -> SourceInstruction:
    found = told.settle(order, system_id)
    if order.state == DisposalOrder.State.UNDONE:
        told.say_why_kept(order)
    return found
