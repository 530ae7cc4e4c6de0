"""The procedure of review, retention and disposal of a controller, generated from the policy in force.

A document is sections of blocks, each a mapping that can be kept as it is: {"kind": "text", "text"},
{"kind": "lines", "lines"}, {"kind": "table", "caption", "heads", "rows"} and {"kind": "asked", "text"} for what the
controller has to say.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from muniment.core import access, policy_files, words
from muniment.core.models import Controller
from muniment.engine.policy import Policy, PolicyError, Rules
from muniment.engine.policy.model import pick
from muniment.engine.retention.persons import RULES
from muniment.retention.models import DisposalOrder, Review
from muniment.retention.policies import policy_now, review_policy
from muniment.retention.reviews import escalated
from muniment.retention.reviews.assessment import questions
from muniment.retention.schedule import schedule_words

Block = Mapping[str, Any]
# Actions that the procedure is about, by how their names begin.
_ACTIONS = ("review.", "disposal.", "hold.", "event.", "schedule.")


@dataclass(frozen=True)
class Document:
    """A procedure as generated for a controller on a day; `digest` is of what it says, whatever the day."""

    title: str
    controller: str
    on: date
    policy_version: str
    sections: tuple[Mapping[str, Any], ...]

    @property
    def body(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"title": self.title, "controller": self.controller, "sections": list(self.sections)}

    @property
    def digest(self) -> str:
        """SHA-256 of what it says, in hexadecimal digits."""
        told = json.dumps(self.body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def asked(self) -> list[str]:
        """What the controller has still to say."""
        blocks = (block for section in self.sections for block in section["blocks"])
        return [block["text"] for block in blocks if block["kind"] == "asked"]


@dataclass(frozen=True)
class _For:
    controller: Controller
    on: date
    policy: Policy
    rules: Rules


def document(controller: Controller, on: date, form: Mapping[str, Any] | None = None) -> Document:
    """Return the procedure of a controller as on a day. Raise PolicyError, naming it, for a part that nobody knows."""
    policy = policy_now.policy()
    form = form or _form(policy.version)
    of = _For(controller, on, policy, policy.on(on, controller.code))
    sections = tuple(
        {"title": section["title"], "blocks": [block for part in section["parts"] for block in _part(part, of)]}
        for section in form["sections"]
    )
    return Document(form["title"], controller.name, on, policy.version, sections)


@lru_cache(maxsize=2)
def _form(_version: str) -> Mapping[str, Any]:
    """Return the form, read again when the policy is of another version."""
    path = policy_files.folder() / "retention" / "procedure.yaml"
    found: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _part(part: Mapping[str, Any], of: _For) -> list[Block]:
    if "live" in part:
        if part["live"] not in _LIVE:
            raise PolicyError(
                f"retention/procedure.yaml asks for '{part['live']}', which nobody works out. Use {', '.join(_LIVE)}."
            )
        return list(_LIVE[part["live"]](of))
    texts = [each for each in part.get("given", ()) if each.get("controller", of.controller.code) == of.controller.code]
    begun = [each for each in texts if each["from"] <= of.on]
    if begun:
        return [_text(max(begun, key=lambda each: each["from"])["text"])]
    if "ask" not in part:
        raise PolicyError("A part of retention/procedure.yaml has no text for this day and asks for none. Add `ask`.")
    return [{"kind": "asked", "text": part["ask"]}]


def _text(text: str) -> Block:
    return {"kind": "text", "text": " ".join(text.split())}


def _lines(lines: Iterable[str]) -> Block:
    return {"kind": "lines", "lines": list(lines)}


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Block:
    return {"kind": "table", "caption": caption, "heads": list(heads), "rows": [list(row) for row in rows]}


def _about(of: _For) -> Iterable[Block]:
    adopted = len(of.rules.adopted)
    does = (
        "carries out what is decided and approved"
        if of.controller.mode == Controller.Mode.LIVE
        else "advises only: reviews are held and decisions made, and nothing is destroyed"
    )
    yield _text(
        f"It is the procedure of {of.controller.name}. The system {does}. Of {len(of.rules.classes)} classes and rules"
        f" of the schedule it has adopted {adopted or 'none'}."
    )


def _groups(of: _For) -> Iterable[Block]:
    rows = []
    for each in of.policy.groups:
        rule = of.rules.group_3 if each.get("by_time") else each["rule"]
        if rule is None:
            rows.append((str(each["group"]), each["title"], "", "By the class of each record"))
            continue
        terms = of.rules.terms[rule]
        then = words.say("decision", terms.action)
        rows.append((str(each["group"]), each["title"], ", ".join(schedule_words.period(terms)), then))
    yield _table("Groups", ("Group", "Of whom", "Period", "Then"), rows)


def _flags(of: _For) -> Iterable[Block]:
    said = {"group": "puts the person in group {}", "blocks": "stops every disposal by the clock while it lasts"}
    rows = []
    for flag, does in of.rules.settings["flags"]["kinds"].items():
        effects = [said[name].format(value) for name, value in does.items() if name in said]
        effects += ["opens a review"] if does.get("death") else []
        rows.append((words.say("flag", flag), "; ".join(effects)))
    yield _table("Warnings", ("Warning", "What it does"), rows)


def _mappa(of: _For) -> Iterable[Block]:
    told = of.rules.settings["mappa"]
    yield _text(
        "Whoever was sentenced for a specified violent offence to custody of"
        f" {told['specified_violence_months']} months or more, or has to notify the police as a sexual offender, is in"
        " group 1, whether or not a source says that they were managed."
    )


def _clear_starts(of: _For) -> Iterable[Block]:
    told = of.rules.settings["clear_starts"]
    yield _text("Days on a record that start or restart the period of an offender on it:")
    yield _lines(words.say("date", each) for each in told["always"])
    more = ", ".join(words.say("date", each).lower() for each in told["not_proceeded"])
    yield _text(
        f"Where nothing came of the matter, also: {more}. A conviction counts no earlier than the release from custody."
    )


_EFFECTS = {
    "resets": "starts the period again",
    "triggers": "opens a review",
    "triggers_open": "opens a review while it is open",
    "blocks": "stops disposal while it is open",
    "floor": "keeps the disclosure-law minimum open",
}


def _events(of: _For) -> Iterable[Block]:
    rows = (
        (words.say("event", kind), "; ".join(_EFFECTS[each] for each in effects))
        for kind, effects in of.rules.settings["events"]["kinds"].items()
    )
    yield _table("Events", ("What happens", "What follows"), rows)


def _reviews(of: _For) -> Iterable[Block]:
    rows = []
    for rule in sorted(rule for rule in of.rules.classes if rule in RULES):
        terms = of.rules.terms[rule]
        period, start = ", ".join(schedule_words.period(terms)), words.say("date", terms.trigger)
        rows.append((of.rules.classes[rule].title, period, start, words.say("decision", terms.action)))
    yield _table("Rules about people", ("Rule", "Period", "From", "Then"), rows)


def _review_switches(of: _For) -> Iterable[Block]:
    said = review_policy.on(of.on, of.policy)
    rows = [(words.say("event", kind), "Whenever somebody records it") for kind in said.events]
    rows += [(words.say("event", kind), "While it is open") for kind in said.while_open]
    rows += [(words.say("trigger", each["code"]), _of_whom(each)) for each in said.arrivals]
    rows += [(words.say("flag", flag), "When the warning begins") for flag in said.flags]
    if said.group_moves:
        rows.append(
            (words.say("trigger", "group_moved"), "Though neither policy nor who makes up the person has changed")
        )
    yield _text(
        "Besides the clock, these open a review of somebody who was known before. A matter of more than"
        f" {said.within_days} days ago is no news. What comes on a restricted record opens none."
    )
    yield _table("What opens a review", ("What happens", "When, and of whom"), rows)
    yield _table(
        "When a second person has to agree to what a review decides",
        ("Why", "To which decision"),
        (
            (words.say("second", code), ", ".join(str(Review.Outcome(each).label) for each in outcomes))
            for code, outcomes in said.second_approval.items()
            if outcomes
        ),
    )
    yield _table(
        "When a review has waited too long",
        ("Group", "Days after it was opened"),
        ((str(group or "No group"), str(days)) for group, days in said.aged_after_days.items()),
    )
    if said.escalation:
        yield _table(
            "Before whom it is put then, once at each step",
            ("Days after it has waited too long", "Who"),
            ((str(step.after_days), escalated.titles(step.to)) for step in reversed(said.escalation)),
        )


def _of_whom(arrival: Mapping[str, Any]) -> str:
    if before := arrival.get("historical_before"):
        return f"When it comes in, of whoever has records from before {words.day(before)}"
    groups = ", ".join(str(each or "none") for each in arrival["groups"])
    return f"When it comes in, in group {groups}"


def _criteria(_of: _For) -> Iterable[Block]:
    yield _text("What the reviewer is asked, with the evidence beside each question:")
    yield _lines(questions().values())


def _holds(of: _For) -> Iterable[Block]:
    rows = (
        (each["title"], words.day(each["from"]) if each["from"] else "", each["authority"], each["status"])
        for each in of.policy.holds
    )
    yield _table("Inquiries and proceedings that may bind", ("Hold", "From", "Authority", "How it stands"), rows)
    kinds = ((each["title"], each["paper"], f"{each['review_months']} months") for each in of.policy.hold_kinds)
    yield _table("What a hold may be for", ("For", "Its paper", "Looked at again after"), kinds)
    yield _text(
        "One person places a hold, or widens what it covers; that counts at once. Two release it, or change what it"
        " covers in any other way. Whatever it covers no more comes back for review."
    )


def _disposal_states(_of: _For) -> Iterable[Block]:
    yield _text("Where a disposal stands:")
    yield _lines(str(label) for label in DisposalOrder.State.labels)


def _roles(_of: _For) -> Iterable[Block]:
    declared = access.declaration()
    rows = []
    for action, label in declared.actions.items():
        if action.startswith(_ACTIONS):
            rows.append((label, ", ".join(role.title for role in declared.roles.values() if action in role.actions)))
    yield _table("Permissions", ("What", "Who"), rows)


def _schedule(of: _For) -> Iterable[Block]:
    for area in sorted({entry.area for entry in of.rules.classes.values()}):
        of_area = sorted(rule for rule, entry in of.rules.classes.items() if entry.area == area)
        heads = ("Class", "Period", "From", "Then", "Authority")
        yield _table(words.say("area", area), heads, (schedule_words.row(of.rules, rule) for rule in of_area))


def _judgements(of: _For) -> Iterable[Block]:
    yield _text("Choices that the text of the law leaves open, each to be confirmed by the controller:")
    yield _lines(of.rules.settings["judgements"]["notes"])


def _unverified(of: _For) -> Iterable[Block]:
    waiting = [rule for rule in sorted(of.rules.classes) if not of.rules.is_automatic(rule)]
    rows = ((of.rules.classes[rule].title, rule, of.rules.terms[rule].authority) for rule in waiting)
    yield _table("Classes and rules", ("Class or rule", "Id", "What it rests on"), rows)
    switches = (pick(values, of.on) for values in of.policy.settings.values())
    yield _table(
        "Rules for every class",
        ("What", "What it rests on"),
        ((each.title, " ".join(each.authority.split())) for each in switches if not each.verified),
    )


_LIVE: Mapping[str, Callable[[_For], Iterable[Block]]] = {
    "about": _about,
    "groups": _groups,
    "flags": _flags,
    "mappa": _mappa,
    "clear_starts": _clear_starts,
    "events": _events,
    "reviews": _reviews,
    "review_switches": _review_switches,
    "criteria": _criteria,
    "holds": _holds,
    "disposal_states": _disposal_states,
    "roles": _roles,
    "schedule": _schedule,
    "judgements": _judgements,
    "unverified": _unverified,
}
