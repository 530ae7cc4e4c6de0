"""What policy says on a day of requests for deletion and erasure, and of what answers them (`policy/requests.yaml`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from muniment.engine.policy.model import Policy, pick
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class Identity:
    """That a clock begins only when what establishes who asked has arrived, if it was asked for, and what says so."""

    authority: str
    verified: bool


@dataclass(frozen=True)
class Extension:
    """By how many further months the time can be extended, from which day the law knows it, and what says so."""

    months: int
    since: date
    authority: str
    verified: bool


@dataclass(frozen=True)
class Fee:
    """The most that can be charged, in pounds, whether the time waits for its payment, and what says so."""

    most: Decimal
    most_authority: str
    most_verified: bool
    time_waits: bool
    authority: str
    verified: bool


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused, or charged for, before its review is decided; `authority` and `cite` are by regime.

    `shows` is what the force has to be able to show, by code. `unknown`: it can go while it is not established who
    asked; `asked_who`: after that was asked for and did not arrive.
    """

    code: str
    label: str
    told: str
    is_charged: bool
    unknown: bool
    asked_who: bool
    askers: frozenset[str]  # none where it is everyone
    authority: Mapping[str, str]
    cite: Mapping[str, str]
    verified: Mapping[str, bool]
    shows: Mapping[str, str]
    shows_authority: str
    shows_verified: bool


@dataclass(frozen=True)
class Letter:
    """A letter that goes before the reply: its title, whether two people see it, and the rights that it names."""

    title: str
    second_person: bool
    rights: tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """After how many days of silence somebody is asked again for what they owe, and their request may be closed."""

    chase_after_days: int
    lapses_after_days: int
    verified: bool


@dataclass(frozen=True)
class Restricting:
    """For which access purposes what is restricted opens, each with why; after how many months it is looked at again.

    `comparing` are those for which it opens besides where it is judged who is one person, and nowhere else.
    """

    purposes: Mapping[str, str]
    comparing: Mapping[str, str]
    review_after_months: int
    verified: bool


@dataclass(frozen=True)
class Regime:
    """Under what a request is made, and how long there is: days, working days or calendar months from its beginning.

    `target_before` is how many days before the end a force should aim at.
    """

    code: str
    title: str
    days: int
    working_days: int
    months: int
    rolls: bool  # on to the next working day
    rolls_verified: bool
    target_before: int
    verified: bool
    authority: str
    identity: Identity | None
    extension: Extension | None
    fee: Fee | None


@dataclass(frozen=True)
class RequestKind:
    """A kind of request: what it asks, what the law says of it, who is answered, and whether two people see that."""

    code: str
    title: str
    asks: str
    law: str
    recipient: str
    second_person: bool
    regimes: Mapping[str, Regime]


@dataclass(frozen=True)
class Told:
    """Whom a reply tells of what: the parts in a record that the person knows of, and what is never said."""

    roles: frozenset[str]
    not_areas: frozenset[str]
    not_classes: tuple[str, ...]
    not_said: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class RequestPolicy:
    """The settings as they stand on a day."""

    kinds: Mapping[str, RequestKind]
    holidays: frozenset[date]
    calendar: str  # whose bank holidays they are, in words
    extension_reasons: Mapping[str, str]
    letters: Mapping[str, Letter]
    waiting: Waiting
    restriction: Restricting
    databases: tuple[str, ...]
    grounds: Mapping[str, str]
    grounds_to_keep: Mapping[str, str]
    images: tuple[str, ...]
    presumptions: Mapping[str, Mapping[str, Any]]
    keeping: tuple[Mapping[str, Any], ...]
    told: Told
    rights: Mapping[str, tuple[str, ...]]
    refusals: Mapping[str, Refusal]
    refusal_rights: Mapping[str, tuple[str, ...]]

    def keeping_of(self, regime: str) -> dict[str, str]:
        """Return why something may stay under a regime, in words, by code; also what is said no more."""
        return {each["code"]: each["label"] for each in self.keeping if regime in each["regimes"]}

    def keeping_now(self, regime: str) -> dict[str, str]:
        """Return why something may stay that can be chosen today: what a refusal says is said by it alone."""
        instead = {each["code"] for each in self.keeping if each.get("instead")}
        return {code: label for code, label in self.keeping_of(regime).items() if code not in instead}

    def restricts(self, code: str) -> bool:
        """Whether what stays for a reason is restricted instead of erased."""
        return any(each["code"] == code and each.get("restrict", False) for each in self.keeping)

    def is_image(self, class_id: str) -> bool:
        """Whether a class is of custody images."""
        return policy_now.fits(class_id, self.images)


def on(day: date, policy: Policy | None = None) -> RequestPolicy:
    """Return the settings on a day, of the policy in force unless another is given."""
    held = policy or policy_now.policy()
    said: Any = pick(held.requests, day).content
    told = said["told"]
    return RequestPolicy(
        {code: _kind(code, raw) for code, raw in said["kinds"].items()},
        frozenset(held.bank_holidays[said["calendar"]]),
        said["calendar_label"],
        _labels(said["extension_reasons"]),
        {
            code: Letter(each["title"], each["second_person"], tuple(each["rights"]))
            for code, each in said["letters"].items()
        },
        Waiting(*(said["waiting"][name] for name in ("chase_after_days", "lapses_after_days", "verified"))),
        Restricting(
            said["restriction"]["purposes"],
            said["restriction"]["comparing"],
            said["restriction"]["review_after_months"],
            said["restriction"]["verified"],
        ),
        tuple(said["databases"]),
        _labels(said["grounds"]),
        _labels(said["grounds_to_keep"]),
        tuple(said["images"]),
        said["presumptions"],
        tuple(said["keeping"]),
        Told(
            frozenset(told["roles"]),
            frozenset(told["not_areas"]),
            tuple(told["not_classes"]),
            tuple(told["not_said"]),
            told["sentence"],
        ),
        {code: tuple(lines) for code, lines in said["rights"].items()},
        {each["code"]: _refusal(each) for each in said["refusals"]},
        {code: tuple(lines) for code, lines in said["refusal_rights"].items()},
    )


def _labels(values: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {each["code"]: each["label"] for each in values}


def _refusal(raw: Mapping[str, Any]) -> Refusal:
    regimes = raw["regimes"]
    return Refusal(
        raw["code"],
        raw["label"],
        raw["told"],
        raw.get("charged", False),
        raw.get("unknown", False),
        raw.get("asked_who", False),
        frozenset(raw.get("askers", ())),
        {code: each["authority"] for code, each in regimes.items()},
        {code: each.get("cite", "") for code, each in regimes.items()},
        {code: each["verified"] for code, each in regimes.items()},
        _labels(raw["shows"]),
        raw["shows_authority"],
        raw["shows_verified"],
    )


def _fee(raw: Mapping[str, Any] | None) -> Fee | None:
    if raw is None:
        return None
    names = ("most_authority", "most_verified", "time_waits", "authority", "verified")
    return Fee(Decimal(str(raw["most_pounds"])), *(raw[name] for name in names))


def _kind(code: str, raw: Mapping[str, Any]) -> RequestKind:
    return RequestKind(
        code,
        raw["title"],
        raw["asks"],
        raw["law"],
        raw["recipient"],
        raw["second_person"],
        {name: _regime(name, each) for name, each in raw["regimes"].items()},
    )


def _regime(code: str, raw: Mapping[str, Any]) -> Regime:
    deadline, identity, extension = raw["deadline"], raw.get("identity"), raw.get("extension")
    return Regime(
        code,
        raw["title"],
        deadline.get("days", 0),
        deadline.get("working_days", 0),
        deadline.get("months", 0),
        deadline.get("rolls", False),
        raw.get("rolls_verified", raw["verified"]),
        raw.get("target", {}).get("days_before", 0),
        raw["verified"],
        raw["authority"],
        Identity(identity["authority"], identity["verified"]) if identity else None,
        Extension(extension["months"], extension.get("from", date.min), extension["authority"], extension["verified"])
        if extension
        else None,
        _fee(raw.get("fee")),
    )
