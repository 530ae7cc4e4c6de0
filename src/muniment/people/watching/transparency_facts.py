"""The facts that the transparency record states, from the model in use, its last run and the last full sample.

They are of the policing partition, and the same whoever asks: counts alone, and nothing that a wall divides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muniment.batch.matching.policy import in_force
from muniment.core import words
from muniment.core.models import Controller
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.model import Model
from muniment.engine.matching.rules import REASONS
from muniment.people.models import LinkageModel, RunFigures, RunHold
from muniment.people.watching import drift, samples, wording

POLICING = "policing"
_SENSITIVE = ("ethnicity", "sex")
_NO_MODEL = "No model is in use yet."
_NO_RUN = "Nothing has been resolved yet."


@dataclass(frozen=True)
class _Known:
    """What the facts are taken from."""

    kept: LinkageModel | None
    model: Model | None
    last: RunFigures | None

    @property
    def figures(self) -> Mapping[str, Any]:
        """The figures of the last run that published."""
        return self.last.figures if self.last else {}

    @property
    def features(self) -> list[str]:
        """What the model compares, in words."""
        return [_feature(each.name) for each in FEATURES if self.model and each.name in self.model.weights]


def gather() -> dict[str, str]:
    """Return every fact by the name that the form has for it."""
    active = LinkageModel.objects.filter(activated_at__isnull=False).order_by("-activated_at")
    kept = active.defer("parameters").first()
    model = drift.model_of(kept.version) if kept else None
    runs = RunFigures.objects.filter(partition=POLICING, run__kind="resolve", run__state="done").select_related("run")
    known = _Known(kept, model, runs.order_by("-run").first())
    return {
        "organisations": ", ".join(Controller.objects.order_by("name").values_list("name", flat=True)) or "None yet",
        "description": _description(),
        "scale": _scale(known, runs.count()),
        "people": _people(known),
        "maintenance": _maintenance(known),
        "models": f"One: linkage model {kept.version}." if kept else _NO_MODEL,
        "model_version": kept.version if kept else _NO_MODEL,
        "model_input": _sentence("Two records of people, with", known.features) or _NO_MODEL,
        "model_architecture": _architecture(known),
        "performance": _performance(),
        "datasets": f"{model.records:,} records of people held when the model was trained." if model else _NO_MODEL,
        "data_description": _sentence("Of each person", [_feature(each.name) for each in FEATURES]),
        "quantities": _quantities(known),
        "sensitive": _sensitive(known),
        "completeness": _completeness(known),
        "risks": _risks(),
    }


def _feature(name: str) -> str:
    """Return a feature within a sentence: telephone, but PNC ID."""
    said = words.say("feature", name)
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def _sentence(start: str, parts: list[str]) -> str:
    return f"{start} {', '.join(parts[:-1])} and {parts[-1]}." if len(parts) > 1 else ""


def _points() -> tuple[str, str]:
    tables = in_force()
    return f"{tables.automatic_point:g}", f"{tables.doubtful_point:g}"


def _description() -> str:
    automatic, doubtful = _points()
    return (
        "Records are compared only if they share a key, such as the sound of a name and the date of birth. Each feature"
        " that both records have adds to or takes from a weight. The prior and the weights are estimated from the"
        " organisation's own records without labels; a second person activates a model before it is used.\n"
        f"From {automatic} bits on two records are joined without a person, unless a rule forbids it: name and date of"
        " birth have to agree, and besides an identifier, a home or telephone that few share, an e-mail address or a"
        " rare middle name. Sex, ethnicity, occupation, force and area never count as such a fact. From"
        f" {doubtful} to {automatic} bits, and where a rule forbids a join, a person is asked. What a person says beats"
        " the program in every later run."
    )


def _scale(known: _Known, runs: int) -> str:
    if known.last is None:
        return _NO_RUN
    figures, ended = known.figures, known.last.run.ended_at
    day = words.day(ended.date()) if ended else "a day that is not known"
    joined = figures["nominals"] - figures["prime_records"]
    return (
        f"{runs:,} run{'' if runs == 1 else 's'} so far, the last on {day}: {figures['nominals']:,} records of people,"
        f" found to be {figures['prime_records']:,} people; {joined:,} records were joined to another."
    )


def _people(known: _Known) -> str:
    waiting = known.figures.get("waiting", 0)
    holds, limits, bulk = RunHold.objects.count(), in_force().watching, in_force().stewardship
    return (
        f"After the last run {waiting:,} pairs were left for people to judge. A run that would change more than"
        f" {limits.change_share:.0%} of the people who are known already, and more than {limits.change_least}, is not"
        f" published until somebody releases it with a reason; {holds:,} run{'' if holds == 1 else 's'} had to wait so"
        " far. Samples of pairs are labelled by people who see neither weight nor outcome. Who has that permission may"
        f" decide up to {bulk.bulk_most:,} pairs of one kind at once, after seeing some of them; somebody else looks at"
        f" {bulk.check_share:.0%} of them, and at {bulk.check_least:,} at least. Every judgement, release and label is"
        " recorded with who and when, and can be taken back or judged anew."
    )


def _maintenance(known: _Known) -> str:
    if known.kept is None or known.kept.activated_at is None:
        return _NO_MODEL
    told = (
        f"The model in use was trained on {words.day(known.kept.trained_at.date())} and activated by a second person on"
        f" {words.day(known.kept.activated_at.date())}. Each run is compared with the last and with what the model was"
        " trained on (population stability index)."
    )
    if known.last is None:
        return told
    moved = drift.of_run(known.last.run, POLICING, dict(known.figures)).moved
    found = "; ".join(f"{line.words}, against {line.against}" for line in moved)
    return (
        f"{told} In the last run there had moved: {found}." if moved else f"{told} In the last run nothing had moved."
    )


def _architecture(known: _Known) -> str:
    if known.model is None:
        return _NO_MODEL
    tables = in_force()
    return (
        "A probabilistic model of linkage (Fellegi and Sunter), estimated by expectation and maximisation without"
        f" labels, with {len(known.model.weights)} features and an adjustment for common values (Winkler). Automatic"
        f" point {tables.automatic_point:g} bits, doubtful point {tables.doubtful_point:g} bits. It does not learn"
        " while in use."
    )


def _performance() -> str:
    found = samples.last_complete(POLICING)
    if found is None:
        return (
            "No clerical sample has been labelled in full yet: nothing is known of precision and recall on these"
            " records."
        )
    sample, told = found
    lines = [
        f"Estimated from a clerical sample of {told.pairs:,} pairs drawn on {words.day(sample.drawn_at.date())} from"
        f" run {sample.run_id}, by band of weight, with intervals at 95 %. Of {told.unsure + told.disagreed:,} pairs it"
        " could not be told, or the two who labelled them disagreed; the intervals reach over both answers."
    ]
    lines += [_line(wording.figure(each)) for each in told.figures]
    for title, rows in told.groups:
        lines.append(f"{title} (of what is published):")
        lines += [_line(wording.figure(each)) for each in rows]
    if told.too_few:
        lines.append(f"Of {told.too_few} further groups too few pairs were labelled to tell.")
    if told.agreement and told.agreement.kappa is not None:
        lines.append(
            f"Two people labelled {told.agreement.pairs:,} pairs and agreed on {wording.percent(told.agreement.agreed)}"
            f" (Cohen's kappa {told.agreement.kappa:.2f})."
        )
    lines.append(
        "Recall is over pairs that share a key and weigh no less than the lowest band; pairs of one person that share"
        " no key are not in it."
    )
    return "\n".join(lines)


def _line(each: wording.ShownFigure) -> str:
    def told(shown: wording.Shown) -> str:
        return f"{shown.percent} ({shown.interval})" if shown.percent else "not known"

    return f"{each.words}: precision {told(each.precision)}, recall {told(each.recall)}."


def _quantities(known: _Known) -> str:
    if not known.figures:
        return _NO_RUN
    return (
        f"{known.figures['nominals']:,} records of people; {known.figures['candidates']:,} pairs of them share a key"
        " and are compared."
    )


def _sensitive(known: _Known) -> str:
    used = [name for name in _SENSITIVE if known.model and name in known.model.weights]
    weighs = f"The model weighs {' and '.join(used)} where both records have it" if used else "The model weighs neither"
    return (
        "Ethnicity and sex as recorded, and that somebody is in police records at all (data about offences and alleged"
        f" offences, and about victims and witnesses). {weighs}; neither ever lets two records be joined by rule."
        " Ethnicity is used besides to measure whether linkage errs more for some groups than for others."
    )


def _completeness(known: _Known) -> str:
    if not known.figures:
        return _NO_RUN
    nominals = known.figures["nominals"]
    shares = [
        f"{_feature(name)} {wording.percent(lacking / nominals)}"
        for name, lacking in sorted(known.figures["missing"].items(), key=lambda row: -row[1])
    ]
    return _sentence("Of the records of people, so many lack a feature:", shares) + (
        " They are of people who came to the notice of the police, and do not represent a population."
    )


def _risks() -> str:
    rules = [words for rule, words in REASONS.items() if rule in ("support", "family", "twins", "identifier")]
    return "\n".join(
        [
            "Two people are taken for one. Records are joined without a person only under rules that no weight"
            f" overrules: {' '.join(rules)} Precision is measured by samples.",
            "One person is taken for two. Pairs that are likely wait for a person, and stop a disposal that they could"
            " change. Recall is measured by samples.",
            "It errs more for some groups. Precision and recall are estimated by recorded ethnicity and by origin of"
            " name where enough pairs are labelled, and how many are joined or wait is shown for every group.",
            "It changes unseen. A run that would change too many people waits for its release; each run is compared"
            " with the last; a model is activated by a second person.",
            "What people judge is led by the program. Samples are labelled without weight or outcome.",
        ]
    )
