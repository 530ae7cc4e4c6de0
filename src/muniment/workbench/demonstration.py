"""The users of the demonstration: invented, with one password, refused where the data is not invented."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from muniment.core.models import Controller, RoleAssignment, User
from muniment.workbench import accounts

PASSWORD = "look-but-do-not-touch"  # noqa: S105 - printed on the sign-in page of the demonstration


@dataclass(frozen=True)
class Person(accounts.Person):
    """A demonstration user, what they can do, in words, and their roles."""

    can: str
    roles: tuple[tuple[str, str], ...]


USERS = (
    Person(
        "rowan",
        "Rowan",
        "Example",
        "Records manager, Northshire",
        "Work reviews, propose disposals, place holds",
        (("records_manager", "northshire"),),
    ),
    Person(
        "ash",
        "Ash",
        "Sample",
        "Head of information management, Northshire",
        "Approve disposals, release holds",
        (("review_approver", "northshire"),),
    ),
    Person(
        "maple",
        "Maple",
        "Supposed",
        "Assistant chief officer, Northshire, chair of the board",
        "Sign off what two may not decide",
        (("review_approver", "northshire"),),
    ),
    Person(
        "wren",
        "Wren",
        "Placeholder",
        "Records manager, Westvale",
        "Work reviews of another force",
        (("records_manager", "westvale"),),
    ),
    Person(
        "linden",
        "Linden",
        "Fictional",
        "Head of information management, Westvale",
        "Approve for another force",
        (("review_approver", "westvale"),),
    ),
    Person(
        "robin",
        "Robin",
        "Invented",
        "Officer, Southmere",
        "Find people, on a phone as well",
        (("officer", "southmere"),),
    ),
    Person(
        "sorrel",
        "Sorrel",
        "Demo",
        "Data quality officer, Northshire",
        "Judge possible matches",
        (("data_quality_officer", "northshire"),),
    ),
    Person(
        "sedge",
        "Sedge",
        "Notional",
        "National systems officer, Northshire",
        "Supply records to a national database, answer for it",
        (("national_systems_officer", "northshire"),),
    ),
    Person(
        "hazel",
        "Hazel",
        "Pretend",
        "Information rights officer, Northshire",
        "Record requests, place holds",
        (("rights_officer", "northshire"),),
    ),
    Person(
        "bryony",
        "Bryony",
        "Madeup",
        "Protected persons officer, Northshire",
        "The sealed enclave alone",
        (("enclave_officer", "northshire"),),
    ),
    Person("teasel", "Teasel", "Imaginary", "Auditor, Northshire", "Read the audit", (("auditor", "northshire"),)),
    Person(
        "thorn",
        "Thorn",
        "Conjured",
        "Counter-corruption officer, Northshire",
        "Look for a covert enquiry",
        (("counter_corruption_officer", "northshire"),),
    ),
    Person(
        "yarrow",
        "Yarrow",
        "Contrived",
        "Auditor of covert enquiries, Northshire",
        "Read the covert audit alone",
        (("covert_auditor", "northshire"),),
    ),
    Person(
        "clover",
        "Clover",
        "Makebelieve",
        "Office manager, Northshire commissioner",
        "The office's own records",
        (("corporate_records_officer", "northshire-commissioner"),),
    ),
)


class NotADemonstration(Exception):
    """Demonstration users were asked for where real controllers are live."""


def require() -> None:
    """Raise NotADemonstration where a controller that is not fictional is live."""
    if not settings.DEMONSTRATION or Controller.objects.filter(is_fictional=False, mode="live").exists():
        raise NotADemonstration("Demonstration users are refused: this installation serves a real force or office.")


def add_users() -> None:
    """Make the demonstration users. Raise NotADemonstration where a controller that is not fictional is live."""
    require()
    known = set(User.objects.values_list("username", flat=True))
    # Hashed once for all: the password is published, and hashing is made to take half a second.
    password = make_password(PASSWORD) if any(person.username not in known for person in USERS) else ""
    with transaction.atomic():
        for person in USERS:
            user, _ = User.objects.get_or_create(
                username=person.username,
                defaults={
                    "first_name": person.first_name,
                    "last_name": person.last_name,
                    "post": person.post,
                    "password": password,
                },
            )
            for role, code in person.roles:
                if controller := Controller.objects.filter(code=code).first():
                    RoleAssignment.objects.get_or_create(
                        user=user, controller=controller, role=role, start=date(2020, 1, 1)
                    )
