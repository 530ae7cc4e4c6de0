"""`python -m benchmarks.engines --size N --lives M`: the same on DuckDB and on a cluster of Spark started for it.

Of nominals, every pair that the two weigh otherwise is printed, with what each saw. Judgements and standing pairs are
made up from the seed, so that every part of the grouping has something to do. Of lives made up at random, every one
whose retention Spark decides otherwise than the reference.
"""

import argparse
import json
import os
import random
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from benchmarks import cluster, world
from muniment.batch.cluster import Cluster
from muniment.batch.connecting import spill_to
from muniment.batch.matching.agreement import Agreement, compare
from muniment.batch.matching.engines import one_machine
from muniment.batch.matching.resolve import JUDGEMENTS, STANDING, Given, resolve
from muniment.batch.matching.spark.opening import opened
from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train
from muniment.batch.retention.on_cluster import on_cluster
from muniment.cli.policy import compare_lives
from muniment.engine.matching.model import Model

SIZE = 20_000


def main() -> None:
    """Measure, print what differs, and write it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines")
    parser.add_argument("--size", type=int, default=SIZE, help="nominals of the invented world")
    parser.add_argument("--memory", default="2g", help="of each of the two workers, and of the program that asks")
    parser.add_argument("--lives", type=int, default=2_000, help="people made up, whose retention is decided")
    parser.add_argument("--on", type=date.fromisoformat, help="a day to decide all of them on; else each has its own")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/engines.json"))
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="muniment-engines-") as place:
        folder = Path(place)
        spill_to(folder / "spill")
        given, model = prepare(folder, asked.size)
        with cluster.started(folder, memory=asked.memory) as master:
            spark = Cluster(master, folder / "driver", memory=asked.memory)
            found = compare((one_machine(), opened(spark, given.standardised.num_rows)), given, model)
            began = time.perf_counter()
            with on_cluster(spark, asked.lives) as engine:
                decided, otherwise = compare_lives((str(world.SEED), asked.lives), engine, asked.on)
    lives = {"decided": decided, "otherwise": otherwise, "seconds": round(time.perf_counter() - began, 1)}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(asdict(found) | {"cores": os.cpu_count(), "lives": lives}, indent=1) + "\n")
    _print(found)
    console = Console(width=120)
    console.print("\n".join(otherwise[:20]))
    console.print(f"{asked.lives:,} lives decided, {len(otherwise)} otherwise than the reference: {lives['seconds']} s")


def prepare(folder: Path, size: int) -> tuple[Given, Model]:
    """Invent so many nominals, each once, with a model, judgements and standing pairs."""
    world.prepare(folder, size)()
    world.prepare_nominals(folder, size)()
    told = pq.read_table(folder / "nominals.parquet").drop("person_id")
    nominals = pa.concat_tables([told, _awkward(told.schema)])
    people = standardise(nominals.append_column("person_id", pa.array(range(nominals.num_rows), pa.int64())))
    model = train(people)
    return _with_sayings(people, model), model


# Names that Splink's jar, jellyfish and DuckDB may measure otherwise: letters that recur, that are exchanged, that are
# of two bytes.
_NAMES = """
AADHIRA AMARAH AAFIYA AFIA AAKIFA AIAKIIA AAKIFAH AAKFAI AALISHA IALIYSHA AAMINA AIAMINU AADEN ADEANA AADITHYA AADHITHYA
AADAITHYA MARTHA MARHTA DIXON DICKSONX DWAYNE DUANE ANNA ANAN HANNAH HANAH ABABA BABAB LLOYD LLYOD ЮРИЙ ЮРІЙ ЮРИ ΜΑΡΙΑ
ΜΑΡΊΑ ΜΑΙΡΑ ŁUCJA LUCJA ÞÓR ÞÒR
"""
_DAYS = """
1901-01-05 1969-01-01 1990-10-01 1990-01-01 1911-11-01 1911-01-11 1910-11-10 1901-10-10 2001-10-10
"""


def _awkward(schema: pa.Schema) -> pa.Table:
    """Return nominals of one surname and home, whose every name is compared with every other, and every birthday."""
    home = {"surname": "Wychwood", "postcode": "NH1 1AA", "address": "1 Invented Street", "email": "all@example.test"}
    rows = [{"forename": name, "born": "1990-05-17"} for name in _NAMES.split()]
    rows += [{"forename": "Awkward", "born": day} for day in _DAYS.split()]
    same = {"partition": "policing"} | home
    rows = [same | {"source_key": f"awkward|set|{place:03d}"} | row for place, row in enumerate(rows)]
    return pa.Table.from_pylist(rows, schema)


def _with_sayings(people: pa.Table, model: Model) -> Given:
    """Make up what people and sources have said of pairs, and who has been shown as one."""
    draw = random.Random(world.SEED)
    found = resolve(people, model)
    edges = [(row["left"], row["right"]) for row in found.edges.select(["left", "right"]).to_pylist()]
    strangers = draw.sample(people["person_id"].to_pylist(), 40)
    said = {"same": draw.sample(edges, len(edges) // 50), "different": draw.sample(edges, len(edges) // 50)}
    said["taken-back"] = draw.sample(edges, len(edges) // 100)
    said["same"] += list(zip(strangers[:10], strangers[10:20], strict=True))
    rows = [(*pair, verdict) for verdict, given in said.items() for pair in given]
    # Most of who is one, and some whom nothing joins any more.
    shown = list(zip(*(found.clusters[name].to_pylist() for name in ("person_id", "anchor_id")), strict=True))
    shown = [pair for pair in shown if pair[0] != pair[1] and draw.random() < 0.7]
    shown += [*zip(strangers[20:30], strangers[30:], strict=True), *draw.sample(edges, len(edges) // 100)]
    return Given(
        people,
        pa.table(list(map(list, zip(*rows, strict=True))), schema=JUDGEMENTS),
        pa.table(list(map(list, zip(*shown, strict=True))), schema=STANDING),
    )


def _print(found: Agreement) -> None:
    console = Console(width=120)
    for each in found.differences:
        weights = ", ".join(f"{engine} {weight}" for engine, weight in each.weights.items())
        console.print(f"{each.left} {each.right}: {weights}; {dict(each.features) or 'no level differs'}")
    rate = 100_000 * len(found.differences) / max(found.pairs, 1)
    console.print(
        f"{found.nominals:,} nominals, {found.pairs:,} pairs, {len(found.differences)} weighed otherwise "
        f"({rate:.2f} in 100,000), {len(found.apart)} nominals in another group, "
        f"{len(found.asked)} pairs asked about otherwise; seconds {dict(found.seconds)}"
    )


if __name__ == "__main__":
    main()
