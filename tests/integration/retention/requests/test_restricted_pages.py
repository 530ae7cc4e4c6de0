"""Nothing of whoever is restricted shows on any page for a purpose that does not open: every address is walked.

A new page is walked by itself. What goes into its address is found among the rows that there are.
"""

import io
import re
import zipfile
import zlib
from html import unescape

import pytest
from django.apps import apps
from django.urls import URLPattern, reverse

from factories import kept, restricted_world
from factories.cast import CAST, sign_in
from factories.deeds import prime_of
from factories.lives import ORGANISATION
from muniment.core import access, guards, sittings
from muniment.core.models import AuditEvent
from muniment.objects.models import PlaceEdge
from muniment.people.models import MatchEdge
from muniment.records.models import Nominal, Record
from muniment.site.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

OURS = ("rowan", "sorrel", "ash", "hazel", "sedge", "bryony", "teasel", "thorn", "yarrow")
# What the world has something to show of: pages that have to be reached, so that walking them means something.
TOLD = {
    "home", "find", "person", "person_links", "person_history", "match", "matches", "judgement", "judging_act",
    "cluster", "clusters", "label_pair", "object_match", "object_matches", "place", "record", "quarantined", "review",
    "reviews", "reviews_workbook", "request", "disposal", "hold", "adoption_moves", "supply", "manual_decision",
}  # fmt: skip
# What an address may have besides a reference and a key; whoever adds another kind of part says what to try.
PARTS = {
    "kind": ("place", "vehicle"),
    "code": ("northshire", "none"),
    "verdict": ("same", "different"),
    "controller": ("northshire",),
    "class_id": ("CRIME", "UNKNOWN"),
    "where": ("source", "national"),
    "place": (1, 2, 3, "crime", "custody"),
    "table": ("by-class", "none"),
    "form": ("pdf", "json"),
    "about": ("identity",),
    "system": (1, 2),
}

# Which rows an address is about, where it is known: any other head of an address is tried with one of every kind.
HEADS = {
    "people/": "PrimePerson", "matches/people/": "PrimePerson", "given/": "Supply", "given/notices/": "Notice",
    "places/": "PrimePlace", "vehicles/": "PrimeVehicle", "reviews/": "Review", "requests/": "PersonRequest",
    "disposals/": "DisposalOrder", "disposals/batches/": "DisposalBatch", "disposals/elsewhere/duties/": "Duty",
    "holds/": "Hold", "schedule/adoptions/": "RuleAdoption", "procedure/": "Procedure",
    "matches/sources/answer/": "SourceAdvice",
}  # fmt: skip
KEYS = {
    "records/": "Record", "quarantine/": "Quarantine", "matches/": "MatchEdge", "matches/judged/": "Judgement",
    "matches/acts/": "JudgingAct", "linkage/runs/": "BatchRun", "linkage/samples/": "Sample",
    "checks/samples/": "DecisionSample", "reviews/deputies/": "Deputy",
    "checks/by-hand/": "ManualDecision",
}  # fmt: skip


def references():
    """Return the references that there are, a few of each kind, by the kind of row."""
    found = {}
    for model in apps.get_models():
        if isinstance(getattr(model, "reference", None), property):
            rows = list(model._default_manager.order_by("pk")[:3])
            found[model.__name__] = list(dict.fromkeys([*(each.reference for each in rows)]))
    return {name: every for name, every in found.items() if every}


class Walk:
    """Everybody who may open something, signed in for one purpose, and what is not found by the head of an address."""

    def __init__(self, life, purpose):
        self.life, self.purpose, self.clients, self.fits = life, purpose, {}, {}
        self.references = references()
        self.keys = {
            name: list(model._default_manager.order_by("pk").values_list("pk", flat=True)[:5])
            for model in apps.get_models()
            if (name := model.__name__) in KEYS.values()
        }
        prime = prime_of("P1").reference
        self.asked = [("find", {"q": text}) for text in (prime, "NH1 9ZQ", "Fictional")] + [
            ("matches", {"person": prime})
        ]
        edge = PlaceEdge.objects.first()
        self.values = PARTS | {"left": (edge.left_id if edge else 0,), "right": (edge.right_id if edge else 0,)}

    def client(self, action, *, second=False):
        """Return somebody signed in who may do an action; the `second` of those who may, if there is one."""
        roles = access.declaration().roles
        may = [each for each in OURS if not action or action in roles[CAST[each][0]].actions]
        who = next(iter(may[int(second) :]), None)
        if who is not None and who not in self.clients:
            self.clients[who] = sign_in(self.life.cast[who], purpose=self.purpose)
        return self.clients.get(who)

    def tells(self):
        """Yield (name of the page, address, what its answer tells in words) of every page that there is."""
        for pattern in urlpatterns:
            action = getattr(getattr(pattern, "callback", None), "opens", None)
            if isinstance(pattern, URLPattern) and pattern.name and (client := self.client(action or "")):
                for address, answer in self._answers(client, pattern):
                    yield pattern.name, address, said(answer)
                    if str(pattern.pattern).startswith("people/"):  # who judges pairs sees more of them
                        other = self.client(action, second=True)
                        yield pattern.name, address, said((other or client).get(address))
        for name, asked in self.asked:
            yield name, f"{reverse(name)}?{asked}", said(self.client("").get(reverse(name), asked))

    def _answers(self, client, pattern):
        head, names = str(pattern.pattern).split("<")[0], tuple(pattern.pattern.converters)
        like = next((known for (at, has), known in self.fits.items() if at == head and set(has) >= set(names)), None)
        fits = self.fits.setdefault((head, names), [])
        if like is None:
            tried = self._addresses(head, names, pattern, fits)
        else:
            tried = [{name: each[name] for name in names} for each in like]
            tried = [each for place, each in enumerate(tried) if each not in tried[:place]]
        for named in tried:
            address = reverse(pattern.name, kwargs=named)
            answer = client.get(address)
            if answer.status_code == 405:  # what only acts shows nothing
                return
            if answer.status_code != 404:
                if named not in fits:
                    fits.append(named)
                yield address, answer

    def _addresses(self, head, names, pattern, fits):
        """Yield what may stand in an address: of references one of each kind, and all of a kind that fits."""
        if "reference" not in names:
            yield from self._choices(names, pattern, {})
            return
        rest = [each for each in names if each != "reference"]
        kinds = [self.references.get(HEADS[head], [])] if head in HEADS else self.references.values()
        for every in kinds:
            for place, reference in enumerate(every):
                before = len(fits)
                yield from self._choices(rest, pattern, {"reference": reference})
                if place == 0 and len(fits) == before and head not in HEADS:
                    break

    def _choices(self, names, pattern, given):
        choices = [given]
        for name in names:
            choices = [each | {name: value} for each in choices for value in self._tried(name, pattern)]
        return choices

    def _tried(self, name, pattern):
        if name == "key":
            head = str(pattern.pattern).split("<")[0]
            return self.keys[KEYS[head]] if head in KEYS else range(1, 4)
        is_number = pattern.pattern.converters[name].regex == "[0-9]+"
        return [each for each in self.values[name] if isinstance(each, int) == is_number]


def said(answer):
    """Return what an answer tells, whatever it is: a page, a table, a workbook or a print."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as files:
            body = b"".join(files.read(each) for each in files.namelist())
    if body.startswith(b"%PDF"):
        body = _print(body)
    return " ".join(unescape(body.decode(errors="replace")).lower().split())


def _print(body):
    """Return the words of a PDF: its streams, and each text as it is shown, glyph by glyph."""
    streams = []
    for each in re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL):
        try:
            streams.append(zlib.decompress(each))
        except zlib.error:
            streams.append(each)
    return b" ".join(streams)


@pytest.fixture
def world(own_life, tmp_path, monkeypatch):
    monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(ORGANISATION.parent / "adoptions"))
    kept.once("restricted", lambda: restricted_world.make(own_life, tmp_path))
    return own_life


def test_no_page_tells_of_them_for_a_purpose_that_does_not_open(world):
    walk, shown, reached = Walk(world, "INVESTIGATION"), {}, set()
    for name, address, text in walk.tells():
        reached.add(name)
        if found := [mark for mark in restricted_world.MARKS if mark in text]:
            shown[address] = found
    assert shown == {}
    assert reached >= TOLD, "the world lacks what these pages are about"
    refused = AuditEvent.objects.filter(action="access.restricted", outcome="refused", purpose="INVESTIGATION")
    assert refused.filter(subject=prime_of("P1").reference).exists()
    assert not AuditEvent.objects.filter(
        action="person.view", subject=prime_of("P1").reference, outcome="done"
    ).exists()


def test_it_opens_for_its_purposes_and_comparing_for_its_own(world):
    prime, edge = prime_of("P1").reference, MatchEdge.objects.order_by("pk").first()
    page, pair, record = (
        reverse("person", args=[prime]),
        reverse("match", args=[edge.pk]),
        reverse("record", args=[Record.objects.get(reference="C1").pk]),
    )
    evidence = sign_in(world.cast["rowan"], purpose="PROSECUTION")
    assert "Zqtitle" in evidence.get(page).text and "Zqnarrative" in evidence.get(record).text
    steward = sign_in(world.cast["sorrel"], purpose="DATA_QUALITY")
    assert steward.get(pair).status_code == 200 and "7 Zqaddress" in steward.get(pair).text
    assert steward.get(page).status_code == 403
    other = sign_in(world.cast["sorrel"], purpose="INVESTIGATION").get(pair)
    assert other.status_code == 403 and "kept as evidence" in other.text
    assert "Correcting, linking or separating records" in other.text


def test_somebody_of_another_force_reads_no_more_of_them(world):
    nominal = Nominal.objects.get(reference="P1")
    with sittings.within(world.cast["wren"]):
        assert guards.closed([nominal.pk], "INVESTIGATION"), "no wall hides a restriction from what enforces it"
