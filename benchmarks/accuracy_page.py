"""Writes `docs/reference/linkage-accuracy.md` from what `benchmarks.accuracy` measured; no figure is typed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.ablation import FEW, LEFT_OUT
from benchmarks.linkage_sets import MAPPINGS

PEERS = {
    "splink": "Splink, settings of its own examples",
    "goldenmatch": "GoldenMatch, as it configures itself",
    "recordlinkage": "recordlinkage, ECM without labels",
    "dedupe": "dedupe, labels from sure pairs",
}
_TITLE = """# How exact linkage is, beside others and with parts left out

This page is written by a program from what it measured; no figure in it is typed. Everything is at the *model* point
(weight
0, hard rules off), which can be laid beside other programs, unless the *automatic* point is named: what is joined
without a person, with the hard rules on. F1, precision and recall are of the pairs that the groups imply; of
febrl4, of the pairs across its two files. See [how linkage decides](../explanation/linkage.md).

```
.venv/bin/python -m benchmarks.accuracy                 # the sets in examples/linkage
.venv/bin/python -m benchmarks.accuracy --data FOLDER   # febrl4a.csv and febrl4b.csv too
```
"""
_PEERS = """## Beside other programs

Nothing is fitted to these sets, by us or for a peer, and no truth is read but to count. Each peer keeps its own
threshold.

- **Splink** runs the published example of each set: its columns (for febrl also `soc_sec_id`, which only GoldenMatch is
  given too), comparisons, blocking, training and thresholds. The example of febrl3 ends before groups are made; its
  only threshold, 0.2, makes them here. That of fake_1000 is the de-duplication tutorial.
- **GoldenMatch** is given every column of the file but the truth and the reference, which tells it too, and configures
  itself. Where it calls its own configuration unsafe it runs all the same.
- **recordlinkage** is given the columns that our mapping names: blocks on each of forename, surname and date of birth,
  Jaro-Winkler on names, its ECM classifier.
- **dedupe** needs labels. It is given 100 pairs as matches that agree on two of forename, surname and date of birth
  and on one other field, and 100 pairs drawn at random as different: by rule, not from the truth. A person who
  labels what it asks about would do better.
"""
_FEW = """## With few fields

What a file with little beside the names gets: nothing may collapse into giant groups. Precision, recall, how many
pairs were joined for each true pair there is, and the pairs joined without a person.
"""
_OUT = """## With one thing left out

Each thing is taken away from outside (`benchmarks/ablation.py`): a field is not mapped, a level is struck, a column
is emptied and its keys made anew, a point is changed; then the model is trained again. F1, precision, recall. A figure
above the first line says that this set would do better without; such a thing stays where it is right in general,
because nothing is fitted to a set. A dash: the set has no such field. *Not run*: the run of this page was stopped
before; the command goes on where it stopped, so that figures may be of several hours.
"""


def write(measured: Mapping[str, Any], page: Path) -> None:
    """Write the page."""
    facts, runs = measured["facts"], measured["runs"]
    sets = [key.split("|")[0] for key in runs if key.endswith("|ours|nothing")]
    sets = sorted(sets, key=lambda name: (not name.startswith("f"), name))
    parts = [_TITLE, _machine(facts), _PEERS, *_beside(sets, runs), _OUT]
    words = {"nothing": "nothing", **{out: without.words for out, without in LEFT_OUT.items()}}
    parts += _table(["left out", *sets], _lines(words, sets, runs, _three))
    parts += ["\nThe same, joined without a person (automatic point): precision and recall.\n"]
    parts += _table(["left out", *sets], _lines(words, sets, runs, _automatic))
    parts += [_FEW]
    parts += _table(["given", *sets], _lines({k: w.words for k, w in FEW.items()}, sets, runs, _both))
    page.write_text("\n".join(parts) + "\n")


def _machine(facts: Mapping[str, Any]) -> str:
    own = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return (
        f"Measured on {facts['on']}: {facts['cores']} cores of {facts['processor']}, Python {facts['python']}; "
        f"{own}. "
        f"Peers, in an environment of their own: {', '.join(facts['pinned'])}; each was stopped after "
        f"{facts['limit']:.0f} s. Ours and a peer ran side by side, and the load of the machine was {facts['load']} at "
        "the end (15 minutes' average): seconds are no more than an order.\n"
    )


def _beside(sets: list[str], runs: Mapping[str, Any]) -> list[str]:
    lines = []
    for name in sets:
        for key, words in (("ours|nothing", "**Muniment**"), *PEERS.items()):
            if found := runs.get(f"{name}|{key}"):
                lines.append([name, words, *_scores(found)])
    return _table(["set", "program", "F1", "precision", "recall", "seconds"], lines)


def _scores(found: Mapping[str, Any]) -> list[str]:
    if "failed" in found:
        return [f"not known: {found['failed'].replace('|', ' ')}", "", "", ""]
    return [*(f"{found[name]:.4f}" for name in ("f1", "precision", "recall")), f"{found['seconds']:.0f}"]


def _lines(words: Mapping[str, str], sets: list[str], runs: Mapping[str, Any], cell: Any) -> Iterable[list[str]]:
    for out, said in words.items():
        found = [runs.get(f"{name}|ours|{out}") for name in sets]
        if any(found):
            yield [said, *(_cell(name, out, each, cell) for name, each in zip(sets, found, strict=True))]


def _cell(name: str, out: str, found: Mapping[str, Any] | None, cell: Any) -> str:
    if found is None:
        applies = out not in LEFT_OUT or LEFT_OUT[out].applies(MAPPINGS[name])
        return "not run" if applies else "-"
    return str(found.get("failed") or cell(found))


def _three(found: Mapping[str, Any]) -> str:
    return f"**{found['f1']:.4f}** {found['precision']:.4f} {found['recall']:.4f}"


def _automatic(found: Mapping[str, Any]) -> str:
    point = found["automatic"]
    return f"{point['precision']:.4f} {point['recall']:.4f} ({point['pairs_found']:,})"


def _both(found: Mapping[str, Any]) -> str:
    times = found["pairs_found"] / found["pairs_true"]
    alone = found["automatic"]
    return (
        f"{found['precision']:.4f} {found['recall']:.4f}; {times:.2f} x; "
        f"automatic {alone['pairs_found']:,} at {alone['precision']:.4f}"
    )


def _table(heads: list[str], lines: Iterable[list[str]]) -> list[str]:
    first = " | ".join(["---", *("---" for _ in heads[1:])])
    return [f"| {' | '.join(heads)} |", f"| {first} |", *(f"| {' | '.join(line)} |" for line in lines), ""]
