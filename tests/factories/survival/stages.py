"""What people and systems do between the commands that are killed; called in the keeper of an installation."""

from datetime import date
from pathlib import Path

from django.utils import timezone

from factories.cast import CAST, PASSWORD, refresh
from factories.deeds import NO, WHY, WORKER
from muniment import invention
from muniment.cli import demo
from muniment.cli.intake import take_in_files
from muniment.core import actors, content
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Controller, RoleAssignment, User
from muniment.core.verdicts import Refused
from muniment.people.actions import train
from muniment.people.models import LinkageModel
from muniment.records.models import Record
from muniment.retention.actions import disposal, schedule
from muniment.retention.actions import review as reviewing
from muniment.retention.deciding import letting_go
from muniment.retention.models import DisposalOrder, Review
from muniment.retention.reviews import assessment

BY = Actor("survival")
SEED = 7
PEOPLE = ("rowan", "ash", "wren", "linden")


def invent(out: str, persons: int) -> None:
    """Write the exports of a small world."""
    invention.invent(persons, SEED, Path(out))


def add_people() -> None:
    """Make the users of two forces; only the one who works on the site has a password, which is slow to make."""
    for name in PEOPLE:
        user = User.objects.create_user(name, password=PASSWORD if name == "rowan" else None)
        role, code = CAST[name]
        controller = Controller.objects.get(code=code)
        RoleAssignment.objects.create(user=user, controller=controller, role=role, start=date(2020, 1, 1))
    refresh()


def take_in(world: str, but: str) -> None:
    """Take in every system of the world but one feed's, which a command takes in."""
    take_in_files([(feed, files) for feed, files in demo.exports_of(Path(world)) if feed.id != but], by=BY)
    refresh()


def activate() -> None:
    """Have someone else activate the model that was trained."""
    train.activate(LinkageModel.objects.get(), by=Actor("ash"))


ORDERS = 6  # each is decided about afresh, by the second, whenever it takes a step


def decide_and_order() -> dict[str, int]:
    """Dispose of what may go, as far as ORDERS, by review and approval; have the sources of most answer."""
    Controller.objects.update(mode=Controller.Mode.LIVE)
    worker = {name: actors.from_user(User.objects.get(username=name), "RETENTION_REVIEW") for name in PEOPLE}
    pairs = {CAST["rowan"][1]: ("rowan", "ash"), CAST["wren"][1]: ("wren", "linden")}
    for review in Review.objects.filter(state="open", controller__code__in=pairs).order_by("due", "pk"):
        proposer, approver = pairs[review.controller.code]
        records = tuple(
            Record.objects.filter(
                involvements__nominal__belongings__prime=review.prime, system__controller=review.controller
            ).values_list("pk", flat=True)
        )
        ripe = letting_go.old_enough(records)
        going = [
            record
            for record in Record.objects.filter(pk__in=records)
            if letting_go.may_go(record.decision, ripe.get(record.pk))
        ]
        if not going:
            continue
        if DisposalOrder.objects.count() == ORDERS:
            break
        conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
        try:
            done = reviewing.decide(review, reviewing.Answers(NO, WHY), conclusion, by=worker[proposer])
            order = disposal.propose(disposal.Proposal(done.prime, done.controller, records, done), by=worker[proposer])
        except Refused:
            continue
        order = disposal.approve(order, by=worker[approver])
        if order.pk % 4:  # the sources of every fourth are not instructed yet
            disposal.instruct(order, by=WORKER)
            for instruction in order.instructions.all():
                disposal.answer(instruction, by=worker[proposer], said="done", note="")
    return {state: DisposalOrder.objects.filter(state=state).count() for state in ("approved", "instructed")}


def adopt_rules() -> None:
    """Adopt the demonstration's rules, so that `schedule` has them."""
    import shutil

    from muniment.core import policy_in_force

    for path in sorted((demo.EXAMPLES / "demonstration" / "adoptions").glob("*.yaml")):
        shutil.copyfile(path, policy_in_force.adoptions_folder() / path.name)


def sweep() -> dict[str, int]:
    """Run a schedule again, to see that nothing is left to change."""
    from muniment.core import policy_in_force

    counts = schedule.schedule(policy_in_force.load(), by=BY, on=timezone.localdate())
    return {"people": counts.changed_people, "records": counts.changed_records, "reviews": counts.reviews_opened}


def waiting_reviews(controller: str) -> list[dict[str, object]]:
    """Return the reviews of a controller that are open, with whether something of theirs may go."""
    found = []
    for review in Review.objects.filter(state="open", controller__code=controller).order_by("pk"):
        records = Record.objects.filter(
            involvements__nominal__belongings__prime=review.prime, system__controller=review.controller
        ).select_related("decision")
        ripe = letting_go.old_enough([record.pk for record in records])
        free = any(letting_go.may_go(record.decision, ripe.get(record.pk)) for record in records)
        found.append({"reference": review.reference, "version": review.version, "free": free})
    return found


def decided_reviews() -> list[dict[str, object]]:
    """Return what each review that was touched holds: its state, events, orders, and whether its words can be read."""
    found = []
    for review in Review.objects.filter(version__gt=1).select_related("reason"):
        decided = ["review.decide", "review.await_agreement"]
        events = AuditEvent.objects.filter(action__in=decided, subject=review.reference).count()
        orders = list(review.orders.values_list("pk", flat=True))
        proposed = AuditEvent.objects.filter(
            action="disposal.propose", subject__in=[order.reference for order in review.orders.all()]
        ).count()
        found.append(
            {
                "reference": review.reference,
                "state": review.state,
                "outcome": review.outcome,
                "words": content.read(review.reason) if review.reason else "",
                "answers": review.answers.count(),
                "asked": len(assessment.asked(review.prime_id)),
                "events": events,
                "orders": len(orders),
                "proposed": proposed,
            }
        )
    return found
