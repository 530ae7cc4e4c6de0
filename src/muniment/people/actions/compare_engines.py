"""Resolve what is held on one machine and on a cluster, and say where the two differ; nothing is published."""

from dataclasses import replace

from muniment.batch.cluster import Cluster
from muniment.batch.matching import policy
from muniment.batch.matching.agreement import Agreement, compare
from muniment.batch.matching.engines import one_machine
from muniment.batch.matching.resolve import Given
from muniment.batch.matching.spark.opening import opened
from muniment.core import audit
from muniment.core.actors import Actor
from muniment.people.linking import linkage_models, nominal_tables
from muniment.people.said.said_of_pairs import JUDGEMENTS, STANDING
from muniment.records import staging


def compare_engines(*, by: Actor, cluster: Cluster) -> Agreement:
    """Resolve every nominal on both engines by the active model.

    Raise NoModel as `resolve` does, and NoCluster when the cluster cannot be had.
    """
    model, on = linkage_models.in_use(), policy.today()
    points = replace(policy.in_force(on).points, watched=False)
    with staging.snapshot() as rows_of:
        read = nominal_tables.read(rows_of, on=on)
        given = Given(read.everyone.read_all(), rows_of(JUDGEMENTS), rows_of(STANDING))
    found = compare((one_machine(), opened(cluster, read.count)), given, model, points)
    counts = {"nominals": found.nominals, "pairs": found.pairs, "apart": len(found.apart), "asked": len(found.asked)}
    audit.record(by, "linkage.engines", detail=counts | {"differences": len(found.differences)})
    return found
