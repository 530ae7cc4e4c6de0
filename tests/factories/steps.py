"""People who come, change, are judged and are destroyed at random, one step after the other."""

from itertools import count

from django.apps import apps
from django.db import connection, transaction
from hypothesis import strategies as st

from factories.exports import row
from muniment.batch.matching import resolve as linkage
from muniment.core.actors import Actor
from muniment.core.verdicts import Refused
from muniment.people import forgetting
from muniment.people.actions import judge as judging
from muniment.people.linking import linkage_models, nominal_tables
from muniment.people.models import Belonging, LinkageModel
from muniment.people.said.said_of_pairs import JUDGEMENTS
from muniment.records import staging
from muniment.records.models import Involvement, Nominal, NominalFlag, SourceSystem

BY = Actor("tests")

# Families, namesakes and moves: few values, so that nearly every pair has something in common.
PEOPLE = st.fixed_dictionaries(
    {
        "FORENAME": st.sampled_from(["Marlow", "Tansy", "Marlo"]),
        "SURNAME": st.sampled_from(["Fictional", "Fictionale", "Quite"]),
        "BORN": st.sampled_from(["1980-05-12", "1980-12-05", "1955-11-30", "1980-01-01"]),
        "POSTCODE": st.sampled_from(["NH1 1AA", "WV9 9ZZ", ""]),
        "PHONE": st.sampled_from(["07700900123", "07700900777", ""]),
        "PNCID": st.sampled_from(["", "", "2001/0171310W", "1997/9000008T"]),
    }
)
NUMBERS = st.integers(1, 7)
_days = count(1)


def forget_everybody():
    kept = {LinkageModel, SourceSystem}
    named = ("records", "people", "objects", "retention")
    models = [each for app in named for each in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(each._meta.db_table for each in models if each not in kept)} CASCADE")


def do(step, north, attach_some):
    """Do a step, and have the nominals that it touches attached."""
    kind, what = step
    if kind == "send":
        rows = {number: row(f"C{number}", f"P{number}", **person) for number, person in what}
        north.send(list(rows.values()), on=f"2026-{1 + next(_days) % 12:02d}-01")
        attach_some(keys(*(f"P{number}" for number in rows)))
    elif kind == "judge":
        one, two, verdict = what
        pair = list(Nominal.objects.filter(reference__in=[f"P{one}", f"P{two}"]).order_by("pk"))
        if len(pair) == 2:
            said = judging.Said(verdict, "records", "As the two files read side by side.")
            try:
                judging.judge(*pair, said, by=BY)
            except Refused:
                return  # others have said otherwise, which is tested elsewhere
            attach_some([each.pk for each in pair])
    else:
        gone = keys(f"P{what}")
        with_them = Belonging.objects.filter(until=None, prime__belongings__nominal__in=gone)
        left = set(with_them.values_list("nominal_id", flat=True)) - set(gone)
        with transaction.atomic():
            forgetting.forget(gone)
            for model in (Involvement, NominalFlag):
                model.objects.filter(nominal__in=gone).delete()
            Nominal.objects.filter(pk__in=gone).delete()
        if left:
            attach_some(left)


def as_one_run():
    """Return who would be together, had everybody come at once and nobody been shown as one before."""
    published = linkage_models.published()
    with staging.snapshot() as rows_of:
        everybody = nominal_tables.read(rows_of, on=published.scales.on).everyone.read_all()
        judgements = rows_of(JUDGEMENTS)
    made = linkage.resolve(everybody, published.scales.model, judgements=judgements)
    references = dict(Nominal.objects.values_list("pk", "reference"))
    groups = {}
    for line in made.clusters.to_pylist():
        groups.setdefault(line["anchor_id"], []).append(references[line["person_id"]])
    return sorted(map(sorted, groups.values()))


def together():
    groups = {}
    for each in Belonging.objects.filter(until=None).select_related("nominal"):
        groups.setdefault(each.prime_id, set()).add(each.nominal.reference)
    return sorted(map(sorted, groups.values()))


def keys(*references):
    return list(Nominal.objects.filter(reference__in=references).values_list("pk", flat=True))
